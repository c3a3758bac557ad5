import { InvalidArgumentError, Option, type Command } from 'commander'
import { ConfigError } from '../../domain/errors.js'
import { STREAMS } from '../../domain/record.js'
import type { Context } from '../program.js'
import { withPassOptions, type PassFlags } from './sync.js'

export interface ReplayFlags extends PassFlags {
  readonly stream?: string
  readonly run?: string
  readonly code?: string
  readonly all?: boolean
  readonly resend?: boolean
  readonly reason?: string
}

export interface SettleFlags {
  readonly reason: string
  readonly stream?: string
  readonly json?: boolean
}

export function defineReplay(program: Command, context: Context): void {
  const replay = withPassOptions(program.command('replay'))
    .description('try parked records again, as Plex has them now; or settle them by hand')
    .argument('[ids...]', 'source ids, keys (supplier code, PO number) or rows of the journal that parked one')
    .addOption(streamOption())
    .option('--run <id>', 'what this run parked; the first digits of its id are enough')
    .option('--code <code>', 'what is parked for this reason')
    .option('--all', 'everything that is parked')
    .option(
      '--resend',
      'send a denied or vanished requisition anew, as its next revision; or a record in doubt that is not there',
    )
    .option('--reason <text>', 'why, for the journal (required with --resend)', parseReason)
    .addHelpText('after', EXAMPLES)
    .action(async (ids: string[], flags: ReplayFlags) => {
      const { replay: run } = await import('../replay.js')
      context.exit.code = await run(context, ids, flags)
    })
  for (const [action, description] of Object.entries(SETTLING)) {
    replay
      .command(`${action} <id>`)
      .description(description)
      .addOption(streamOption())
      .option('--reason <text>', 'why, for the journal (required)', parseReason)
      .addHelpText('after', SETTLE_EXAMPLES)
      .action(async (id: string, _flags: unknown, command: Command) => {
        const flags = toSettleFlags(action, command.optsWithGlobals<ReplayFlags>())
        const { settleParked } = await import('../replay-settle.js')
        context.exit.code = await settleParked(context, action as 'accept' | 'drop', id, flags)
      })
  }
}

const SETTLING = {
  accept: 'a person settled it outside: what Plex says now counts as done',
  drop: 'give it up: not parked again until the record changes in Plex',
}

/**
 * Flags of `replay` are taken by it wherever they stand, those after `accept` and `drop` too. One that these two do not have is
 * refused: a --dry-run that is not obeyed would be a trap.
 */
function toSettleFlags(action: string, { reason, stream, json, ...rest }: ReplayFlags): SettleFlags {
  const strange = (['dryRun', 'limit', 'deadline', 'confirm', 'run', 'code', 'all', 'resend'] as const).filter(
    (name) => rest[name] !== undefined,
  )
  if (strange.length > 0) throw new ConfigError(`replay ${action} takes --reason, --stream and --json only.`)
  if (reason === undefined)
    throw new ConfigError(`replay ${action} needs --reason: why a person settled it is kept in the journal.`)
  return { reason, json: json ?? false, ...(stream === undefined ? {} : { stream }) }
}

export function streamOption(): Option {
  return new Option('--stream <name>', 'this stream only').choices([...STREAMS])
}

export function parseReason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Say why: it is kept in the journal.')
  return text.trim()
}

const EXAMPLES = `
Records are read from Plex again and go the way of every sync: the same checks, the same guarantees. Suppliers go before
purchase orders. Parked reference data are tried again by \`align refdata\`. Nothing parked = exit 0.

Examples:
  ml-connector replay ACME --dry-run            what it would do now, and what changed in Plex since it was parked
  ml-connector replay ACME PO-4711              these two
  ml-connector replay --code vendor_similar     after the pairs were decided with \`link set\`
  ml-connector replay --all --limit 100
  ml-connector replay PO-4711 --resend --reason "approver denied it by mistake"
`

const SETTLE_EXAMPLES = `
Examples:
  ml-connector replay accept PO-4711 --reason "quantity changed in Procurify by hand"
  ml-connector replay drop ACME --reason "test supplier"
`
