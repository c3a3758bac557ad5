/** `credentials`: logins into the vault and out of it. Each change is a row of the journal; no secret is ever printed. */
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import type { System } from '../domain/record.js'
import { Secret } from '../domain/secret.js'
import type { Credentials, Vault } from '../ports.js'
import { appendAudit } from '../store/journal.js'
import { newMasterKey, openVault } from '../store/vault.js'
import { BLANK_EVENT } from '../domain/audit.js'
import { authorOf } from './author.js'
import type { ListFlags, SetFlags } from './commands/credentials.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'
import { paint, table } from './table.js'

export function printNewKey({ io }: Context): number {
  io.out(`${newMasterKey()}\n`)
  if (io.isOutTerminal)
    io.err('Keep it in ML_CONNECTOR_KEY, or in a file (chmod 600) named in ML_CONNECTOR_KEY_FILE.\n')
  return 0
}

type Field = keyof Credentials

/** The parts of a login by kind; `optional` ones may be left out. */
interface LoginShape {
  readonly required: readonly Field[]
  readonly optional: readonly Field[]
}

const OAUTH2: LoginShape = { required: ['clientId', 'clientSecret'], optional: [] }
const PLEX_SHAPES: Readonly<Record<Config['plex']['auth'], LoginShape>> = {
  oauth2: OAUTH2,
  'api-key': { required: ['apiKey'], optional: ['apiSecret'] },
  basic: { required: ['username', 'password'], optional: [] },
}

function shapeOf(system: System, config: Config): LoginShape {
  return system === 'plex' ? PLEX_SHAPES[config.plex.auth] : OAUTH2
}

/** clientId of plex -> PLEX_CLIENT_ID */
function settingOf(system: System, field: Field): string {
  return `${system}_${field.replace(/[A-Z]/g, '_$&')}`.toUpperCase()
}

/** The settings that lack for a complete login, given what there is of it. */
export function missingSettings(config: Config, system: System, credentials: Credentials): string[] {
  const missing = shapeOf(system, config).required.filter((field) => credentials[field] === undefined)
  return missing.map((field) => settingOf(system, field))
}

/** The settings that hold these parts of a login. */
export function settingsOf(system: System, credentials: Credentials): string[] {
  return Object.keys(credentials).map((field) => settingOf(system, field as Field))
}

/**
 * Stores a login given on the terminal, in the settings or on stdin, and drops the access token made with the former one.
 * Throws ConfigError, without echoing a value, when parts are missing or unknown; exit 4 when the question was broken off.
 */
export function setCredentials(context: Context, system: System, flags: SetFlags): Promise<number> {
  return withState(context, 'credentials set', async (state) => {
    const { config } = state
    // Before asking: what cannot be stored need not be typed.
    if (config.masterKeys.length === 0) {
      throw new ConfigError(
        'ML_CONNECTOR_KEY is not set: make a key with `ml-connector credentials new-key` and set it.',
      )
    }
    const credentials = await readLogin(context, config, system, flags)
    if (credentials === null) {
      context.io.err('Broken off: nothing was stored.\n')
      return EXIT_CODES.interrupted
    }
    const message = `credentials of ${system} stored (${Object.keys(credentials).join(', ')})`
    await change(context, state, async (vault) => {
      await vault.store(system, credentials)
      await vault.dropToken(system)
      return [null, message]
    })
    context.io.out(`The ${message}. Next: ml-connector check\n`)
    return 0
  })
}

async function readLogin(
  { io }: Context,
  config: Config,
  system: System,
  flags: SetFlags,
): Promise<Credentials | null> {
  const shape = shapeOf(system, config)
  if (flags.fromEnv === true) return pick(system, shape, config[system].credentials, 'is not set')
  if (flags.fromStdin === true) return pick(system, shape, readJson(system, shape, await io.readStdin()), 'is missing')
  const answers: Partial<Record<Field, Secret>> = {}
  for (const field of [...shape.required, ...shape.optional]) {
    const isOptional = shape.optional.includes(field)
    const answer = await ask(io, `${settingOf(system, field)}${isOptional ? ' (Enter if there is none)' : ''}: `)
    if (answer === null) return null
    if (answer !== '') answers[field] = new Secret(oneLineOf(settingOf(system, field), answer))
  }
  return pick(system, shape, answers, 'is empty')
}

/** Null = broken off, by Ctrl-C or a signal. */
async function ask(io: Context['io'], question: string): Promise<string | null> {
  try {
    const answer = await io.askSecret(question)
    if (answer !== null) return answer.trim()
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return null
    throw error
  }
  throw new ConfigError('There is no terminal to ask on. Give the login with --from-env or --from-stdin.')
}

/** JSON from stdin. The parser's own message would quote what it read, so it is not passed on. */
function readJson(system: System, shape: LoginShape, text: string): Partial<Record<Field, Secret>> {
  const names = new Map([...shape.required, ...shape.optional].map((field) => [settingOf(system, field), field]))
  const wanted = `Wanted on stdin: a JSON object with ${[...names.keys()].join(' and ')}.`
  const parsed = parseObject(text)
  if (parsed === null) throw new ConfigError(`What came on stdin is not a JSON object. ${wanted}`)
  const unknown = Object.keys(parsed).filter((name) => !names.has(name))
  if (unknown.length > 0) {
    // Something that is no setting's name may be a secret in the wrong place.
    const shown = unknown.filter((name) => /^[A-Z][A-Z_]*$/.test(name))
    const which = shown.length === unknown.length ? shown.join(', ') : 'a key that is no setting'
    throw new ConfigError(`The login has no ${which}. ${wanted}`)
  }
  const given = [...names].flatMap(([name, field]): [Field, Secret][] => {
    const value = parsed[name]
    if (value === undefined || value === '' || value === null) return []
    if (typeof value !== 'string') throw new ConfigError(`${name} must be a text in quotes.`)
    return [[field, new Secret(oneLineOf(name, value))]]
  })
  return Object.fromEntries(given)
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/** A line break inside would let a value add headers of its own to a request. */
function oneLineOf(name: string, text: string): string {
  if (!/\p{Cc}/u.test(text)) return text
  throw new ConfigError(`${name} must be one line of text.`)
}

/** Only the parts this kind of login has; all required ones, or a ConfigError naming every one that is not there. */
function pick(system: System, { required, optional }: LoginShape, given: Credentials, lack: string): Credentials {
  const missing = required.filter((field) => given[field] === undefined)
  if (missing.length > 0)
    throw new ConfigError(missing.map((field) => `${settingOf(system, field)} ${lack}. Nothing was stored.`))
  const entries = [...required, ...optional].flatMap((field) =>
    given[field] === undefined ? [] : [[field, given[field]]],
  )
  return Object.fromEntries(entries) as Credentials
}

/** What is stored, without opening it: works without the master key too. */
export function listCredentials(context: Context, flags: ListFlags): Promise<number> {
  return withState(context, 'credentials list', async (state) => {
    const { io } = context
    const stored = await vaultOf(state).list()
    if (flags.json === true) {
      const credentials = stored.map(({ system, fields, keyId, current, updatedAt }) => {
        return { system, fields, key_id: keyId, newest_key: current, updated_at: updatedAt }
      })
      const { connection } = state.config
      io.out(`${JSON.stringify({ schema: 'ml-connector/credentials@1', connection, credentials })}\n`)
    } else if (stored.length === 0) {
      io.out('No login is stored. Next: ml-connector credentials set plex, then procurify\n')
    } else {
      const rows = stored.map(({ system, fields, keyId, current, updatedAt }) => [
        ...[system, fields.join(', '), `${updatedAt.slice(0, 16).replace('T', ' ')} UTC`],
        `${keyId}${current ? '' : ' (older)'}`,
      ])
      io.out(`${table(io, paint(io, context.global().color), ['system', 'stored', 'since', 'master key'], rows)}\n`)
    }
    return 0
  })
}

export function rotateCredentials(context: Context): Promise<number> {
  return withState(context, 'credentials rotate', async (state) => {
    const { io } = context
    const rotated = await change(context, state, async (vault) => {
      const count = await vault.rotate()
      return [count, count > 0 ? `logins and tokens re-encrypted with the newest master key (${count})` : null]
    })
    io.out(
      rotated === 0
        ? 'Nothing to do: no other key that is set opens anything.\n'
        : `Re-encrypted with the newest master key: ${rotated} logins and tokens.\n`,
    )
    const left = (await vaultOf(state).list()).filter(({ current }) => !current)
    for (const { system, keyId } of left) {
      io.out(
        `The login of ${system} needs the key ${keyId}, which is not set. Next: ml-connector credentials set ${system}\n`,
      )
    }
    return 0
  })
}

export function removeCredentials(context: Context, system: System): Promise<number> {
  return withState(context, 'credentials remove', async (state) => {
    const isRemoved = await change(context, state, async (vault) => {
      const wasThere = await vault.remove(system)
      return [wasThere, wasThere ? `credentials of ${system} removed` : null]
    })
    context.io.out(isRemoved ? `The credentials of ${system} are removed.\n` : `No login of ${system} is stored.\n`)
    return 0
  })
}

function vaultOf({ config, database }: State) {
  return openVault(database.db, config.connection, config.masterKeys)
}

/** A change of the vault and the journal row that tells of it, in one transaction. A null message = nothing was changed. */
function change<T>(
  context: Context,
  { config, database }: State,
  make: (vault: Vault) => Promise<readonly [T, string | null]>,
): Promise<T> {
  return database.db.transaction().execute(async (trx) => {
    const [result, message] = await make(openVault(trx, config.connection, config.masterKeys))
    // No contact data is in it, so it needs no salt to hide any.
    const event = { ...BLANK_EVENT, stream: 'admin', action: 'admin', outcome: 'done', message } as const
    if (message !== null) await appendAudit(trx, authorOf(context, config), null, [event])
    return result
  })
}
