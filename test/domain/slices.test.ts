/** Ranges of time, cut into slices: nothing between two of them, and as long as the rows allow. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutSlice, FIRST_SLICE_MS, lengthMs, nextSpanMs, type Range } from '../../src/domain/slices.js'

const NOW = Date.parse('2026-11-24T00:00:00Z')

it('slices follow each other without a gap and end where the range does', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 800 }),
      fc.boolean(),
      fc.integer({ min: 40, max: 4000 }),
      (days, open, hours) => {
        const from = new Date(NOW - days * 86_400_000).toISOString()
        const range: Range = { from, to: open ? null : '2026-11-01T00:00:00.1234567Z' }
        let left: Range | null = range
        let end: string | null = from
        for (let count = 0; left !== null; count += 1) {
          expect(count).toBeLessThan(10_000)
          const { slice, rest }: ReturnType<typeof cutSlice> = cutSlice(left, hours * 3_600_000, NOW)
          expect(slice.from).toBe(end)
          ;[left, end] = [rest, slice.to]
        }
        expect(end).toBe(range.to)
      },
    ),
  )
})

it('a short range is one slice, and one that is no time is left as it is', () => {
  const range = { from: '2026-11-23T00:00:00Z', to: null }
  expect(cutSlice(range, FIRST_SLICE_MS, NOW)).toEqual({ slice: range, rest: null })
  expect(lengthMs(range, NOW)).toBe(86_400_000)
  expect(cutSlice({ from: 'never', to: null }, FIRST_SLICE_MS, NOW).rest).toBeNull()
})

it('slices grow while there is little in them and shrink when there is much', () => {
  expect(nextSpanMs(1_000_000, 0)).toBe(4_000_000)
  expect(nextSpanMs(1_000_000, 700)).toBe(1_000_000)
  expect(nextSpanMs(1_000_000, 7_000)).toBe(100_000)
  expect(nextSpanMs(3_000, 1_000_000)).toBeGreaterThan(1_000)
})
