import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
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
    returning seq, hash, to_char(greatest(clock_timestamp(), at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`.execute(
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
    with written as (insert into audit select * from jsonb_populate_recordset(null::audit, ${rowsParam(rows)}))
    update audit_head set seq = ${seq}, hash = ${hash}, at = ${start.at} where connection = ${connection}`.execute(trx)
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
      const rows = await selectRows(db, connection, filter).execute()
      return rows.reverse().map(toAuditRow)
    },
    chain: async (onBatch) => {
      const head = await db.selectFrom('audit_head').selectAll().where('connection', '=', connection).executeTakeFirst()
      const start = { seq: head?.pruned_seq ?? 0, hash: head?.pruned_hash ?? '0'.repeat(64) }
      let after = start.seq
      for (;;) {
        const rows = await readRows(db, connection, after)
        const last = rows.at(-1)
        if (last === undefined) break
        onBatch(rows)
        after = last.seq
      }
      return { start, head: { seq: head?.seq ?? 0, hash: head?.hash ?? '0'.repeat(64) } }
    },
  }
}

/** A batch of the chain: the rows after `after`, up to and with `last` if that is given, in order. */
export async function readRows(
  db: Kysely<Tables>,
  connection: string,
  after: number,
  last?: number,
): Promise<AuditRow[]> {
  let query = db.selectFrom('audit').selectAll().where('connection', '=', connection).where('seq', '>', after)
  if (last !== undefined) query = query.where('seq', '<=', last)
  return (await query.orderBy('seq').limit(BATCH).execute()).map(toAuditRow)
}

/** The newest rows that fit, newest first. Every filter alone has an index that gives them in this order. */
export function selectRows(db: Kysely<Tables>, connection: string, filter: AuditFilter) {
  let query = db.selectFrom('audit').selectAll().where('connection', '=', connection)
  const { record } = filter
  if (record !== undefined) query = query.where('seq', 'in', seqsOf(db, connection, record))
  if (filter.stream !== undefined) query = query.where('stream', '=', filter.stream)
  if (filter.runId !== undefined) query = query.where('run_id', '=', filter.runId)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.outcome !== undefined) query = query.where('outcome', '=', filter.outcome)
  if (filter.code !== undefined) query = query.where('code', '=', filter.code)
  const { since, until } = filter
  if (since !== undefined) query = query.where('at', '>=', since).where('seq', '>=', firstSince(connection, since))
  if (until !== undefined) query = query.where('at', '<=', until).where('seq', '<=', lastUntil(connection, until))
  return query.orderBy('seq', 'desc').limit(filter.limit)
}

/** Each name a record has is looked up in an index of its own; an `or` of the three may end in reading every row. */
function seqsOf(db: Kysely<Tables>, connection: string, record: string) {
  const named = (column: 'source_id' | 'source_key' | 'target_id') =>
    db.selectFrom('audit').select('seq').where('connection', '=', connection).where(column, '=', record)
  return named('source_id').union(named('source_key')).union(named('target_id'))
}

/**
 * Rows in order are in order of time (appendAudit), so a time is a place in the chain. Asked for by its place, a range of time
 * is read through whatever index gives the other filters in order; by the time alone the server would sort or read it all.
 */
function firstSince(connection: string, since: string): RawBuilder<number> {
  return sql<number>`coalesce((select seq from audit where connection = ${connection} and at >= ${since}
    order by at, seq limit 1), ${BEYOND})`
}

function lastUntil(connection: string, until: string): RawBuilder<number> {
  return sql<number>`coalesce((select seq from audit where connection = ${connection} and at <= ${until}
    order by at desc, seq desc limit 1), 0)`
}

/** No row comes so late. */
const BEYOND = Number.MAX_SAFE_INTEGER

function toAuditRow(row: Record<string, unknown>): AuditRow {
  return row as unknown as AuditRow & { changes: Json }
}
