import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditRow } from '../../src/domain/audit.js'
import { Secret } from '../../src/domain/secret.js'
import { newMasterKey, openVault } from '../../src/store/vault.js'
import { idleSettings, runCli, type CliOptions, type CliResult } from '../support/cli.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

const [OLD, NEW] = [newMasterKey(), newMasterKey()]
const SECRETS = ['plex-id-31', 'hunter2', 's3same', OLD, NEW]
let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.close())

interface Given extends CliOptions {
  readonly env?: Record<string, string>
}

/** Every run here must keep the secrets to itself. */
async function credentials(words: string, { env = {}, ...options }: Given = {}): Promise<CliResult> {
  const settings = { ...idleSettings(database.url), ML_CONNECTOR_KEY: OLD, ...env }
  const result = await runCli(['credentials', ...words.split(' ')], settings, options)
  for (const secret of SECRETS) expect(result.out + result.err).not.toContain(secret)
  return result
}

const vault = (keys = [OLD], connection = 'default') =>
  openVault(database.db, connection, keys.map((key) => new Secret(key))) // prettier-ignore

async function stored(system: 'plex' | 'procurify'): Promise<Record<string, string | undefined> | null> {
  const { [system]: login = null } = await vault([OLD, NEW]).logins()
  return (
    login &&
    Object.fromEntries(Object.entries(login).map(([field, secret]: [string, Secret]) => [field, secret.reveal()]))
  )
}

async function adminRows(): Promise<(string | null)[]> {
  const { out } = await runCli(['audit', 'show', '--stream', 'admin', '--json'], idleSettings(database.url))
  const { rows } = JSON.parse(out) as { rows: AuditRow[] }
  for (const row of rows) {
    expect(row).toMatchObject({
      action: 'admin',
      outcome: 'done',
      run_id: null,
      actor: { user: 'tester', host: 'testhost' },
    })
  }
  return rows.map(({ message }) => message)
}

const PLEX_JSON = JSON.stringify({ PLEX_CLIENT_ID: 'plex-id-31', PLEX_CLIENT_SECRET: 'hunter2' })

describe('credentials set', () => {
  it('takes a login from stdin, encrypts it and journals the fields', async () => {
    const { code, out } = await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    expect(code).toBe(0)
    expect(out).toContain('credentials of plex stored (clientId, clientSecret)')
    expect(await stored('plex')).toEqual({ clientId: 'plex-id-31', clientSecret: 'hunter2' })
    expect(await adminRows()).toEqual(['credentials of plex stored (clientId, clientSecret)'])
    const dump = await sql<{
      text: string
    }>`select credential::text || audit::text as text from credential, audit`.execute(database.db)
    expect(dump.rows[0]?.text).not.toContain('hunter2')
  })

  it('takes it from the settings, only the parts this kind of login has', async () => {
    const env = { PLEX_CLIENT_ID: 'plex-id-31', PLEX_CLIENT_SECRET: 'hunter2', PLEX_API_KEY: 's3same' }
    expect((await credentials('set plex --from-env', { env })).code).toBe(0)
    expect(await stored('plex')).toEqual({ clientId: 'plex-id-31', clientSecret: 'hunter2' })
  })

  it('asks for each part without echo', async () => {
    const { code, err } = await credentials('set procurify', { answers: ['plex-id-31', ' hunter2 '] })
    expect(code).toBe(0)
    expect(err).toBe('PROCURIFY_CLIENT_ID: PROCURIFY_CLIENT_SECRET: ')
    expect(await stored('procurify')).toEqual({ clientId: 'plex-id-31', clientSecret: 'hunter2' })
    expect(await stored('plex')).toBeNull()
  })

  it('ends with 4 and stores nothing when the questions are broken off', async () => {
    const ctrlC = Object.assign(new Error('Aborted with Ctrl+C'), { name: 'AbortError' })
    const { code, out, err } = await credentials('set procurify', { answers: ['plex-id-31', ctrlC] })
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toContain('nothing was stored')
    expect(await stored('procurify')).toBeNull()
  })

  it('knows the parts of each kind of Plex login', async () => {
    const apiKey = { env: { PLEX_AUTH: 'api-key' } }
    expect((await credentials('set plex', { ...apiKey, answers: ['s3same', ''] })).code).toBe(0)
    expect(await stored('plex')).toEqual({ apiKey: 's3same' })
    expect((await credentials('set plex', { ...apiKey, answers: ['s3same', 'hunter2'] })).code).toBe(0)
    expect(await stored('plex')).toEqual({ apiKey: 's3same', apiSecret: 'hunter2' })
    const stdin = JSON.stringify({ PLEX_USERNAME: 'plex-id-31', PLEX_PASSWORD: 'hunter2' })
    expect((await credentials('set plex --from-stdin', { env: { PLEX_AUTH: 'basic' }, stdin })).code).toBe(0)
    expect(await stored('plex')).toEqual({ username: 'plex-id-31', password: 'hunter2' })
  })

  it('drops the token that was made with the former login, of this system only', async () => {
    await vault().saveToken('plex', 'print', new Secret('token'), 3600)
    await vault().saveToken('procurify', 'print', new Secret('token'), 3600)
    await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    expect(await vault().token('plex', 'print')).toBeNull()
    expect(await vault().token('procurify', 'print')).not.toBeNull()
  })

  it.each([
    ['nothing', '', 'not a JSON object'],
    ['broken JSON', '{"PLEX_CLIENT_ID": "hunter2"', 'not a JSON object'],
    ['a list', '["hunter2"]', 'not a JSON object'],
    ['a missing part', '{"PLEX_CLIENT_ID": "plex-id-31"}', 'PLEX_CLIENT_SECRET is missing'],
    ['an empty part', '{"PLEX_CLIENT_ID": "plex-id-31", "PLEX_CLIENT_SECRET": ""}', 'PLEX_CLIENT_SECRET is missing'],
    ['a part of another login', '{"PLEX_API_KEY": "s3same"}', 'no PLEX_API_KEY'],
    ['a secret as a key', '{"hunter2": ""}', 'a key that is no setting'],
    ['a number', '{"PLEX_CLIENT_ID": 31, "PLEX_CLIENT_SECRET": "hunter2"}', 'PLEX_CLIENT_ID must be a text'],
    ['a line break', '{"PLEX_CLIENT_ID": "a\\nb", "PLEX_CLIENT_SECRET": "hunter2"}', 'PLEX_CLIENT_ID must be one line'],
  ])('refuses %s on stdin with exit 2 and stores nothing', async (_what, stdin, message) => {
    const { code, out, err } = await credentials('set plex --from-stdin', { stdin })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(await stored('plex')).toBeNull()
    expect(await adminRows()).toEqual([])
  })

  it('names every setting that --from-env does not find', async () => {
    const { code, err } = await credentials('set procurify --from-env')
    expect(code).toBe(2)
    expect(err).toContain('PROCURIFY_CLIENT_ID is not set')
    expect(err).toContain('PROCURIFY_CLIENT_SECRET is not set')
  })

  it('refuses an empty answer, no terminal, no master key and another system, with exit 2', async () => {
    expect((await credentials('set plex', { answers: ['plex-id-31', ''] })).code).toBe(2)
    const piped = await credentials('set plex')
    expect(piped.code).toBe(2)
    expect(piped.err).toContain('--from-stdin')
    const keyless = await credentials('set plex', { env: { ML_CONNECTOR_KEY: '' }, answers: ['plex-id-31', 'hunter2'] })
    expect(keyless.code).toBe(2)
    expect(keyless.err).toContain('credentials new-key')
    expect(keyless.err).not.toContain('PLEX_CLIENT_ID:')
    expect((await credentials('set sap --from-env')).code).toBe(2)
    expect((await credentials('set plex --from-env --from-stdin', { stdin: PLEX_JSON })).code).toBe(2)
    expect(await stored('plex')).toBeNull()
  })
})

describe('credentials list', () => {
  it('shows what is stored and nothing of it', async () => {
    expect((await credentials('list')).out).toContain('No login is stored')
    await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    const { code, out } = await credentials('list --json', { env: { ML_CONNECTOR_KEY: `${NEW},${OLD}` } })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      schema: 'ml-connector/credentials@1',
      connection: 'default',
      credentials: [
        {
          system: 'plex',
          fields: ['clientId', 'clientSecret'],
          key_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
          newest_key: false,
          updated_at: expect.stringMatching(/Z$/) as string,
        },
      ],
    })
    expect((await credentials('list')).out).toMatch(/plex +clientId, clientSecret +\d{4}-.* UTC +[0-9a-f]{16}\n$/)
    expect((await credentials('list', { env: { ML_CONNECTOR_KEY: NEW } })).out).toContain('(older)')
  })

  it('is about one connection', async () => {
    await credentials('set plex --from-stdin --connection other', { stdin: PLEX_JSON })
    expect((await credentials('list')).out).toContain('No login is stored')
    expect((await credentials('list --connection other')).out).toContain('plex')
  })
})

describe('credentials rotate', () => {
  it('moves all to the newest key, journals it once, and says when nothing was to do', async () => {
    await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    const both = { env: { ML_CONNECTOR_KEY: `${NEW},${OLD}` } }
    const first = await credentials('rotate', both)
    expect(first.code).toBe(0)
    expect(first.out).toContain('newest master key: 1 logins')
    expect((await vault([NEW]).logins()).plex?.clientSecret?.reveal()).toBe('hunter2')
    expect((await credentials('rotate', both)).out).toContain('Nothing to do')
    expect((await adminRows()).slice(1)).toEqual(['logins and tokens re-encrypted with the newest master key (1)'])
  })

  it('names what needs a key that is not set', async () => {
    await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    const { code, out } = await credentials('rotate', { env: { ML_CONNECTOR_KEY: NEW } })
    expect(code).toBe(0)
    expect(out).toContain('ml-connector credentials set plex')
  })
})

describe('credentials remove', () => {
  it('forgets a login, journals it, and says when there was none', async () => {
    await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    expect(await credentials('remove plex')).toMatchObject({ code: 0, out: 'The credentials of plex are removed.\n' })
    expect(await stored('plex')).toBeNull()
    expect(await adminRows()).toHaveLength(2)
    expect(await credentials('remove plex')).toMatchObject({ code: 0, out: 'No login of plex is stored.\n' })
    expect((await adminRows()).slice(1)).toEqual(['credentials of plex removed'])
  })
})

describe('credentials new-key', () => {
  it('prints a key that the settings take, and needs no settings itself', async () => {
    const first = await runCli(['credentials', 'new-key'], {})
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(Buffer.from(first.out.trim(), 'base64')).toHaveLength(32)
    expect((await runCli(['credentials', 'new-key'], {})).out).not.toBe(first.out)
    const env = { ...idleSettings(database.url), ML_CONNECTOR_KEY: first.out.trim() }
    expect((await runCli(['credentials', 'list'], env)).code).toBe(0)
  })
})

describe('a database without tables', () => {
  it('is refused with exit 2, naming the command', async () => {
    await sql`drop schema public cascade; create schema public`.execute(database.db)
    const { code, err } = await credentials('set plex --from-stdin', { stdin: PLEX_JSON })
    expect(code).toBe(2)
    expect(err).toContain('ml-connector migrate')
  })
})
