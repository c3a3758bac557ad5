import { describe, expect, it } from 'vitest'
import {
  isFresh,
  judgeOpen,
  makeFinding,
  sortFindings,
  StreamCount,
  type OpenChange,
} from '../../src/domain/reconcile.js'
import { adviceFor } from '../../src/domain/problems.js'
import { saidBy } from './reconcile-factories.js'

describe('a finding', () => {
  it('has every member of the document, null where it does not apply, and the advice of its code', () => {
    expect(makeFinding({ stream: 'pos', kind: 'missing', code: 'gone', message: 'why', plex: '1' })).toEqual({
      ...{ stream: 'pos', kind: 'missing', code: 'gone', message: 'why', plex: '1', advice: adviceFor('gone') },
      ...{ source_id: null, source_key: null, target_id: null, target_key: null, supplier: null, field: null },
      ...{ procurify: null, month: null, currency: null, difference: null, age_days: null, next: null },
    })
  })

  it('comes the worse the sooner, where money is before where it is not, then by code, key and field', () => {
    const base = { stream: 'pos', kind: 'drifted', code: 'drift', message: '', source_key: 'B' } as const
    const inOrder = [
      makeFinding({ ...base, stream: 'locations', kind: 'duplicate' }),
      makeFinding({ ...base, stream: 'invoices', kind: 'amount_differs', source_key: 'Z' }),
      makeFinding({ ...base, kind: 'amount_differs', source_key: 'A' }),
      makeFinding({ ...base, kind: 'missing' }),
      makeFinding({ ...base, kind: 'orphaned' }),
      makeFinding({ ...base, kind: 'stuck' }),
      makeFinding({ ...base, source_key: null, field: 'a' }),
      makeFinding({ ...base, source_key: 'A', source_id: 'Z', field: 'z' }),
      makeFinding({ ...base, source_key: null, source_id: 'B', target_id: 'A' }),
      makeFinding({ ...base, field: 'a' }),
      makeFinding({ ...base, field: 'b' }),
      makeFinding({ ...base, source_key: null, target_id: 'C' }),
      makeFinding({ ...base, code: 'gone', source_key: 'A' }),
      makeFinding({ ...base, stream: 'suppliers', source_key: 'A' }),
    ]
    expect(sortFindings([...inOrder].reverse())).toEqual(inOrder)
    expect(sortFindings(inOrder)).toEqual(inOrder)
    const alike = [makeFinding({ ...base, message: 'first' }), makeFinding({ ...base, message: 'second' })]
    expect(sortFindings(alike)).toEqual(alike)
  })
})

describe('the figures of a stream', () => {
  it('count every record in one place, and every finding by its kind', () => {
    const days = { since: null, until: '2026-10-31' }
    const count = new StreamCount('pos', 'by date', days)
    const one = makeFinding({ stream: 'pos', kind: 'missing', code: 'not_delivered', message: '' })
    const other = makeFinding({ stream: 'pos', kind: 'orphaned', code: 'gone', message: '' })
    count.add({ place: 'unpaired', findings: [one, one] })
    for (const place of ['paired', 'paired', 'left_out', 'in_progress'] as const) count.add({ place, findings: [] })
    count.tell([other])
    count.procurify = 7
    count.unmanaged = 3
    expect(count.findings).toEqual([one, one, other])
    expect(count.figures()).toEqual({
      ...{ stream: 'pos', plex: 5, procurify: 7, unmanaged: 3, basis: 'by date', days },
      places: { paired: 2, unpaired: 1, in_progress: 1, left_out: 1 },
      findings: { missing: 2, orphaned: 1, drifted: 0, duplicate: 0, stuck: 0, amount_differs: 0 },
    })
  })
})

describe('a change that is under way', () => {
  const open = (fields: Partial<OpenChange>): OpenChange => ({
    ...{
      sourceId: 's1',
      sourceKey: 'ACME',
      targetId: null,
      state: 'waiting',
      code: 'too_fresh',
      message: 'why',
      ageSeconds: 0,
    },
    ...fields,
  })

  it('what waits is stuck after three days, what is parked at once, what is in doubt after an hour', () => {
    const days = (count: number) => count * 86_400
    expect(judgeOpen('pos', open({ ageSeconds: days(3) }))).toBeNull()
    expect(judgeOpen('pos', open({ ageSeconds: days(3) + 1 }))).toMatchObject({ kind: 'stuck', age_days: 3 })
    expect(judgeOpen('pos', open({ state: 'parked' }))).toMatchObject({
      code: 'too_fresh',
      next: 'ml-connector replay ACME',
    })
    expect(judgeOpen('pos', open({ state: 'in_doubt', code: null, ageSeconds: 3600 }))).toBeNull()
    expect(judgeOpen('pos', open({ state: 'in_doubt', code: null, ageSeconds: 3601 }))).toMatchObject({
      code: 'in_doubt',
    })
  })

  it('is told with how long, why, and the command to begin with', () => {
    const said = (fields: Partial<OpenChange>) => {
      const finding = judgeOpen('pos', open(fields))
      return finding === null ? null : saidBy(finding)
    }
    const long = { ageSeconds: 5 * 86_400 + 7 }
    expect(said({ ...long, targetId: '7' })).toEqual({
      ...{ stream: 'pos', kind: 'stuck', code: 'too_fresh', message: 'waiting for 5 days: why', age_days: 5 },
      ...{ source_id: 's1', source_key: 'ACME', target_id: '7', next: 'ml-connector audit show --record ACME' },
    })
    expect(said({ state: 'parked', sourceKey: null, ageSeconds: 86_400, message: null })).toEqual({
      ...{ stream: 'pos', kind: 'stuck', code: 'too_fresh', message: 'parked for a person for 1 day: too_fresh' },
      ...{ age_days: 1, source_id: 's1', next: 'ml-connector replay s1' },
    })
    expect(said({ state: 'in_doubt', code: null, ageSeconds: 4000, sourceKey: null })).toMatchObject({
      message: 'sent, and it is not known whether it arrived: why',
      next: 'ml-connector audit show --record s1',
    })
    expect(said({ ...long, state: 'pending', code: null })).toMatchObject({
      code: 'waits_long',
      message: 'decided and not delivered for 5 days: why',
    })
    // A clock that runs behind: what was parked just now has not waited for less than nothing.
    expect(said({ state: 'parked', ageSeconds: 0 })).toMatchObject({ age_days: 0 })
  })

  it('fresh is what is newer than the last run and not older than a day', () => {
    const [mark, now] = ['2026-10-01T10:00:00.0000001Z', '2026-10-01T12:00:00.000000Z']
    expect(isFresh('2026-10-01T10:00:00.0000001Z', mark, now)).toBe(false)
    expect(isFresh('2026-10-01T10:00:00.0000002Z', mark, now)).toBe(true)
    expect(isFresh('2026-10-01T10:00:00.0000002Z', mark, '2026-10-02T10:00:01.000000Z')).toBe(false)
    expect(isFresh('2026-10-01T10:00:00.0000002Z', mark, '2026-10-02T10:00:00.000000Z')).toBe(false)
    expect(isFresh(null, mark, now)).toBe(false)
    expect(isFresh('whenever', mark, now)).toBe(false)
    expect(isFresh('2026-10-01T11:00:00Z', null, now)).toBe(false)
  })
})
