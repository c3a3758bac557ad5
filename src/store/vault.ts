/** Logins and cached access tokens, encrypted with master keys that are never in the database (JWE, `dir`, A256GCM). */
import { createHash, randomBytes } from 'node:crypto'
import { sql, type Kysely, type Transaction } from 'kysely'
import { Bug, ConfigError } from '../domain/errors.js'
import type { System } from '../domain/record.js'
import { Secret } from '../domain/secret.js'
import type { Credentials, Vault } from '../ports.js'
import { ms } from './json.js'
import type { Tables } from './tables.js'

const FIELDS = ['clientId', 'clientSecret', 'apiKey', 'apiSecret', 'username', 'password'] as const

/** A token that ends sooner than this is not worth beginning a call with. */
const TO_SPARE_MS = 60_000
/** Whatever the issuer promises. Also keeps a nonsensical lifetime inside what the database can add to a time. */
const LONGEST_MS = 24 * 3_600_000

/** Where a text belongs. Part of the authenticated header: a row copied to another place opens nothing there. */
interface Place {
  readonly connection: string
  readonly system: System
  readonly use: 'credential' | 'token'
}

interface Key {
  /** First 16 hex digits of the key's sha256: tells keys apart and gives nothing of them away. */
  readonly id: string
  readonly bytes: Uint8Array
}

interface Open {
  readonly db: Kysely<Tables>
  readonly connection: string
  /** Newest first. The newest encrypts, all of them decrypt. */
  readonly keys: readonly Key[]
}

/** A new master key: 32 random bytes in base64. */
export function newMasterKey(): string {
  return randomBytes(32).toString('base64')
}

/**
 * The vault of one connection. `masterKeys` are 32 bytes in base64, newest first; without any, stored logins cannot be
 * read, and tokens are not cached. What it throws is ConfigError or the database's own error, and never holds a secret.
 */
export function openVault(db: Kysely<Tables>, connection: string, masterKeys: readonly Secret[]): Vault {
  const open = { db, connection, keys: masterKeys.map(readKey) }
  return {
    logins: () => readLogins(open),
    store: (system, credentials) => storeLogin(open, system, credentials),
    remove: (system) => removeLogin(open, system),
    list: () => listLogins(open),
    rotate: () => rotate(open),
    token: (system, fingerprint) => readToken(open, system, fingerprint),
    saveToken: (system, fingerprint, token, expiresInSec) =>
      saveToken(open, { system, fingerprint, token, lifetimeMs: expiresInSec * 1000 }),
    dropToken: (system, token) => dropToken(open, system, token),
  }
}

// ---- logins ----

async function readLogins(open: Open): ReturnType<Vault['logins']> {
  const rows = await open.db
    .selectFrom('credential')
    .select(['system', 'jwe', 'key_id'])
    .where('connection', '=', open.connection)
    .execute()
  const logins: Partial<Record<System, Credentials>> = {}
  for (const { system, jwe, key_id } of rows) logins[system] = await readLogin(open, system, jwe, key_id)
  return logins
}

async function readLogin({ connection, keys }: Open, system: System, jwe: string, keyId: string): Promise<Credentials> {
  const text = await decrypt(jwe, { connection, system, use: 'credential' }, keys)
  if (typeof text !== 'symbol') return parseLogin(text)
  const again = `store the login again with \`ml-connector credentials set ${system}\``
  const login = `The login of ${system} stored for the connection "${connection}"`
  if (text === DAMAGED) throw new ConfigError(`${login} was changed in the database or belongs elsewhere: ${again}.`)
  throw new ConfigError(
    `${login} needs the master key ${keyId}, which is not in ML_CONNECTOR_KEY: add that key, after the newest, and ` +
      `run \`ml-connector credentials rotate\`, or ${again}.`,
  )
}

async function storeLogin({ db, connection, keys }: Open, system: System, credentials: Credentials): Promise<void> {
  const key = newest(keys)
  const given = FIELDS.filter((field) => credentials[field] !== undefined)
  const text = JSON.stringify(Object.fromEntries(given.map((field) => [field, credentials[field]?.reveal()])))
  const jwe = await encrypt(text, { connection, system, use: 'credential' }, key)
  const row = { jwe, key_id: key.id, fields: given, updated_at: sql<string>`now()` }
  await db
    .insertInto('credential')
    .values({ connection, system, ...row })
    .onConflict((conflict) => conflict.columns(['connection', 'system']).doUpdateSet(row))
    .execute()
}

/** Takes the cached token along, which would outlive the login otherwise. False = there was no login. */
async function removeLogin({ db, connection }: Open, system: System): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    // In the order in which `rotate` locks the two, or they could wait for each other for ever.
    const { numDeletedRows } = await trx
      .deleteFrom('credential')
      .where('connection', '=', connection)
      .where('system', '=', system)
      .executeTakeFirst()
    await trx.deleteFrom('token').where('connection', '=', connection).where('system', '=', system).execute()
    return numDeletedRows > 0n
  })
}

async function listLogins({ db, connection, keys }: Open): ReturnType<Vault['list']> {
  const rows = await db
    .selectFrom('credential')
    .select(['system', 'fields', 'key_id', 'updated_at'])
    .where('connection', '=', connection)
    .orderBy('system')
    .execute()
  return rows.map((row) => ({
    system: row.system,
    fields: row.fields,
    keyId: row.key_id,
    current: row.key_id === keys[0]?.id,
    updatedAt: row.updated_at,
  }))
}

/** Only what is known and text: an older version may have stored more. */
function parseLogin(text: string): Credentials {
  const stored = JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(
    FIELDS.flatMap((field) => {
      const value = stored[field]
      return typeof value === 'string' ? [[field, new Secret(value)]] : []
    }),
  )
}

/** The caller's transaction where there is one: then its journal row is written with the change or not at all. */
function inTransaction<T>(db: Kysely<Tables>, use: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
  return db.isTransaction ? use(db as Transaction<Tables>) : db.transaction().execute(use)
}

// ---- tokens: a cache, so one that cannot be used is simply not there ----

async function readToken({ db, connection, keys }: Open, system: System, fingerprint: string): Promise<Secret | null> {
  if (keys.length === 0) return null
  const row = await db
    .selectFrom('token')
    .select('jwe')
    .where('connection', '=', connection)
    .where('system', '=', system)
    .where('fingerprint', '=', fingerprint)
    .where('expires_at', '>', sql<string>`now() + ${ms(TO_SPARE_MS)}`)
    .executeTakeFirst()
  if (row === undefined) return null
  const text = await decrypt(row.jwe, { connection, system, use: 'token' }, keys)
  return typeof text === 'symbol' ? null : new Secret(text)
}

async function saveToken(
  { db, connection, keys }: Open,
  given: { system: System; fingerprint: string; token: Secret; lifetimeMs: number },
): Promise<void> {
  const [key] = keys
  if (key === undefined) return
  const { system, fingerprint, token, lifetimeMs } = given
  const jwe = await encrypt(token.reveal(), { connection, system, use: 'token' }, key)
  const expires = sql<string>`now() + ${ms(Math.min(lifetimeMs, LONGEST_MS))}`
  const row = { fingerprint, jwe, key_id: key.id, expires_at: expires }
  await db
    .insertInto('token')
    .values({ connection, system, ...row })
    .onConflict((conflict) => conflict.columns(['connection', 'system']).doUpdateSet(row))
    .execute()
}

/** With `token` given, only if that is the one cached: a process refused late must not drop a rival's new one. */
async function dropToken({ db, connection, keys }: Open, system: System, token: Secret | undefined): Promise<void> {
  const cached = db.deleteFrom('token').where('connection', '=', connection).where('system', '=', system)
  if (token === undefined) {
    await cached.execute()
    return
  }
  const row = await db
    .selectFrom('token')
    .select('jwe')
    .where('connection', '=', connection)
    .where('system', '=', system)
    .executeTakeFirst()
  if (row === undefined) return
  const text = await decrypt(row.jwe, { connection, system, use: 'token' }, keys)
  // By the row that was read: a token saved meanwhile is another row content and stays.
  if (text === token.reveal()) await cached.where('jwe', '=', row.jwe).execute()
}

// ---- keys ----

/**
 * Re-encrypts with the newest key whatever an older one opens, of every connection in the database, so that the old keys
 * can be thrown away. Rows of keys we do not have are left alone. Returns how many rows were re-encrypted.
 */
async function rotate({ db, keys }: Open): Promise<number> {
  const key = newest(keys)
  return inTransaction(db, async (trx) => {
    const logins = await rotateTable(trx, 'credential', key, keys)
    return logins + (await rotateTable(trx, 'token', key, keys))
  })
}

async function rotateTable(
  trx: Transaction<Tables>,
  use: Place['use'],
  key: Key,
  keys: readonly Key[],
): Promise<number> {
  const rows = await trx
    .selectFrom(use)
    .select(['connection', 'system', 'jwe'])
    .where('key_id', '<>', key.id)
    .orderBy('connection')
    .orderBy('system')
    .forUpdate()
    .execute()
  let rotated = 0
  for (const { connection, system, jwe } of rows) {
    const place = { connection, system, use }
    // Checked against its place as any other read: a row that was swapped must not be made valid here.
    const text = await decrypt(jwe, place, keys)
    if (typeof text === 'symbol') continue
    await trx
      .updateTable(use)
      .set({ jwe: await encrypt(text, place, key), key_id: key.id })
      .where('connection', '=', connection)
      .where('system', '=', system)
      .execute()
    rotated += 1
  }
  return rotated
}

function readKey(masterKey: Secret): Key {
  const bytes = Buffer.from(masterKey.reveal(), 'base64')
  if (bytes.length !== 32) throw new Bug('a master key is not 32 bytes long')
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 16), bytes }
}

function newest(keys: readonly Key[]): Key {
  if (keys[0] !== undefined) return keys[0]
  throw new ConfigError('ML_CONNECTOR_KEY is not set: make a key with `ml-connector credentials new-key` and set it.')
}

// ---- encryption: jose is loaded only by what needs it ----

const NO_KEY = Symbol('no key fits')
const DAMAGED = Symbol('changed, or from another place')

async function encrypt(text: string, place: Place, key: Key): Promise<string> {
  const { CompactEncrypt } = await import('jose')
  const { connection, system, use } = place
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: key.id, connection, system, use })
    .encrypt(key.bytes)
}

/** The text, if a key opens it and its authenticated header says that it was made for this place. */
async function decrypt(
  jwe: string,
  place: Place,
  keys: readonly Key[],
): Promise<string | typeof NO_KEY | typeof DAMAGED> {
  const { compactDecrypt, decodeProtectedHeader } = await import('jose')
  try {
    const { kid } = decodeProtectedHeader(jwe)
    const key = keys.find(({ id }) => id === kid)
    if (key === undefined) return NO_KEY
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key.bytes, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    const isHere = (['connection', 'system', 'use'] as const).every((part) => protectedHeader[part] === place[part])
    return isHere ? Buffer.from(plaintext).toString() : DAMAGED
  } catch {
    // jose throws for all that is not a sound JWE of this key; what exactly is wrong with it helps nobody but a forger.
    return DAMAGED
  }
}
