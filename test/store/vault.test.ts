import { CompactEncrypt, decodeProtectedHeader } from 'jose'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config.js'
import { ConfigError } from '../../src/domain/errors.js'
import type { System } from '../../src/domain/record.js'
import { Secret } from '../../src/domain/secret.js'
import type { Credentials } from '../../src/ports.js'
import { newMasterKey, openVault } from '../../src/store/vault.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
beforeAll(async () => (database = await createTestDatabase()))
afterAll(() => database.close())
beforeEach(() => sql`truncate credential, token`.execute(database.db))

const OLD = new Secret(newMasterKey())
const NEW = new Secret(newMasterKey())
const LOGIN: Credentials = { clientId: new Secret('ml-client'), clientSecret: new Secret('hunter2') }

const vault = (keys: Secret[] = [OLD], connection = 'default') => openVault(database.db, connection, keys)
const reveal = (login: Credentials | undefined) =>
  login &&
  Object.fromEntries(Object.entries(login).map(([field, secret]: [string, Secret]) => [field, secret.reveal()]))

type Table = 'credential' | 'token'
const jweOf = async (table: Table, connection = 'default', system: System = 'plex') => {
  const rows = database.db.selectFrom(table).select('jwe').where('connection', '=', connection)
  return (await rows.where('system', '=', system).executeTakeFirstOrThrow()).jwe
}
const putJwe = (table: Table, jwe: string) => database.db.updateTable(table).set({ jwe }).execute()

async function messageOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ConfigError) return error.message
  throw new Error('not refused with a ConfigError', { cause: error })
}

describe('stored logins', () => {
  it('come back as they were stored, are replaced by a second store, and can be removed', async () => {
    expect((await vault().logins()).plex).toBeUndefined()
    await vault().store('plex', { apiKey: new Secret('first') })
    await vault().store('plex', LOGIN)
    expect(reveal((await vault().logins()).plex)).toEqual({ clientId: 'ml-client', clientSecret: 'hunter2' })
    expect((await vault().logins()).procurify).toBeUndefined()
    expect((await vault([OLD], 'other').logins()).plex).toBeUndefined()

    await vault().saveToken('plex', 'print', new Secret('token'), 3600)
    expect(await vault().remove('plex')).toBe(true)
    expect((await vault().logins()).plex).toBeUndefined()
    expect(await vault().token('plex', 'print')).toBeNull()
    expect(await vault().remove('plex')).toBe(false)
  })

  it('are in the database only encrypted, for one place, under the id of their key', async () => {
    await vault([NEW, OLD]).store('plex', LOGIN)
    const { rows } = await sql<{ row: string }>`select credential::text as row from credential`.execute(database.db)
    expect(rows[0]?.row).toContain('{clientId,clientSecret}')
    expect(rows[0]?.row).not.toContain('hunter2')
    const [listed] = await vault([NEW, OLD]).list()
    expect(decodeProtectedHeader(await jweOf('credential'))).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: listed?.keyId,
      connection: 'default',
      system: 'plex',
      use: 'credential',
    })
    expect(listed?.keyId).toMatch(/^[0-9a-f]{16}$/)
  })

  it('are listed without a key, with the fields they have and whether their key is the newest', async () => {
    await vault().store('procurify', LOGIN)
    await vault().store('plex', { apiKey: new Secret('k') })
    await vault([OLD], 'other').store('plex', LOGIN)
    const listed = await vault([NEW, OLD]).list()
    expect(listed.map(({ system, fields, current }) => ({ system, fields, current }))).toEqual([
      { system: 'plex', fields: ['apiKey'], current: false },
      { system: 'procurify', fields: ['clientId', 'clientSecret'], current: false },
    ])
    expect(listed[0]?.updatedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect((await vault().list()).map(({ current }) => current)).toEqual([true, true])
    expect((await vault([]).list()).map(({ current }) => current)).toEqual([false, false])
  })

  it('need a master key to be stored and the right one to be read', async () => {
    expect(await messageOf(vault([]).store('plex', LOGIN))).toContain('ml-connector credentials new-key')
    await vault().store('plex', LOGIN)
    const [listed] = await vault().list()
    for (const keys of [[], [NEW]]) {
      const message = await messageOf(vault(keys).logins())
      expect(message).toContain(`the master key ${listed?.keyId}, which is not in ML_CONNECTOR_KEY`)
      expect(message).toContain('ml-connector credentials rotate')
      for (const secret of [OLD.reveal(), NEW.reveal(), 'hunter2']) expect(message).not.toContain(secret)
    }
    expect(reveal((await vault([NEW, OLD]).logins()).plex)).toMatchObject({ clientSecret: 'hunter2' })
  })

  it('are refused when the row was copied from another connection, system or use', async () => {
    await vault([OLD], 'other').store('plex', LOGIN)
    await vault().store('procurify', LOGIN)
    await vault().saveToken('plex', 'print', new Secret('{}'), 3600)
    const copies = [await jweOf('credential', 'other'), await jweOf('credential', 'default', 'procurify')]
    copies.push(await jweOf('token'))
    await vault().store('plex', LOGIN)
    for (const copy of copies) {
      await putJwe('credential', copy)
      expect(await messageOf(vault().logins())).toContain('belongs elsewhere')
    }
  })

  it('are refused when a byte was changed', async () => {
    await vault().store('plex', LOGIN)
    const parts = (await jweOf('credential')).split('.')
    const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
    for (const index of [2, 3, 4]) {
      await putJwe('credential', parts.map((part, at) => (at === index ? flip(part) : part)).join('.'))
      expect(await messageOf(vault().logins())).toContain('was changed in the database')
    }
    await putJwe('credential', 'nonsense')
    expect(await messageOf(vault().logins())).toContain('was changed in the database')
  })

  it('are refused in another algorithm, even with the right key', async () => {
    await vault().store('plex', LOGIN)
    const { alg, enc, ...header } = decodeProtectedHeader(await jweOf('credential'))
    const key = Buffer.from(OLD.reveal(), 'base64')
    const seal = (algorithms: { alg: string; enc: string }) =>
      new CompactEncrypt(Buffer.from('{"apiKey":"forged"}'))
        .setProtectedHeader({ ...header, ...algorithms })
        .encrypt(key)

    await putJwe('credential', await seal({ alg: String(alg), enc: String(enc) }))
    expect(reveal((await vault().logins()).plex)).toEqual({ apiKey: 'forged' })
    for (const other of [
      { alg: 'dir', enc: 'A128CBC-HS256' },
      { alg: 'A256GCMKW', enc: 'A256GCM' },
    ]) {
      await putJwe('credential', await seal(other))
      expect(await messageOf(vault().logins())).toContain('was changed in the database')
    }
  })
})

describe('rotate', () => {
  it('moves every row that a key opens to the newest key, in all connections', async () => {
    await vault([OLD], 'one').store('plex', LOGIN)
    await vault([OLD], 'two').store('procurify', LOGIN)
    await vault([OLD], 'two').saveToken('procurify', 'print', new Secret('token'), 3600)
    await vault([NEW], 'three').store('plex', LOGIN)
    await vault([new Secret(newMasterKey())], 'stranger').store('plex', LOGIN)
    const strangers = await jweOf('credential', 'stranger')

    expect(await vault([NEW, OLD]).rotate()).toBe(3)
    expect(await vault([NEW, OLD]).rotate()).toBe(0)
    for (const [connection, system] of [
      ['one', 'plex'],
      ['two', 'procurify'],
      ['three', 'plex'],
    ] as const) {
      expect(reveal((await vault([NEW], connection).logins())[system])).toMatchObject({ clientSecret: 'hunter2' })
      expect((await vault([NEW], connection).list())[0]?.current).toBe(true)
    }
    expect((await vault([NEW], 'two').token('procurify', 'print'))?.reveal()).toBe('token')
    expect(await jweOf('credential', 'stranger')).toBe(strangers)
  })

  it('does not make a copied row valid', async () => {
    await vault([OLD], 'other').store('plex', LOGIN)
    const copy = await jweOf('credential', 'other')
    await vault([OLD], 'other').remove('plex')
    await vault().store('plex', LOGIN)
    await putJwe('credential', copy)
    expect(await vault([NEW, OLD]).rotate()).toBe(0)
    expect(await messageOf(vault([NEW, OLD]).logins())).toContain('belongs elsewhere')
  })

  it('changes nothing when it cannot finish, and needs a key', async () => {
    await vault().store('plex', LOGIN)
    await vault().saveToken('plex', 'print', new Secret('token'), 3600)
    const before = await jweOf('credential')
    await sql`alter table token add constraint frozen check (key_id <> ${sql.lit((await keyIdOf(NEW)) ?? '')})`.execute(
      database.db,
    )
    try {
      await expect(vault([NEW, OLD]).rotate()).rejects.toThrow('frozen')
      expect(await jweOf('credential')).toBe(before)
    } finally {
      await sql`alter table token drop constraint frozen`.execute(database.db)
    }
    expect(await messageOf(vault([]).rotate())).toContain('ml-connector credentials new-key')
  })

  async function keyIdOf(key: Secret): Promise<string | undefined> {
    await vault([key], 'probe').store('plex', LOGIN)
    const [listed] = await vault([key], 'probe').list()
    await vault([key], 'probe').remove('plex')
    return listed?.keyId
  }
})

describe('cached tokens', () => {
  const TOKEN = new Secret('token-1')

  it('are found by connection, system and the login they were made for', async () => {
    await vault().saveToken('plex', 'print', new Secret('token-0'), 3600)
    await vault().saveToken('plex', 'print', TOKEN, 3600)
    expect((await vault().token('plex', 'print'))?.reveal()).toBe('token-1')
    expect(await vault().token('plex', 'another login')).toBeNull()
    expect(await vault().token('procurify', 'print')).toBeNull()
    expect(await vault([OLD], 'other').token('plex', 'print')).toBeNull()
    expect(await jweOf('token')).not.toContain('token-1')
  })

  it('are good while a minute is left by the clock of the database', async () => {
    await vault().saveToken('plex', 'print', TOKEN, 59)
    expect(await vault().token('plex', 'print')).toBeNull()
    await vault().saveToken('plex', 'print', TOKEN, 90)
    expect(await vault().token('plex', 'print')).not.toBeNull()
    await sql`update token set expires_at = expires_at - interval '31 seconds'`.execute(database.db)
    expect(await vault().token('plex', 'print')).toBeNull()
  })

  it('are kept a day at most, whatever the issuer says', async () => {
    await vault().saveToken('plex', 'print', TOKEN, 1e15)
    const { rows } = await sql<{ hours: number }>`
      select extract(epoch from expires_at - now())::float8 / 3600 as hours from token`.execute(database.db)
    expect(rows[0]?.hours).toBeGreaterThan(23.9)
    expect(rows[0]?.hours).toBeLessThanOrEqual(24)
  })

  it('are not kept without a master key, and not found with another one; neither is an error', async () => {
    await vault([]).saveToken('plex', 'print', TOKEN, 3600)
    expect(await vault([]).token('plex', 'print')).toBeNull()
    expect(await vault().token('plex', 'print')).toBeNull()
    await vault().saveToken('plex', 'print', TOKEN, 3600)
    expect(await vault([NEW]).token('plex', 'print')).toBeNull()
    expect(await vault([]).token('plex', 'print')).toBeNull()
  })

  it('are not there when the row was copied from a login or another connection', async () => {
    await vault().store('plex', LOGIN)
    await vault([OLD], 'other').saveToken('plex', 'print', new Secret('foreign'), 3600)
    const copies = [await jweOf('credential'), await jweOf('token', 'other')]
    await vault().saveToken('plex', 'print', TOKEN, 3600)
    for (const copy of copies) {
      await putJwe('token', copy)
      expect(await vault().token('plex', 'print')).toBeNull()
    }
  })

  it('are dropped always, or only when it is the one that was refused', async () => {
    await vault().dropToken('plex', TOKEN)
    await vault().saveToken('plex', 'print', TOKEN, 3600)
    await vault([OLD], 'other').saveToken('plex', 'print', TOKEN, 3600)
    await vault().dropToken('plex', new Secret('an older token'))
    expect((await vault().token('plex', 'print'))?.reveal()).toBe('token-1')
    await vault().dropToken('plex', new Secret('token-1'))
    expect(await vault().token('plex', 'print')).toBeNull()
    await vault().saveToken('plex', 'print', TOKEN, 3600)
    await vault().dropToken('plex')
    expect(await vault().token('plex', 'print')).toBeNull()
    expect(await vault([OLD], 'other').token('plex', 'print')).not.toBeNull()
  })
})

describe('newMasterKey', () => {
  it('makes a different key each time, in the form the settings take', () => {
    const key = newMasterKey()
    expect(newMasterKey()).not.toBe(key)
    const settings = { DATABASE_URL: 'postgres://db/ml', PLEX_PCN: '1', PROCURIFY_DOMAIN: 'acme' }
    expect(loadConfig({ ...settings, ML_CONNECTOR_KEY: key }).masterKeys[0]?.reveal()).toBe(key)
  })
})
