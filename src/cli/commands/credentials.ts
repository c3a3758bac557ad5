import { Argument, Option, type Command } from 'commander'
import type { System } from '../../domain/record.js'
import type { Context } from '../program.js'

export interface SetFlags {
  readonly fromEnv?: boolean
  readonly fromStdin?: boolean
}

export interface ListFlags {
  readonly json?: boolean
}

export function defineCredentials(program: Command, context: Context): void {
  const credentials = program
    .command('credentials')
    .description('logins of both systems, encrypted in the state database')
  credentials
    .command('new-key')
    .description('make a master key, for ML_CONNECTOR_KEY or a file named in ML_CONNECTOR_KEY_FILE')
    .addHelpText('after', NEW_KEY_EXAMPLES)
    .action(async () => {
      const { printNewKey } = await import('../credentials.js')
      context.exit.code = printNewKey(context)
    })
  credentials
    .command('set')
    .addArgument(systemArgument())
    .description('store a login: asked for on the terminal, never an argument')
    .option('--from-env', 'take it from the settings (environment, env file, NAME_FILE)')
    .addOption(
      new Option('--from-stdin', 'take it from stdin: JSON with the setting names as keys').conflicts('fromEnv'),
    )
    .addHelpText('after', SET_EXAMPLES)
    .action(async (system: System, flags: SetFlags) => {
      const { setCredentials } = await import('../credentials.js')
      context.exit.code = await setCredentials(context, system, flags)
    })
  credentials
    .command('list')
    .description('which logins are stored, since when and under which key; shows no secret')
    .option('--json', 'exactly one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  ml-connector credentials list\n')
    .action(async (flags: ListFlags) => {
      const { listCredentials } = await import('../credentials.js')
      context.exit.code = await listCredentials(context, flags)
    })
  credentials
    .command('rotate')
    .description('re-encrypt all that is stored, of every connection, with the newest master key')
    .addHelpText('after', ROTATE_EXAMPLES)
    .action(async () => {
      const { rotateCredentials } = await import('../credentials.js')
      context.exit.code = await rotateCredentials(context)
    })
  credentials
    .command('remove')
    .addArgument(systemArgument())
    .description('forget a stored login and its access token')
    .addHelpText('after', '\nExample:\n  ml-connector credentials remove procurify\n')
    .action(async (system: System) => {
      const { removeCredentials } = await import('../credentials.js')
      context.exit.code = await removeCredentials(context, system)
    })
}

function systemArgument(): Argument {
  return new Argument('<system>', 'whose login').choices(['plex', 'procurify'])
}

const NEW_KEY_EXAMPLES = `
Whoever has this key and a copy of the database has the logins: keep them apart.

Examples:
  (umask 077; ml-connector credentials new-key > /etc/ml-connector/key)
  ML_CONNECTOR_KEY_FILE=/etc/ml-connector/key
`

const SET_EXAMPLES = `
Examples:
  ml-connector credentials set plex                       asks for each part, without echo
  ml-connector credentials set procurify --from-env       then remove the secret from the environment
  vault read ... | ml-connector credentials set plex --from-stdin
      {"PLEX_CLIENT_ID": "...", "PLEX_CLIENT_SECRET": "..."}
`

const ROTATE_EXAMPLES = `
To change the master key: put a new one before the old (ML_CONNECTOR_KEY=NEW,OLD), rotate, then take the old one away.

Example:
  ml-connector credentials rotate
`
