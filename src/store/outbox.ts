import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import { contentHash } from '../domain/content-hash.js'
import type { Planned, Wanted } from '../domain/decision.js'
import type { Claim, Delivery, Settled } from '../domain/delivery.js'
import type { Change, Json } from '../domain/record.js'
import type { OpenWork } from '../ports.js'
import { ms, rowsParam } from './json.js'
import { notPaused } from './pause.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

/** What an open intent was before this plan: enough to tell a repeated park or wait from a new one. */
export interface OpenIntent {
  readonly source_id: string
  readonly state: string
  readonly code: string | null
  readonly message: string | null
  readonly source_hash: string | null
  readonly unresolved_since: string | null
  readonly replay_of: number | null
}

/** Locks the open intents of these records for the rest of the transaction. */
export async function lockOpenIntents(
  trx: Transaction<Tables>,
  key: Key,
  sourceIds: readonly string[],
): Promise<Map<string, OpenIntent>> {
  const rows = await trx
    .selectFrom('intent')
    .select(['source_id', 'state', 'code', 'message', 'source_hash', 'unresolved_since', 'replay_of'])
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('state', '<>', 'done')
    .where(sql<boolean>`source_id = any(${[...sourceIds]}::text[])`)
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(rows.map((row) => [row.source_id, row]))
}

/** Writes the intents of a plan: one open intent a record, replaced in place by the newer decision. */
export async function upsertIntents(
  trx: Transaction<Tables>,
  key: Key,
  runId: string,
  items: readonly Planned[],
): Promise<void> {
  const rows = items.map(toIntentRow).filter((row) => row !== null)
  if (rows.length === 0) return
  await sql`
    insert into intent (connection, stream, source_id, source_key, source_hash, action, state, target_id, target_key, draft, payload,
                        changes, record, wanted_hash, code, message, waits_for, replay_of, planned_by)
    select ${key.connection}, ${key.stream}, r.source_id, r.source_key, r.source_hash, r.action, r.state, r.target_id, r.target_key,
           r.draft, r.payload, r.changes, r.record, r.wanted_hash, r.code, r.message, r.waits_for, r.replay_of, ${runId}::uuid
    from jsonb_to_recordset(${rowsParam(rows)})
      as r (source_id text, source_key text, source_hash text, action text, state text, target_id text, target_key text, draft jsonb,
            payload jsonb, changes jsonb, record jsonb, wanted_hash text, code text, message text, waits_for text[], replay_of bigint)
    on conflict (connection, stream, source_id) where state <> 'done' do update
      set source_key = excluded.source_key, source_hash = excluded.source_hash, action = excluded.action, state = excluded.state,
          target_id = excluded.target_id, target_key = excluded.target_key, draft = excluded.draft, payload = excluded.payload,
          changes = excluded.changes, record = excluded.record, wanted_hash = excluded.wanted_hash, code = excluded.code,
          message = excluded.message, waits_for = excluded.waits_for,
          replay_of = coalesce(excluded.replay_of, intent.replay_of), planned_by = excluded.planned_by, attempts = 0,
          next_attempt_at = now(), updated_at = now(),
          created_at = case when intent.state = excluded.state then intent.created_at else now() end`.execute(trx)
}

function toIntentRow(item: Planned) {
  const { sourceId, sourceKey, sourceHash, decision, replay } = item
  const identity = { source_id: sourceId, source_key: sourceKey, source_hash: sourceHash }
  const base = { ...identity, replay_of: replay?.of ?? null, changes: [] as readonly Change[] }
  switch (decision.kind) {
    case 'send': {
      const { wanted } = decision
      const { action, draft, payload, changes, message } = wanted
      const target = { target_id: wanted.targetId, target_key: wanted.targetKey, wanted_hash: wanted.wantedHash }
      return { ...base, ...target, state: 'pending', action, draft, payload, changes, message, code: null }
    }
    case 'wait':
      return {
        ...base,
        state: 'waiting',
        action: 'none',
        record: item.record,
        ...pickReason(decision),
        waits_for: decision.waitsFor,
      }
    case 'park':
      return {
        ...base,
        state: 'dead',
        action: 'none',
        record: item.record,
        ...pickReason(decision),
        changes: decision.changes,
      }
    case 'unchanged':
    case 'skip':
    case 'observe':
      return null
  }
}

function pickReason({ code, message }: { code: string; message: string }) {
  return { code, message }
}

/** Ends open intents that a newer decision made pointless; answers their source ids. */
export async function closeIntents(
  trx: Transaction<Tables>,
  key: Key,
  sourceIds: readonly string[],
): Promise<Set<string>> {
  if (sourceIds.length === 0) return new Set()
  const closed = await sql<{ source_id: string }>`
    update intent set state = 'done', draft = null, payload = null, record = null, updated_at = now()
    where connection = ${key.connection} and stream = ${key.stream} and source_id = any(${[...sourceIds]}::text[])
      and state in ('waiting', 'pending', 'dead') and unresolved_since is null
    returning source_id`.execute(trx)
  return new Set(closed.rows.map((row) => row.source_id))
}

interface ClaimRow {
  id: number
  claim_no: number
  source_id: string
  source_key: string | null
  source_hash: string | null
  action: Wanted['action']
  target_id: string | null
  target_key: string | null
  draft: Json
  payload: Json
  changes: Change[]
  wanted_hash: string
  message: string | null
  attempts: number
  replay_of: number | null
  in_doubt: boolean
  doubt_ms: number
  absent_ms: number | null
  is_own_plan: boolean
}

/**
 * Takes due intents, clear ones before doubtful ones, and marks them as possibly tried before anybody sends. A `sending` intent
 * whose claim ran out belongs to a run that died: it comes back in doubt.
 */
export async function claimDue(
  trx: Transaction<Tables>,
  key: Key,
  options: { runId: string; limit: number; leaseMs: number; sourceIds: readonly string[] | null },
): Promise<Claim[]> {
  const { runId, limit, leaseMs, sourceIds } = options
  const claimed = await sql<ClaimRow>`
    with due as (
      select id, unresolved_since, absent_at from intent as i
      where connection = ${key.connection} and stream = ${key.stream} and ${amongRecords(sourceIds)} and ${notPaused('i')}
        and ((state = 'pending' and next_attempt_at <= clock_timestamp()) or (state = 'sending' and claim_expires_at < clock_timestamp()))
      order by (unresolved_since is not null), id
      limit ${limit} for update skip locked)
    update intent i
    set state = 'sending', claim_no = i.claim_no + 1, claim_run = ${runId}::uuid, attempts = i.attempts + 1,
        claim_expires_at = clock_timestamp() + ${ms(leaseMs)},
        unresolved_since = coalesce(i.unresolved_since, clock_timestamp()), updated_at = now()
    from due where i.id = due.id
    returning i.id, i.claim_no, i.source_id, i.source_key, i.source_hash, i.action, i.target_id, i.target_key, i.draft, i.payload,
      i.changes, i.wanted_hash, i.message, i.attempts, i.replay_of, i.planned_by is not distinct from ${runId}::uuid as is_own_plan,
      due.unresolved_since is not null as in_doubt,
      coalesce(extract(epoch from clock_timestamp() - due.unresolved_since) * 1000, 0)::float8 as doubt_ms,
      (extract(epoch from clock_timestamp() - due.absent_at) * 1000)::float8 as absent_ms`.execute(trx)
  const claims = claimed.rows.map((row) => toClaim(row, leaseMs))
  if (claims.length === 0) return claims
  const attempts = claims.map((claim) => ({ ...attemptKey(claim), hash: contentHash(claim.wanted.payload) }))
  await sql`
    insert into attempt (intent_id, claim_no, run_id, payload_hash)
    select r.intent_id, r.claim_no, ${runId}::uuid, r.hash
    from jsonb_to_recordset(${rowsParam(attempts)}) as r (intent_id bigint, claim_no bigint, hash text)`.execute(trx)
  return claims.sort((a, b) => Number(a.inDoubt) - Number(b.inDoubt) || a.intentId - b.intentId)
}

function toClaim(row: ClaimRow, leaseMs: number): Claim {
  const { action, draft, payload, changes, message } = row
  return {
    intentId: row.id,
    claimNo: row.claim_no,
    sourceId: row.source_id,
    sourceKey: row.source_key,
    sourceHash: row.source_hash,
    wanted: {
      action,
      targetId: row.target_id,
      targetKey: row.target_key,
      draft,
      payload,
      wantedHash: row.wanted_hash,
      changes,
      message,
    },
    attempt: row.attempts,
    inDoubt: row.in_doubt,
    unresolvedForMs: row.doubt_ms,
    absentForMs: row.absent_ms,
    replayOf: row.replay_of,
    isOwnPlan: row.is_own_plan,
    goodForMs: leaseMs,
  }
}

function attemptKey(claim: Claim): { intent_id: number; claim_no: number } {
  return { intent_id: claim.intentId, claim_no: claim.claimNo }
}

/** Absence was proved: forget it before sending again, so that a crash after this needs a proof of its own. */
export async function armClaim(db: Kysely<Tables>, claim: Claim): Promise<boolean> {
  const result = await db
    .updateTable('intent')
    .set({ absent_at: null, unresolved_since: sql`clock_timestamp()` })
    .where('id', '=', claim.intentId)
    .where('claim_no', '=', claim.claimNo)
    .where('state', '=', 'sending')
    .where('claim_expires_at', '>', sql<string>`clock_timestamp()`)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/**
 * Moves claimed intents and their attempts on; a claim number that is no longer the current one moves nothing (fencing). Answers those
 * that moved one: a run that was slow may bring its former claim along with the one it has now.
 */
export async function settleIntents(trx: Transaction<Tables>, settled: readonly Delivery[]): Promise<Delivery[]> {
  const rows = settled.map((one) => ({
    ...attemptKey(one.claim),
    ...toColumns(one.verdict),
    ...toAttempt(one.verdict),
  }))
  const moved = await sql<{ id: number; claim_no: number }>`
    with settled as materialized (
      select * from jsonb_to_recordset(${rowsParam(rows)})
        as r (intent_id bigint, claim_no bigint, state text, in_ms float8, doubt boolean, absent boolean, code text, message text,
              outcome text, http jsonb, said text)
    ), moved as (
    update intent i
    set state = r.state, claim_expires_at = null, claim_run = null, updated_at = now(),
        next_attempt_at = clock_timestamp() + make_interval(secs => coalesce(r.in_ms, 0) / 1000.0),
        unresolved_since = case when r.doubt then i.unresolved_since end,
        absent_at = case when not r.doubt then null when r.absent then clock_timestamp() else i.absent_at end,
        code = r.code, message = case when r.state = 'done' then null else coalesce(r.message, i.message) end,
        draft = case when r.state <> 'done' then i.draft end, payload = case when r.state <> 'done' then i.payload end,
        record = case when r.state <> 'done' then i.record end
    from settled as r where i.id = r.intent_id and i.claim_no = r.claim_no and i.state = 'sending' returning i.id, i.claim_no
    ), finished as (
      update attempt a set finished_at = clock_timestamp(), outcome = r.outcome, http = r.http, message = r.said
      from settled as r, moved where moved.id = r.intent_id and a.intent_id = r.intent_id and a.claim_no = r.claim_no
    )
    select id, claim_no from moved`.execute(trx)
  const claimNos = new Map(moved.rows.map((row) => [row.id, row.claim_no]))
  return settled.filter(({ claim }) => claimNos.get(claim.intentId) === claim.claimNo)
}

function toColumns(verdict: Settled) {
  switch (verdict.kind) {
    case 'done':
      return { state: 'done', doubt: false, absent: false, code: verdict.code }
    case 'retry':
      return {
        state: 'pending',
        in_ms: verdict.inMs,
        doubt: verdict.doubt === 'kept',
        absent: false,
        code: verdict.failure?.code ?? null,
      }
    case 'absent':
      return { state: 'pending', in_ms: verdict.inMs, doubt: true, absent: true, code: null }
    case 'withdrawn':
      return { state: 'done', doubt: false, absent: false, code: verdict.code }
    case 'dead':
      return {
        state: 'dead',
        doubt: verdict.doubt === 'kept',
        absent: false,
        code: verdict.code,
        message: verdict.message,
      }
  }
}

function toAttempt(verdict: Settled) {
  const failure = verdict.kind === 'retry' ? verdict.failure : null
  return {
    outcome: verdict.kind,
    http: 'http' in verdict ? verdict.http : (failure?.http ?? null),
    said: verdict.kind === 'dead' ? verdict.message : (failure?.message ?? null),
  }
}

/** Everything, or these records with their parts (`<id>/2`). */
function amongRecords(sourceIds: readonly string[] | null): RawBuilder<boolean> {
  if (sourceIds === null) return sql<boolean>`true`
  const ids = [...sourceIds]
  return sql<boolean>`(source_id = any(${ids}::text[]) or split_part(source_id, '/', 1) = any(${ids}::text[]))`
}

/** What is paused is left out: no run works on it, so none may wait for it or call itself unfinished because of it. */
export async function readOpenWork(
  db: Kysely<Tables>,
  key: Key,
  sourceIds: readonly string[] | null,
): Promise<OpenWork> {
  const counted = await sql<{
    waiting: number
    pending: number
    dead: number
    in_doubt: number
    next_ms: number | null
  }>`
    select count(*) filter (where state = 'waiting')::int as waiting,
           count(*) filter (where state in ('pending', 'sending') and unresolved_since is null)::int as pending,
           count(*) filter (where state = 'dead')::int as dead,
           count(*) filter (where state in ('pending', 'sending') and unresolved_since is not null)::int as in_doubt,
           (extract(epoch from min(case state when 'pending' then next_attempt_at when 'sending' then claim_expires_at end)
                               - clock_timestamp()) * 1000)::float8 as next_ms
    from intent as i
    where connection = ${key.connection} and stream = ${key.stream} and state <> 'done'
      and ${amongRecords(sourceIds)} and ${notPaused('i')}`.execute(db)
  const row = counted.rows[0]
  return {
    waiting: row?.waiting ?? 0,
    pending: row?.pending ?? 0,
    dead: row?.dead ?? 0,
    inDoubt: row?.in_doubt ?? 0,
    nextDueInMs: row?.next_ms == null ? null : Math.max(0, row.next_ms),
  }
}
