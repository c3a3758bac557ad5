/** The state database of the schedules: one real Postgres for all, told the time by us. */
import pg from 'pg'
import { Kysely, PostgresDialect } from 'kysely'
import { openDatabase, type Database } from '../../src/store/database.js'
import { migrate } from '../../src/store/migrate.js'
import type { Tables } from '../../src/store/tables.js'
import type { Actor, Conductor } from './conductor.js'
import { Line, SteppedSession } from './line.js'
import type { SimTime } from './sim-time.js'

/**
 * `now()` and `clock_timestamp()` are ordinary functions, found along the search path: in these databases ours come first. So
 * the program's own SQL runs unchanged on simulated time, and nothing of the kind exists in the product. The time is a setting of the
 * session: an expression that the server puts in place of the call.
 */
const SIMULATED_TIME = `
  create schema sim;
  create function sim.clock_timestamp() returns timestamptz language sql volatile as
    $$ select pg_catalog.to_timestamp(pg_catalog.current_setting('sim.now')::float8 / 1000) $$;
  create function sim.now() returns timestamptz language sql stable as
    $$ select pg_catalog.to_timestamp(pg_catalog.current_setting('sim.now')::float8 / 1000) $$;`

/** What belongs to one connection; for a restore in this order. `attempt` goes by its intent. */
const TABLES = [
  ...['connection', 'token', 'run', 'lease', 'watermark', 'note', 'link', 'intent', 'attempt', 'audit', 'audit_head'],
  'pause',
]

/** A server whose data may be lost at any time needs to wait for no disk. */
const QUICK = [
  ...['fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'jit'],
  ...['track_activities', 'track_counts', 'update_process_title'],
]

export async function quicken(serverUrl: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    for (const name of QUICK) await client.query(`alter system set ${name} = off`)
    await client.query('alter system set plan_cache_mode = force_generic_plan')
    await client.query('select pg_reload_conf()')
  })
}

/** A migrated database on simulated time, to be cloned. */
export async function makeTemplate(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    await client.query(`create database ${name}`)
    await putOnSimulatedTime(client, name)
  })
  const url = urlOf(serverUrl, name)
  await withClient(url, (client) => client.query(SIMULATED_TIME))
  const { db, close } = openDatabase(url, { applicationName: 'proof' })
  await migrate(db)
  await close()
}

/** Settings of a database do not come along when it is cloned. */
async function putOnSimulatedTime(client: pg.Client, database: string): Promise<void> {
  await client.query(`alter database ${database} set search_path = public, sim, pg_catalog`)
  await client.query(`alter database ${database} set sim.now = '0'`)
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

export function urlOf(serverUrl: string, name: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
}

/** The rows of one connection, as they were. */
export type Snapshot = ReadonlyMap<string, unknown>

/** A database that many schedules use, one after the other, each under a connection name of its own. */
export class ProofState {
  readonly #database: Database
  readonly #line: Line
  readonly #serverUrl: string
  readonly #name: string

  private constructor(
    serverUrl: string,
    name: string,
    database: Database,
    line: Line,
    /** The process of the server that answers here. */
    readonly serverPid: number,
  ) {
    this.#serverUrl = serverUrl
    this.#name = name
    this.#database = database
    this.#line = line
  }

  static async open(serverUrl: string, template: string, name: string): Promise<ProofState> {
    await withClient(serverUrl, async (client) => {
      await client.query(`create database ${name} template ${template}`)
      await putOnSimulatedTime(client, name)
    })
    // No idle time: that timer would run on simulated time.
    const config = { connectionString: urlOf(serverUrl, name), idleTimeoutMillis: 0, pipeline: true }
    const database = openDatabase(config, { applicationName: 'proof', poolSize: 1 })
    const line = new Line(await database.pool.connect())
    const { rows } = await line.query('select pg_backend_pid() as pid')
    const [{ pid }] = rows as [{ pid: number }]
    return new ProofState(serverUrl, name, database, line, pid)
  }

  async close(): Promise<void> {
    this.#line.release()
    await this.#database.close()
    await withClient(this.#serverUrl, (client) => client.query(`drop database if exists ${this.#name} with (force)`))
  }

  /** The next statement, whosoever it is, finds the clock set. */
  tell(time: SimTime): void {
    time.isNews = false
    this.#line.sendAlong(`set sim.now = '${time.now()}'`)
  }

  async rows<T>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.#line.query(text, values)).rows as T[]
  }

  /** The database as one pass sees it: every statement is a step of its actor. */
  databaseFor(actor: Actor, conductor: Conductor): Database {
    const pool = { connect: () => Promise.resolve(new SteppedSession(this.#line, actor, conductor)), end: noop }
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as never }) })
    return { db, pool: pool as never, close: noop }
  }

  /** Budgets belong to no connection: a new schedule begins with unused ones. */
  forgetBudgets(): void {
    this.#line.sendAlong('delete from budget')
  }

  async save(connection: string): Promise<Snapshot> {
    const read = async (table: string): Promise<[string, unknown]> => {
      const [row] = await this.rows<{ rows: unknown }>(
        `select coalesce(jsonb_agg(t), '[]') as rows from ${table} t where ${belongsTo(table)}`,
        [connection],
      )
      return [table, row?.rows]
    }
    return new Map(await Promise.all(TABLES.map(read)))
  }

  /** Back to what was saved; null = the database was lost and made anew. */
  async restore(connection: string, snapshot: Snapshot | null): Promise<void> {
    // As a restore does it: no triggers, no checks of order.
    this.#line.sendAlong('begin')
    this.#line.sendAlong('set local session_replication_role = replica')
    const deletions = TABLES.toReversed().map((table) =>
      this.rows(`delete from ${table} where ${belongsTo(table)}`, [connection]),
    )
    const insertions = (snapshot === null ? [] : TABLES).map((table) =>
      this.rows(
        `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(snapshot?.get(table))],
      ),
    )
    await Promise.all([...deletions, ...insertions, this.rows('commit')])
  }
}

function belongsTo(table: string): string {
  if (table === 'connection') return 'name = $1'
  if (table === 'attempt') return 'intent_id in (select id from intent where connection = $1)'
  return 'connection = $1'
}

const noop = (): Promise<void> => Promise.resolve()
