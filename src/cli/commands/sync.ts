import { InvalidArgumentError, type Command } from 'commander'
import { parseDuration } from '../../domain/duration.js'
import { toTicks } from '../../domain/window.js'
import type { Context } from '../program.js'

/** Options of every pass, as commander hands them over. */
export interface PassFlags {
  readonly dryRun?: boolean
  readonly limit?: number
  readonly deadline?: number
  readonly confirm?: string
  readonly json?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
}

export interface SyncFlags extends PassFlags {
  readonly since?: string
  readonly full?: boolean
  readonly repairDrift?: boolean
}

export type SyncAllFlags = Omit<SyncFlags, 'repairDrift'>

export function withPassOptions(command: Command): Command {
  return command
    .option('--dry-run', 'print the plan field by field; read only, nothing is stored or sent')
    .option('--limit <n>', 'work on at most n records', parseCount)
    .option('--deadline <duration>', 'end after this time, e.g. 10m (default: SYNC_DEADLINE)', parseDeadline)
    .option('--confirm <hash>', 'allow exactly the plan a safety stop printed')
    .option('--json', 'exactly one JSON document on stdout')
    .option('--verbose', 'every record that was worked on')
    .option('--quiet', 'silent unless a person or the next run must do something')
}

export function defineSync(program: Command, context: Context): void {
  const sync = program.command('sync').description('poll Plex, plan, and push to Procurify: one bounded pass')
  withPassOptions(sync.command('suppliers').description('Plex suppliers -> Procurify vendors'))
    .option('--since <iso>', 'read from this instant; never moves the watermark back', parseInstant)
    .option('--full', 'compare every record, addresses and e-mails included')
    .option('--repair-drift', 'also undo hand edits in Procurify to fields that Plex owns')
    .addHelpText('after', SUPPLIER_EXAMPLES)
    .action(async (flags: SyncFlags) => {
      const { syncSuppliers } = await import('../sync.js')
      context.exit.code = await syncSuppliers(context, flags)
    })
  withPassOptions(sync.command('pos').description('Plex purchase orders -> Procurify requisitions, followed to the PO'))
    .option('--since <iso>', 'read from this instant; never moves the watermark back', parseInstant)
    .option('--full', 'read the lines of every order since PO_START_DATE again')
    .addHelpText('after', ORDER_EXAMPLES)
    .action(async (flags: SyncFlags) => {
      const { syncOrders } = await import('../sync.js')
      context.exit.code = await syncOrders(context, flags)
    })
  withPassOptions(
    sync
      .command('invoices')
      .description('Plex AP invoices -> Procurify bills: compared, and drafted where that is offered'),
  )
    .option('--since <iso>', 'read from this instant; never moves the watermark back', parseInstant)
    .option('--full', 'compare every invoice since INVOICE_START_DATE')
    .addHelpText('after', INVOICE_EXAMPLES)
    .action(async (flags: SyncFlags) => {
      const { syncInvoices } = await import('../sync.js')
      context.exit.code = await syncInvoices(context, flags)
    })
  withPassOptions(
    sync.command('all').description('align refdata, then every sync, in this order: for one crontab line'),
  )
    .option('--since <iso>', 'read from this instant; never moves the watermarks back', parseInstant)
    .option('--full', 'compare every record')
    .addHelpText('after', ALL_EXAMPLES)
    .action(async (flags: SyncAllFlags) => {
      const { syncAll } = await import('../sync-all.js')
      context.exit.code = await syncAll(context, flags)
    })
}

const INVOICE_EXAMPLES = `
Each invoice is compared with the bill of its vendor and number. What is found is told, not parked, so the exit code stays 0. The
first line says how many bills must be entered by hand. Bills are never approved, paid or changed.

Examples:
  ml-connector sync invoices --dry-run           what would be found, without keeping it
  ml-connector sync invoices                     one pass
  ml-connector sync invoices --verbose           every finding of this pass, not only the first ten
  ml-connector sync invoices --full --quiet      nightly: compare everything, look for bills that were deleted
  ml-connector audit show --stream invoices --code missing_in_procurify
`

const ALL_EXAMPLES = `
Each step is a run of its own, and a step that parked records keeps nobody from the next one; a refused login (exit code 5) does.
The exit code is the worst of them. Purchase orders are left out, and that is said, until PO_START_DATE is set. --deadline
is for all of it together; --limit and --confirm are handed to each step.

Examples:
  ml-connector sync all --quiet         from cron: mail only when something needs attention
  ml-connector sync all --full --quiet  nightly: compare everything
  ml-connector sync all --json          { "schema": "ml-connector/runs@1", "runs": [ ... ] }
`

const ORDER_EXAMPLES = `
Nothing is sent before PO_START_DATE is set, and nothing that was created earlier ever.

Examples:
  ml-connector sync pos --dry-run      what would be sent, before going live
  ml-connector sync pos                one pass: new orders, and what became of those sent
  ml-connector sync pos --full         nightly: an edited line may not touch its order
`

const SUPPLIER_EXAMPLES = `
Examples:
  ml-connector sync suppliers --dry-run          what would change, without changing it
  ml-connector sync suppliers                    one pass
  ml-connector sync suppliers --full             nightly: compare everything
  ml-connector sync suppliers --quiet            from cron: mail only when something needs attention
  ml-connector sync suppliers --confirm 1f0c...  go on after a safety stop, with exactly that plan
`

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.')
  return Number(text)
}

export function parseDeadline(text: string): number {
  const duration = parseDuration(text)
  if (duration === null || duration === 0)
    throw new InvalidArgumentError('It must be a duration such as 90s, 10m or 1h.')
  return duration
}

/** A day alone begins with its first moment in UTC. */
function parseInstant(text: string): string {
  const stamp = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
  const isZoned = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(stamp)
  // By the rule the windows are reckoned with: Date.parse would take 31 February for 3 March.
  if (!isZoned || toTicks(stamp) === null)
    throw new InvalidArgumentError('It must be an instant with its zone, such as 2026-11-01T00:00:00Z, or a day.')
  return stamp
}
