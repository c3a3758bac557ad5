/** Pairs of records as people decide them, outside of any plan. Each decision is one transaction with its journal rows. */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { AuditEvent } from '../domain/audit.js'
import type { Change, Json, Link } from '../domain/record.js'
import { appendAudit, type Author } from './journal.js'
import { json } from './json.js'
import type { Parked } from './parked.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

const NOTHING = {
  ...{ source_id: null, source_key: null, target_id: null, attempt: null, code: null, message: null },
  ...{ changes: [] as readonly Change[], http: null, source_hash: null, replay_of: null },
} as const

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
      await noteRecord(trx, key, link.sourceId)
      const replay_of = parked.find(({ sourceId }) => sourceId === link.sourceId)?.seq ?? null
      const identity = {
        stream: key.stream,
        source_id: link.sourceId,
        source_key: link.sourceKey,
        target_id: link.targetId,
      }
      const message = `The requisition is to be sent anew, as its next revision: ${reason}`
      await appendAudit(trx, author, runId, [
        { ...NOTHING, ...identity, action: 'replay', outcome: 'done', message, replay_of },
      ])
      stored.push(link.sourceId)
    }
    return stored
  })
}

/** A plan under way has not seen what changed: a note that exists gets a new revision. */
async function noteRecord(trx: Transaction<Tables>, { connection, stream }: Key, sourceId: string): Promise<void> {
  await sql`
    insert into note (connection, stream, source_id) values (${connection}, ${stream}, split_part(${sourceId}::text, '/', 1))
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
 * Pairs records, all or none. Their open intents end, doubtful ones too: a person has looked. What the target holds is not
 * known, so the records are noted to be compared by the next pass. A pair that exists as asked for is left as it is.
 */
export function storePairs(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  pairs: readonly Pair[],
): Promise<ReadonlyMap<Pair, PairRefusal>> {
  const key = { connection: author.connection, stream }
  const refused = new Map<Pair, PairRefusal>()
  return db
    .transaction()
    .execute(async (trx) => {
      const events: AuditEvent[] = []
      for (const pair of pairs) {
        const refusal = await findRefusal(trx, key, pair)
        if (refusal !== null) refused.set(pair, refusal)
        else if (refused.size === 0) events.push(...(await pairUp(trx, key, pair)))
      }
      // Nothing of it may stay: the list is corrected and given again.
      if (refused.size > 0) throw new Refused()
      await appendAudit(trx, author, null, events)
      return refused
    })
    .catch((error: unknown) => {
      if (error instanceof Refused) return refused
      throw error
    })
}

/** Rolls the transaction back; never leaves this file. */
class Refused extends Error {}

async function findRefusal(trx: Transaction<Tables>, key: Key, pair: Pair): Promise<PairRefusal | null> {
  const { rows } = await sql<{ source_id: string; source_key: string | null; target_id: string }>`
    select source_id, source_key, target_id from link
    where connection = ${key.connection} and stream = ${key.stream} and target_id is not null
      and (split_part(source_id, '/', 1) = ${pair.sourceId} or target_id = ${pair.targetId})
      and not (source_id = ${pair.sourceId} and target_id = ${pair.targetId})
    limit 1`.execute(trx)
  const [other] = rows
  if (other !== undefined)
    return { kind: 'taken', sourceId: other.source_id, sourceKey: other.source_key, targetId: other.target_id }
  const sending = await sql`
    select from intent where connection = ${key.connection} and stream = ${key.stream} and state = 'sending'
      and claim_expires_at > clock_timestamp() and split_part(source_id, '/', 1) = ${pair.sourceId}
    limit 1 for update`.execute(trx)
  return sending.rows.length > 0 ? { kind: 'sending' } : null
}

async function pairUp(trx: Transaction<Tables>, key: Key, pair: Pair): Promise<AuditEvent[]> {
  const { sourceId, sourceKey, targetId, targetKey, reason, detail } = pair
  const written = await sql<{ version: number }>`
    insert into link (connection, stream, source_id, source_key, target_id, target_key, detail, linked_at)
    values (${key.connection}, ${key.stream}, ${sourceId}, ${sourceKey}, ${targetId}, ${targetKey}, ${json(detail)}::jsonb, now())
    on conflict (connection, stream, source_id) do update
      set target_id = excluded.target_id, target_key = excluded.target_key, detail = excluded.detail, linked_at = now(),
          wanted_hash = null, sent = null, skip_code = null, given_up = null, version = link.version + 1, updated_at = now()
      where link.target_id is null
    returning version`.execute(trx)
  const ended = await endIntents(trx, key, sourceId)
  if (written.rows.length === 0 && ended === null) return []
  await noteRecord(trx, key, sourceId)
  const identity = { stream: key.stream, source_id: sourceId, source_key: sourceKey, target_id: targetId }
  const message = `paired by a person: ${reason}`
  return [{ ...NOTHING, ...identity, action: 'adopt', outcome: 'done', message, ...(ended ?? {}) }]
}

/** All parts of the record. Answers what was parked; null = nothing was open. */
async function endIntents(
  trx: Transaction<Tables>,
  { connection, stream }: Key,
  sourceId: string,
): Promise<{ code: string | null; replay_of: number | null } | null> {
  const { rows } = await sql<{ code: string | null }>`
    with open as (select id, code, state from intent
                  where connection = ${connection} and stream = ${stream} and state <> 'done'
                    and split_part(source_id, '/', 1) = ${sourceId} for update)
    update intent i
    set state = 'done', draft = null, payload = null, record = null, unresolved_since = null, absent_at = null,
        claim_expires_at = null, claim_run = null, updated_at = now()
    from open where i.id = open.id
    returning case when open.state = 'dead' then open.code end as code`.execute(trx)
  if (rows.length === 0) return null
  const code = rows.find((row) => row.code !== null)?.code ?? null
  if (code === null) return { code: null, replay_of: null }
  const parked = await sql<{ seq: number }>`
    select seq from audit where connection = ${connection} and stream = ${stream} and source_id = ${sourceId}
      and outcome = 'parked' order by seq desc limit 1`.execute(trx)
  return { code, replay_of: parked.rows[0]?.seq ?? null }
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
      await noteRecord(trx, key, sourceId)
      const identity = { stream, source_id: sourceId, source_key: link.sourceKey, target_id: link.targetId }
      const changes = [{ field: 'target_id', from: link.targetId, to: null }]
      const message = `pair taken apart by a person: ${reason}`
      await appendAudit(trx, author, null, [
        { ...NOTHING, ...identity, action: 'admin', outcome: 'done', message, changes },
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
