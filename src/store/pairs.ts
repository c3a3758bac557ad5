/** Pairs of records as people decide them, outside of any plan. Each decision is one transaction with its journal rows. */
import { sql, type Kysely, type Transaction } from 'kysely'
import { BLANK_EVENT, type AuditEvent } from '../domain/audit.js'
import type { Json, Link } from '../domain/record.js'
import { appendAudit, type Author } from './journal.js'
import { json, rowsParam } from './json.js'
import type { Parked } from './parked.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

// ------------------------------------------------------------------------------------------------ sending anew

/**
 * Stores that requisitions are wanted in their next revision, and notes their orders, so that a later pass sends them should
 * this one not come to it. Answers the links that were still as they had been read.
 */
export function storeResend(
  db: Kysely<Tables>,
  author: Author,
  { runId, reason }: { readonly runId: string; readonly reason: string },
  resends: readonly { readonly link: Link; readonly state: Json }[],
  parked: readonly Parked[],
): Promise<string[]> {
  const key = { connection: author.connection, stream: 'pos' }
  return db.transaction().execute(async (trx) => {
    const stored: string[] = []
    for (const { link, state } of resends) {
      const moved = await trx
        .updateTable('link')
        .set({ detail: json(state), version: link.version + 1, given_up: null, updated_at: sql`now()` })
        .where('connection', '=', key.connection)
        .where('stream', '=', key.stream)
        .where('source_id', '=', link.sourceId)
        .where('version', '=', link.version)
        .executeTakeFirst()
      if (moved.numUpdatedRows === 0n) continue
      await noteRecords(trx, key, [link.sourceId])
      const replay_of = parked.find(({ sourceId }) => sourceId === link.sourceId)?.seq ?? null
      const identity = {
        stream: key.stream,
        source_id: link.sourceId,
        source_key: link.sourceKey,
        target_id: link.targetId,
      }
      const message = `The requisition is to be sent anew, as its next revision: ${reason}`
      await appendAudit(trx, author, runId, [
        { ...BLANK_EVENT, ...identity, action: 'replay', outcome: 'done', message, replay_of },
      ])
      stored.push(link.sourceId)
    }
    return stored
  })
}

/** A plan under way has not seen what changed: a note that exists gets a new revision. */
async function noteRecords(
  trx: Transaction<Tables>,
  { connection, stream }: Key,
  sourceIds: readonly string[],
): Promise<void> {
  await sql`
    insert into note (connection, stream, source_id)
    select distinct ${connection}, ${stream}, split_part(id, '/', 1) from unnest(${[...sourceIds]}::text[]) as id
    on conflict (connection, stream, source_id) do update set revision = default, record = null, noted_at = now()`.execute(
    trx,
  )
}

// ------------------------------------------------------------------------------------------------ pairs

/** A pair a person decided. */
export interface Pair {
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly targetId: string
  readonly targetKey: string | null
  readonly reason: string
  /** What is known of the target already: becomes `link.detail`. */
  readonly detail: Json
}

export type PairRefusal =
  /** The source is paired with another target, or the target with another source. */
  | { readonly kind: 'taken'; readonly sourceId: string; readonly sourceKey: string | null; readonly targetId: string }
  /** A run is sending the record at this moment. */
  | { readonly kind: 'sending' }

/**
 * Pairs records, all or none, in a handful of statements whatever their number. Their open intents end, doubtful ones too: a
 * person has looked. What the target holds is not known, so the records are noted to be compared by the next pass. A pair that
 * exists as asked for is left as it is. Answers how many were not there before, and why nothing was stored if so.
 */
export async function storePairs(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  pairs: readonly Pair[],
): Promise<{ readonly stored: number; readonly refused: ReadonlyMap<Pair, PairRefusal> }> {
  const key = { connection: author.connection, stream }
  const rows = rowsParam(pairs.map((pair, at) => ({ ...pair, at })))
  return db.transaction().execute(async (trx) => {
    const refused = await findRefusals(trx, key, pairs, rows)
    // Nothing of it is written: the list is corrected and given again.
    if (refused.size > 0) return { stored: 0, refused }
    const written = await writeLinks(trx, key, rows)
    const ended = await endIntents(trx, key, rows)
    const changed = pairs.filter(({ sourceId }) => written.has(sourceId) || ended.has(sourceId))
    await noteRecords(
      trx,
      key,
      changed.map(({ sourceId }) => sourceId),
    )
    await appendAudit(
      trx,
      author,
      null,
      changed.map((pair) => toEvent(stream, pair, ended.get(pair.sourceId) ?? null)),
    )
    return { stored: changed.length, refused }
  })
}

function toEvent(stream: string, pair: Pair, ended: Ended | null): AuditEvent {
  const { sourceId: source_id, sourceKey: source_key, targetId: target_id, reason } = pair
  const identity = { stream, source_id, source_key, target_id, ...(ended ?? {}) }
  return { ...BLANK_EVENT, ...identity, action: 'adopt', outcome: 'done', message: `paired by a person: ${reason}` }
}

type Rows = ReturnType<typeof rowsParam>

/** By the other half that is taken, or by the run that is sending the record at this moment. */
async function findRefusals(
  trx: Transaction<Tables>,
  { connection, stream }: Key,
  pairs: readonly Pair[],
  rows: Rows,
): Promise<Map<Pair, PairRefusal>> {
  const taken = await sql<{ at: number; source_id: string; source_key: string | null; target_id: string }>`
    with pair as (select * from jsonb_to_recordset(${rows}) as p (at integer, "sourceId" text, "targetId" text)),
      known as (select * from link where connection = ${connection} and stream = ${stream} and target_id is not null)
    select at, source_id, source_key, target_id from pair join known
      on split_part(source_id, '/', 1) = "sourceId" and (source_id <> "sourceId" or target_id <> "targetId")
    union
    select at, source_id, source_key, target_id from pair join known on target_id = "targetId" and source_id <> "sourceId"
    order by at desc, source_id desc`.execute(trx)
  const sending = await sql<{ at: number }>`
    select p.at from jsonb_to_recordset(${rows}) as p (at integer, "sourceId" text)
    join intent i on split_part(i.source_id, '/', 1) = p."sourceId"
    where i.connection = ${connection} and i.stream = ${stream} and i.state = 'sending'
      and i.claim_expires_at > clock_timestamp()
    for update of i`.execute(trx)
  const refused = new Map<number, PairRefusal>(sending.rows.map(({ at }) => [at, { kind: 'sending' }]))
  for (const { at, source_id: sourceId, source_key: sourceKey, target_id: targetId } of taken.rows)
    refused.set(at, { kind: 'taken', sourceId, sourceKey, targetId })
  return new Map(pairs.flatMap((pair, at) => (refused.has(at) ? [[pair, refused.get(at) ?? { kind: 'sending' }]] : [])))
}

/** Answers the sources that were not paired so before. */
async function writeLinks(trx: Transaction<Tables>, { connection, stream }: Key, rows: Rows): Promise<Set<string>> {
  const written = await sql<{ source_id: string }>`
    insert into link (connection, stream, source_id, source_key, target_id, target_key, detail, linked_at)
    select ${connection}, ${stream}, "sourceId", "sourceKey", "targetId", "targetKey", detail, now()
    from jsonb_to_recordset(${rows})
      as p ("sourceId" text, "sourceKey" text, "targetId" text, "targetKey" text, detail jsonb)
    on conflict (connection, stream, source_id) do update
      set target_id = excluded.target_id, target_key = excluded.target_key, detail = excluded.detail, linked_at = now(),
          wanted_hash = null, sent = null, skip_code = null, given_up = null, version = link.version + 1, updated_at = now()
      where link.target_id is null
    returning source_id`.execute(trx)
  return new Set(written.rows.map(({ source_id }) => source_id))
}

/** What was parked by the intents that ended; both null = nothing was. */
interface Ended {
  readonly code: string | null
  readonly replay_of: number | null
}

/** All parts of the records. Answers those for which something was open. */
async function endIntents(
  trx: Transaction<Tables>,
  { connection, stream }: Key,
  rows: Rows,
): Promise<Map<string, Ended>> {
  const ended = await sql<Ended & { source_id: string }>`
    with open as (select i.id, i.code, i.state, p."sourceId" as record_id
                  from jsonb_to_recordset(${rows}) as p ("sourceId" text)
                  join intent i on split_part(i.source_id, '/', 1) = p."sourceId"
                  where i.connection = ${connection} and i.stream = ${stream} and i.state <> 'done' for update of i),
      ended as (update intent i
                set state = 'done', draft = null, payload = null, record = null, unresolved_since = null, absent_at = null,
                    claim_expires_at = null, claim_run = null, updated_at = now()
                from open where i.id = open.id
                returning open.record_id, case when open.state = 'dead' then open.code end as code)
    select e.record_id as source_id, max(e.code) as code,
      case when max(e.code) is not null then (
        select max(a.seq) from audit a where a.connection = ${connection} and a.stream = ${stream}
          and a.source_id = e.record_id and a.outcome = 'parked') end as replay_of
    from ended e group by e.record_id`.execute(trx)
  return new Map(ended.rows.map(({ source_id, code, replay_of }) => [source_id, { code, replay_of }]))
}

/**
 * Takes pairs apart. What is parked stays so, to be replayed; a change that was decided for the former target is not sent to
 * it any more, and the record is noted to be decided anew. Answers the links that were paired; one that a run is sending
 * just now is left, and said.
 */
export function removePairs(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  sourceIds: readonly string[],
  reason: string,
): Promise<{ readonly removed: Link[]; readonly busy: string[] }> {
  const key = { connection: author.connection, stream }
  return db.transaction().execute(async (trx) => {
    const removed: Link[] = []
    const busy: string[] = []
    for (const sourceId of sourceIds) {
      const open = await closeUnsent(trx, key, sourceId)
      if (open === 'sending') {
        busy.push(sourceId)
        continue
      }
      const link = await unpair(trx, key, sourceId)
      if (link === null) continue
      await noteRecords(trx, key, [sourceId])
      const identity = { stream, source_id: sourceId, source_key: link.sourceKey, target_id: link.targetId }
      const changes = [{ field: 'target_id', from: link.targetId, to: null }]
      const message = `pair taken apart by a person: ${reason}`
      await appendAudit(trx, author, null, [
        { ...BLANK_EVENT, ...identity, action: 'admin', outcome: 'done', message, changes },
      ])
      removed.push(link)
    }
    return { removed, busy }
  })
}

/** `sending` = a try may be under way, or its outcome is not known: then nothing is touched. */
async function closeUnsent(trx: Transaction<Tables>, key: Key, sourceId: string): Promise<'sending' | 'free'> {
  const { rows } = await sql<{ id: number; state: string; is_doubtful: boolean }>`
    select id, state, unresolved_since is not null as is_doubtful from intent
    where connection = ${key.connection} and stream = ${key.stream} and source_id = ${sourceId} and state <> 'done'
    for update`.execute(trx)
  const [open] = rows
  if (open === undefined || open.state === 'dead') return 'free'
  if (open.is_doubtful) return 'sending'
  await sql`
    update intent set state = 'done', draft = null, payload = null, record = null, updated_at = now() where id = ${open.id}`.execute(
    trx,
  )
  return 'free'
}

async function unpair(trx: Transaction<Tables>, key: Key, sourceId: string): Promise<Link | null> {
  const { rows } = await sql<Link>`
    with former as (select * from link where connection = ${key.connection} and stream = ${key.stream}
                    and source_id = ${sourceId} and target_id is not null for update)
    update link l
    set target_id = null, target_key = null, linked_at = null, wanted_hash = null, sent = null, detail = null, source_hash = null,
        version = l.version + 1, updated_at = now()
    from former f where l.connection = f.connection and l.stream = f.stream and l.source_id = f.source_id
    returning f.source_id as "sourceId", f.source_key as "sourceKey", f.source_hash as "sourceHash", f.target_id as "targetId",
      f.target_key as "targetKey", f.wanted_hash as "wantedHash", f.sent, f.detail, f.skip_code as "skipCode", f.version`.execute(
    trx,
  )
  return rows[0] ?? null
}

/** One line of `link list`. */
export interface ListedPair {
  readonly stream: string
  readonly source_id: string
  readonly source_key: string | null
  readonly target_id: string
  readonly target_key: string | null
  readonly linked_at: string
}

/** The pairs of one stream, or of all but those that only remember rows of a feed. */
export async function listPairs(
  db: Kysely<Tables>,
  connection: string,
  streams: readonly string[],
): Promise<ListedPair[]> {
  const { rows } = await sql<ListedPair>`
    select stream, source_id, source_key, target_id, target_key, linked_at from link
    where connection = ${connection} and target_id is not null and stream = any(${[...streams]}::text[])
    order by array_position(${[...streams]}::text[], stream), source_key, source_id`.execute(db)
  return rows
}
