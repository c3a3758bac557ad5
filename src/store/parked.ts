/** Parked changes (intents that are `dead`): finding them, putting them back, and ending them as a person says. */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import { BLANK_EVENT, type AuditEvent } from '../domain/audit.js'
import type { Replay } from '../domain/decision.js'
import type { Json } from '../domain/record.js'
import { appendAudit, type Author } from './journal.js'
import { rowsParam } from './json.js'
import type { Tables } from './tables.js'

/** Which parked changes are meant: those that fit every member given. */
export interface ParkedFilter {
  /** Source ids, source keys (supplier code, PO number), or rows of the journal (seq) that parked one. */
  readonly ids?: readonly string[]
  readonly stream?: string
  /** The run that parked them. */
  readonly runId?: string
  readonly code?: string
}

export interface Parked {
  readonly intentId: number
  readonly stream: string
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly code: string
  readonly message: string | null
  /** The row of the journal that parked it; null = pruned. */
  readonly seq: number | null
  /** A try may have reached the target. */
  readonly isInDoubt: boolean
  /** What was read of the source when it was parked; null where a write was refused: then there is a draft. */
  readonly record: Json
  readonly draft: Json
  readonly wantedHash: string | null
  readonly targetKey: string | null
}

/** The oldest first. */
export async function readParked(db: Kysely<Tables>, connection: string, filter: ParkedFilter): Promise<Parked[]> {
  if (filter.ids === undefined) return select(db, connection, filter, sql<boolean>`true`)
  const ids = [...filter.ids]
  const byName = sql<boolean>`(i.source_id = any(${ids}::text[]) or i.source_key = any(${ids}::text[])
    or split_part(i.source_id, '/', 1) = any(${ids}::text[]))`
  const named = await select(db, connection, filter, byName)
  // A PO may be called 1204 as well as a row of the journal: a name goes first.
  const taken = new Set(named.flatMap((row) => namesOf(row)))
  const seqs = ids.filter((id) => !taken.has(id) && isSeq(id))
  if (seqs.length === 0) return named
  const bySeq = sql<boolean>`exists (select from audit a where a.connection = i.connection and a.seq = any(${seqs}::bigint[])
    and a.outcome = 'parked' and a.stream = i.stream and a.source_id = i.source_id)`
  const found = await select(db, connection, filter, bySeq)
  const known = new Set(named.map(({ intentId }) => intentId))
  return [...named, ...found.filter(({ intentId }) => !known.has(intentId))]
}

/** All that a person may call a parked change by. */
export function namesOf({ sourceId, sourceKey, seq }: Parked): string[] {
  const record = sourceId.split('/', 1)[0] ?? sourceId
  return [sourceId, record, sourceKey, seq === null ? null : String(seq)].filter((name) => name !== null)
}

function isSeq(id: string): boolean {
  return /^\d{1,15}$/.test(id)
}

async function select(
  db: Kysely<Tables>,
  connection: string,
  { stream, runId, code }: ParkedFilter,
  which: RawBuilder<boolean>,
): Promise<Parked[]> {
  const { rows } = await sql<Parked>`
    select i.id as "intentId", i.stream, i.source_id as "sourceId", i.source_key as "sourceKey", i.code, i.message, p.seq,
      i.unresolved_since is not null as "isInDoubt", i.record, i.draft, i.wanted_hash as "wantedHash", i.target_key as "targetKey"
    from intent i
    left join lateral (
      select a.seq, a.run_id from audit a
      where a.connection = i.connection and a.stream = i.stream and a.source_id = i.source_id and a.outcome = 'parked'
      order by a.seq desc limit 1) p on true
    where i.connection = ${connection} and i.state = 'dead' and ${which}
      and ${stream === undefined ? sql`true` : sql`i.stream = ${stream}`}
      and ${code === undefined ? sql`true` : sql`i.code = ${code}`}
      and ${runId === undefined ? sql`true` : sql`p.run_id = ${runId}::uuid`}
    order by i.id`.execute(db)
  return rows
}

/**
 * Changes in doubt are not planned anew: they go back to be looked for in the target, with what was sent then. One that a person asked
 * to be sent again goes back without its doubt. Answers the source ids that went back; one that a rival has moved already is left alone.
 */
export function putBackDoubtful(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  runId: string,
  replays: ReadonlyMap<string, Replay>,
): Promise<string[]> {
  const rows = [...replays].map(([id, { of, action }]) => ({ id, seq: of, sure: action === 'told' }))
  return db.transaction().execute(async (trx) => {
    const moved = await sql<{ source_id: string; source_key: string | null; code: string; source_hash: string | null }>`
      with wanted as (
        select i.id, i.code, r.seq, r.sure from jsonb_to_recordset(${rowsParam(rows)}) as r (id text, seq bigint, sure boolean)
        join intent i on i.connection = ${author.connection} and i.stream = ${stream} and i.source_id = r.id
        where i.state = 'dead' and i.unresolved_since is not null for update of i)
      update intent i set state = 'pending', next_attempt_at = clock_timestamp(), code = null, replay_of = wanted.seq, updated_at = now(),
        unresolved_since = case when not wanted.sure then i.unresolved_since end,
        absent_at = case when not wanted.sure then i.absent_at end
      from wanted where i.id = wanted.id and i.state = 'dead'
      returning i.source_id, i.source_key, wanted.code, i.source_hash`.execute(trx)
    const events = moved.rows.map(({ source_id, source_key, code, source_hash }): AuditEvent => {
      const { of = null, action = 'replay', reason = null } = replays.get(source_id) ?? {}
      const identity = { stream, source_id, source_key, source_hash, replay_of: of }
      return {
        ...BLANK_EVENT,
        ...identity,
        action: 'replay',
        outcome: 'done',
        code,
        message: action === 'told' ? `A person did not find it there; it is sent again: ${reason ?? ''}` : reason,
      }
    })
    await appendAudit(trx, author, runId, events)
    return moved.rows.map(({ source_id }) => source_id)
  })
}

interface Delivered {
  readonly seq: number
  readonly stream: string
  readonly source_id: string
  readonly source_key: string | null
  readonly name: string
  readonly told: boolean
}

/**
 * Records (by id, key, or row of the journal) that were parked once and have been delivered since, without being asked for before:
 * one `supersede` row each, so that the journal answers the question. Answers those of the names that are so.
 */
export function supersedeDelivered(
  db: Kysely<Tables>,
  author: Author,
  runId: string,
  names: readonly string[],
  write: boolean,
): Promise<string[]> {
  if (names.length === 0) return Promise.resolve([])
  const { connection } = author
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Delivered>`
      with asked as (
        select a.seq, a.stream, a.source_id, a.source_key, a.seq::text as name from audit a
        where a.connection = ${connection} and a.outcome = 'parked' and a.seq = any(${names.filter(isSeq)}::bigint[])
        union
        select max(a.seq), a.stream, a.source_id, max(a.source_key), n.name
        from unnest(${[...names]}::text[]) as n (name)
        join audit a on a.source_id = n.name or a.source_key = n.name or split_part(a.source_id, '/', 1) = n.name
        where a.connection = ${connection} and a.outcome = 'parked'
        group by a.stream, a.source_id, n.name)
      select a.*, exists (select from audit t where t.connection = ${connection} and t.action = 'supersede'
                          and t.source_id = a.source_id and t.replay_of = a.seq) as told
      from asked a
      where not exists (select from intent i where i.connection = ${connection} and i.stream = a.stream
                        and i.source_id = a.source_id and i.state <> 'done')
        and exists (select from audit d where d.connection = ${connection} and d.stream = a.stream and d.source_id = a.source_id
                    and d.seq > a.seq and d.outcome = 'done' and d.action in ('create', 'update', 'adopt'))
      order by a.seq`.execute(trx)
    const events = rows.flatMap(({ seq, stream, source_id, source_key, told }): AuditEvent[] => {
      if (told) return []
      const message = 'The record was delivered after it had been parked; nothing was sent.'
      const how = { action: 'supersede', outcome: 'done', code: 'superseded', message, replay_of: seq } as const
      return [{ ...BLANK_EVENT, stream, source_id, source_key, ...how }]
    })
    if (write) await appendAudit(trx, author, runId, events)
    return rows.map(({ name }) => name)
  })
}

/** How a person ends a parked change. */
export interface Ending {
  readonly action: 'accept' | 'drop'
  readonly reason: string
  /** Mark of the content that is given up (given-up.ts). */
  readonly mark: string
  /** What the target holds by that person's word: becomes `link.sent` of a linked record. Null = as it was. */
  readonly sent: Json
}

/**
 * Ends parked changes as a person says, doubtful ones too: the intent is done, the link remembers what was given up, and one
 * row of the journal says why. Answers those that were still parked.
 */
export function endParked(
  db: Kysely<Tables>,
  author: Author,
  items: readonly { readonly parked: Parked; readonly ending: Ending }[],
): Promise<Parked[]> {
  return db.transaction().execute(async (trx) => {
    const ended: Parked[] = []
    for (const { parked, ending } of items) {
      const closed = await trx
        .updateTable('intent')
        .set({ state: 'done', draft: null, payload: null, record: null, unresolved_since: null, absent_at: null })
        .set({ updated_at: sql`now()` })
        .where('id', '=', parked.intentId)
        .where('state', '=', 'dead')
        .executeTakeFirst()
      if (closed.numUpdatedRows === 0n) continue
      const targetId = await giveUp(trx, author.connection, parked, ending)
      const { stream, sourceId: source_id, sourceKey: source_key, code, seq: replay_of } = parked
      const identity = { stream, source_id, source_key, target_id: targetId, replay_of }
      const said = { action: ending.action, outcome: 'done', code, message: ending.reason } as const
      await appendAudit(trx, author, null, [{ ...BLANK_EVENT, ...identity, ...said }])
      ended.push(parked)
    }
    return ended
  })
}

/** Answers the target of the link, if it has one. The version moves on: a plan made before knows nothing of this. */
async function giveUp(
  trx: Transaction<Tables>,
  connection: string,
  { stream, sourceId, sourceKey }: Parked,
  { mark, sent }: Ending,
): Promise<string | null> {
  const { rows } = await sql<{ target_id: string | null }>`
    insert into link (connection, stream, source_id, source_key, given_up, skip_code, scope)
    values (${connection}, ${stream}, ${sourceId}, ${sourceKey}, ${mark}, 'given_up', '')
    on conflict (connection, stream, source_id) do update
      set given_up = excluded.given_up, version = link.version + 1, updated_at = now(),
          skip_code = case when link.target_id is null then 'given_up' end,
          sent = case when link.target_id is null then link.sent else coalesce(${sent === null ? null : JSON.stringify(sent)}::jsonb, link.sent) end
    returning target_id`.execute(trx)
  return rows[0]?.target_id ?? null
}
