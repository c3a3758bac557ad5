/** Dates as data sources take and write them, in the wall-clock time of the plant (contracts/plex-soap.md section 4). */
import { earliestLocal, fromLocal } from '../../domain/local-time.js'
import { toTicks } from '../../domain/window.js'

export type DateOrder = 'M/D/YYYY' | 'D/M/YYYY'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const TIME = String.raw`(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.:](\d{1,9}))?)?\s*([AP]M)?)?`
const NUMERIC = new RegExp(String.raw`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})${TIME}$`, 'i')
const NAMED = new RegExp(String.raw`^([A-Z]{3})[A-Z]*\.? +(\d{1,2}),? +(\d{4})${TIME}$`, 'i')
const ISO = new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)${TIME}$`, 'i')
const WITH_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i

/** How databases write "no date": the first day of their calendars, and .NET's year 1. */
const FIRST_YEAR = 1901

/**
 * A cell as ISO 8601 in UTC with the fraction it was written with. Null = it means "no date"; undefined = it is no date of this
 * form. A date that has a zone of its own keeps it.
 */
export function readDate(cell: string, order: DateOrder, zone: string): string | null | undefined {
  const text = cell.trim()
  if (WITH_ZONE.test(text) && toTicks(text) !== null) return text
  const parts = partsOf(text, order)
  if (parts === null) return undefined
  const [year, month, day, hour = '0', minute = '0', second = '0', fraction = '', half = ''] = parts
  const local = wallClock({
    year,
    month,
    day,
    hour: hourOf(hour, half),
    minute: Number(minute),
    second: Number(second),
  })
  if (local === null) return undefined
  if (year < FIRST_YEAR) return null
  const instant = new Date(fromLocal(local, zone)).toISOString().slice(0, 19)
  return `${instant}${fraction === '' ? '' : `.${fraction.slice(0, 7)}`}Z`
}

type Parts = [year: number, month: number, day: number, ...time: (string | undefined)[]]

function partsOf(text: string, order: DateOrder): Parts | null {
  const iso = ISO.exec(text)
  if (iso !== null) return [Number(iso[1]), Number(iso[2]), Number(iso[3]), ...iso.slice(4)]
  const named = NAMED.exec(text)
  if (named !== null) {
    const month = MONTHS.indexOf((named[1] ?? '').toLowerCase()) + 1
    return [Number(named[3]), month, Number(named[2]), ...named.slice(4)]
  }
  const numeric = NUMERIC.exec(text)
  if (numeric === null) return null
  const [first, second] = [Number(numeric[1]), Number(numeric[2])]
  const [month, day] = order === 'M/D/YYYY' ? [first, second] : [second, first]
  return [Number(numeric[3]), month, day, ...numeric.slice(4)]
}

/** NaN where the hour does not fit the half of the day. */
function hourOf(hour: string, half: string): number {
  const value = Number(hour)
  if (half === '') return value
  if (value < 1 || value > 12) return NaN
  return (value % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)
}

interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** Null for the 30th of February and its like, which Date would carry over into the next month. */
function wallClock({ year, month, day, hour, minute, second }: WallClock): number | null {
  const isTime = hour <= 23 && minute <= 59 && second <= 59
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isTime && isDay ? date.getTime() : null
}

// ------------------------------------------------------------------------------------------------------------ as an input

const TOKENS = /YYYY|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|SSS|A/g
/** Finest first: what a format leaves out is what it rounds to. */
const UNITS: readonly [token: string, ms: number][] = [
  ['SSS', 1],
  ['ss', 1000],
  ['mm', 60_000],
  ['H', 3_600_000],
  ['h', 3_600_000],
]
const DAY_MS = 86_400_000

/** Null when it is a format; else what is wrong with it, to complete a sentence. */
export function formatProblem(format: string): string | null {
  const tokens: string[] = format.match(TOKENS) ?? []
  const lacks = [['YYYY'], ['M', 'MM', 'MMM'], ['D', 'DD']].filter((some) => !some.some((one) => tokens.includes(one)))
  if (lacks.length > 0) return `has no ${lacks.map(([one]) => one).join(', no ')}`
  const isHalfDay = tokens.some((one) => one === 'h' || one === 'hh')
  return isHalfDay && !tokens.includes('A') ? 'has hours of half a day (h) without A for AM or PM' : null
}

/** A wall-clock time in a format of YYYY, MM, M, MMM, DD, D, HH, H, hh, h, mm, ss, SSS and A. */
export function writeDate(local: number, format: string): string {
  const date = new Date(local)
  const two = (value: number): string => String(value).padStart(2, '0')
  const [month, day, hour] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()]
  const name = MONTHS[month - 1] ?? ''
  const written: Readonly<Record<string, string>> = {
    YYYY: String(date.getUTCFullYear()),
    ...{ MMM: name.charAt(0).toUpperCase() + name.slice(1), MM: two(month), M: String(month) },
    ...{ DD: two(day), D: String(day), HH: two(hour), H: String(hour) },
    ...{ hh: two(hour % 12 || 12), h: String(hour % 12 || 12), A: hour < 12 ? 'AM' : 'PM' },
    ...{ mm: two(date.getUTCMinutes()), ss: two(date.getUTCSeconds()) },
    SSS: String(date.getUTCMilliseconds()).padStart(3, '0'),
  }
  return format.replace(TOKENS, (token) => written[token] ?? token)
}

/** Bounds of a window as they are sent, and the instants they then stand for: rounded outwards, so that nothing is left out. */
export interface SentBounds {
  readonly since: string
  readonly until: string
  /** Epoch milliseconds. */
  readonly fromMs: number
  readonly toMs: number
}

/** Ends that are open: within what every date type of SQL Server holds. */
const FIRST = Date.UTC(1900, 0, 1)
const LAST = Date.UTC(2079, 0, 1)

export function boundsOf(from: string | null, to: string | null, format: string, zone: string): SentBounds {
  const unit = UNITS.find(([token]) => format.includes(token))?.[1] ?? DAY_MS
  const low = from === null ? FIRST : Math.floor(earliestLocal(msOf(from, 'down'), zone) / unit) * unit
  const high = to === null ? LAST : Math.ceil(earliestLocal(msOf(to, 'up'), zone) / unit) * unit
  return {
    since: writeDate(low, format),
    until: writeDate(high, format),
    fromMs: fromLocal(low, zone),
    toMs: fromLocal(high, zone),
  }
}

/** Bounds are stamps of our own making or of Plex: what cannot be read as one is no bound. */
function msOf(stamp: string, way: 'up' | 'down'): number {
  const ticks = toTicks(stamp)
  if (ticks === null) return way === 'up' ? LAST : FIRST
  const ms = Number(ticks / 10_000n)
  return way === 'up' && ticks % 10_000n !== 0n ? ms + 1 : ms
}
