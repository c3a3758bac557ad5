import type { Command } from 'commander'
import type { Context } from '../program.js'

export interface CheckFlags {
  readonly json?: boolean
  readonly acceptRequester?: boolean
}

export function defineCheck(program: Command, context: Context): void {
  program
    .command('check')
    .description(
      'settings, key, database, clock, both logins, company and roles, in the order to fix them; never writes',
    )
    .option('--json', 'exactly one JSON document on stdout')
    .option('--accept-requester', 'requisitions are sent by the user of these credentials from now on; audited')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (flags: CheckFlags) => {
      const { checkAll } = await import('../check.js')
      context.exit.code = await checkAll(context, flags)
    })
}

const CHECK_EXAMPLES = `
Exit codes: 0 ready (warnings included), 2 settings or database schema, 4 something cannot be reached, 5 a login, role or
company was refused.

Examples:
  ml-connector check
  ml-connector check --json | jq '.checks[] | select(.status != "ok")'
`
