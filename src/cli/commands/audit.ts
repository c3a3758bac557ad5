import { InvalidArgumentError, Option, type Command } from 'commander'
import type { AuditAction, AuditOutcome } from '../../domain/audit.js'
import { STREAMS } from '../../domain/record.js'
import type { Context } from '../program.js'

export interface AuditShowFlags {
  readonly record?: string
  readonly stream?: string
  /** A run id or the beginning of one. */
  readonly run?: string
  readonly action?: AuditAction
  readonly outcome?: AuditOutcome
  readonly code?: string
  readonly since?: string
  readonly until?: string
  readonly limit?: number
  readonly json?: boolean
  readonly csv?: boolean
}

export interface AuditVerifyFlags {
  readonly head?: PrintedHead
  readonly file?: string
  readonly json?: boolean
}

export interface AuditPruneFlags {
  /** An instant, ISO. */
  readonly before: string
  readonly export: string
  readonly json?: boolean
}

/** A head as a run printed it: the hash may be cut to its first digits. */
export interface PrintedHead {
  readonly seq: number
  readonly hash: string
}

const ACTIONS: readonly AuditAction[] = [
  ...([
    'create',
    'update',
    'adopt',
    'observe',
    'wait',
    'park',
    'replay',
    'supersede',
    'accept',
    'drop',
    'admin',
  ] as const),
]
/** Rows for a person to read, and the most that is held in memory: a program that counts rows wants them all. */
export const SHOWN = 50
export const LARGEST_LIMIT = 10_000
const OUTCOMES: readonly AuditOutcome[] = ['done', 'rejected', 'in_doubt', 'waiting', 'parked']

export function defineAudit(program: Command, context: Context): void {
  const audit = program.command('audit').description('the journal: what happened to which record, and proof of it')
  defineShow(audit, context)
  defineVerify(audit, context)
  definePrune(audit, context)
}

function defineShow(audit: Command, context: Context): void {
  audit
    .command('show')
    .description('rows of the journal; for one record they read as sentences')
    .option(
      '--record <id>',
      'this record: its source id, source key (such as the supplier code) or target id',
      parseText,
    )
    .addOption(new Option('--stream <name>', 'this stream only').choices([...STREAMS, 'admin']))
    .option('--run <id>', 'this run only; the first digits of its id are enough', parseRun)
    .addOption(new Option('--action <action>', 'this action only').choices(ACTIONS))
    .addOption(new Option('--outcome <outcome>', 'this outcome only').choices(OUTCOMES))
    .option('--code <code>', 'this problem code only', parseCode)
    .option('--since <time>', 'from this instant or day (UTC) on', (text) => parseTime(text, '00:00:00Z'))
    .option('--until <time>', 'up to this instant, or to the end of this day (UTC)', (text) =>
      parseTime(text, '23:59:59.999999Z'),
    )
    .option(
      '--limit <n>',
      `the newest n rows, oldest first (default: ${SHOWN}; ${LARGEST_LIMIT} with --json or --csv)`,
      parseLimit,
    )
    .option('--json', 'exactly one JSON document on stdout')
    .addOption(new Option('--csv', 'the same flat, for a spreadsheet').conflicts('json'))
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (flags: AuditShowFlags) => {
      const { showAudit } = await import('../audit-show.js')
      context.exit.code = await showAudit(context, flags)
    })
}

function defineVerify(audit: Command, context: Context): void {
  audit
    .command('verify')
    .description('walk the hash chain: was a row changed, removed or reordered?')
    .option('--head <seq:hash>', 'also prove it against a head that a run printed earlier', parseHead)
    .option('--file <file>', 'walk a file made by audit prune instead; needs no database', parseText)
    .option('--json', 'exactly one JSON document on stdout')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(async (flags: AuditVerifyFlags) => {
      const { verifyAudit } = await import('../audit-verify.js')
      context.exit.code = await verifyAudit(context, flags)
    })
}

function definePrune(audit: Command, context: Context): void {
  audit
    .command('prune')
    .description('move the oldest rows into a file; the chain stays verifiable from there')
    .requiredOption('--before <date>', 'rows older than this day or instant (UTC)', (text) =>
      parseTime(text, '00:00:00Z'),
    )
    .requiredOption('--export <file>', 'a file that does not exist yet; readable by its owner only', parseText)
    .option('--json', 'exactly one JSON document on stdout')
    .addHelpText('after', PRUNE_EXAMPLES)
    .action(async (flags: AuditPruneFlags) => {
      const { pruneAudit } = await import('../audit-prune.js')
      context.exit.code = await pruneAudit(context, flags)
    })
}

const SHOW_EXAMPLES = `
Examples:
  ml-connector audit show --record ACME                   the story of one record
  ml-connector audit show --outcome parked --since 2026-11-01
  ml-connector audit show --run 1f0c2a3b                  all that one run did
  ml-connector audit show --stream suppliers --csv --limit 10000 > suppliers.csv
  ml-connector audit show --record ACME --json            every member of every row
`

const VERIFY_EXAMPLES = `
Exit code 3: a row was changed, removed or reordered, or the chain does not lead to the given head.
Every run prints the head; kept elsewhere (mail, ticket, log), it proves that nothing before it was touched since.

Examples:
  ml-connector audit verify
  ml-connector audit verify --head 1204:9f86d081884c
  ml-connector audit verify --file journal-2025.jsonl     rows that were pruned, from their file alone
`

const PRUNE_EXAMPLES = `
The rows are written, proved link by link, flushed to the disk and read back before any of them is removed; then the row that
tells of it is added. Runs, tries and settled changes from before that day go with them; what is linked, waiting or parked
stays, and so do the rows after. The file is one JSON document a line: \`audit verify --file\` proves it without a database.
It takes the database user that migrates; a role made by \`migrate --roles\` may only add rows.
Exit code 3: the chain is broken, so nothing was removed.

Example:
  ml-connector audit prune --before 2026-01-01 --export /var/backups/journal-2025.jsonl
`

function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}

function parseRun(text: string): string {
  if (!/^[0-9a-f][0-9a-f-]{3,35}$/i.test(text)) {
    throw new InvalidArgumentError('It must be a run id, or its first digits (4 at least).')
  }
  return text.toLowerCase()
}

function parseCode(text: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(text)) {
    throw new InvalidArgumentError(
      'It must be a problem code such as vendor_ambiguous (ml-connector explain lists them).',
    )
  }
  return text
}

/** Rows are held in memory: more of them are fetched in slices of --since and --until. */
function parseLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > LARGEST_LIMIT)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${LARGEST_LIMIT}.`)
  return limit
}

const CLOCK = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** An instant with its zone, or a day: then `timeOfDay` completes it. Checked here, since the database would refuse it later. */
function parseTime(text: string, timeOfDay: string): string {
  const [, day = '', time = timeOfDay] = /^(\d{4}-\d\d-\d\d)(?:T(.+))?$/.exec(text) ?? []
  const ms = Date.parse(`${day}T00:00:00Z`)
  // The parser of dates turns February 30 into March 2.
  const isRealDay = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
  if (!isRealDay || day < '0001' || !CLOCK.test(time)) {
    throw new InvalidArgumentError(
      'It must be a day such as 2026-11-01, or an instant with its zone such as 2026-11-01T06:00:00Z.',
    )
  }
  return `${day}T${time}`
}

/** Runs print 12 digits of the hash for people and all 64 in JSON; fewer would prove little. */
function parseHead(text: string): PrintedHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{12,64})$/i.exec(text.trim()) ?? []
  if (seq === undefined || hash === undefined) {
    throw new InvalidArgumentError('It must be SEQ:HASH as a run printed it, such as 1204:9f86d081884c.')
  }
  return { seq: Number(seq), hash: hash.toLowerCase() }
}
