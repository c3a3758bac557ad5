/** The state database of the schedules: one real Postgres for all, told the time by us. */
import pg from 'pg'
import { Kysely, PostgresDialect } from 'kysely'
import { openDatabase, type Database } from '../../src/store/database.js'
import { migrate } from '../../src/store/migrate.js'
import type { Tables } from '../../src/store/tables.js'
import type { Conductor } from './conductor.js'
import { connectionError, type Actor } from './conductor.js'
import type { SimTime } from './sim-time.js'

/**
 * `now()` and `clock_timestamp()` are ordinary functions, found along the search path: in these databases ours come first. So
 * the program's own SQL runs unchanged on simulated time, and nothing of the kind exists in the product. A sequence holds the
 * time because it is read and written outside of transactions, as a clock is.
 */
const SIMULATED_TIME = `
  create schema sim;
  create sequence sim.clock minvalue 0;
  create function sim.clock_timestamp() returns timestamptz language sql volatile as
    'select pg_catalog.to_timestamp(last_value / 1000.0) from sim.clock';
  create function sim.now() returns timestamptz language sql stable as
    'select pg_catalog.to_timestamp(last_value / 1000.0) from sim.clock';`

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
    await client.query(`alter database ${name} set search_path = public, sim, pg_catalog`)
  })
  const url = urlOf(serverUrl, name)
  await withClient(url, (client) => client.query(SIMULATED_TIME))
  const { db, close } = openDatabase(url, { applicationName: 'proof' })
  await migrate(db)
  await close()
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
  readonly #real: Database
  readonly #serverUrl: string
  readonly #name: string

  private constructor(serverUrl: string, name: string) {
    this.#serverUrl = serverUrl
    this.#name = name
    // No idle time: that timer would run on simulated time.
    const config = { connectionString: urlOf(serverUrl, name), idleTimeoutMillis: 0 }
    this.#real = openDatabase(config, { applicationName: 'proof', poolSize: 20 })
  }

  static async open(serverUrl: string, template: string, name: string): Promise<ProofState> {
    await withClient(serverUrl, async (client) => {
      await client.query(`create database ${name} template ${template}`)
      await client.query(`alter database ${name} set search_path = public, sim, pg_catalog`)
    })
    return new ProofState(serverUrl, name)
  }

  async close(): Promise<void> {
    await this.#real.close()
    await withClient(this.#serverUrl, (client) => client.query(`drop database if exists ${this.#name} with (force)`))
  }

  async tell(time: SimTime): Promise<void> {
    time.isNews = false
    await this.#real.pool.query({ name: 'tell', text: `select setval('sim.clock', $1)`, values: [time.now()] })
  }

  async rows<T>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.#real.pool.query(text, values)).rows as T[]
  }

  /** The database as one pass sees it: every statement is a step of its actor. */
  databaseFor(actor: Actor, conductor: Conductor): Database {
    const pool = { connect: () => Promise.resolve(new SteppedClient(this.#real.pool, actor, conductor)), end: noop }
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as never }) })
    return { db, pool: pool as never, close: noop }
  }

  /** Budgets belong to no connection: a new schedule begins with unused ones. */
  async forgetBudgets(): Promise<void> {
    await this.#real.pool.query('delete from budget')
  }

  async save(connection: string): Promise<Snapshot> {
    const rows = new Map<string, unknown>()
    for (const table of TABLES) {
      const [row] = await this.rows<{ rows: unknown }>(
        `select coalesce(jsonb_agg(t), '[]') as rows from ${table} t where ${belongsTo(table)}`,
        [connection],
      )
      rows.set(table, row?.rows)
    }
    return rows
  }

  /** Back to what was saved; null = the database was lost and made anew. */
  async restore(connection: string, snapshot: Snapshot | null): Promise<void> {
    const client = await this.#real.pool.connect()
    try {
      // As a restore does it: no triggers, no checks of order.
      await client.query('begin; set local session_replication_role = replica')
      for (const table of TABLES.toReversed())
        await client.query(`delete from ${table} where ${belongsTo(table)}`, [connection])
      for (const table of snapshot === null ? [] : TABLES) {
        await client.query(
          `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1)`,
          [JSON.stringify(snapshot?.get(table))],
        )
      }
      await client.query('commit')
    } finally {
      client.release()
    }
  }
}

function belongsTo(table: string): string {
  if (table === 'connection') return 'name = $1'
  if (table === 'attempt') return 'intent_id in (select id from intent where connection = $1)'
  return 'connection = $1'
}

/** The program's statements are few and come again and again: the server parses and plans each once a connection. */
const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size + 1}`
  names.set(text, name)
  return name
}

const noop = (): Promise<void> => Promise.resolve()

type Pool = Database['pool']
type Connected = pg.PoolClient

/** As much of a pg client as Kysely uses. It borrows a real connection for as long as it is used. */
class SteppedClient {
  readonly #pool: Pool
  readonly #actor: Actor
  readonly #conductor: Conductor
  #real: Connected | null = null
  #inTransaction = false
  #isLost = false

  constructor(pool: Pool, actor: Actor, conductor: Conductor) {
    this.#pool = pool
    this.#actor = actor
    this.#conductor = conductor
  }

  async query(text: string, values: unknown[]): Promise<unknown> {
    if (this.#isLost) throw new Error('Client has encountered a connection error and is not queryable')
    return this.#conductor.step(this.#actor, {
      text,
      inTransaction: this.#inTransaction,
      execute: async () => {
        if (this.#isLost) throw connectionError()
        const real = (this.#real ??= await this.#pool.connect())
        const word = text.slice(0, 8).toLowerCase()
        const result = await real.query(values.length === 0 ? { text } : { name: nameOf(text), text, values })
        if (word === 'begin') this.#inTransaction = true
        if (word === 'commit' || word === 'rollback') this.#inTransaction = false
        return result
      },
      drop: () => this.#drop(),
    })
  }

  release(): void {
    const real = this.#real
    this.#real = null
    if (real !== null) real.release()
  }

  async #drop(): Promise<void> {
    this.#isLost = true
    const real = this.#real
    this.#real = null
    if (real === null) return
    if (this.#inTransaction) await real.query('rollback')
    real.release()
  }
}
