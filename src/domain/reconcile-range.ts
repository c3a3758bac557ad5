/** Which days a report is about, as calendar days of the plant. */
import type { Range } from './reconcile.js'

/** The first and the last day of a month (`2026-10`). */
export function rangeOfMonth(month: string, zone: string): Range {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const last = new Date(Date.UTC(year, number, 0)).getUTCDate()
  return { since: `${month}-01`, until: `${month}-${last}`, month, zone }
}

export function isDayInside(day: string | null, { since, until }: Range): boolean {
  if (day === null) return since === null && until === null
  return (since === null || day >= since) && (until === null || day <= until)
}

export function moveDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/**
 * Instants between which everything of these days lies, whatever the zone: a day wider on both sides. What is read too much
 * is dropped by its day.
 */
export function instantsOf({ since, until }: Pick<Range, 'since' | 'until'>): {
  from: string | null
  to: string | null
} {
  return {
    from: since === null ? null : `${moveDay(since, -1)}T00:00:00Z`,
    to: until === null ? null : `${moveDay(until, 2)}T00:00:00Z`,
  }
}

/** `October 2026` for people; or the days. */
export function tellRange({ since, until, month }: Range): string {
  if (month !== null) {
    const name = new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' }).format(
      new Date(`${month}-01T00:00:00Z`),
    )
    return `${name} ${month.slice(0, 4)}`
  }
  if (since === null) return until === null ? 'everything' : `up to ${until}`
  return until === null ? `from ${since}` : `${since} to ${until}`
}
