import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseDuration } from '../../domain/duration.js'
import type { Context } from '../program.js'
import { parseDeadline } from './sync.js'

export interface ReconcileFlags {
  readonly since?: string
  readonly until?: string
  /** `2026-10`, `last` or `this`. */
  readonly month?: string
  readonly bySupplier?: boolean
  /** Days. */
  readonly stuckAfter: number
  readonly json?: boolean
  readonly csv?: boolean
  readonly html?: string
  readonly report?: string
  readonly reports?: boolean
  readonly deadline?: number
  readonly verbose?: boolean
  readonly quiet?: boolean
}

const STUCK_DAYS = 7

export function defineReconcile(program: Command, context: Context): void {
  program
    .command('reconcile')
    .description('compare both sides: missing, orphaned, drifted, duplicate, stuck, and amounts a month; only reads')
    .option('--since <day>', 'orders and invoices from this day of the plant on', parseDay)
    .option('--until <day>', 'up to this day, which is included', parseDay)
    .addOption(
      new Option('--month <month>', 'the days of one month: 2026-10, last or this')
        .argParser(parseMonth)
        .conflicts(['since', 'until']),
    )
    .option('--by-supplier', 'amounts of each supplier as well')
    .option('--stuck-after <duration>', 'tell requisitions that wait longer for approval', parseDays, STUCK_DAYS)
    .option('--json', 'exactly one JSON document on stdout')
    .addOption(new Option('--csv', 'figures and findings for a spreadsheet').conflicts('json'))
    .option('--html <file>', 'also write the report as one page to read, print or forward')
    .addOption(
      new Option(
        '--report <id>',
        'show a stored report again, as it was: its id, the beginning of it, or latest',
      ).conflicts([...['since', 'until', 'month', 'bySupplier', 'reports']]),
    )
    .option('--reports', 'list the stored reports')
    .option('--deadline <duration>', 'end after this time, e.g. 30m (default: SYNC_DEADLINE)', parseDeadline)
    .option('--verbose', 'every finding, one by one')
    .option('--quiet', 'silent unless a person must do something')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: ReconcileFlags) => {
      const { reconcile } = await import('../reconcile.js')
      context.exit.code = await reconcile(context, flags)
    })
}

const EXAMPLES = `
Exit code 0: both sides agree. 3: something needs a person. 4, 5: a side could not be read, so there is no report.
Each report is stored and never changed. Days and months are those of PLEX_TIMEZONE.

Examples:
  ml-connector reconcile                               everything since the start dates
  ml-connector reconcile --month last --html close.html    the month to close, for the controller
  ml-connector reconcile --month 2026-10 --by-supplier --csv > october.csv
  ml-connector reconcile --reports                     which ones there are
  ml-connector reconcile --report 1f0c --html march.html   March as it was then
`

function parseDay(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && isRealDay(text)
  if (!isDay) throw new InvalidArgumentError('It must be a day such as 2026-10-01.')
  return text
}

/** The calendar rolls the 31st of a shorter month over: then it is another day than was written. */
function isRealDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

function parseMonth(text: string): string {
  const isMonth = text === 'last' || text === 'this' || /^\d{4}-(0[1-9]|1[0-2])$/.test(text)
  if (!isMonth) throw new InvalidArgumentError('It must be a month such as 2026-10, or last, or this.')
  return text
}

function parseDays(text: string): number {
  const duration = parseDuration(text)
  if (duration === null) throw new InvalidArgumentError('It must be a duration such as 7d or 48h.')
  return duration / 86_400_000
}
