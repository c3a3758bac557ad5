import { sql, type Kysely, type Transaction } from 'kysely'
import type { Json, Note, Touched } from '../domain/record.js'
import { stampKey, type Watermark } from '../domain/window.js'
import type { FeedRow, Lease } from '../ports.js'
import { rowsParam } from './json.js'
import { notPaused } from './pause.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

export async function readWatermark(db: Kysely<Tables>, key: Key): Promise<Watermark> {
  const row = await db
    .selectFrom('watermark')
    .select(['position', 'anchors', 'loaded_at'])
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .executeTakeFirst()
  return { position: row?.position ?? null, anchors: row?.anchors ?? [], loaded: (row?.loaded_at ?? null) !== null }
}

/** Rows that are exactly as the link last saw them: skipped ones only while the settings that skip them are the same. */
export async function findUnchanged(
  db: Kysely<Tables>,
  key: Key,
  scope: string,
  rows: readonly Touched[],
): Promise<Set<string>> {
  const found = await sql<{ source_id: string }>`
    select r.id as source_id
    from jsonb_to_recordset(${rowsParam(rows.map((row) => ({ id: row.sourceId, hash: row.hash })))}) as r (id text, hash text)
    join link l on l.connection = ${key.connection} and l.stream = ${key.stream} and l.source_id = r.id
    where l.source_hash = r.hash and (l.skip_code is null or l.scope = ${scope})
      and not exists (select 1 from note n
                      where n.connection = l.connection and n.stream = l.stream and n.source_id = l.source_id)`.execute(
    db,
  )
  return new Set(found.rows.map((row) => row.source_id))
}

/** The fence is checked under a lock, so an owner that lost its lease moves no watermark. */
export async function holdsLease(trx: Transaction<Tables>, key: Key, lease: Lease): Promise<boolean> {
  const row = await trx
    .selectFrom('lease')
    .select('fence')
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('fence', '=', lease.fence)
    .where('owner', 'is not', null)
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

/** A record noted again takes the newest row and a new revision, so that a plan made from the former one does not remove it. */
export async function upsertNotes(
  trx: Transaction<Tables>,
  key: Key,
  rows: readonly Touched[],
  firstLoad: boolean,
): Promise<void> {
  if (rows.length === 0) return
  const newest = new Map(rows.map((row) => [row.sourceId, row]))
  const values = [...newest.values()].map((row) => ({
    id: row.sourceId,
    key: row.sourceKey,
    hash: row.hash,
    record: row.record,
    rejection: row.rejection,
  }))
  await sql`
    insert into note (connection, stream, source_id, source_key, source_hash, record, rejection, first_load)
    select ${key.connection}, ${key.stream}, r.id, r.key, r.hash, r.record, r.rejection, ${firstLoad}
    from jsonb_to_recordset(${rowsParam(values)}) as r (id text, key text, hash text, record jsonb, rejection text)
    on conflict (connection, stream, source_id) do update
      set source_key = excluded.source_key, source_hash = excluded.source_hash, record = excluded.record,
          rejection = excluded.rejection, revision = default, noted_at = now(),
          -- Noted before by a person's pairs: it belongs to the first load all the same.
          first_load = note.first_load or excluded.first_load
    `.execute(trx)
}

export async function moveWatermark(trx: Transaction<Tables>, key: Key, next: Watermark): Promise<void> {
  const positionKey = next.position === null ? null : stampKey(next.position)
  await sql`
    insert into watermark (connection, stream, position, position_key, anchors, loaded_at)
    values (${key.connection}, ${key.stream}, ${next.position}, ${positionKey}, ${[...next.anchors]},
            ${next.loaded ? sql`now()` : null})
    on conflict (connection, stream) do update
      set position = excluded.position, position_key = excluded.position_key, anchors = excluded.anchors,
          loaded_at = coalesce(watermark.loaded_at, excluded.loaded_at), updated_at = now()`.execute(trx)
}

/**
 * The owners of feed rows are read by id, unless their own row is noted already: whatever changes that comes by itself. It gets a
 * new revision all the same: a plan under way has not seen this.
 */
export async function upsertOwners(
  trx: Transaction<Tables>,
  key: Key,
  feed: string,
  rows: readonly FeedRow[],
): Promise<void> {
  if (rows.length === 0) return
  await touchNotes(trx, key, [...new Set(rows.flatMap((row) => row.owner ?? []))])
  const newest = new Map(
    rows.map((row) => [row.sourceId, { id: row.sourceId, key: row.sourceKey, hash: row.hash, kept: row.kept ?? null }]),
  )
  await sql`
    insert into link (connection, stream, source_id, source_key, source_hash, sent)
    select ${key.connection}, ${feed}, r.id, r.key, r.hash, r.kept
    from jsonb_to_recordset(${rowsParam([...newest.values()])}) as r (id text, key text, hash text, kept jsonb)
    on conflict (connection, stream, source_id) do update
      set source_key = excluded.source_key, source_hash = excluded.source_hash, sent = excluded.sent, updated_at = now()`.execute(
    trx,
  )
}

/**
 * Notes records to be read by id, or as their own row is noted already; with a new revision, so that a plan under way does not remove it.
 * What is noted of a waiting record is no row but all that was read of it then, and that has just changed: it is read by id as well.
 */
export async function touchNotes(db: Kysely<Tables>, key: Key, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return
  await sql`
    insert into note (connection, stream, source_id)
    select ${key.connection}, ${key.stream}, id from unnest(${[...sourceIds]}::text[]) as id
    on conflict (connection, stream, source_id) do update set revision = default, noted_at = now(),
      record = case when not exists (
        select from intent i
        where i.connection = note.connection and i.stream = note.stream and i.state = 'waiting' and i.record = note.record
          and split_part(i.source_id, '/', 1) = note.source_id
      ) then note.record end`.execute(db)
}

/** A part (`<id>/2`) is planned with its whole record. */
export async function noteWaiting(db: Kysely<Tables>, key: Key, scope: string): Promise<void> {
  await sql`
    with waiting as (
      select distinct on (split_part(source_id, '/', 1)) split_part(source_id, '/', 1) as id, source_key, source_hash, record
      from intent where connection = ${key.connection} and stream = ${key.stream} and state = 'waiting'
    ), skipped as (
      select distinct split_part(source_id, '/', 1) as id from link
      where connection = ${key.connection} and stream = ${key.stream} and skip_code is not null and scope <> ${scope}
    )
    insert into note (connection, stream, source_id, source_key, source_hash, record)
    select ${key.connection}, ${key.stream}, id, source_key, source_hash, record
    from waiting full join skipped using (id)
    on conflict (connection, stream, source_id) do nothing`.execute(db)
}

export async function noteIds(db: Kysely<Tables>, key: Key, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return
  await sql`
    insert into note (connection, stream, source_id)
    select ${key.connection}, ${key.stream}, id from unnest(${[...sourceIds]}::text[]) as id
    on conflict (connection, stream, source_id) do nothing`.execute(db)
}

/** Notes that a run may still work on. What waits behind a doubt that only a person can settle is no work left undone. */
export async function countNotes(db: Kysely<Tables>, key: Key): Promise<number> {
  const row = await db
    .selectFrom('note as n')
    .select(sql<number>`count(*)::int`.as('n'))
    .where('n.connection', '=', key.connection)
    .where('n.stream', '=', key.stream)
    .where(notPaused('n'))
    .where(
      sql<boolean>`coalesce((select i.state from intent i where i.connection = n.connection and i.stream = n.stream
        and i.source_id = n.source_id and i.state <> 'done' and i.unresolved_since is not null), '') <> 'dead'`,
    )
    .executeTakeFirst()
  return row?.n ?? 0
}

/**
 * Asked for each note by the index of open intents, of which a record has one at most. Written as `not exists` it is a join, and while
 * a first load fills the tables, the server plans that for empty ones: then every page compares all notes with all intents.
 */
function notInDoubt() {
  return sql<boolean>`(select i.unresolved_since from intent i where i.connection = n.connection and i.stream = n.stream
    and i.source_id = n.source_id and i.state <> 'done') is null`
}

/**
 * A record whose last try is in doubt waits behind it: it is left out until the doubt is settled. So are paused ones.
 */
export async function readNotes(
  db: Kysely<Tables>,
  key: Key,
  { after, limit, sourceIds }: { after: number; limit: number; sourceIds: readonly string[] | null },
): Promise<Note[]> {
  const rows = await db
    .selectFrom('note as n')
    .select(['n.source_id', 'n.source_key', 'n.source_hash', 'n.record', 'n.rejection', 'n.first_load', 'n.revision'])
    .where('n.connection', '=', key.connection)
    .where('n.stream', '=', key.stream)
    .where('n.revision', '>', after)
    .where(notPaused('n'))
    .where(sourceIds === null ? sql<boolean>`true` : sql<boolean>`n.source_id = any(${[...sourceIds]}::text[])`)
    .where(notInDoubt())
    .orderBy('n.revision')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    sourceId: row.source_id,
    sourceKey: row.source_key,
    hash: row.source_hash,
    record: row.record as Json,
    rejection: row.rejection,
    firstLoad: row.first_load,
    revision: row.revision,
  }))
}
