import { sql, type Kysely, type Transaction } from 'kysely'
import { auditHash, hideContacts, type Actor, type AuditEvent, type AuditRow } from '../domain/audit.js'
import type { Json } from '../domain/record.js'
import type { AuditFilter, Journal } from '../ports.js'
import { rowsParam } from './json.js'
import type { Tables } from './tables.js'

/** Whose chain is continued, and by whom. */
export interface Author {
  readonly connection: string
  readonly actor: Actor
  readonly salt: string
}

/**
 * Continues the connection's chain inside the caller's transaction. The head row is locked until that commits, so rows
 * of rival processes never fork the chain. Contact data is hidden here, on the only way in.
 */
export async function appendAudit(
  trx: Transaction<Tables>,
  author: Author,
  runId: string | null,
  events: readonly AuditEvent[],
): Promise<void> {
  if (events.length === 0) return
  const { connection, actor, salt } = author
  const head = await sql<{ seq: number; hash: string; at: string }>`
    insert into audit_head (connection) values (${connection})
    on conflict (connection) do update set connection = excluded.connection
    returning seq, hash, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`.execute(
    trx,
  )
  const start = head.rows[0]
  if (start === undefined) return
  let { seq, hash } = start
  const rows = events.map((event): AuditRow => {
    const changes = hideContacts(event.changes, salt)
    const row = { ...event, changes, seq: seq + 1, at: start.at, run_id: runId, connection, actor, prev_hash: hash }
    seq = row.seq
    hash = auditHash(row)
    return { ...row, hash }
  })
  await sql`
    insert into audit
    select * from jsonb_populate_recordset(null::audit, ${rowsParam(rows)})`.execute(trx)
  await trx.updateTable('audit_head').set({ seq, hash }).where('connection', '=', connection).execute()
}

export async function readHead(db: Kysely<Tables>, connection: string): Promise<string> {
  const row = await db
    .selectFrom('audit_head')
    .select(['seq', 'hash'])
    .where('connection', '=', connection)
    .executeTakeFirst()
  return `${row?.seq ?? 0}:${row?.hash ?? '0'.repeat(64)}`
}

const BATCH = 500

export function openJournal(db: Kysely<Tables>, connection: string): Journal {
  return {
    rows: async (filter) => {
      const rows = await filtered(db, connection, filter).orderBy('seq', 'desc').limit(filter.limit).execute()
      return rows.reverse().map(toAuditRow)
    },
    chain: async (onBatch) => {
      const head = await db.selectFrom('audit_head').selectAll().where('connection', '=', connection).executeTakeFirst()
      const start = { seq: head?.pruned_seq ?? 0, hash: head?.pruned_hash ?? '0'.repeat(64) }
      let after = start.seq
      for (;;) {
        const rows = await db
          .selectFrom('audit')
          .selectAll()
          .where('connection', '=', connection)
          .where('seq', '>', after)
          .orderBy('seq')
          .limit(BATCH)
          .execute()
        const last = rows.at(-1)
        if (last === undefined) break
        onBatch(rows.map(toAuditRow))
        after = last.seq
      }
      return { start, head: { seq: head?.seq ?? 0, hash: head?.hash ?? '0'.repeat(64) } }
    },
  }
}

function filtered(db: Kysely<Tables>, connection: string, filter: AuditFilter) {
  let query = db.selectFrom('audit').selectAll().where('connection', '=', connection)
  const { record } = filter
  if (record !== undefined) {
    query = query.where((eb) =>
      eb.or([eb('source_id', '=', record), eb('source_key', '=', record), eb('target_id', '=', record)]),
    )
  }
  if (filter.stream !== undefined) query = query.where('stream', '=', filter.stream)
  if (filter.runId !== undefined) query = query.where('run_id', '=', filter.runId)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  if (filter.code !== undefined) query = query.where('code', '=', filter.code)
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since)
  if (filter.until !== undefined) query = query.where('at', '<=', filter.until)
  return query
}

function toAuditRow(row: Record<string, unknown>): AuditRow {
  return row as unknown as AuditRow & { changes: Json }
}
