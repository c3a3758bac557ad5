/**
 * Settings and state database. Commands that only read or administrate it load nothing more: no adapters, no HTTP, which would
 * be half of their time.
 */
import { loadConfig, readEnvFile, type Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { isConnectionTrouble, openDatabase, type Database } from '../store/database.js'
import { schemaState } from '../store/migrate.js'
import type { Context } from './program.js'

export interface State {
  readonly config: Config
  readonly database: Database
}

/**
 * Opens the database of the settings for `use` and closes it whatever happens. Throws ConfigError for wrong settings, a
 * schema that is not this program's (unless `schema` is `any`), and a database that refuses us; connection trouble as it is.
 */
export async function withState<T>(
  context: Context,
  command: string,
  use: (state: State) => Promise<T>,
  schema: 'current' | 'any' = 'current',
): Promise<T> {
  const config = readConfig(context)
  const database = await openState(config, command)
  try {
    if (schema === 'current') await requireCurrentSchema(database)
    return await use({ config, database })
  } catch (error) {
    throw refusalOf(error) ?? error
  } finally {
    await database.close()
  }
}

/** Settings from the environment and the env file, with `--connection` on top. */
export function readConfig({ io, global }: Pick<Context, 'io' | 'global'>): Config {
  const { envFile, connection } = global()
  const file = readEnvFile(envFile ?? null)
  return loadConfig(connection === undefined ? io.env : { ...io.env, CONNECTION: connection }, file)
}

/** Opens the state database, starting the embedded server if that is what the settings say. */
export async function openState(config: Config, command: string): Promise<Database> {
  const applicationName = `ml-connector ${command}`
  if (config.databaseUrl !== 'embedded') return openDatabase(config.databaseUrl, { applicationName })
  const { startEmbedded } = await import('../store/embedded.js')
  const { url } = await startEmbedded(config.dataDir)
  return openDatabase(url, { applicationName })
}

/** Passes and readers refuse a schema that is not exactly theirs, by name. */
export async function requireCurrentSchema({ db }: Database): Promise<void> {
  const state = await schemaState(db)
  switch (state.kind) {
    case 'current':
      return
    case 'empty':
      throw new ConfigError('The database has no tables yet. Run: ml-connector migrate')
    case 'behind':
      throw new ConfigError(
        `The database is behind this program (missing ${state.missing.join(', ')}). Run: ml-connector migrate`,
      )
    case 'ahead':
      throw new ConfigError(
        `The database is ahead of this program (it has ${state.unknown.join(', ')}). Install the newer version of ml-connector.`,
      )
    case 'edited':
      throw new ConfigError(
        `Applied migrations were edited: ${state.files.join(', ')}. Restore the files of this release, then run: ml-connector migrate`,
      )
  }
}

/** Pool and driver errors, as opposed to bugs of ours. */
export function isDatabaseTrouble(error: unknown): boolean {
  return isConnectionTrouble(error)
}

/** SQLSTATEs (Postgres manual, appendix A) that no waiting cures and that the settings, or the administrator, can. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'Correct user and password in DATABASE_URL.',
  '28000': 'Correct the user in DATABASE_URL, or let it in (pg_hba.conf).',
  '3D000': 'Create the database, or correct its name in DATABASE_URL.',
  '42501':
    'Grant the user of DATABASE_URL that right; it needs to own the tables, or to select, insert, update and delete.',
}

/** A database that answered and refused us is a matter of settings, not a bug; null = it is something else. */
export function refusalOf(error: unknown): ConfigError | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const advice = REFUSALS[error.code]
  return advice === undefined ? null : new ConfigError(`The state database refused us: ${error.message}. ${advice}`)
}
