import { describe, expect, it } from 'vitest'
import { instantsOf, isDayInside, moveDay, rangeOfMonth, tellRange } from '../../src/domain/reconcile-range.js'

const range = (since: string | null, until: string | null) => ({ since, until, month: null, zone: 'UTC' })

describe('a range of days', () => {
  it('of a month begins and ends with it', () => {
    const february = { since: '2028-02-01', until: '2028-02-29', month: '2028-02', zone: 'America/Detroit' }
    expect(rangeOfMonth('2028-02', 'America/Detroit')).toEqual(february)
    expect(rangeOfMonth('2026-12', 'UTC')).toMatchObject({ since: '2026-12-01', until: '2026-12-31' })
  })

  it.each([
    ['2026-03-01', '2026-03-31', ['2026-03-01', '2026-03-31'], ['2026-02-28', '2026-04-01', null]],
    ['2026-03-01', null, ['2026-03-01', '2099-01-01'], ['2026-02-28', null]],
    [null, '2026-03-31', ['1999-01-01', '2026-03-31'], ['2026-04-01', null]],
    // What has no day is in no range but that of everything, so that it is not lost.
    [null, null, ['2026-03-01', null], []],
  ])('from %s to %s holds both ends and nothing beyond', (since, until, inside, outside) => {
    expect(inside.filter((day) => !isDayInside(day, range(since, until)))).toEqual([])
    expect(outside.filter((day) => isDayInside(day, range(since, until)))).toEqual([])
  })

  it('moves by days of the calendar', () => {
    expect([moveDay('2026-03-01', -1), moveDay('2026-12-31', 1), moveDay('2028-02-28', 1)]).toEqual([
      ...['2026-02-28', '2027-01-01', '2028-02-29'],
    ])
  })

  it('lies between instants that reach beyond it in every zone', () => {
    const march = { from: '2026-02-28T00:00:00Z', to: '2026-04-02T00:00:00Z' }
    expect(instantsOf({ since: '2026-03-01', until: '2026-03-31' })).toEqual(march)
    expect(instantsOf({ since: null, until: '2026-03-31' })).toEqual({ ...march, from: null })
    expect(instantsOf({ since: '2026-03-01', until: null })).toEqual({ ...march, to: null })
  })

  it('is told as people say it', () => {
    expect(tellRange(rangeOfMonth('2026-10', 'UTC'))).toBe('October 2026')
    expect(tellRange(range(null, null))).toBe('everything')
    expect(tellRange(range(null, '2026-03-31'))).toBe('up to 2026-03-31')
    expect(tellRange(range('2026-03-01', null))).toBe('from 2026-03-01')
    expect(tellRange(range('2026-03-01', '2026-03-31'))).toBe('2026-03-01 to 2026-03-31')
  })
})
