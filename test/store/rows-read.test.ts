/** The state database after years: questions that every pass asks read the rows they need and not the whole table. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Store } from '../../src/ports.js'
import { bindConnection } from '../../src/store/connection.js'
import { openDatabase, type Database } from '../../src/store/database.js'
import { openJournal } from '../../src/store/journal.js'
import { readOverview } from '../../src/store/overview.js'
import { openStore } from '../../src/store/store.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

const RUN = '00000000-0000-4000-8000-000000000001'
const BINDING = { connection: 'default', plexHost: 'plex:1', pcn: '1', plexTenant: null, procurifyHost: 'procurify:1' }
const ACTOR = { user: 'cron', host: 'host', requester: null, version: '0', settings: 'hash' }
const ROWS = 20_000

let database: TestDatabase
/** One session: what it read is told by the server when it asks. */
let session: Database
let store: Store

beforeAll(async () => {
  database = await createTestDatabase()
  session = openDatabase(database.url, { applicationName: 'counted', poolSize: 1 })
  const { salt } = await bindConnection(session.db, BINDING, true)
  store = openStore(session.db, { connection: 'default', actor: ACTOR, salt, leaseMs: 60_000, holder: 'me' })
  for (const statement of FILL) await sql.raw(statement).execute(session.db)
})
afterAll(async () => {
  await session.close()
  await database.close()
})

const FILL = [
  `insert into link (connection, stream, source_id, source_key, target_id, target_key, linked_at, scope, skip_code)
   select 'default', 'suppliers', 's' || n, 'K' || n, case when n % 50 > 0 then 't' || n end, 'N' || n,
     case when n % 50 > 0 then now() - n * interval '1 second' end, 'scope', case when n % 50 = 0 then 'inactive' end
   from generate_series(1, ${ROWS}) as n`,
  `insert into intent (connection, stream, source_id, action, state, draft, wanted_hash, planned_by)
   select 'default', 'suppliers', 's' || n, 'update', case when n % 4 = 0 then 'pending' else 'done' end,
     case when n % 4 = 0 then '{}'::jsonb end, 'w', '${RUN}'
   from generate_series(1, ${ROWS}) as n`,
  `insert into audit (connection, seq, at, actor, stream, source_id, source_key, target_id, action, outcome, code, prev_hash, hash)
   select 'default', n, now() - (${ROWS} - n) * interval '1 minute', '{}', case when n % 1000 = 0 then 'pos' else 'suppliers' end,
     's' || n % 5000, 'K' || n % 5000, 't' || n % 5000, case when n % 700 = 0 then 'park' else 'update' end,
     case when n % 700 = 0 then 'parked' else 'done' end, case when n % 700 = 0 then 'vendor_similar' end, 'p', 'h'
   from generate_series(1, ${ROWS}) as n`,
  'analyze',
]

/** Table rows the server read for it, found or not. */
async function rowsRead(ask: () => Promise<unknown>): Promise<number> {
  const total = async (): Promise<number> => {
    await sql`select pg_stat_force_next_flush()`.execute(session.db)
    const { rows } = await sql<{ n: number }>`
      select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as n from pg_stat_user_tables`.execute(
      session.db,
    )
    return rows[0]?.n ?? 0
  }
  const before = await total()
  await ask()
  return (await total()) - before
}

const QUESTIONS: readonly [string, () => Promise<unknown>, number][] = [
  ['skipped records that other settings would not skip', () => store.noteWaiting('suppliers', 'scope'), 900],
  ['the newest link', () => store.lastLinked('suppliers'), 50],
  ['witnesses of a look-up', () => store.witnesses('suppliers', 5), 50],
  // Every link is counted, but once for all streams.
  ['what `status` tells', () => readOverview(session.db, 'default'), 2.1 * ROWS],
  ['the next claims', () => store.claim('suppliers', RUN, 16), 300],
  ...(
    [
      [{ record: 'K77' }, 100],
      [{ record: 't77' }, 100],
      [{ stream: 'pos' }, 100],
      [{ outcome: 'parked' }, 150],
      [{ code: 'vendor_similar' }, 150],
      [{ until: '2000-01-01T00:00:00Z' }, 100],
      [{}, 100],
    ] as const
  ).map(([filter, most]): [string, () => Promise<unknown>, number] => [
    `the journal by ${JSON.stringify(filter)}`,
    () => openJournal(session.db, 'default').rows({ ...filter, limit: 20 }),
    most,
  ]),
]

it.each(QUESTIONS)(`%s: reads few of ${ROWS} rows`, async (_what, ask, most) => {
  expect(await rowsRead(ask)).toBeLessThanOrEqual(most)
})
