import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpNote } from '../../src/domain/audit.js'
import type { Wanted } from '../../src/domain/decision.js'
import {
  afterCollision,
  afterLookFirst,
  afterLookUp,
  afterSend,
  backoffMs,
  lookOnceMore,
  type Claim,
  type Delivered,
  type Found,
  type LookUp,
  type Settled,
} from '../../src/domain/delivery.js'
import type { Failure, Result } from '../../src/domain/failure.js'
import { explain } from '../../src/domain/problems.js'
import { STREAMS } from '../../src/domain/record.js'

const GRACE_MS = 600_000
const HTTP: HttpNote = { method: 'POST', path: '/api/v3/vendors/', status: 201, request_id: 'r1' }

function aWanted(action: Wanted['action'] = 'create'): Wanted {
  const targetId = action === 'create' ? null : '7'
  const content = { draft: { name: 'Acme' }, payload: { name: 'Acme' }, wantedHash: 'w' }
  return { action, targetId, targetKey: 'Acme', ...content, changes: [], message: null }
}

function aClaim(over: Partial<Claim> = {}): Claim {
  return {
    ...{
      intentId: 1,
      claimNo: 1,
      sourceId: 's',
      sourceKey: 'S',
      sourceHash: 'h',
      wanted: aWanted(),
      attempt: 1,
      inDoubt: false,
    },
    ...{ unresolvedForMs: 0, absentForMs: null, replayOf: null, isOwnPlan: true, goodForMs: 150_000 },
    ...over,
  }
}
const inDoubt = (over: Partial<Claim> = {}) => aClaim({ inDoubt: true, unresolvedForMs: 1000, ...over })

function aFailure(kind: Failure['kind'], over: Partial<Failure> = {}): Failure {
  return { ok: false, kind, code: 'server_error', message: 'No.', status: 500, http: HTTP, retryAfterMs: null, ...over }
}

const found = (over: Partial<Found> = {}): Result<LookUp> => ({
  ok: true,
  value: {
    kind: 'found',
    found: { targetId: '7', targetKey: 'Acme', matches: true, http: HTTP, refuse: null, ...over },
  },
})
const absent = (complete: boolean): Result<LookUp> => ({ ok: true, value: { kind: 'absent', complete } })
const REFUSE = { code: 'vendor_relink', message: 'It belongs to another.' }

describe('the look before a creation', () => {
  it('lets the creation go ahead when nothing is there', () => {
    expect(afterLookFirst(aClaim(), absent(false))).toBe('send')
  })

  it('adopts what is there already, with its content if that is what was wanted', () => {
    const done = { kind: 'done', action: 'adopt', targetId: '7', targetKey: 'Acme', code: null, http: null }
    expect(afterLookFirst(aClaim(), found())).toEqual({ ...done, wanted: aWanted() })
    expect(afterLookFirst(aClaim(), found({ matches: false }))).toEqual({ ...done, wanted: null })
  })

  it('parks what may not be taken', () => {
    expect(afterLookFirst(aClaim(), found({ refuse: REFUSE }))).toEqual({
      kind: 'dead',
      ...REFUSE,
      doubt: 'none',
      http: null,
    })
  })

  it('is repeated later when it failed, without a doubt: nothing was sent', () => {
    const failure = aFailure('transient')
    expect(afterLookFirst(aClaim(), failure)).toEqual({ kind: 'retry', inMs: 1000, doubt: 'none', failure })
  })

  it('parks when it was refused for good', () => {
    expect(afterLookFirst(aClaim(), aFailure('permanent'))).toMatchObject({
      kind: 'dead',
      code: 'server_error',
      doubt: 'none',
    })
  })
})

describe('the look-up of a creation in doubt', () => {
  const look = (claim: Claim, result: Result<LookUp>) => afterLookUp(claim, result, GRACE_MS)

  it('found is recovered, with the write that made it', () => {
    const done = { kind: 'done', action: 'adopt', targetId: '7', targetKey: 'Acme', code: 'recovered', http: HTTP }
    expect(look(inDoubt(), found())).toEqual({ ...done, wanted: aWanted() })
  })

  it('found with other content is ours all the same, but planned anew', () => {
    expect(look(inDoubt(), found({ matches: false }))).toMatchObject({ kind: 'done', wanted: null, code: 'recovered' })
  })

  it('found but not to be taken is parked', () => {
    expect(look(inDoubt(), found({ refuse: REFUSE }))).toMatchObject({ kind: 'dead', code: 'vendor_relink' })
  })

  it('absent once is looked for again after the grace time', () => {
    expect(look(inDoubt(), absent(true))).toEqual({ kind: 'absent', inMs: GRACE_MS })
  })

  it('absent again too early waits for the rest of the grace time', () => {
    expect(look(inDoubt({ absentForMs: GRACE_MS - 1 }), absent(true))).toMatchObject({
      kind: 'retry',
      inMs: 1,
      doubt: 'kept',
    })
  })

  it('absent twice, the grace time apart, is sent', () => {
    expect(look(inDoubt({ absentForMs: GRACE_MS }), absent(true))).toBe('send')
  })

  it('absent from an incomplete answer is no fact: looked for again, then parked still in doubt', () => {
    expect(look(inDoubt(), absent(false))).toMatchObject({ kind: 'retry', inMs: GRACE_MS - 1000, doubt: 'kept' })
    const old = inDoubt({ unresolvedForMs: GRACE_MS, absentForMs: GRACE_MS })
    expect(look(old, absent(false))).toMatchObject({ kind: 'dead', code: 'in_doubt', doubt: 'kept' })
  })

  it('is made once more before a person is asked, as what is delivered meanwhile is a witness', () => {
    const unproved = afterLookUp(inDoubt({ unresolvedForMs: GRACE_MS }), absent(false), GRACE_MS)
    expect(lookOnceMore(unproved as Settled)).toEqual({ kind: 'retry', inMs: 1000, doubt: 'kept', failure: null })
    for (const other of [found({ refuse: { code: 'vendor_ambiguous', message: 'Two.' } }), absent(true), found()]) {
      const verdict = look(inDoubt({ unresolvedForMs: GRACE_MS }), other) as Settled
      expect(lookOnceMore(verdict)).toBe(verdict)
    }
  })

  it.each(['transient', 'permanent', 'auth', 'stop', 'unknown'] as const)(
    'that failed (%s) keeps the doubt',
    (kind) => {
      expect(look(inDoubt(), aFailure(kind))).toMatchObject({ kind: 'retry', doubt: 'kept' })
    },
  )
})

describe('the look-up of an update in doubt', () => {
  const look = (over: Partial<Claim>, result: Result<LookUp>) =>
    afterLookUp(inDoubt({ wanted: aWanted('update'), ...over }), result, GRACE_MS)

  it('is recovered when the object holds it', () => {
    expect(look({}, found())).toMatchObject({
      kind: 'done',
      action: 'update',
      wanted: aWanted('update'),
      code: 'recovered',
    })
  })

  it('is parked when the object must not be touched, whatever it holds', () => {
    expect(look({}, found({ matches: false, refuse: REFUSE }))).toMatchObject({
      kind: 'dead',
      ...REFUSE,
      doubt: 'none',
    })
  })

  it('is absent while the object holds something else, and sent again when it stays so', () => {
    expect(look({}, found({ matches: false }))).toEqual({ kind: 'absent', inMs: GRACE_MS })
    expect(look({ absentForMs: GRACE_MS }, found({ matches: false }))).toBe('send')
  })
})

describe('the answer to a write', () => {
  it('that took effect is done, with what was sent', () => {
    const value: Delivered = { targetId: '9', targetKey: 'Acme', http: HTTP }
    expect(afterSend(aClaim(), { ok: true, value })).toEqual({
      ...{
        kind: 'done',
        action: 'create',
        targetId: '9',
        targetKey: 'Acme',
        wanted: aWanted(),
        code: null,
        http: HTTP,
      },
    })
  })

  it('that may have arrived is looked for at once', () => {
    expect(afterSend(aClaim(), aFailure('unknown'))).toMatchObject({ kind: 'retry', inMs: 0, doubt: 'kept' })
  })

  it('that was refused is parked, the call with it', () => {
    const failure = aFailure('permanent', { code: 'refused_by_target' })
    expect(afterSend(aClaim(), failure)).toEqual({
      ...{ kind: 'dead', code: 'refused_by_target', message: 'No.', doubt: 'none', http: HTTP },
    })
  })

  it('that found nothing to change says that the target is gone; a creation has none to be gone', () => {
    const failure = aFailure('permanent', { code: 'not_found' })
    expect(afterSend(aClaim({ wanted: aWanted('update') }), failure)).toMatchObject({
      kind: 'dead',
      code: 'target_gone',
    })
    expect(afterSend(aClaim(), failure)).toMatchObject({ kind: 'dead', code: 'not_found' })
    const refused = aFailure('permanent', { code: 'refused_by_target' })
    expect(afterSend(aClaim({ wanted: aWanted('update') }), refused)).toMatchObject({ code: 'refused_by_target' })
  })

  it('that was not carried out is tried again later, a Retry-After being the least', () => {
    const claim = aClaim({ attempt: 3 })
    expect(afterSend(claim, aFailure('transient'))).toMatchObject({ kind: 'retry', inMs: 4000, doubt: 'none' })
    expect(afterSend(claim, aFailure('transient', { retryAfterMs: 60_000 }))).toMatchObject({ inMs: 60_000 })
    expect(afterSend(claim, aFailure('transient', { retryAfterMs: 10 }))).toMatchObject({ inMs: 4000 })
  })

  it.each(['auth', 'stop'] as const)('that ends the pass (%s) leaves the record due', (kind) => {
    expect(afterSend(aClaim({ attempt: 9 }), aFailure(kind))).toMatchObject({ kind: 'retry', inMs: 0, doubt: 'none' })
  })

  it('that says the target takes no such write withdraws it, unless it may have been carried out', () => {
    const code = 'bill_drafts_not_offered'
    expect(afterSend(aClaim(), aFailure('permanent', { code }))).toEqual({
      ...{ kind: 'withdrawn', code, message: 'No.', http: HTTP },
    })
    expect(afterSend(aClaim(), aFailure('unknown', { code }))).toMatchObject({ kind: 'retry', doubt: 'kept' })
  })

  it('that was not made because its plan is outdated ends the plan, not the record', () => {
    expect(afterSend(aClaim(), aFailure('permanent', { code: 'plan_outdated' })).kind).toBe('withdrawn')
  })
})

it('waits longer after every try, a quarter of an hour at most', () => {
  expect([0, 1, 2, 3, 10, 11, 12, 5000].map(backoffMs)).toEqual([
    1000, 1000, 2000, 4000, 512_000, 900_000, 900_000, 900_000,
  ])
})

describe('whatever happens', () => {
  const kinds = ['transient', 'permanent', 'auth', 'unknown', 'stop'] as const
  const anyFailure = fc
    .record({
      kind: fc.constantFrom(...kinds),
      code: fc.constantFrom('not_found', 'server_error'),
      retryAfterMs: fc.option(fc.nat()),
    })
    .map(({ kind, ...over }) => aFailure(kind, over))
  const anyLook = fc.oneof(
    anyFailure,
    fc.boolean().map(absent),
    fc.record({ matches: fc.boolean(), refuse: fc.constantFrom(null, REFUSE) }).map(found),
  )
  const anyClaim = fc
    .record({
      action: fc.constantFrom('create' as const, 'update' as const, 'adopt' as const),
      attempt: fc.nat(50),
      inDoubt: fc.boolean(),
      unresolvedForMs: fc.nat(2 * GRACE_MS),
      absentForMs: fc.option(fc.nat(2 * GRACE_MS)),
    })
    .map(({ action, ...over }) => aClaim({ wanted: aWanted(action), ...over }))

  it('a doubt ends by a definite answer only: found, or absent twice', () => {
    fc.assert(
      fc.property(anyClaim, anyLook, (claim, look) => {
        const verdict = afterLookUp({ ...claim, inDoubt: true }, look, GRACE_MS)
        const isProvedAbsent = look.ok && claim.absentForMs !== null && claim.absentForMs >= GRACE_MS
        if (verdict === 'send') expect(isProvedAbsent).toBe(true)
        else if (verdict.kind === 'retry') expect(verdict.doubt).toBe('kept')
        else if (verdict.kind === 'dead' && verdict.doubt === 'none') expect(look.ok && look.value.kind).toBe('found')
      }),
    )
  })

  it('no wait is negative, and every code is explained', () => {
    fc.assert(
      fc.property(anyClaim, anyLook, anyFailure, (claim, look, failure) => {
        const verdicts = [afterLookFirst(claim, look), afterLookUp(claim, look, GRACE_MS), afterSend(claim, failure)]
        for (const verdict of verdicts.filter((one): one is Settled => one !== 'send')) {
          if ('inMs' in verdict) expect(verdict.inMs).toBeGreaterThanOrEqual(0)
          if ('code' in verdict && verdict.code !== null) expect(explain(verdict.code)).not.toBeNull()
        }
      }),
    )
  })
})

describe('a creation, through writes and look-ups of any outcome', () => {
  /** `early`: a person does not wait until the record is due. */
  type Step = { readonly afterMs: number; readonly early: boolean; readonly write: Write; readonly look: Look }
  type Write = 'done' | 'lands without an answer' | 'is lost without an answer' | 'refused for now'
  type Look = 'complete' | 'incomplete' | 'fails'

  /** What the store does with the verdicts, and a target that shows what it holds up to the grace time later. */
  function live(steps: readonly Step[], shownAfterMs: number): { objects: number; settled: Settled | null } {
    let [now, objects, landedAt, dueAt] = [0, 0, Infinity, 0]
    let [sentAt, absentAt]: [number | null, number | null] = [null, null]
    const lookUp = (look: Look): Result<LookUp> => {
      if (look === 'fails') return aFailure('transient')
      return look === 'complete' && now >= landedAt + shownAfterMs ? found() : absent(look === 'complete')
    }
    const send = (claim: Claim, write: Write): Settled => {
      sentAt = now
      if (write === 'done' || write === 'lands without an answer') [objects, landedAt] = [objects + 1, now]
      if (write === 'done') return afterSend(claim, { ok: true, value: { targetId: '7', targetKey: null, http: HTTP } })
      return afterSend(claim, aFailure(write === 'refused for now' ? 'transient' : 'unknown'))
    }
    for (const [at, { afterMs, early, write, look }] of steps.entries()) {
      now = early ? now + afterMs : Math.max(now + afterMs, dueAt)
      const ages = { unresolvedForMs: now - (sentAt ?? now), absentForMs: absentAt === null ? null : now - absentAt }
      const claim = aClaim({ attempt: at + 1, inDoubt: sentAt !== null, ...ages })
      const first = claim.inDoubt ? afterLookUp(claim, lookUp(look), GRACE_MS) : afterLookFirst(claim, lookUp(look))
      const settled = first === 'send' ? send(claim, write) : first
      if (settled.kind === 'done' || settled.kind === 'dead') return { objects, settled }
      if (settled.kind === 'absent') absentAt ??= now
      if (settled.kind === 'retry' && settled.doubt === 'none') [sentAt, absentAt] = [null, null]
      if (first === 'send' && sentAt !== null) absentAt = null
      if ('inMs' in settled) dueAt = now + settled.inMs
    }
    return { objects, settled: null }
  }

  const anySteps = fc.array(
    fc.record({
      afterMs: fc.constantFrom(0, 1, 1000, GRACE_MS - 1, GRACE_MS),
      early: fc.boolean(),
      write: fc.constantFrom<Write>('done', 'lands without an answer', 'is lost without an answer', 'refused for now'),
      look: fc.constantFrom<Look>('complete', 'complete', 'incomplete', 'fails'),
    }),
    { maxLength: 12 },
  )

  it('makes one object at most, and is done only when there is one', () => {
    fc.assert(
      fc.property(anySteps, fc.nat(GRACE_MS), (steps, shownAfterMs) => {
        const { objects, settled } = live(steps, shownAfterMs)
        expect(objects).toBeLessThanOrEqual(1)
        if (settled?.kind === 'done') expect(objects).toBe(1)
        if (settled?.kind === 'dead') expect(settled).toMatchObject({ code: 'in_doubt', doubt: 'kept' })
      }),
    )
  })

  it('comes to an end when the target answers: after a write that was lost, too', () => {
    fc.assert(
      fc.property(anySteps, fc.nat(GRACE_MS), (steps, shownAfterMs) => {
        const healthy = { afterMs: 0, early: false, write: 'done', look: 'complete' } as const
        const { objects, settled } = live([...steps, healthy, healthy, healthy], shownAfterMs)
        expect(settled?.kind).toMatch(/^(done|dead)$/)
        if (settled?.kind === 'done') expect(objects).toBe(1)
      }),
    )
  })
})

describe('after another record turned out to have the object', () => {
  it('parks the record in the words of its stream', () => {
    const codes = STREAMS.map((stream) => {
      const verdict = afterCollision(stream)
      return verdict.kind === 'dead' && verdict.doubt === 'none' ? verdict.code : verdict.kind
    })
    expect(codes).toEqual([
      ...['vendor_relink', 'requisition_ambiguous', 'bill_ambiguous'],
      ...['pair_taken', 'pair_taken', 'pair_taken'],
    ])
  })
})
