/** Opening the database: one pool with our own parsers and session settings, and what its errors mean. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { ClientBase, Pool, PoolConfig } from 'pg'
import { Bug, ConfigError } from '../domain/errors.js'
import type { Tables } from './tables.js'

export interface Database {
  readonly db: Kysely<Tables>
  readonly pool: Pool
  /** Waits for queries under way, then closes every connection. May be called twice. */
  readonly close: () => Promise<void>
}

export interface DatabaseOptions {
  /** Shown in pg_stat_activity, so that an operator sees which command holds a lock. */
  readonly applicationName: string
  /** Most connections at a time (default 6). */
  readonly poolSize?: number
  /** The server ends a statement that takes longer. Default: as the server is set up, usually no limit. */
  readonly statementTimeoutMs?: number
}

const CONNECT_TIMEOUT_MS = 10_000
const KEEP_ALIVE_AFTER_MS = 10_000

/** A host that dies inside a transaction would keep its row locks until TCP gives up, after hours. */
const IDLE_IN_TRANSACTION_MS = 60_000

/**
 * Opens a pool on a URL or pg configuration; connects at the first query. Times, dates, decimals and their arrays arrive as
 * text (see `PARSERS`), int8 as number. Errors of pg are thrown as they are: ask `isConnectionTrouble`.
 */
export function openDatabase(target: string | PoolConfig, options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    ...(typeof target === 'string' ? { connectionString: target } : target),
    application_name: options.applicationName,
    max: options.poolSize ?? 6,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    types: { getTypeParser },
    verify: (client, done) => {
      setUpSession(client, options.statementTimeoutMs).then(() => done(), done)
    },
  })
  // A connection that is cut emits 'error', and an 'error' nobody listens to ends the process: on the pool while the
  // connection is idle, on the client while it is lent out. The query under way, or the next one, reports the trouble.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const close = async (): Promise<void> => {
    await db.destroy()
    // Kysely ends the pool only when it ran a query itself.
    if (!pool.ending) await pool.end()
  }
  return { db, pool, close }
}

/**
 * By statement, not by startup parameter: settings of the role, of the database or in the URL's `options` would win over
 * those, and connection poolers refuse unknown ones. The parsers rely on ISO dates in UTC.
 */
async function setUpSession(client: ClientBase, statementTimeoutMs: number | undefined): Promise<void> {
  const settings = [`timezone = 'UTC'`, `datestyle = 'ISO'`]
  settings.push(`idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`)
  if (statementTimeoutMs !== undefined) settings.push(`statement_timeout = ${Math.ceil(statementTimeoutMs)}`)
  await client.query(settings.map((setting) => `set ${setting}`).join('; '))
}

/** Throws ConfigError when the server is older than Postgres 15, the level our SQL is written to. */
export async function requirePostgres15(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ number: string; version: string }>`
    select current_setting('server_version_num') as number, current_setting('server_version') as version`.execute(db)
  const [server] = rows
  if (Number(server?.number) >= 150_000) return
  throw new ConfigError(`DATABASE_URL leads to Postgres ${server?.version}; 15 or newer is needed.`)
}

// ---- values ----

type Parse = (text: string) => unknown
type NestedText = string | null | NestedText[]

/** The types of pg know only some oids by name. */
const builtInParser = pg.types.getTypeParser as (oid: number, format?: 'text' | 'binary') => Parse

/** The parser of text[], also right for every array whose elements need no quotes. */
const TEXT_ARRAY = 1009
const parseTextArray = builtInParser(TEXT_ARRAY) as (text: string) => NestedText[]

const asText: Parse = (text) => text

/** Ids and counters of ours stay far below 2^53; a value above it would be rounded, so it is refused. */
function parseInt8(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new Bug(`The database returned the int8 ${text}, which a JavaScript number cannot hold: select it as text.`)
}

/**
 * `2026-11-23 21:41:00.12+00` -> `2026-11-23T21:41:00.120000Z`: always six digits, so that text order is time order;
 * `-infinity` and `infinity` stay as they are and sort before and after every time, too.
 */
function parseTimestamptz(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text)
  if (match !== null) return `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z`
  if (text === 'infinity' || text === '-infinity') return text
  throw new Bug(`The database returned the time ${text}, which is not a UTC time of a four-digit year.`)
}

const arrayOf = (parse: Parse): Parse => {
  const each = (value: NestedText): unknown =>
    value === null ? null : Array.isArray(value) ? value.map(each) : parse(value)
  return (text) => parseTextArray(text).map(each)
}

/** By type oid (catalog pg_type): the type and its array. Everything else as pg does it: json parsed, float8 a number. */
const PARSERS = new Map<number, Parse>([
  [20, parseInt8], // int8
  [1016, arrayOf(parseInt8)],
  [1082, asText], // date
  [1182, arrayOf(asText)],
  [1114, asText], // timestamp
  [1115, arrayOf(asText)],
  [1184, parseTimestamptz],
  [1185, arrayOf(parseTimestamptz)],
  [1700, asText], // numeric: no binary floats, ever
  [1231, arrayOf(asText)],
])

const getTypeParser = (oid: number, format?: 'text' | 'binary'): Parse =>
  (format === 'binary' ? undefined : PARSERS.get(oid)) ?? builtInParser(oid, format)

// ---- errors ----

/** SQLSTATEs (Postgres manual, appendix A) and Node's codes that say: the database, not the statement, is the trouble. */
const TROUBLE_CODES = new Set([
  '25006', // read only: we reached a standby after a failover
  '25P03', // idle in transaction for too long: we were paused
  '53300', // too many connections
  '57014', // statement timeout
  '57P01', // terminated by an administrator
  '57P02', // crash of another session
  '57P03', // starting up or shutting down
  '57P05', // idle session timeout
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** pg and its pool report these without a code. */
const TROUBLE_MESSAGE =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|timeout expired|Query read timeout)/

/**
 * Whether the database could not be reached or went away, so that the same run may succeed later (exit 4). False for all
 * that waiting does not cure: wrong password, missing database or rights, constraint violations, our own bugs.
 */
export function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // A unix socket that is not there: the server does not run. Of any other file ENOENT is no trouble of ours.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect'
  if (code.startsWith('08') || TROUBLE_CODES.has(code) || TROUBLE_MESSAGE.test(error.message)) return true
  return error.cause !== undefined && isConnectionTrouble(error.cause)
}
