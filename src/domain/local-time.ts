/**
 * Wall-clock times of a zone and instants. A wall-clock time is written as the epoch milliseconds it would have in UTC, so that
 * it can be compared and formatted without a zone.
 *
 * In autumn an hour of wall-clock time happens twice. The later of the two instants is always taken: instants then never run
 * backwards as wall-clock times go up, which is the order a data source filters and sorts by (contracts/plex-soap.md section 8).
 */

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Zones change their offset at full quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS
/** Asking Intl costs a thousand times what a look into a map does, and rows repeat the same days. */
const MAX_KNOWN = 20_000

/** How far the zone is ahead of UTC at an instant, in milliseconds. `zone` must be a valid IANA name. */
function offsetAt(ms: number, zone: string): number {
  const { formatter, known } = clockOf(zone)
  const quarter = Math.floor(ms / QUARTER_MS)
  const found = known.get(quarter)
  if (found !== undefined) return found
  const parts = new Map(formatter.formatToParts(quarter * QUARTER_MS).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(quarter, local - quarter * QUARTER_MS)
  return local - quarter * QUARTER_MS
}

/** What the clocks of the zone show at an instant. */
export function toLocal(ms: number, zone: string): number {
  return ms + offsetAt(ms, zone)
}

/** The instant of a wall-clock time: the later one of an hour that repeats; one that is skipped in spring counts from before. */
export function fromLocal(local: number, zone: string): number {
  // No zone changes its offset twice within two days.
  const offsets = [offsetAt(local - DAY_MS, zone), offsetAt(local + DAY_MS, zone)]
  const instants = offsets.map((offset) => local - offset).filter((ms) => toLocal(ms, zone) === local)
  return instants.length === 0 ? local - (offsets[0] ?? 0) : Math.max(...instants)
}

/** The smallest wall-clock time whose instant is not before `ms`: what to ask for so that nothing since then is missed. */
export function earliestLocal(ms: number, zone: string): number {
  const local = toLocal(ms, zone)
  const later = fromLocal(local, zone)
  if (later <= ms) return local
  // The first pass through an hour that repeats: the clocks go back somewhere between the two instants.
  let [before, after] = [ms, later]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(middle, zone) === offsetAt(before, zone)) before = middle
    else after = middle
  }
  return toLocal(after, zone)
}

interface ZoneClock {
  readonly formatter: Intl.DateTimeFormat
  /** Offset by quarter of an hour since 1970. */
  readonly known: Map<number, number>
}

const clocks = new Map<string, ZoneClock>()

function clockOf(zone: string): ZoneClock {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const shape = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
  const formatter = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23', second: 'numeric' },
    ...shape,
  })
  const clock: ZoneClock = { formatter, known: new Map() }
  clocks.set(zone, clock)
  return clock
}
