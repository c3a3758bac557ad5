/** The state database for the commands that read or administrate it: no world, no calls to Plex or Procurify. */
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import type { Database } from '../store/database.js'
import type { Context } from './program.js'
import { openState, readConfig, requireCurrentSchema } from './wire.js'

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
