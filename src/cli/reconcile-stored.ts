/** Stored reports: listed, and shown again as they were told. */
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { tellRange } from '../domain/reconcile-range.js'
import { listReports, readReport, type ListedReport } from '../store/report.js'
import type { ReconcileFlags } from './commands/reconcile.js'
import type { Context } from './program.js'
import { tellReport } from './reconcile-tell.js'
import { withState, type State } from './state.js'
import { paint, table } from './table.js'

const MOST_LISTED = 100

export function listStored(context: Context, { json }: ReconcileFlags): Promise<number> {
  return withState(context, 'reconcile --reports', async ({ config, database }) => {
    const { io } = context
    const { connection } = config
    const reports = await listReports(database.db, connection, { limit: MOST_LISTED })
    if (json === true) {
      const listed = reports.map(({ id: report_id, takenAt: taken_at, range, exitCode: exit_code, findings }) => {
        return { report_id, taken_at, range, exit_code, findings }
      })
      io.out(`${JSON.stringify({ schema: 'ml-connector/reports@1', connection, reports: listed })}\n`)
    } else if (reports.length === 0) {
      io.out('No report is stored yet. ml-connector reconcile makes one.\n')
    } else {
      const style = paint(io, context.global().color)
      io.out(`${table(io, style, ['report', 'taken (UTC)', 'days', 'findings'], reports.map(toCells))}\n`)
    }
    return EXIT_CODES.done
  })
}

function toCells({ id, takenAt, range, findings }: ListedReport): string[] {
  return [id, takenAt.slice(0, 16).replace('T', ' '), tellRange(range), String(findings)]
}

/** Ends as it ended then. */
export function showStored(context: Context, flags: ReconcileFlags, name: string): Promise<number> {
  return withState(context, 'reconcile --report', async (state) => {
    const id = await findId(state, name)
    const stored = await readReport(state.database.db, state.config.connection, id)
    if (stored === null) throw new ConfigError(`There is no report ${name}. See: ml-connector reconcile --reports`)
    if (!stored.isIntact) {
      context.io.err(`ml-connector: report ${id} was changed in the database after it was stored: do not rely on it.\n`)
    }
    await tellReport(context, flags, stored.report)
    return stored.isIntact ? stored.report.exit_code : EXIT_CODES.partial
  })
}

async function findId({ config, database }: State, name: string): Promise<string> {
  const start = name === 'latest' ? '' : name.toLowerCase()
  const [found, ...others] = await listReports(database.db, config.connection, { start, limit: 2 })
  if (found === undefined) throw new ConfigError(`There is no report ${name}. See: ml-connector reconcile --reports`)
  if (others.length > 0 && name !== 'latest')
    throw new ConfigError(`Several reports begin with ${name}. See: ml-connector reconcile --reports`)
  return found.id
}
