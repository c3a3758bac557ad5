/** Instants of Plex as calendar days of the plant: business dates are UTC instants of local midnight (plex.md section 4). */
import { stampKey } from './window.js'

/** Making a formatter costs a hundred times what using it does, and a run has one zone. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Before this a date is how some system writes "never". */
const FIRST_YEAR = 1900

/** Milliseconds since 1970, finer digits cut off; null when the text is no instant (no zone = UTC). */
export function stampMs(stamp: string | null): number | null {
  const key = stamp === null ? null : stampKey(stamp)
  // The key has seven fractional digits, a Date takes three.
  return key === null ? null : Date.parse(`${key.slice(0, 23)}Z`)
}

/**
 * The calendar day (`2026-03-01`) of an instant in an IANA zone, which must be valid. Null when the text is no instant, or
 * one before 1900: no due date, but an empty field of the sender.
 */
export function dayIn(stamp: string | null, zone: string): string | null {
  const ms = stampMs(stamp)
  if (ms === null || ms < Date.UTC(FIRST_YEAR, 0, 1)) return null
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  const [year = '', month = '', day = ''] = [parts.get('year'), parts.get('month'), parts.get('day')]
  return `${year.padStart(4, '0')}-${month}-${day}`
}

/** Is an instant before a start: a day of the zone (`2026-03-01`), or an instant itself? One that is no instant is not. */
export function isBefore(stamp: string | null, start: string, zone: string): boolean {
  const ms = stampMs(stamp)
  if (ms === null) return false
  const isDay = /^\d{4}-\d\d-\d\d$/.test(start)
  return isDay ? (dayIn(stamp, zone) ?? '') < start : ms < (stampMs(start) ?? Infinity)
}

/** The earliest of these days; days written like ours sort as text. */
export function earliest(days: readonly (string | null)[]): string | null {
  const [first = null] = days.filter((day) => day !== null).sort()
  return first
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  const shape = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    ...shape,
  })
  formatters.set(zone, made)
  return made
}
