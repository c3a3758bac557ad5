import { sql, type RawBuilder } from 'kysely'

/** A value for a jsonb column: null stays SQL null. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}

/** Rows for `jsonb_to_recordset`: one parameter whatever their number. */
export function rowsParam(rows: readonly object[]): RawBuilder<unknown> {
  return sql`${JSON.stringify(rows)}::jsonb`
}

/** An interval of so many milliseconds. */
export function ms(value: number): RawBuilder<unknown> {
  return sql`make_interval(secs => ${value / 1000})`
}
