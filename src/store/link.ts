import { sql, type Kysely, type Selectable, type Transaction } from 'kysely'
import type { Followed, Planned } from '../domain/decision.js'
import { isGivenUp } from '../domain/given-up.js'
import type { Json, Link } from '../domain/record.js'
import { rowsParam } from './json.js'
import type { Tables } from './tables.js'

interface Key {
  readonly connection: string
  readonly stream: string
}

type LinkRow = Omit<Selectable<Tables['link']>, 'connection' | 'stream' | 'scope' | 'linked_at' | 'updated_at'>

function toLink(row: LinkRow): Link {
  return {
    sourceId: row.source_id,
    sourceKey: row.source_key,
    sourceHash: row.source_hash,
    targetId: row.target_id,
    targetKey: row.target_key,
    wantedHash: row.wanted_hash,
    sent: row.sent as Json,
    detail: row.detail as Json,
    skipCode: row.skip_code,
    givenUp: row.given_up,
    version: row.version,
  }
}

export async function readLinks(
  db: Kysely<Tables>,
  key: Key,
  sourceIds: readonly string[],
): Promise<Map<string, Link>> {
  if (sourceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('link')
    .selectAll()
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where(sql<boolean>`split_part(source_id, '/', 1) = any(${[...sourceIds]}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.source_id, toLink(row)]))
}

/**
 * Writes what planning learned of the records. A row whose version is not the one the plan was made from is left alone:
 * answers the source ids that were written.
 */
export async function upsertPlannedLinks(
  trx: Transaction<Tables>,
  key: Key,
  scope: string,
  items: readonly Planned[],
  links: ReadonlyMap<string, Link>,
): Promise<Set<string>> {
  const rows = items.map(({ sourceId, sourceKey, sourceHash, decision, learned }) => ({
    id: sourceId,
    key: sourceKey,
    hash: sourceHash,
    wanted: decision.kind === 'send' ? decision.wanted.wantedHash : null,
    skip: decision.kind === 'skip' ? decision.code : null,
    given_up: isGivenUp(decision) ? '' : null,
    sent: learned ?? null,
    version: (links.get(sourceId)?.version ?? 0) + 1,
  }))
  const written = await sql<{ source_id: string }>`
    insert into link (connection, stream, source_id, source_key, source_hash, wanted_hash, sent, skip_code, given_up, scope, version)
    select ${key.connection}, ${key.stream}, r.id, r.key, r.hash, r.wanted, r.sent, r.skip, r.given_up, ${scope}, r.version
    from jsonb_to_recordset(${rowsParam(rows)}) as r (id text, key text, hash text, wanted text, sent jsonb, skip text, given_up text, version integer)
    on conflict (connection, stream, source_id) do update
      set source_key = excluded.source_key, source_hash = excluded.source_hash,
          wanted_hash = coalesce(excluded.wanted_hash, link.wanted_hash), sent = coalesce(excluded.sent, link.sent),
          skip_code = case when link.target_id is null then excluded.skip_code end,
          given_up = case when excluded.given_up is not null then link.given_up end,
          scope = excluded.scope, version = excluded.version, updated_at = now()
      where link.version = excluded.version - 1
    returning source_id`.execute(trx)
  return new Set(written.rows.map((row) => row.source_id))
}

/** What a settled write makes of a link. `sent` and `wanted` null = ours, but its content must be planned anew. */
export interface Settlement {
  readonly id: string
  readonly key: string | null
  readonly target_id: string
  readonly target_key: string | null
  readonly wanted: string | null
  readonly sent: Json
}

export async function settleLinks(trx: Transaction<Tables>, key: Key, rows: readonly Settlement[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    insert into link (connection, stream, source_id, source_key, target_id, target_key, wanted_hash, sent, linked_at)
    select ${key.connection}, ${key.stream}, r.id, r.key, r.target_id, r.target_key, r.wanted, r.sent, now()
    from jsonb_to_recordset(${rowsParam(rows)})
      as r (id text, key text, target_id text, target_key text, wanted text, sent jsonb)
    on conflict (connection, stream, source_id) do update
      set target_id = excluded.target_id, target_key = coalesce(excluded.target_key, link.target_key),
          wanted_hash = excluded.wanted_hash, sent = excluded.sent, skip_code = null,
          detail = case when link.target_id = excluded.target_id then link.detail end,
          linked_at = coalesce(link.linked_at, now()), version = link.version + 1, updated_at = now()`.execute(trx)
}

export async function countLinks(db: Kysely<Tables>, key: Key): Promise<number> {
  const row = await db
    .selectFrom('link')
    .select(sql<number>`count(*)::int`.as('n'))
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .executeTakeFirst()
  return row?.n ?? 0
}

export async function readEveryLink(db: Kysely<Tables>, key: Key): Promise<Map<string, Link>> {
  const rows = await db
    .selectFrom('link')
    .selectAll()
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .execute()
  return new Map(rows.map((row) => [row.source_id, toLink(row)]))
}

/** Skipped since the run began: a skip of an earlier run may be out of date. */
export async function readLeftOut(db: Kysely<Tables>, key: Key, runId: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('link')
    .select(['source_id', 'skip_code'])
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('skip_code', 'is not', null)
    .where('target_id', 'is', null)
    .where('updated_at', '>=', (eb) => eb.selectFrom('run').select('started_at').where('id', '=', runId).limit(1))
    .execute()
  return new Map(rows.map((row) => [row.source_id, row.skip_code ?? '']))
}

/** Target ids of the links made last: a look-up that shows one of them saw what it should. */
export async function readWitnesses(db: Kysely<Tables>, key: Key, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('link')
    .select('target_id')
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('target_id', 'is not', null)
    // True of all of these, and what the index of times wants to hear.
    .where('linked_at', 'is not', null)
    .orderBy('linked_at', 'desc')
    .limit(limit)
    .execute()
  return rows.flatMap((row) => row.target_id ?? [])
}

/** `kept`: of what was sent only these members are read, and no detail; null = all of it. */
export async function readLinkedTargets(
  db: Kysely<Tables>,
  key: Key,
  kept: readonly string[] | null,
): Promise<Map<string, Link>> {
  // Thousands of whole drafts would be most of a pass's memory; a few members of each are not.
  const sent = sql<Json>`case when jsonb_typeof(sent) = 'object' then
    (select coalesce(jsonb_object_agg(name, sent -> name), '{}') from unnest(${kept ?? []}::text[]) as name where sent ? name) end`
  const rows = await db
    .selectFrom('link')
    .select([
      'source_id',
      'source_key',
      'source_hash',
      'target_id',
      'target_key',
      'wanted_hash',
      'skip_code',
      'given_up',
    ])
    .select(['version', kept === null ? 'sent' : sent.as('sent'), kept === null ? 'detail' : sql`null`.as('detail')])
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('target_id', 'is not', null)
    .execute()
  return new Map(rows.map((row) => [row.target_id ?? '', toLink(row)]))
}

/** The links of these targets, by target id. */
export async function readLinksByTarget(
  db: Kysely<Tables>,
  key: Key,
  targetIds: readonly string[],
): Promise<Map<string, Link>> {
  if (targetIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('link')
    .selectAll()
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where(sql<boolean>`target_id = any(${[...targetIds]}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.target_id ?? '', toLink(row)]))
}

/** Stores what following a linked record taught; a link that moved meanwhile is left for the next look. */
export async function followLinks(
  trx: Transaction<Tables>,
  key: Key,
  items: readonly Followed[],
): Promise<Set<string>> {
  const rows = items.map(({ link, detail, targetKey }) => ({
    id: link.sourceId,
    version: link.version,
    detail,
    key: targetKey,
  }))
  const written = await sql<{ source_id: string }>`
    update link l set detail = r.detail, target_key = coalesce(r.key, l.target_key), version = l.version + 1, updated_at = now()
    from jsonb_to_recordset(${rowsParam(rows)}) as r (id text, version integer, detail jsonb, key text)
    where l.connection = ${key.connection} and l.stream = ${key.stream} and l.source_id = r.id and l.version = r.version
    returning l.source_id`.execute(trx)
  return new Set(written.rows.map((row) => row.source_id))
}

/** Names that are about to be given: a plan must not give them twice. */
export async function readReservedKeys(db: Kysely<Tables>, key: Key): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('intent')
    .select(['source_id', 'target_key'])
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('state', 'in', ['pending', 'sending'])
    .where('target_key', 'is not', null)
    .execute()
  return new Map(rows.map((row) => [row.source_id, row.target_key ?? '']))
}
