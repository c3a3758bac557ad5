import { describe, expect, it } from 'vitest'
import { classify, mayBeTooMuch, type Outcome } from '../../src/domain/failure.js'
import { explain } from '../../src/domain/problems.js'

const NO_ANSWER = { status: null, networkCode: null, body: 'fine' } as const
const classifyRead = (outcome: Partial<Outcome>) => classify({ ...NO_ANSWER, isWrite: false, ...outcome })
const classifyWrite = (outcome: Partial<Outcome>) => classify({ ...NO_ANSWER, isWrite: true, ...outcome })

describe('a call without an answer', () => {
  it.each([
    ...[
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('was never sent when it ended with %s, so even a write can be tried again', (networkCode) => {
    expect(classifyRead({ networkCode })).toEqual({ kind: 'transient', code: 'unreachable' })
    expect(classifyWrite({ networkCode })).toEqual({ kind: 'transient', code: 'unreachable' })
  })

  it.each([
    ['ETIMEDOUT', 'timed_out'],
    ['ECONNABORTED', 'timed_out'],
    ['ESOCKETTIMEDOUT', 'timed_out'],
    ['ECONNRESET', 'connection_lost'],
    ['EPIPE', 'connection_lost'],
    ['SOMETHING_NEW', 'connection_lost'],
    // An established connection can end with these too, after the request has arrived.
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    [null, 'connection_lost'],
  ])('may have arrived when it ended with %s: unknown for a write', (networkCode, code) => {
    expect(classifyRead({ networkCode })).toEqual({ kind: 'transient', code })
    expect(classifyWrite({ networkCode })).toEqual({ kind: 'unknown', code })
  })

  it('whose answer was too large is not asked again, but may have written', () => {
    expect(classifyRead({ body: 'too-large' })).toEqual({ kind: 'permanent', code: 'answer_too_large' })
    expect(classifyWrite({ body: 'too-large' })).toEqual({ kind: 'unknown', code: 'answer_too_large' })
  })
})

it('a smaller question may help where the answer was late, lost, broken or too large, if the question was asked', () => {
  const failure = { ok: false, message: '', status: null, http: null, retryAfterMs: null } as const
  for (const code of ['timed_out', 'server_error', 'connection_lost', 'broken_answer', 'answer_too_large']) {
    expect(mayBeTooMuch({ ...failure, kind: 'transient', code })).toBe(true)
    expect(mayBeTooMuch({ ...failure, kind: 'stop', code })).toBe(false)
  }
  for (const code of ['throttled', 'unreachable', 'role_missing'])
    expect(mayBeTooMuch({ ...failure, kind: 'transient', code })).toBe(false)
})

describe('an answer with a status', () => {
  it.each([
    [401, 'auth', 'login_refused'],
    [403, 'auth', 'role_missing'],
    [429, 'transient', 'throttled'],
    [400, 'permanent', 'refused_by_target'],
    [404, 'permanent', 'not_found'],
    [409, 'permanent', 'refused_by_target'],
    [422, 'permanent', 'refused_by_target'],
    [300, 'permanent', 'redirected'],
    [301, 'permanent', 'redirected'],
  ])('%i is definite for reads and writes alike: %s, %s', (status, kind, code) => {
    expect(classifyRead({ status })).toEqual({ kind, code })
    expect(classifyWrite({ status })).toEqual({ kind, code })
  })

  it.each([408, 500, 502, 503, 504, 599])('%i leaves a write unknown: it may have been carried out', (status) => {
    expect(classifyRead({ status })).toEqual({ kind: 'transient', code: 'server_error' })
    expect(classifyWrite({ status })).toEqual({ kind: 'unknown', code: 'server_error' })
  })

  it.each([
    ['html', 'html_answer', 'transient'],
    ['broken', 'broken_answer', 'transient'],
    ['cut', 'broken_answer', 'transient'],
    ['too-large', 'answer_too_large', 'permanent'],
  ] as const)('200 with a body that is %s most likely wrote and certainly read nothing', (body, code, kindOfRead) => {
    expect(classifyRead({ status: 200, body })).toEqual({ kind: kindOfRead, code })
    expect(classifyWrite({ status: 201, body })).toEqual({ kind: 'unknown', code })
  })
})

it('every code is explained by the catalogue', () => {
  const statuses = [null, 200, 301, 400, 401, 403, 404, 408, 429, 500]
  const codes = ['ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET', null]
  const bodies = ['fine', 'html', 'broken', 'too-large', 'cut'] as const
  for (const status of statuses) {
    for (const networkCode of codes) {
      for (const body of bodies) expect(explain(classifyRead({ status, networkCode, body }).code)).not.toBeNull()
    }
  }
})
