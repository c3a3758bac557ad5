/** What runs when: the jobs of one connection, before they are written down for cron, systemd or Kubernetes. */

/** Times are local, by the day: `minutes` and `hours` as lists; every weekday or every day. */
export interface Job {
  /** Short, for names of units. */
  readonly name: string
  /** Arguments after the global options. */
  readonly args: readonly string[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly weekdaysOnly: boolean
  readonly about: string
}

/** Nothing runs from midnight until here: clocks change in those hours, and both systems are maintained then. */
const NIGHT_HOUR = 4
const DAY_HOURS = range(NIGHT_HOUR + 1, 23)
/** A Plex page advises polling every 5 to 15 minutes (contracts/plex.md section 6). */
const EVERY_MINUTES = 10

/**
 * Staggered within a connection, so that its passes do not meet, and between connections, so that a host with ten of them does
 * not start ten at once. The full runs have an hour to themselves: a lease held by an ordinary run would cost them the night.
 */
export function planJobs(connection: string): Job[] {
  const shift = [...connection].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % EVERY_MINUTES
  const often = (name: string, args: readonly string[], at: number, about: string): Job => {
    const first = (shift + at) % EVERY_MINUTES
    const minutes = range(0, 60 / EVERY_MINUTES - 1).map((turn) => first + turn * EVERY_MINUTES)
    return { name, args, minutes, hours: DAY_HOURS, weekdaysOnly: false, about }
  }
  const daily = (name: string, args: readonly string[], at: number, hours: readonly number[], about: string): Job => ({
    ...{ name, args, hours, about },
    minutes: [at + (shift % 5)],
    weekdaysOnly: false,
  })
  const night = [NIGHT_HOUR]
  return [
    often('suppliers', ['sync', 'suppliers'], 0, 'suppliers -> vendors'),
    often('pos', ['sync', 'pos'], 3, 'purchase orders -> requisitions, followed to their POs'),
    daily('refdata', ['align', 'refdata'], 1, [NIGHT_HOUR, 12], 'accounts, departments, locations'),
    often('invoices', ['sync', 'invoices'], 6, 'AP invoices against bills'),
    daily('suppliers-full', ['sync', 'suppliers', '--full'], 10, night, 'compare everything: addresses, e-mails'),
    daily('pos-full', ['sync', 'pos', '--full'], 30, night, 'compare everything: lines change without their order'),
    daily('invoices-full', ['sync', 'invoices', '--full'], 50, night, 'compare everything: bills that were deleted'),
    { ...daily('digest', ['status'], 0, [7], 'is anything waiting for a person?'), weekdaysOnly: true },
  ]
}

/** For units of systemd and objects of Kubernetes: a label of DNS, as the latter wants it, of at most 52 characters. */
export function nameOf(connection: string, job?: string): string {
  const words = ['ml-connector', ...(connection === 'default' ? [] : [connection]), ...(job === undefined ? [] : [job])]
  const name = words
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return name.slice(0, 52).replace(/-$/, '')
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

/** The five fields of crontab(5), as Kubernetes takes them too: `3-59/10 5-23 * * *`. */
export function toCronFields({ minutes, hours, weekdaysOnly }: Job): string {
  return `${toCronList(minutes, 59)} ${toCronList(hours, 23)} * * ${weekdaysOnly ? '1-5' : '*'}`
}

/** Evenly spaced numbers up to the last possible one are a step, neighbours a range, others a list. */
function toCronList(numbers: readonly number[], last: number): string {
  const [first = 0, second] = numbers
  if (second === undefined) return String(first)
  const step = second - first
  const isEven = numbers.every((number, at) => number === first + at * step)
  const end = numbers.at(-1) ?? first
  if (isEven && step === 1) return `${first}-${end}`
  return isEven && end + step > last ? `${first}-${last}/${step}` : numbers.join(',')
}

/** systemd.time(7): `Mon..Fri *-*-* 07:00:00 America/Detroit`. */
export function toCalendar({ minutes, hours, weekdaysOnly }: Job, zone: string | null): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const [first = 0, second] = minutes
  const minute = second === undefined ? two(first) : `${two(first)}/${second - first}`
  const isRange = hours.length > 2
  const hour = isRange ? `${two(hours[0] ?? 0)}..${two(hours.at(-1) ?? 0)}` : hours.map(two).join(',')
  return `${weekdaysOnly ? 'Mon..Fri ' : ''}*-*-* ${hour}:${minute}:00${zone === null ? '' : ` ${zone}`}`
}
