/**
 * What the resources of Plex have in common: a window of a list, a whole list, one record by id, several records side by side
 * (contracts/plex.md sections 4 to 7 and 9).
 */
import { contentHash } from '../domain/content-hash.js'
import type { Failure, Result } from '../domain/failure.js'
import type { Json, Touched } from '../domain/record.js'
import { insideOf, stampKey, type SourceWindow } from '../domain/window.js'
import type { Http } from '../http.js'
import { encode, type Query } from '../http-text.js'
import type { ListOutcome } from '../ports.js'
import { Identified, parseRecord, type Parsed } from './schema.js'

/** Which filter the tenant's API knows: both ends of a range, or a lower end alone (contracts/plex.md section 1). */
export type DateFilter = 'modifiedDate' | 'modified_date'

/** The data sources of this tenant have no such list (src/plex/soap); callers that can do without it look for this code. */
export const NOT_MAPPED = 'not_mapped'

/** Ids of our own for rows without one: they can be parked and shown, and never exist in Plex. */
const NO_ID = 'unreadable:'

type OnBatch<T> = (rows: T[], answeredAtMs: number | null) => Promise<void>

/** A lower end alone cannot be halved: both halves would be answered with the same rows. */
export function canSlice(dateFilter: DateFilter): boolean {
  return dateFilter === 'modifiedDate'
}

/**
 * Reads windows of a list (null = all of it), with rows outside dropped and counted. A 404 is how some resources say "no match";
 * that is only believed of a route that has worked in this run. `also`: further filters.
 */
export function makeWindowList<T extends Touched>(
  http: Http,
  path: string,
  dateFilter: DateFilter,
  toRow: (row: Json) => T,
): (window: SourceWindow | null, onBatch: OnBatch<T>, also?: Query) => Promise<Result<ListOutcome>> {
  let hasListed = false
  return async (window, onBatch, also = {}) => {
    const outcome = { rows: 0, outside: 0 }
    const isInside = window === null ? () => true : insideOf(window)
    const listed = await http.stream(
      path,
      { ...windowQuery(window, dateFilter), ...also },
      async (items, answeredAtMs) => {
        const rows = items.map(toRow)
        const inside = rows.filter(isInside)
        outcome.rows += inside.length
        outcome.outside += rows.length - inside.length
        if (inside.length > 0) await onBatch(inside, answeredAtMs)
      },
    )
    const isNoMatch = !listed.ok && listed.code === 'not_found' && hasListed
    hasListed ||= listed.ok
    return listed.ok || isNoMatch ? { ok: true, value: outcome } : listed
  }
}

/** Dates go out as UTC with `Z`: anything else is answered 400 (contracts/plex.md section 4). */
function windowQuery(window: SourceWindow | null, dateFilter: DateFilter): Query {
  if (window === null) return {}
  const from = instant(window.from)
  if (dateFilter === 'modified_date') return { [`${window.by}_date`]: from }
  return { [`${window.by}DateBegin`]: from, [`${window.by}DateEnd`]: instant(window.to) }
}

function instant(stamp: string | null): string | undefined {
  return stamp === null ? undefined : (stampKey(stamp) ?? stamp)
}

/** A row of a list. One that cannot be parsed keeps its id where it has one, else it gets one made of its content. */
export function toTouched<T extends { id: string; createdDate: string | null; modifiedDate: string | null }>(
  row: Json,
  parsed: Parsed<T>,
  keyOf: (record: T) => string | null,
): Touched {
  if (!parsed.ok) return unreadable(row, parsed.why)
  const { id, modifiedDate, createdDate } = parsed.record
  const record = parsed.record as unknown as Json
  return {
    ...{ sourceId: id, sourceKey: keyOf(parsed.record), modifiedAt: modifiedDate, createdAt: createdDate },
    ...{ hash: contentHash(record), record, rejection: null },
  }
}

function unreadable(row: Json, rejection: string): Touched {
  const hash = contentHash(row)
  const named = parseRecord(Identified, 'record', row)
  const sourceId = named.ok ? named.record.id : `${NO_ID}${hash.slice(0, 16)}`
  return { sourceId, sourceKey: null, modifiedAt: null, createdAt: null, hash, record: null, rejection }
}

/** One record by id; null = Plex does not show it. */
export async function readRecord(http: Http, path: string, id: string): Promise<Result<Json>> {
  if (id.startsWith(NO_ID)) return { ok: true, value: null }
  const answer = await http.get(`${path}/${encode(id)}`)
  if (answer.ok) return { ok: true, value: answer.value.value }
  return answer.code === 'not_found' ? { ok: true, value: null } : answer
}

/** All rows of a list that is known to be short. Anything but a list is a failure, never an empty one. */
export async function readRows(http: Http, path: string): Promise<Result<Json[]>> {
  const rows: Json[] = []
  const listed = await http.stream(path, {}, (items) => {
    rows.push(...items)
    return Promise.resolve()
  })
  return listed.ok ? { ok: true, value: rows } : listed
}

/** Parses rows that only mean something together: all of them, or why the first bad one cannot be read. */
export function parseRows<T>(rows: readonly Json[], parse: (row: Json) => Parsed<T>): Parsed<T[]> {
  const records: T[] = []
  for (const row of rows) {
    const parsed = parse(row)
    if (!parsed.ok) return parsed
    records.push(parsed.record)
  }
  return { ok: true, record: records }
}

/** Runs `work` on every item, some at a time; ends with the first failure it answers. */
export async function eachOf<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, place: number) => Promise<Failure | null>,
): Promise<Failure | null> {
  const queue = items.entries()
  const end = { failure: null as Failure | null }
  const worker = async (): Promise<void> => {
    for (const [place, item] of queue) {
      if (end.failure !== null) return
      // Awaited first: another worker may fail meanwhile, and its failure must stay.
      const failure = await work(item, place)
      end.failure ??= failure
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker))
  return end.failure
}
