import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { Bug, ConfigError } from '../../src/domain/errors.js'
import { isConnectionTrouble, openDatabase, requirePostgres15 } from '../../src/store/database.js'
import type { Database } from '../../src/store/database.js'
import { createTestDatabase, withSettings } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

/** The only value of the only row. */
async function read(expression: string, from: Database = database): Promise<unknown> {
  const { rows } = await sql<{ value: unknown }>`select ${sql.raw(expression)} as value`.execute(from.db)
  return rows[0]?.value
}

describe('values, whatever the time zone of this machine', () => {
  const zone = process.env['TZ']
  beforeAll(() => {
    process.env['TZ'] = 'Asia/Tokyo'
  })
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  test('the machine is in Tokyo', () => {
    expect(new Date(2026, 2, 1).getTimezoneOffset()).toBe(-540)
  })

  test.each([
    [`timestamptz '2026-11-23 21:41:00.123456+00'`, '2026-11-23T21:41:00.123456Z'],
    [`timestamptz '2026-11-24 06:41:00.12+09'`, '2026-11-23T21:41:00.120000Z'],
    [`timestamptz '2026-11-23 21:41:00+00'`, '2026-11-23T21:41:00.000000Z'],
    [`timestamptz '-infinity'`, '-infinity'],
    [`timestamptz 'infinity'`, 'infinity'],
    [`null::timestamptz`, null],
    [`timestamp '2026-03-01 00:30:00.5'`, '2026-03-01 00:30:00.5'],
    [`date '2026-03-01'`, '2026-03-01'],
    [`1.10::numeric`, '1.10'],
    [`123456789012345678901.123456::numeric`, '123456789012345678901.123456'],
    [`9007199254740991::int8`, 9007199254740991],
    [`count(*)`, 1],
    [`array[1.10, null, 'NaN']::numeric[]`, ['1.10', null, 'NaN']],
    [`array[[1.10], [2.0]]::numeric[]`, [['1.10'], ['2.0']]],
    [`array[1, null]::int8[]`, [1, null]],
    [`array['2026-11-23 21:41:00.5+00']::timestamptz[]`, ['2026-11-23T21:41:00.500000Z']],
    [`array['2026-03-01 00:30:00']::timestamp[]`, ['2026-03-01 00:30:00']],
    [`array['2026-03-01']::date[]`, ['2026-03-01']],
    [`'{}'::numeric[]`, []],
    [`'{"a": [1]}'::jsonb`, { a: [1] }],
    [`array['a,b', 'c"d']`, ['a,b', 'c"d']],
    [`true`, true],
    [`7`, 7],
  ])('%s', async (expression, expected) => {
    expect(await read(expression)).toEqual(expected)
  })

  test('a day is counted in UTC', async () => {
    expect(await read(`(timestamptz '2026-11-23 21:41:00+00')::date`)).toBe('2026-11-23')
  })

  test.each([`9007199254740992::int8`, `array[-9007199254740992]::int8[]`, `timestamptz '0044-03-15 00:00+00 BC'`])(
    'what cannot be held exactly is refused: %s',
    async (expression) => {
      await expect(read(expression)).rejects.toThrow(Bug)
      expect(await read('1')).toBe(1)
    },
  )
})

describe('sessions', () => {
  test('settings of the URL and of the database do not win over ours', async () => {
    const name = new URL(database.url).pathname.slice(1)
    await sql`alter database ${sql.id(name)} set datestyle = 'German'`.execute(database.db)
    const url = withSettings(database.url, '-c TimeZone=Asia/Tokyo -c search_path=pg_temp')
    const other = openDatabase(url, { applicationName: 'other', statementTimeoutMs: 1234 })
    try {
      expect(await read(`timestamptz '2026-11-23 21:41:00+00'`, other)).toBe('2026-11-23T21:41:00.000000Z')
      expect(await read(`current_setting('statement_timeout')`, other)).toBe('1234ms')
      expect(await read(`current_setting('idle_in_transaction_session_timeout')`, other)).toBe('1min')
      expect(await read(`current_setting('application_name')`, other)).toBe('other')
      expect(await read(`current_setting('search_path')`, other)).toBe('pg_temp')
    } finally {
      await other.close()
      await sql`alter database ${sql.id(name)} reset datestyle`.execute(database.db)
    }
  })

  test('without a limit of ours the statement limit of the server stays', async () => {
    const url = withSettings(database.url, '-c statement_timeout=4321')
    const other = openDatabase(url, { applicationName: 'other' })
    expect(await read(`current_setting('statement_timeout')`, other).finally(other.close)).toBe('4321ms')
  })

  test('the pool holds as many connections as asked for', async () => {
    const pool = openDatabase(database.url, { applicationName: 'sized', poolSize: 2 })
    await Promise.all([1, 2, 3, 4].map(() => read('pg_backend_pid()', pool)))
    expect(pool.pool.totalCount).toBe(2)
    await pool.close()
  })

  test('close ends the pool even if Kysely never used it, and may be called twice', async () => {
    const unused = openDatabase(database.url, { applicationName: 'unused' })
    await unused.pool.query('select 1')
    await unused.close()
    await unused.close()
    expect([unused.pool.ended, unused.pool.totalCount]).toEqual([true, 0])
  })

  test('the server is new enough', async () => {
    await expect(requirePostgres15(database.db)).resolves.toBeUndefined()
  })

  test('an older server is refused by name', async () => {
    const old = openDatabase(database.url, { applicationName: 'old' })
    // What Postgres 14 would answer, from functions that go before the built-in ones.
    await sql`create schema fourteen`.execute(old.db)
    await sql`create function fourteen.current_setting(text) returns text language sql
      as $$ select case $1 when 'server_version_num' then '140012' else '14.12' end $$`.execute(old.db)
    const url = withSettings(database.url, '-c search_path=fourteen,pg_catalog')
    const pretender = openDatabase(url, { applicationName: 'old' })
    const refusal = requirePostgres15(pretender.db).finally(() => Promise.all([old.close(), pretender.close()]))
    await expect(refusal).rejects.toThrow(ConfigError)
    await expect(refusal).rejects.toThrow('Postgres 14.12')
  })
})

describe('a connection that is cut', () => {
  const removal = (from: Database): Promise<unknown> => new Promise((resolve) => from.pool.once('remove', resolve))
  const cut = (pid: unknown): Promise<unknown> => read(`pg_terminate_backend(${String(pid)})`)

  test('while idle: the next query opens another', async () => {
    const other = openDatabase(database.url, { applicationName: 'idle', poolSize: 1 })
    const pid = await read('pg_backend_pid()', other)
    const gone = removal(other)
    await cut(pid)
    await gone
    expect(await read('pg_backend_pid()', other)).not.toBe(pid)
    await other.close()
  })

  test('inside a transaction: the transaction fails as connection trouble, the process lives', async () => {
    const other = openDatabase(database.url, { applicationName: 'busy', poolSize: 1 })
    const gone = removal(other)
    const attempt = other.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      await cut(rows[0]?.pid)
      await sql`select 1`.execute(trx)
    })
    expect(isConnectionTrouble(await attempt.catch((error: unknown) => error))).toBe(true)
    await gone
    expect(await read('1', other)).toBe(1)
    await other.close()
  })

  test('during a query: the query fails as connection trouble', async () => {
    const other = openDatabase(database.url, { applicationName: 'cut during query', poolSize: 1 })
    const attempt = read('pg_sleep(30)', other).catch((error: unknown) => error)
    const sleeping = `select pid from pg_stat_activity where application_name = 'cut during query' and query ~ 'pg_sleep'`
    await expect.poll(() => read(`(${sleeping})`), { timeout: 90_000 }).toEqual(expect.any(Number))
    await cut(await read(`(${sleeping})`))
    expect(isConnectionTrouble(await attempt)).toBe(true)
    await other.close()
  })
})

describe('isConnectionTrouble', () => {
  async function failureOf(target: string): Promise<unknown> {
    const other = openDatabase(target, { applicationName: 'failing', statementTimeoutMs: 50 })
    return read('pg_sleep(1)', other)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .finally(other.close)
  }

  test('nobody listens', async () => {
    expect(isConnectionTrouble(await failureOf('postgresql://x@127.0.0.1:1/x'))).toBe(true)
    expect(isConnectionTrouble(await failureOf('postgresql://x@localhost:1/x'))).toBe(true)
  })

  test('no socket', async () => {
    expect(isConnectionTrouble(await failureOf('postgresql:///x?host=/nowhere&user=x'))).toBe(true)
  })

  test('the host has no address', async () => {
    expect(isConnectionTrouble(await failureOf('postgresql://x@nowhere.invalid/x'))).toBe(true)
  })

  test('the server hangs up at once', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const failure = await failureOf(`postgresql://x@127.0.0.1:${(server.address() as AddressInfo).port}/x`)
    server.close()
    expect(isConnectionTrouble(failure)).toBe(true)
  })

  test('a statement takes too long', async () => {
    expect(isConnectionTrouble(await failureOf(database.url))).toBe(true)
  })

  test.each(['08006', '53300', '57P01', '57P03', '25006', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN'])(
    'code %s',
    (code) => {
      expect(isConnectionTrouble(Object.assign(new Error('x'), { code }))).toBe(true)
      expect(isConnectionTrouble(new Error('x', { cause: Object.assign(new Error('y'), { code }) }))).toBe(true)
    },
  )

  test('what waiting does not cure is none', async () => {
    const missing = Object.assign(new URL(database.url), { pathname: '/no_such_database' }).href
    expect(isConnectionTrouble(await failureOf(missing))).toBe(false)
    expect(isConnectionTrouble(await read('no_such_column').catch((error: unknown) => error))).toBe(false)
    expect(isConnectionTrouble(await read('1 / 0').catch((error: unknown) => error))).toBe(false)
    expect(isConnectionTrouble(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'open' }))).toBe(false)
    expect(isConnectionTrouble(new ConfigError('x'))).toBe(false)
    expect(isConnectionTrouble(undefined)).toBe(false)
  })
})
