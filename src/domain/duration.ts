const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The longest a timer of Node can wait; with more it would fire at once. A little under 25 days. */
const LONGEST_MS = 2 ** 31 - 1

/** Says to a person what `parseDuration` accepts. */
export const DURATION_FORMAT = 'a whole number with a unit, such as 250ms, 90s, 10m, 2h or 1d (24d at most)'

/** `90s` -> 90000 milliseconds; null for anything that is not `DURATION_FORMAT`. A bare number is refused: of what? */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = /^(\d{1,10})(ms|s|m|h|d)$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit ?? '']
  if (amount === undefined || unitMs === undefined) return null
  const durationMs = Number(amount) * unitMs
  return durationMs <= LONGEST_MS ? durationMs : null
}
