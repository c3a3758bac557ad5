import type { Config } from '../config.js'
import type { Author } from '../store/journal.js'
import type { Context } from './program.js'

/**
 * Who writes journal rows for what a person decides at the command line, outside of any run. Such rows hold no contact data,
 * so there is nothing for a salt to hide.
 */
export function authorOf({ io, version }: Context, { connection, settingsHash: settings }: Config): Author {
  return { connection, salt: '', actor: { user: io.user, host: io.host, requester: null, version, settings } }
}
