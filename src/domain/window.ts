/**
 * Windows over the source's own time. Stamps are ISO 8601 in UTC with up to seven fractional digits: finer than a
 * Date, so they stay text (contracts/plex.md section 4). Arithmetic is done in ticks of 100 ns.
 */
import type { Touched } from './record.js'

/** A range of the source's time, both ends included; `to` null = open. */
export interface SourceWindow {
  readonly by: 'modified' | 'created'
  readonly from: string | null
  readonly to: string | null
}

/** How far a stream was read. */
export interface Watermark {
  /** The largest stamp noted, as the source wrote it; null = nothing noted yet. */
  readonly position: string | null
  /** The records that carry it: they must come back inside the next overlap. */
  readonly anchors: readonly string[]
  /** The whole range was read once: from here on a plan can be too large to be true. */
  readonly loaded: boolean
}

const STAMP = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?$/i
const TICKS_PER_MS = 10_000n

/** Ticks of 100 ns since 1970, or null when the text is no instant. No zone = UTC. */
export function toTicks(stamp: string): bigint | null {
  const match = STAMP.exec(stamp.trim())
  if (match === null) return null
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = ''] = match
  const instant = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
  if (!isReal(instant, day)) return null
  const ticks =
    BigInt(Date.parse(instant) - zoneOffsetMs(zone)) * TICKS_PER_MS + BigInt(fraction.slice(0, 7).padEnd(7, '0'))
  return isSortable(ticks) ? ticks : null
}

/** Not Date.UTC: that rolls month 13 over and takes year 1 (how .NET writes "never") for 1901. */
function isReal(instant: string, day: string | undefined): boolean {
  const ms = Date.parse(instant)
  return !Number.isNaN(ms) && new Date(ms).getUTCDate() === Number(day)
}

const FIRST_TICK = BigInt(Date.parse('0000-01-01T00:00:00Z')) * TICKS_PER_MS
const LAST_TICK = BigInt(Date.parse('9999-12-31T23:59:59Z')) * TICKS_PER_MS + 9_999_999n

/** Outside of four-digit years, text does not sort as time. */
function isSortable(ticks: bigint): boolean {
  return ticks >= FIRST_TICK && ticks <= LAST_TICK
}

/** The instant as ISO text with seven fractional digits: sorts as text. */
export function fromTicks(ticks: bigint): string {
  const inSecond = ((ticks % 10_000_000n) + 10_000_000n) % 10_000_000n
  const seconds = new Date(Number((ticks - inSecond) / TICKS_PER_MS)).toISOString().slice(0, 19)
  return `${seconds}.${inSecond.toString().padStart(7, '0')}Z`
}

/** How Plex writes: in UTC, to the second or finer. */
const PLAIN_STAMP = /^(\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/

/** A sortable key of a stamp, or null when it is no instant. */
export function stampKey(stamp: string): string | null {
  // Asked three times for each of a hundred thousand rows: the usual form is padded, not reckoned.
  const [, seconds, day, fraction = ''] = PLAIN_STAMP.exec(stamp) ?? []
  if (seconds !== undefined) return isReal(`${seconds}Z`, day) ? `${seconds}.${fraction.padEnd(7, '0')}Z` : null
  const ticks = toTicks(stamp)
  return ticks === null ? null : fromTicks(ticks)
}

/** Moves a stamp by milliseconds (negative = back). */
export function shiftStamp(stamp: string, ms: number): string | null {
  const ticks = toTicks(stamp)
  if (ticks === null) return null
  const moved = ticks + BigInt(ms) * TICKS_PER_MS
  return isSortable(moved) ? fromTicks(moved) : null
}

/**
 * The windows of one pass: everything while nothing was noted or all is wanted; else what was modified and what was
 * created (rows never edited may have no modified date) since the watermark less the overlap. `since` reaches back
 * further, never less far: the watermark would move over the gap, and what is in there would never be read.
 */
export function planWindows(
  mark: Watermark,
  overlapMs: number,
  since: string | null,
  full: boolean,
): (SourceWindow | null)[] {
  if (full) return [null]
  const resume = mark.loaded && mark.position !== null ? shiftStamp(mark.position, -overlapMs) : null
  const isGap = since !== null && resume !== null && (stampKey(since) ?? '') > resume
  const from = isGap ? resume : (since ?? resume)
  if (from === null) return [null]
  return [
    { by: 'modified', from, to: null },
    { by: 'created', from, to: null },
  ]
}

/**
 * Splits a window in the middle; null when it is too short to halve. An open end stays open: the middle is reckoned from
 * the year 2000 and from now, but older rows belong to the first half and those still to come to the second.
 */
export function halve(window: SourceWindow, nowMs: number): [SourceWindow, SourceWindow] | null {
  const from = toTicks(window.from ?? '2000-01-01T00:00:00Z')
  const to = window.to === null ? BigInt(nowMs) * TICKS_PER_MS : toTicks(window.to)
  if (from === null || to === null || to - from < 20_000_000n) return null
  const middle = fromTicks(from + (to - from) / 2n)
  return [
    { ...window, to: middle },
    { ...window, from: middle, to: window.to },
  ]
}

/** The stamp a row counts by in a window, or null when it has none we can read. */
export function stampIn(row: Pick<Touched, 'modifiedAt' | 'createdAt'>, by: SourceWindow['by']): string | null {
  return by === 'modified' ? (row.modifiedAt ?? row.createdAt) : row.createdAt
}

/** Is a row where the filter should have put it? A row without a readable stamp is kept: dropping it could lose it. */
export function insideOf(window: SourceWindow): (row: Pick<Touched, 'modifiedAt' | 'createdAt'>) => boolean {
  const from = window.from === null ? null : stampKey(window.from)
  const to = window.to === null ? null : stampKey(window.to)
  return (row) => {
    const stamp = stampIn(row, window.by)
    const key = stamp === null ? null : stampKey(stamp)
    return key === null || ((from === null || key >= from) && (to === null || key <= to))
  }
}

/** `insideOf` for one row. */
export function isInside(row: Pick<Touched, 'modifiedAt' | 'createdAt'>, window: SourceWindow): boolean {
  return insideOf(window)(row)
}

/** Collects the next watermark over the rows of a pass, in constant memory. */
export interface MarkFinder {
  see(row: Pick<Touched, 'sourceId' | 'modifiedAt' | 'createdAt'>): void
  /** Never behind `mark`: a watermark only moves forward. */
  next(mark: Watermark, loaded: boolean): Watermark
}

const MAX_ANCHORS = 5

/** A stamp later than `ceilingMs` (the answer's Date header) is from a clock that runs ahead and never moves the watermark. */
export function findMark(ceilingMs: () => number): MarkFinder {
  const best = { modified: emptyBest(), created: emptyBest() }
  const ceiling = { ms: NaN, key: '' }
  const ceilingKey = (): string => {
    const ms = ceilingMs()
    if (ms !== ceiling.ms) Object.assign(ceiling, { ms, key: fromTicks(BigInt(ms) * TICKS_PER_MS + 9_999_999n) })
    return ceiling.key
  }
  const consider = (slot: Best, stamp: string | null, sourceId: string): void => {
    const key = stamp === null ? null : stampKey(stamp)
    if (key === null || stamp === null || key > ceilingKey()) return
    if (slot.key === null || key > slot.key) Object.assign(slot, { key, stamp, anchors: [sourceId] })
    else if (key === slot.key && slot.anchors.length < MAX_ANCHORS && !slot.anchors.includes(sourceId))
      slot.anchors.push(sourceId)
  }
  return {
    see: (row) => {
      consider(best.modified, row.modifiedAt, row.sourceId)
      consider(best.created, row.createdAt, row.sourceId)
    },
    next: (mark, loaded) => {
      const slot = best.modified.key === null && mark.position === null ? best.created : best.modified
      const before = mark.position === null ? null : stampKey(mark.position)
      const isLater = slot.key !== null && (before === null || slot.key > before)
      if (isLater) return { position: slot.stamp, anchors: slot.anchors, loaded: mark.loaded || loaded }
      const anchors = slot.key !== null && slot.key === before ? slot.anchors : mark.anchors
      return { position: mark.position, anchors, loaded: mark.loaded || loaded }
    },
  }
}

interface Best {
  key: string | null
  stamp: string | null
  anchors: string[]
}

function emptyBest(): Best {
  return { key: null, stamp: null, anchors: [] }
}

/** UTC is no sign and no digits, which count as 0. */
function zoneOffsetMs(zone: string): number {
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4))) * 60_000
}
