import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { openDatabase } from '../../src/store/database.js'
import { idleSettings, runCli } from '../support/cli.js'
import { onServer, urlOfDatabase } from '../support/global-setup.js'

const serverUrl = inject('serverUrl')
let name = ''
let url = ''

beforeEach(async () => {
  name = `ml_test_${randomBytes(6).toString('hex')}`
  url = urlOfDatabase(serverUrl, name)
  await onServer(serverUrl, `create database ${name}`)
})
afterEach(() => onServer(serverUrl, `drop database if exists ${name} with (force)`))

const migrate = (databaseUrl = url) => runCli(['migrate'], idleSettings(databaseUrl))

async function inDatabase(statement: string): Promise<void> {
  const { db, close } = openDatabase(url, { applicationName: 'test' })
  await sql.raw(statement).execute(db)
  await close()
}

describe('migrate', () => {
  it('creates the tables, names the files, and then has nothing to do', async () => {
    expect((await runCli(['status'], idleSettings(url))).code).toBe(2)
    const first = await migrate()
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toMatch(/^applied 0001_foundation\.sql\n/)
    const second = await migrate()
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(second.out).toContain('Nothing to apply')
    expect(second.out).not.toContain('applied 0')
    expect((await runCli(['status'], idleSettings(url))).code).toBe(0)
  })

  it('refuses a database made by a newer version, with exit 2', async () => {
    await migrate()
    await inDatabase(`insert into ml_connector_migration_checksum (name, sha256) values ('9999_future.sql', 'x')`)
    const { code, out, err } = await migrate()
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('9999_future.sql')
  })

  it('refuses a database whose files were edited since, with exit 2', async () => {
    await migrate()
    await inDatabase(`update ml_connector_migration_checksum set sha256 = 'x'`)
    const { code, err } = await migrate()
    expect(code).toBe(2)
    expect(err).toContain('0001_foundation.sql')
  })

  it('ends with 4 when the server cannot be reached', async () => {
    const { code, err } = await migrate('postgres://nobody:hunter2@127.0.0.1:1/none')
    expect(code).toBe(4)
    expect(err).toContain('cannot be reached')
    expect(err).not.toContain('hunter2')
  })

  it('ends with 2 when the server has no such database', async () => {
    const { code, err } = await migrate(urlOfDatabase(serverUrl, `${name}_x`))
    expect(code).toBe(2)
    expect(err).toContain(`"${name}_x" does not exist`)
    expect(err).toContain('DATABASE_URL')
  })
})
