import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { earliestLocal, fromLocal, toLocal } from '../../src/domain/local-time.js'

const DETROIT = 'America/Detroit'
const ZONES = [DETROIT, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns', 'UTC']
const at = (text: string): number => Date.parse(text)
const wall = (text: string): number => Date.parse(`${text}Z`)
const iso = (ms: number): string => new Date(ms).toISOString()

/** Around changes of the clocks, where the mistakes are, and anywhere else. */
const instant = fc.oneof(
  fc.integer({ min: at('2026-11-01T00:00:00Z'), max: at('2026-11-01T12:00:00Z') }),
  fc.integer({ min: at('2026-03-08T00:00:00Z'), max: at('2026-03-08T12:00:00Z') }),
  fc.integer({ min: at('2026-10-24T20:00:00Z'), max: at('2026-10-25T04:00:00Z') }),
  fc.integer({ min: at('1950-01-01T00:00:00Z'), max: at('2078-01-01T00:00:00Z') }),
)

describe('wall-clock times', () => {
  it('are those of the zone, summer and winter', () => {
    expect(iso(toLocal(at('2026-07-01T12:00:00Z'), DETROIT))).toBe('2026-07-01T08:00:00.000Z')
    expect(iso(toLocal(at('2026-01-01T02:00:00Z'), DETROIT))).toBe('2025-12-31T21:00:00.000Z')
    expect(iso(fromLocal(wall('2026-03-04T09:10:11'), DETROIT))).toBe('2026-03-04T14:10:11.000Z')
  })

  it('of the hour that happens twice are taken for the later one', () => {
    expect(iso(fromLocal(wall('2026-11-01T01:30:00'), DETROIT))).toBe('2026-11-01T06:30:00.000Z')
    expect(iso(fromLocal(wall('2026-11-01T00:59:59'), DETROIT))).toBe('2026-11-01T04:59:59.000Z')
  })

  it('of the hour that is skipped count on from before it', () => {
    expect(iso(fromLocal(wall('2026-03-08T02:30:00'), DETROIT))).toBe('2026-03-08T07:30:00.000Z')
  })

  it('come back as the instant they came from, or as the later one of the same wall-clock time', () => {
    fc.assert(
      fc.property(instant, fc.constantFrom(...ZONES), (ms, zone) => {
        const back = fromLocal(toLocal(ms, zone), zone)
        expect(toLocal(back, zone)).toBe(toLocal(ms, zone))
        expect(back).toBeGreaterThanOrEqual(ms)
        expect(back - ms).toBeLessThanOrEqual(3_600_000)
      }),
    )
  })

  it('never run backwards where they exist', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 7_200_000 }), fc.constantFrom(...ZONES), (ms, more, zone) => {
        const [one, other] = [toLocal(ms, zone), toLocal(ms + more, zone)]
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        expect(fromLocal(low, zone)).toBeLessThanOrEqual(fromLocal(high, zone))
      }),
    )
  })
})

describe('the earliest wall-clock time to ask for', () => {
  it('is the one the clock shows, but for the hour before the clocks go back', () => {
    expect(iso(earliestLocal(at('2026-07-01T12:00:00Z'), DETROIT))).toBe('2026-07-01T08:00:00.000Z')
    expect(iso(earliestLocal(at('2026-11-01T05:20:00Z'), DETROIT))).toBe('2026-11-01T01:00:00.000Z')
    expect(iso(earliestLocal(at('2026-11-01T06:20:00Z'), DETROIT))).toBe('2026-11-01T01:20:00.000Z')
  })

  it('leaves out nothing that happens later, whatever the clocks do meanwhile', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 172_800_000 }), fc.constantFrom(...ZONES), (ms, more, zone) => {
        // A record changed at any later moment bears a wall-clock time that is asked for, and an instant inside the window.
        const stamp = toLocal(ms + more, zone)
        expect(stamp).toBeGreaterThanOrEqual(earliestLocal(ms, zone))
        expect(fromLocal(stamp, zone)).toBeGreaterThanOrEqual(ms)
      }),
    )
  })
})
