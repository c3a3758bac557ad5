/** `sync all`: every pass in the order they need each other, one run each. */
import { requireTimeZone, type Config } from '../config.js'
import { EXIT_CODES, worstOutcome, type RunOutcome } from '../domain/outcome.js'
import { adviceFor, type ProblemCode } from '../domain/problems.js'
import type { StreamName } from '../domain/record.js'
import { Tally } from '../domain/tally.js'
import { performAlign } from './align.js'
import { BrokenRun } from './broken-run.js'
import type { SyncAllFlags } from './commands/sync.js'
import { withHeartbeat } from './outside.js'
import type { Context } from './program.js'
import { printQuietly, printRun } from './render.js'
import { jsonPieces, toBrokenJson, toRunJson, type RunJson } from './result.js'
import { outPieces } from './text.js'
import { runInvoices, runOrders, runSuppliers } from './sync.js'
import { isDatabaseTrouble, readConfig } from './state.js'
import { newRunId } from './wire.js'

interface Step {
  readonly command: string
  readonly stream: StreamName
  readonly perform: (context: Context, flags: SyncAllFlags) => Promise<RunJson>
  /** Why the step is left out, as a problem code with its message; null = it takes place. */
  readonly leftOut?: (config: Config, flags: SyncAllFlags) => readonly [code: ProblemCode, message: string] | null
}

const STEPS: readonly Step[] = [
  {
    command: 'align refdata',
    stream: 'locations',
    perform: async (context, flags) => (await performAlign(context, flags)).run,
  },
  { command: 'sync suppliers', stream: 'suppliers', perform: runSuppliers },
  { command: 'sync pos', stream: 'pos', perform: runOrders, leftOut: isNotStarted },
  { command: 'sync invoices', stream: 'invoices', perform: runInvoices },
]

/** Until a person said from when on orders are sent, the other steps do their work without them. */
function isNotStarted({ po }: Config, { dryRun }: SyncAllFlags): readonly [ProblemCode, string] | null {
  if (po.startDate !== null || dryRun === true) return null
  return ['start_date_missing', 'Purchase orders are left out, as PO_START_DATE is not set.']
}

/** The worst exit code of the steps. Settings that any step needs are asked for before the first one begins. */
export function syncAll(context: Context, flags: SyncAllFlags): Promise<number> {
  requireTimeZone(readConfig(context))
  return withHeartbeat(context, flags, async () => {
    const runs = await performAll(context, flags)
    if (flags.json === true) await printJson(context, runs)
    else if (flags.quiet === true) printQuietly(context, runs)
    // A signal between two steps leaves work behind that no run tells of.
    const cut: RunOutcome[] = context.io.signal.aborted ? ['interrupted'] : []
    return EXIT_CODES[worstOutcome([...runs.map(({ outcome }) => outcome), ...cut])]
  })
}

async function printJson({ io }: Context, runs: readonly RunJson[]): Promise<void> {
  io.out('{"schema":"ml-connector/runs@1","runs":[')
  for (const [at, run] of runs.entries()) {
    if (at > 0) io.out(',')
    await outPieces(io, jsonPieces(run))
  }
  io.out(']}\n')
}

/** A refused login, a database that is gone and a signal end the whole: what comes after would only meet the same. */
async function performAll(context: Context, flags: SyncAllFlags): Promise<RunJson[]> {
  const until = flags.deadline === undefined ? null : Date.now() + flags.deadline
  const runs: RunJson[] = []
  for (const step of STEPS) {
    const left = until === null ? {} : { deadline: Math.max(1, until - Date.now()) }
    const run = await performStep(context, { ...flags, ...left }, step, runs.at(-1) ?? null)
    runs.push(run)
    if (flags.json !== true && flags.quiet !== true) await printRun(context, flags, run)
    const isEnd = ['refused', 'failed'].includes(run.outcome) || context.io.signal.aborted
    if (isEnd || run.problems.some(({ code }) => code === 'database_unavailable')) break
  }
  return runs
}

async function performStep(
  context: Context,
  flags: SyncAllFlags,
  step: Step,
  before: RunJson | null,
): Promise<RunJson> {
  const leftOut = step.leftOut?.(readConfig(context), flags) ?? null
  if (leftOut !== null && before !== null) return standIn(step, before, 'done', ...leftOut)
  try {
    return await step.perform(context, flags)
  } catch (error) {
    // The runs before this one took place: they are told, and this one with them.
    if (!(error instanceof BrokenRun && error.cause instanceof Error && isDatabaseTrouble(error.cause))) throw error
    const message = `The state database cannot be reached: ${error.cause.message}`
    return toBrokenJson(error, 'interrupted', { code: 'database_unavailable', message })
  }
}

/** A step that did not take place, told as a run that did nothing. It has no row in the database. */
function standIn(
  { command, stream }: Step,
  { connection, dry_run: dryRun, audit_head: auditHead }: RunJson,
  outcome: RunOutcome,
  code: ProblemCode,
  message: string,
): RunJson {
  const tally = new Tally(stream, adviceFor)
  tally.end(outcome)
  tally.problem(code, message)
  const none = { requests: 0, throttled: 0, retried: 0 }
  const now = new Date()
  const facts = { runId: newRunId(), command, connection, dryRun, startedAt: now, finishedAt: now, auditHead }
  const { problems } = tally
  const nothing = { window: { from: null, to: null }, counts: tally.counts(), plan: [], planHash: null }
  return toRunJson({ ...facts, calls: { plex: none, procurify: none } }, { ...nothing, outcome, problems })
}
