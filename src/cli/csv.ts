/** Rows for spreadsheets. Pure. */

/** A number of ours, which no spreadsheet runs: it stays a number there, its sign too. */
interface Decimal {
  readonly decimal: string
}
export type Cell = string | number | Decimal | null

/**
 * CSV as of RFC 4180: a header line, CRLF after every line, quotes where they are needed; null is an empty cell. A cell that a
 * spreadsheet would run as a formula (it begins with `=`, `+`, `-` or `@`) gets a leading `'`: names in it come from outside.
 */
export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(toCell).join(',')}\r\n`).join('')
}

function toCell(value: Cell): string {
  if (typeof value === 'object' && value !== null) return value.decimal
  const text = value === null ? '' : String(value)
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
