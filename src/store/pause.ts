/** Streams and records that a person put on hold. */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import type { Paused } from '../ports.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

/** One pause. `sourceId` null = of the whole stream. */
export interface Pause {
  readonly stream: string
  readonly sourceId: string | null
  readonly sourceKey: string | null
  readonly reason: string
  readonly by: string
  /** ISO, by the database's clock. */
  readonly at: string
}

/**
 * For queries over rows of one record each: is neither the record nor its stream paused? A part (`<id>/2`) is paused with its
 * record. Asked inside the statement that takes work, so that a pause holds for runs that were already under way.
 */
export function notPaused(alias: 'n' | 'i'): RawBuilder<boolean> {
  const row = (column: string) => sql.ref(`${alias}.${column}`)
  return sql<boolean>`not exists (
    select from pause p where p.connection = ${row('connection')} and p.stream = ${row('stream')}
      and p.source_id in ('', ${row('source_id')}, split_part(${row('source_id')}, '/', 1)))`
}

export async function readPaused(db: Kysely<Tables>, { connection, stream }: Key): Promise<Paused> {
  const rows = (await readPauses(db, connection)).filter((row) => row.stream === stream)
  return {
    stream: rows.find(({ sourceId }) => sourceId === null)?.reason ?? null,
    records: new Map(rows.flatMap(({ sourceId, reason }) => (sourceId === null ? [] : [[sourceId, reason]]))),
  }
}

/** All pauses of a connection, streams before records. People make them one by one, so they are few. */
export async function readPauses(db: Kysely<Tables>, connection: string): Promise<Pause[]> {
  const rows = await db
    .selectFrom('pause')
    .selectAll()
    .where('connection', '=', connection)
    .orderBy('stream')
    .orderBy('source_id')
    .execute()
  return rows.map(({ stream, source_id, source_key, reason, paused_by, paused_at }) => ({
    stream,
    sourceId: source_id === '' ? null : source_id,
    sourceKey: source_key,
    reason,
    by: paused_by,
    at: paused_at,
  }))
}

/** Pausing what is paused already replaces the reason. */
export async function addPause(
  trx: Transaction<Tables>,
  key: Key,
  pause: Pick<Pause, 'sourceId' | 'sourceKey' | 'reason' | 'by'>,
): Promise<void> {
  const { reason, by: paused_by, sourceKey: source_key } = pause
  await trx
    .insertInto('pause')
    .values({ ...key, source_id: pause.sourceId ?? '', source_key, reason, paused_by })
    .onConflict((conflict) =>
      conflict
        .columns(['connection', 'stream', 'source_id'])
        .doUpdateSet({ reason, paused_by, source_key, paused_at: sql`now()` }),
    )
    .execute()
}

/** False = it was not paused. */
export async function removePause(trx: Transaction<Tables>, key: Key, sourceId: string | null): Promise<boolean> {
  const result = await trx
    .deleteFrom('pause')
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('source_id', '=', sourceId ?? '')
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** A record by its source id or its key (supplier code, PO number), wherever the stream has seen it. Parts count as their record. */
export async function findRecords(
  db: Kysely<Tables>,
  { connection, stream }: Key,
  name: string,
): Promise<{ sourceId: string; sourceKey: string | null }[]> {
  const { rows } = await sql<{ sourceId: string; sourceKey: string | null }>`
    select split_part(source_id, '/', 1) as "sourceId", max(source_key) as "sourceKey"
    from (select connection, stream, source_id, source_key from link
          union all select connection, stream, source_id, source_key from note
          union all select connection, stream, source_id, source_key from pause
          union all select connection, stream, source_id, source_key from intent where state <> 'done') as known
    where connection = ${connection} and stream = ${stream} and source_id <> '' and (source_id = ${name} or source_key = ${name})
    group by 1 order by 1`.execute(db)
  return rows
}
