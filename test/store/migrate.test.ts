import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sql } from 'kysely'
import { Bug, ConfigError } from '../../src/domain/errors.js'
import { isConnectionTrouble, openDatabase } from '../../src/store/database.js'
import type { Database } from '../../src/store/database.js'
import { migrate, schemaState } from '../../src/store/migrate.js'
import { createTestDatabase, withSettings } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
let dir: string
/** Sees only a new schema without tables, and creates its tables there. */
let empty: Database
let count = 0

const inSchema = (name: string, options: { poolSize?: number; statementTimeoutMs?: number } = {}): Database =>
  openDatabase(withSettings(database.url, `-c search_path=${name}`), {
    applicationName: 'x',
    ...options,
  })

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ml-sql-'))
  count += 1
  await sql`create schema ${sql.id(`fresh_${count}`)}`.execute(database.db)
  empty = inSchema(`fresh_${count}`)
})
afterEach(async () => {
  await empty.close()
  await rm(dir, { recursive: true })
})

const write = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text)
const ONE = '-- two statements\ncreate table one (n int);\ninsert into one values (1);\n'
const TWO = 'create table two (n int);\n'

async function tables(from: Database = empty): Promise<string[]> {
  const query = sql<{ name: string }>`select relname::text as name from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace and relname !~ '^ml_connector' order by 1`
  return (await query.execute(from.db)).rows.map((row) => row.name)
}

describe('migrate', () => {
  test('applies what is missing, in order, once', async () => {
    await write('0002_two.sql', 'insert into one select n + 1 from one;')
    await write('0001_one.sql', ONE)
    await write('README.md', 'not a migration')
    expect(await migrate(empty.db, dir)).toEqual({ applied: ['0001_one.sql', '0002_two.sql'] })
    expect(await migrate(empty.db, dir)).toEqual({ applied: [] })
    await write('0003_three.sql', TWO)
    expect(await migrate(empty.db, dir)).toEqual({ applied: ['0003_three.sql'] })
    expect(await tables()).toEqual(['one', 'two'])
    expect((await sql`select n from one order by n`.execute(empty.db)).rows).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('the files of the package apply to an empty schema, and then it is current', async () => {
    await migrate(empty.db)
    expect(await schemaState(empty.db)).toEqual({ kind: 'current' })
  })

  test('the template of the tests is current', async () => {
    expect(await schemaState(database.db)).toEqual({ kind: 'current' })
  })

  test('a file that fails leaves the database as it was', async () => {
    await write('0001_one.sql', ONE)
    await write('0002_two.sql', 'create table two (n int); select no_such_column')
    const attempt = migrate(empty.db, dir)
    await expect(attempt).rejects.toThrow(ConfigError)
    await expect(attempt).rejects.toThrow(/^0002_two.sql failed, nothing was changed: .*no_such_column.*\(42703\)$/)
    expect(await tables()).toEqual([])
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'empty' })
    await write('0002_two.sql', TWO)
    expect(await migrate(empty.db, dir)).toEqual({ applied: ['0001_one.sql', '0002_two.sql'] })
  })

  test('of five at once, one applies and the others wait and apply nothing', async () => {
    await write('0001_one.sql', `${ONE}; select pg_sleep(0.1)`)
    const rivals = [1, 2, 3, 4, 5].map(() => inSchema(`fresh_${count}`, { poolSize: 1 }))
    const results = await Promise.all(rivals.map((rival) => migrate(rival.db, dir).finally(rival.close)))
    expect(results.map((result) => result.applied.length).sort()).toEqual([0, 0, 0, 0, 1])
    expect((await sql`select n from one`.execute(empty.db)).rows).toEqual([{ n: 1 }])
  })

  test('is not ended by the statement limit, which holds again afterwards', async () => {
    await write('0001_one.sql', 'select pg_sleep(0.2); create table one (n int)')
    const limited = inSchema(`fresh_${count}`, { poolSize: 1, statementTimeoutMs: 100 })
    expect(await migrate(limited.db, dir)).toEqual({ applied: ['0001_one.sql'] })
    await expect(sql`select pg_sleep(1)`.execute(limited.db).finally(limited.close)).rejects.toThrow(
      'statement timeout',
    )
  })

  test('two schemas of one database do not meet', async () => {
    await write('0001_one.sql', ONE)
    await migrate(empty.db, dir)
    await sql`create schema another`.execute(database.db)
    const another = inSchema('another')
    expect(await migrate(another.db, dir)).toEqual({ applied: ['0001_one.sql'] })
    expect(await tables(another).finally(another.close)).toEqual(['one'])
  })

  test('a search path without a schema is named', async () => {
    await write('0001_one.sql', ONE)
    const lost = inSchema('no_such_schema')
    await expect(migrate(lost.db, dir).finally(lost.close)).rejects.toThrow('search_path')
  })

  test('clocks of the hosts that migrated before do not matter', async () => {
    await write('0001_one.sql', ONE)
    await migrate(empty.db, dir)
    await sql`update ml_connector_migration set timestamp = '2099-01-01T00:00:00.000Z'`.execute(empty.db)
    await write('0002_two.sql', TWO)
    await migrate(empty.db, dir)
    await write('0003_three.sql', 'create table three (n int)')
    expect(await migrate(empty.db, dir)).toEqual({ applied: ['0003_three.sql'] })
  })

  test('refuses a database that a newer program made', async () => {
    await write('0001_one.sql', ONE)
    await write('0002_two.sql', TWO)
    await migrate(empty.db, dir)
    await unlink(join(dir, '0002_two.sql'))
    await write('0003_three.sql', 'create table three (n int)')
    await expect(migrate(empty.db, dir)).rejects.toThrow(/newer version .*0002_two\.sql/)
    expect(await tables()).toEqual(['one', 'two'])
  })

  test('refuses when a file was edited after it was applied', async () => {
    await write('0001_one.sql', ONE)
    await migrate(empty.db, dir)
    await write('0001_one.sql', `${ONE} create index on one (n);`)
    await write('0002_two.sql', TWO)
    await expect(migrate(empty.db, dir)).rejects.toThrow('0001_one.sql')
    expect(await tables()).toEqual(['one'])
  })

  test('refuses a file whose place in the order has passed', async () => {
    await write('0001_one.sql', ONE)
    await write('0003_three.sql', 'create table three (n int)')
    await migrate(empty.db, dir)
    await write('0002_two.sql', TWO)
    await expect(migrate(empty.db, dir)).rejects.toThrow('0002_two.sql would be applied after 0003_three.sql')
  })

  test('passes connection trouble on as it is', async () => {
    const failureOf = (from: Database): Promise<unknown> => migrate(from.db, dir).catch((error: unknown) => error)
    await write('0001_one.sql', ONE)
    // As on a standby after a failover.
    const standby = inSchema(`fresh_${count} -c default_transaction_read_only=on`)
    expect(isConnectionTrouble(await failureOf(standby).finally(standby.close))).toBe(true)
    await write('0001_one.sql', 'select pg_terminate_backend(pg_backend_pid())')
    expect(isConnectionTrouble(await failureOf(empty))).toBe(true)
  })

  test.each([['2_two.sql'], ['0001_other.sql'], ['0003_Up.sql']])('refuses the file name %s', async (name) => {
    await write('0001_one.sql', ONE)
    await write(name, TWO)
    const attempt = migrate(empty.db, dir)
    await expect(attempt).rejects.toThrow(Bug)
    await expect(attempt).rejects.toThrow(name === '0001_other.sql' ? '0001_o' : name)
  })
})

describe('schemaState', () => {
  test('empty, behind, current, edited, ahead', async () => {
    await write('0001_one.sql', ONE)
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'empty' })
    await migrate(empty.db, dir)
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'current' })
    await write('0002_two.sql', TWO)
    await write('0003_three.sql', 'create table three (n int)')
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'behind', missing: ['0002_two.sql', '0003_three.sql'] })
    await write('0001_one.sql', ONE.replace('(1)', '(2)'))
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'edited', files: ['0001_one.sql'] })
    await unlink(join(dir, '0001_one.sql'))
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'ahead', unknown: ['0001_one.sql'] })
  })

  test('line endings of a Windows checkout are no edit', async () => {
    await write('0001_one.sql', ONE)
    await migrate(empty.db, dir)
    await write('0001_one.sql', ONE.replaceAll('\n', '\r\n'))
    expect(await schemaState(empty.db, dir)).toEqual({ kind: 'current' })
  })

  test('is one query, and writes nothing', async () => {
    await write('0001_one.sql', ONE)
    await migrate(empty.db, dir)
    let queries = 0
    const counted = empty.db.withPlugin({
      transformQuery: (args) => {
        queries += 1
        return args.node
      },
      transformResult: (args) => Promise.resolve(args.result),
    })
    await counted
      .transaction()
      .setAccessMode('read only')
      .execute((trx) => schemaState(trx, dir))
    expect(queries).toBe(1)
  })
})
