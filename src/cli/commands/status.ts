import type { Command } from 'commander'
import type { Context } from '../program.js'

export interface StatusFlags {
  readonly json?: boolean
}

export function defineStatus(program: Command, context: Context): void {
  program
    .command('status')
    .description('how each stream stands: watermark, last run, what waits, what is parked; makes no calls')
    .option('--json', 'exactly one JSON document on stdout')
    .addHelpText('after', STATUS_EXAMPLES)
    .action(async (flags: StatusFlags) => {
      const { showStatus } = await import('../status.js')
      context.exit.code = await showStatus(context, flags)
    })
}

const STATUS_EXAMPLES = `
Exit code 3: a record is parked for a person, something waits for over 3 days or is in doubt for over an hour, or a stream
did not finish a run for 24 hours. Each comes with the next command.

Examples:
  ml-connector status
  ml-connector status --json | jq '.streams[] | {stream, lag_seconds, parked}'
`
