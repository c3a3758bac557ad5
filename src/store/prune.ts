/** Taking the oldest rows out of the journal: what would go, the rows themselves, and the one call that removes them. */
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { AuditEvent, AuditRow } from '../domain/audit.js'
import { appendAudit, readRows, type Author } from './journal.js'
import type { Tables } from './tables.js'

/** A place in the chain: a row and its hash, or where the chain begins. */
export interface Place {
  readonly seq: number
  readonly hash: string
}

/** The rows after `start`, up to and with `end`. */
export interface Prefix {
  readonly start: Place
  readonly end: Place
}

/**
 * The rows before the first that is not older than `before`; null = there are none. A chain that was begun by a version that
 * trusted the server's clock may not be in order of time throughout: what is not older is kept with all that follows it.
 */
export async function findPrefix(db: Kysely<Tables>, connection: string, before: string): Promise<Prefix | null> {
  const { rows } = await sql<{ pruned_seq: number; pruned_hash: string; seq: number; hash: string }>`
    select h.pruned_seq, h.pruned_hash, a.seq, a.hash from audit_head h
    join audit a on a.connection = h.connection and a.seq = coalesce(
      (select min(k.seq) - 1 from audit k where k.connection = h.connection and k.at >= ${instant(before)}), h.seq)
    where h.connection = ${connection}`.execute(db)
  const [found] = rows
  if (found === undefined) return null
  return {
    start: { seq: found.pruned_seq, hash: found.pruned_hash },
    end: { seq: found.seq, hash: found.hash },
  }
}

/** Only the owner of the tables, and whoever was granted it, may take rows out of the journal. */
export async function mayPrune(db: Kysely<Tables>): Promise<boolean> {
  const { rows } = await sql<{ may: boolean }>`
    select has_function_privilege('audit_prune(text, bigint, text, timestamptz)', 'execute') as may`.execute(db)
  return rows[0]?.may ?? false
}

/** The rows of a prefix in order, in batches: they never change, so no transaction has to hold them still. */
export async function* rowsOfPrefix(
  db: Kysely<Tables>,
  connection: string,
  { start, end }: Prefix,
): AsyncGenerator<AuditRow[]> {
  let after = start.seq
  while (after < end.seq) {
    const rows = await readRows(db, connection, after, end.seq)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    after = last.seq
  }
}

/** Where the chain began when the prefix was read is not where it begins now: a rival has pruned. */
export const MOVED = Symbol('pruned by another run')

/**
 * Removes a prefix by the one database function that may, together with the history of runs and settled changes before then,
 * and leaves `event` in the journal, in one transaction. Answers how many rows went.
 */
export function removePrefix(
  db: Kysely<Tables>,
  author: Author,
  prefix: Prefix,
  before: string,
  event: AuditEvent,
): Promise<number | typeof MOVED> {
  const { connection } = author
  return db.transaction().execute(async (trx) => {
    const head = await trx
      .selectFrom('audit_head')
      .select(['pruned_seq', 'pruned_hash'])
      .where('connection', '=', connection)
      .forUpdate()
      .executeTakeFirst()
    if (head?.pruned_seq !== prefix.start.seq || head.pruned_hash !== prefix.start.hash) return MOVED
    await appendAudit(trx, author, null, [event])
    const { seq, hash } = prefix.end
    const { rows } = await sql<{ removed: number }>`
      select audit_prune(${connection}, ${seq}::bigint, ${hash}, ${instant(before)}) as removed`.execute(trx)
    return rows[0]?.removed ?? 0
  })
}

function instant(text: string): RawBuilder<unknown> {
  return sql`${text}::timestamptz`
}
