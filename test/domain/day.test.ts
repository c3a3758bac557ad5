import { describe, expect, it } from 'vitest'
import { dayIn, earliest, stampMs } from '../../src/domain/day.js'

describe('dayIn', () => {
  it.each([
    // Local midnight of Detroit is 5 o'clock UTC in winter and 4 o'clock in summer.
    ['2026-03-01T05:00:00Z', 'America/Detroit', '2026-03-01'],
    ['2026-03-01T04:59:59.9999999Z', 'America/Detroit', '2026-02-28'],
    ['2026-07-01T04:00:00.0000000Z', 'America/Detroit', '2026-07-01'],
    ['2026-07-01T03:59:59.9999999Z', 'America/Detroit', '2026-06-30'],
    // The night the clocks go forward has 23 hours, and its morning is still the same day.
    ['2026-03-08T05:00:00Z', 'America/Detroit', '2026-03-08'],
    ['2026-03-09T03:59:59Z', 'America/Detroit', '2026-03-08'],
    ['2026-12-31T15:00:00Z', 'Asia/Tokyo', '2027-01-01'],
    ['2026-03-01T00:00:00Z', 'UTC', '2026-03-01'],
    ['2026-03-01T00:00:00+05:30', 'UTC', '2026-02-28'],
    ['2026-03-01T00:00Z', 'Pacific/Kiritimati', '2026-03-01'],
  ])('%s in %s is %s', (stamp, zone, day) => {
    expect(dayIn(stamp, zone)).toBe(day)
  })

  it.each([null, '', 'soon', '2026-02-30T00:00:00Z', '0001-01-01T00:00:00Z', '1899-12-31T23:59:59Z'])(
    'has no day for %s',
    (stamp) => {
      expect(dayIn(stamp, 'UTC')).toBeNull()
    },
  )
})

describe('stampMs', () => {
  it('cuts digits finer than a millisecond off, also before 1970', () => {
    expect(stampMs('2026-03-01T00:00:00.1239999Z')).toBe(Date.parse('2026-03-01T00:00:00.123Z'))
    expect(stampMs('1969-12-31T23:59:59.9999999Z')).toBe(-1)
    expect(stampMs('never')).toBeNull()
  })
})

describe('earliest', () => {
  it('is the first day there is', () => {
    expect(earliest(['2026-03-02', null, '2026-03-01'])).toBe('2026-03-01')
    expect(earliest([null])).toBeNull()
  })
})
