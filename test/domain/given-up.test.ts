/** What a person gave up stays given up until the record comes to something else. */
import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/domain/decision.js'
import { isGivenUp, markOf, respectGivenUp } from '../../src/domain/given-up.js'
import type { Json } from '../../src/domain/record.js'
import { aLink, aNote, aPlanned, aWanted } from '../support/factories.js'

const RECORD = { id: 's1', name: 'Acme' }
const park: Decision = { kind: 'park', code: 'unit_mismatch', message: 'No.', changes: [] }
const send: Decision = { kind: 'send', wanted: aWanted() }
const wait: Decision = { kind: 'wait', code: 'vendor_not_linked', message: 'Later.', waitsFor: [] }

/** What becomes of a decision on this record under this mark. */
function decide(decision: Decision, record: Json, givenUp: string | null | undefined): Decision {
  const link = givenUp === undefined ? undefined : aLink('s1', { givenUp })
  return respectGivenUp(aPlanned(aNote('s1'), { record, decision }), link).decision
}
const parked = { code: 'unit_mismatch', message: 'No.', wantedHash: null }

describe('a record that was given up', () => {
  it.each([park, send, wait])('is not brought up again while it is the same: $kind', (decision) => {
    const again = decide(decision, RECORD, markOf({ ...parked, record: RECORD }))
    expect(again).toMatchObject({ kind: 'skip', code: 'given_up' })
    expect(isGivenUp(again)).toBe(true)
  })

  it.each([park, send, wait])('is looked at as soon as it is another: $kind', (decision) => {
    const mark = markOf({ ...parked, record: { ...RECORD, name: 'Acme Ltd' } })
    expect(decide(decision, RECORD, mark)).toBe(decision)
    expect(decide(decision, null, mark)).toBe(decision)
  })

  it('is known by what was to be sent where the record itself was not kept', () => {
    const mark = markOf({ ...parked, record: null, wantedHash: 'wanted' })
    expect(decide(send, RECORD, mark)).toMatchObject({ code: 'given_up' })
    expect(decide({ kind: 'send', wanted: aWanted({ wantedHash: 'other' }) }, RECORD, mark).kind).toBe('send')
    expect(decide(wait, RECORD, mark)).toBe(wait)
  })

  it('is known by the reason where it could not even be read', () => {
    const mark = markOf({ ...parked, record: null })
    expect(decide(park, null, mark)).toMatchObject({ code: 'given_up' })
    expect(decide({ ...park, message: 'Another reason.' }, null, mark).kind).toBe('park')
    expect(decide({ ...wait, code: park.code, message: park.message }, null, mark).kind).toBe('wait')
  })

  it('may still be taken over from the target, or told: nothing is sent for that', () => {
    const mark = markOf({ ...parked, record: RECORD })
    const adopt: Decision = { kind: 'send', wanted: aWanted({ action: 'adopt', payload: null }) }
    const observe: Decision = { kind: 'observe', code: 'matched', message: 'There.', changes: [] }
    for (const decision of [adopt, observe, { kind: 'unchanged' } as const])
      expect(decide(decision, RECORD, mark)).toBe(decision)
  })
})

it('nothing is held back of a record that nobody gave up', () => {
  for (const decision of [park, send, wait]) {
    expect(decide(decision, RECORD, null)).toBe(decision)
    expect(decide(decision, RECORD, undefined)).toBe(decision)
    expect(isGivenUp(decision)).toBe(false)
  }
  expect(isGivenUp({ kind: 'skip', code: 'excluded', message: 'Left out.' })).toBe(false)
  expect(isGivenUp({ ...park, code: 'given_up' })).toBe(false)
})
