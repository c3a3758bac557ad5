import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../program.js'

export interface MigrateFlags {
  /** True = the role of the usual name. */
  readonly roles?: string | true
}

export function defineMigrate(program: Command, context: Context): void {
  program
    .command('migrate')
    .description('create or upgrade the tables of the state database')
    .option(
      '--roles [name]',
      'also make a database role for runs, which can only add to the journal (default: ml_connector_runtime)',
      parseRole,
    )
    .addHelpText('after', MIGRATE_EXAMPLES)
    .action(async (flags: MigrateFlags) => {
      const { migrateState } = await import('../migrate.js')
      context.exit.code = await migrateState(context, flags)
    })
}

/** Plain names only: they are typed into SQL by administrators. */
function parseRole(text: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(text) && !text.startsWith('pg_')) return text
  throw new InvalidArgumentError('It must be a role name of lower-case letters, digits and underscores.')
}

const MIGRATE_EXAMPLES = `
All or nothing, and safe to run from several hosts at once: one migrates, the others wait for it. Passes refuse a database
that is behind or ahead of the program, so run this after every upgrade.

With --roles, runs get a database role that may add rows to the journal and read them, and can neither change nor remove one;
later migrations renew its rights by themselves. It takes a user that may create roles, or a role that is there already.

Examples:
  ml-connector migrate                             with DATABASE_URL from the environment or .env
  ml-connector --env-file prod.env migrate         with the settings of another file
  ml-connector migrate --roles                     once, as the owner of the tables; \`check\` tells what a login may do
`
