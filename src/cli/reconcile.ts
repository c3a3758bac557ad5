/** `reconcile`: both sides compared, or a stored comparison shown again; from settings to exit code. */
import { requireTimeZone } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { dayIn } from '../domain/day.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { adviceFor } from '../domain/problems.js'
import type { Range, Report } from '../domain/reconcile.js'
import { moveDay, rangeOfMonth } from '../domain/reconcile-range.js'
import type { StreamName } from '../domain/record.js'
import { Tally } from '../domain/tally.js'
import { runReconcile, type ReconcileResult } from '../passes/reconcile.js'
import { openBooks } from '../store/reconcile.js'
import { storeReport } from '../store/report.js'
import { authorOf } from './author.js'
import type { ReconcileFlags } from './commands/reconcile.js'
import type { Context } from './program.js'
import { readRefdataMap } from './refdata-map-file.js'
import { makeReporter } from './reporter.js'
import { listStored, showStored } from './reconcile-stored.js'
import { tellReport } from './reconcile-tell.js'
import { readConfig } from './state.js'
import { newRunId, openWorld, type World } from './wire.js'
import { refdataParts } from './wire-refdata.js'
import { reconcileOptions, reconcileSystems } from './wire-reconcile.js'

const COMMAND = 'reconcile'

export async function reconcile(context: Context, flags: ReconcileFlags): Promise<number> {
  if (flags.reports === true) return listStored(context, flags)
  if (flags.report !== undefined) return showStored(context, flags, flags.report)
  const config = readConfig(context)
  const range = toRange(flags, requireTimeZone(config), new Date().toISOString())
  const map = readRefdataMap(config)
  const reportId = newRunId()
  const quiet = flags.quiet ?? false
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet, runId: reportId })
  const deadlineMs = flags.deadline ?? config.sync.deadlineMs
  // Nothing is written but the report itself, which belongs to a connection.
  const world = await openWorld(context, { command: COMMAND, runId: reportId, reporter, write: true, deadlineMs })
  try {
    const result = await runReconcile({
      ...{ store: world.store, clock: world.clock, reporter, signal: context.io.signal, deadlineAt: world.deadlineAt },
      books: openBooks(world.database.db, config.connection),
      systems: reconcileSystems(world),
      refdata: refdataParts(world).sources,
      options: reconcileOptions(world, {
        ...{ range, map, bySupplier: flags.bySupplier ?? false, stuckDays: flags.stuckAfter },
      }),
      tallyOf: makeTallies(),
    })
    reporter.clear()
    const report = toReport(world, result, { reportId, range })
    if (report.complete) await storeReport(world.database.db, authorOf(context, config), report)
    await tellReport(context, flags, report)
    return report.exit_code
  } finally {
    await world.close()
  }
}

function makeTallies(): (stream: StreamName) => Tally {
  const tallies = new Map<StreamName, Tally>()
  return (stream) => {
    const tally = tallies.get(stream) ?? new Tally(stream, adviceFor)
    tallies.set(stream, tally)
    return tally
  }
}

/** Days of the plant. `now`: ISO. Throws ConfigError for an empty range. */
function toRange(
  { since, until, month }: Pick<ReconcileFlags, 'since' | 'until' | 'month'>,
  zone: string,
  now: string,
): Range {
  if (month === undefined) {
    if (since !== undefined && until !== undefined && since > until)
      throw new ConfigError(`--since ${since} is later than --until ${until}.`)
    return { since: since ?? null, until: until ?? null, month: null, zone }
  }
  const thisMonth = (dayIn(now, zone) ?? now).slice(0, 7)
  if (month === 'this') return rangeOfMonth(thisMonth, zone)
  return rangeOfMonth(month === 'last' ? moveDay(`${thisMonth}-01`, -1).slice(0, 7) : month, zone)
}

function toReport(
  { config, calls }: World,
  result: ReconcileResult,
  { reportId, range }: { readonly reportId: string; readonly range: Range },
): Report {
  const { outcome, takenAt, streams, amounts, bySupplier, findings, problems } = result
  return {
    schema: 'ml-connector/reconcile@1',
    ...{ report_id: reportId, connection: config.connection, pcn: config.plex.pcn },
    complete: outcome === 'done' || outcome === 'partial',
    ...{ outcome, exit_code: EXIT_CODES[outcome], taken_at: takenAt, finished_at: new Date().toISOString(), range },
    ...{ streams, amounts, by_supplier: bySupplier, findings },
    calls: { plex: calls.plex.requests, procurify: calls.procurify.requests },
    problems: problems.map(({ code, stream, message, advice }) => ({ code, stream, message, advice })),
  }
}
