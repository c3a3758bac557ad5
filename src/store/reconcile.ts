/** Our books as a comparison of both sides reads them: batch by batch, page by page, never as a whole. Reads only. */
import { sql, type Kysely } from 'kysely'
import type { BookEntry, BookPair, OpenChange } from '../domain/reconcile.js'
import type { StreamName } from '../domain/record.js'
import type { Tables } from './tables.js'

const PAGE = 2_000

/** Implements `ReconcileBooks` of the passes. */
export function openBooks(db: Kysely<Tables>, connection: string) {
  return {
    now: async (): Promise<string> => {
      const { rows } = await sql<{ at: string }>`select clock_timestamp() as at`.execute(db)
      return rows[0]?.at ?? ''
    },
    entries: (stream: StreamName, sourceIds: readonly string[], startedAt: string) =>
      readEntries(db, { connection, stream }, sourceIds, startedAt),
    pairs: (stream: StreamName, startedAt: string, onPage: (pairs: readonly BookPair[]) => void) =>
      readPairs(db, { connection, stream }, startedAt, onPage),
    open: (stream: StreamName) => readOpen(db, { connection, stream }),
  }
}

interface Key {
  readonly connection: string
  readonly stream: StreamName
}

/** Links and notes of these records and their parts, by record id. A record that is noted only has an entry of its own. */
async function readEntries(
  db: Kysely<Tables>,
  { connection, stream }: Key,
  sourceIds: readonly string[],
  startedAt: string,
): Promise<Map<string, BookEntry[]>> {
  const entries = new Map<string, BookEntry[]>()
  if (sourceIds.length === 0) return entries
  const { rows } = await sql<BookEntry & { recordId: string }>`
    with wanted as (select unnest(${[...sourceIds]}::text[]) as id),
    noted as (select source_id from note where connection = ${connection} and stream = ${stream}
                and source_id = any(${[...sourceIds]}::text[]) and noted_at > ${startedAt}::timestamptz - interval '1 day')
    select w.id as "recordId", coalesce(l.source_id, w.id) as "sourceId", l.source_key as "sourceKey", l.source_hash as "sourceHash",
      l.target_id as "targetId", l.target_key as "targetKey", l.skip_code as "skipCode", l.given_up is not null as "isGivenUp",
      l.sent, l.detail, coalesce(l.updated_at >= ${startedAt}::timestamptz, false) as "isMoving", n.source_id is not null as "isNoted"
    from wanted w
    left join link l on l.connection = ${connection} and l.stream = ${stream} and split_part(l.source_id, '/', 1) = w.id
    left join noted n on n.source_id = w.id
    where l.source_id is not null or n.source_id is not null
    order by l.source_id`.execute(db)
  for (const { recordId, ...entry } of rows) {
    const known = entries.get(recordId)
    if (known === undefined) entries.set(recordId, [entry])
    else known.push(entry)
  }
  return entries
}

/** By key, so that rows changed meanwhile neither repeat nor hide others. */
async function readPairs(
  db: Kysely<Tables>,
  { connection, stream }: Key,
  startedAt: string,
  onPage: (pairs: readonly BookPair[]) => void,
): Promise<void> {
  let after = ''
  for (;;) {
    const { rows } = await sql<BookPair>`
      select source_id as "sourceId", source_key as "sourceKey", target_id as "targetId", target_key as "targetKey",
        updated_at >= ${startedAt}::timestamptz as "isMoving"
      from link where connection = ${connection} and stream = ${stream} and source_id > ${after} and target_id is not null
      order by source_id limit ${PAGE}`.execute(db)
    onPage(rows)
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = last.sourceId
  }
}

/** Everything that is decided and not delivered. There is an index of exactly those. */
async function readOpen(db: Kysely<Tables>, { connection, stream }: Key): Promise<OpenChange[]> {
  const { rows } = await sql<OpenChange>`
    select source_id as "sourceId", source_key as "sourceKey", target_id as "targetId", code, message,
      case when state = 'waiting' then 'waiting' when state = 'dead' then 'parked'
           when unresolved_since is not null then 'in_doubt' else 'pending' end as state,
      extract(epoch from now() - case when state in ('waiting', 'dead') then created_at
                                      else coalesce(unresolved_since, created_at) end)::float8 as "ageSeconds"
    from intent where connection = ${connection} and stream = ${stream} and state <> 'done'
    order by source_id`.execute(db)
  return rows
}
