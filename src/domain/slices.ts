/** Long ranges of time read slice by slice, so that each answer stays near a wanted number of rows (plex.md section 7). */
import { fromTicks, toTicks } from './window.js'

/** Both ends included; `to` null = open. */
export interface Range {
  readonly from: string
  readonly to: string | null
}

/** AP invoices are to be kept near or under 1,000 a call; some room is left for an uneven week. */
const WANTED_ROWS = 700
/** A quiet time may be followed by a busy one, so slices grow in steps. */
const LARGEST_GROWTH = 4
const DAY_MS = 86_400_000
export const FIRST_SLICE_MS = 7 * DAY_MS
const LONGEST_SLICE_MS = 10 * 366 * DAY_MS
/** Shorter ranges are not cut any more: what fails in there fails for another reason. */
export const SHORTEST_SLICE_MS = 2_000

/**
 * The first slice of a range and what is left of it (null = nothing). The last slice keeps the end of the range, an open one too: rows
 * of a clock that runs ahead belong to it. Ends are shared by neighbours, as it is not sure that both ends are included.
 */
export function cutSlice(
  range: Range,
  spanMs: number,
  nowMs: number,
): { readonly slice: Range; readonly rest: Range | null } {
  const from = toTicks(range.from)
  const end = range.to === null ? BigInt(nowMs) * 10_000n : toTicks(range.to)
  if (from === null || end === null) return { slice: range, rest: null }
  const cut = from + BigInt(Math.round(spanMs)) * 10_000n
  if (cut >= end) return { slice: range, rest: null }
  const middle = fromTicks(cut)
  return { slice: { from: range.from, to: middle }, rest: { from: middle, to: range.to } }
}

/** How long a slice is, an open one up to now. */
export function lengthMs({ from, to }: Range, nowMs: number): number {
  const start = toTicks(from)
  const end = to === null ? BigInt(nowMs) * 10_000n : toTicks(to)
  return start === null || end === null ? 0 : Number((end - start) / 10_000n)
}

/** The length of the next slice after one of `spanMs` brought so many rows. */
export function nextSpanMs(spanMs: number, rows: number): number {
  const growth = Math.min(LARGEST_GROWTH, WANTED_ROWS / Math.max(1, rows))
  return Math.min(LONGEST_SLICE_MS, Math.max(SHORTEST_SLICE_MS, spanMs * growth))
}
