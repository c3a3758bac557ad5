/** Ranges of time, cut into slices: nothing between two of them, and as long as the rows allow. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  cutSlice,
  FIRST_SLICE_MS,
  lengthMs,
  nextSpanMs,
  SHORTEST_SLICE_MS,
  type Range,
} from '../../src/domain/slices.js'

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
  for (const strange of [
    { from: 'never', to: null },
    { from: range.from, to: 'never' },
  ]) {
    expect(cutSlice(strange, FIRST_SLICE_MS, NOW)).toEqual({ slice: strange, rest: null })
    expect(lengthMs(strange, NOW)).toBe(0)
  }
})

it('a range as long as the slice is not cut, one that is longer is cut there', () => {
  const [from, to] = ['2026-11-01T00:00:00Z', '2026-11-08T00:00:00Z']
  expect(cutSlice({ from, to }, FIRST_SLICE_MS, NOW).rest).toBeNull()
  expect(lengthMs({ from, to }, NOW)).toBe(FIRST_SLICE_MS)
  const later = '2026-11-08T00:00:00.0000001Z'
  expect(cutSlice({ from, to: later }, FIRST_SLICE_MS, NOW)).toEqual({
    slice: { from, to: '2026-11-08T00:00:00.0000000Z' },
    rest: { from: '2026-11-08T00:00:00.0000000Z', to: later },
  })
})

it('slices grow while there is little in them and shrink when there is much', () => {
  expect(nextSpanMs(1_000_000, 0)).toBe(4_000_000)
  expect(nextSpanMs(1_000_000, 700)).toBe(1_000_000)
  expect(nextSpanMs(1_000_000, 7_000)).toBe(100_000)
  expect(nextSpanMs(1_000_000, 1_400)).toBe(500_000)
  expect(nextSpanMs(3_000, 1_000_000)).toBe(SHORTEST_SLICE_MS)
  expect(nextSpanMs(9 * 366 * 86_400_000, 0)).toBe(10 * 366 * 86_400_000)
})
