import type { Command } from 'commander'
import type { Context } from '../program.js'

export function defineMigrate(program: Command, context: Context): void {
  program
    .command('migrate')
    .description('create or upgrade the tables of the state database')
    .addHelpText('after', MIGRATE_EXAMPLES)
    .action(async () => {
      const { migrateState } = await import('../migrate.js')
      context.exit.code = await migrateState(context)
    })
}

const MIGRATE_EXAMPLES = `
All or nothing, and safe to run from several hosts at once: one migrates, the others wait for it. Passes refuse a database
that is behind or ahead of the program, so run this after every upgrade.

Examples:
  ml-connector migrate                             with DATABASE_URL from the environment or .env
  ml-connector --env-file prod.env migrate         with the settings of another file
`
