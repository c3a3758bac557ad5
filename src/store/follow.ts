import { sql, type Kysely } from 'kysely'
import type { Followed, Planned } from '../domain/decision.js'
import { toPlanEvents } from './events.js'
import { appendAudit, type Author } from './journal.js'
import { followLinks } from './link.js'
import { lockOpenIntents, upsertIntents } from './outbox.js'
import type { Tables } from './tables.js'

/** What was learned of linked records, in one transaction: their state, the rows that tell it, and who is parked for a person. */
export async function followRecords(
  db: Kysely<Tables>,
  author: Author,
  stream: string,
  runId: string,
  items: readonly Followed[],
): Promise<void> {
  const key = { connection: author.connection, stream }
  await db.transaction().execute(async (trx) => {
    const ids = items.map(({ link }) => link.sourceId)
    const open = await lockOpenIntents(trx, key, ids)
    const moved = await followLinks(trx, key, items)
    const decided = items
      .filter(({ link }) => moved.has(link.sourceId) && !isDoubtful(open.get(link.sourceId)))
      .map(toPlanned)
    await upsertIntents(trx, key, runId, decided)
    const links = new Map(items.map(({ link }) => [link.sourceId, link]))
    await appendAudit(trx, author, runId, toPlanEvents(stream, decided, open, new Set(), links))
  })
}

function isDoubtful(intent: { unresolved_since: string | null } | undefined): boolean {
  return (intent?.unresolved_since ?? null) !== null
}

/** A followed record comes without a note: nothing of the source was read. */
function toPlanned({ link, decision }: Followed): Planned {
  const { sourceId, sourceKey, sourceHash } = link
  const note = { sourceId, sourceKey, hash: sourceHash, record: null, rejection: null, firstLoad: false, revision: 0 }
  return { note, sourceId, sourceKey, sourceHash, record: null, decision }
}

/** Creations since an instant, from the journal (it is never emptied), and those decided and not delivered yet. */
export async function readCreations(
  db: Kysely<Tables>,
  key: { connection: string; stream: string },
  since: string,
): Promise<{ done: number; open: Set<string> }> {
  const counted = await sql<{ n: number }>`
    select count(*)::int as n from audit
    where connection = ${key.connection} and stream = ${key.stream} and at >= ${since}
      and action = 'create' and outcome = 'done'`.execute(db)
  const open = await db
    .selectFrom('intent')
    .select('source_id')
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('action', '=', 'create')
    .where('state', 'in', ['pending', 'sending'])
    .execute()
  return { done: counted.rows[0]?.n ?? 0, open: new Set(open.map((row) => row.source_id)) }
}

export async function readLastRun(
  db: Kysely<Tables>,
  key: { connection: string; stream: string },
): Promise<string | null> {
  const row = await db
    .selectFrom('run')
    .select('started_at')
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('finished_at', 'is not', null)
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.started_at ?? null
}

export async function readLastLinked(
  db: Kysely<Tables>,
  key: { connection: string; stream: string },
): Promise<string | null> {
  const row = await db
    .selectFrom('link')
    .select((eb) => eb.fn.max('linked_at').as('at'))
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .executeTakeFirst()
  return row?.at ?? null
}
