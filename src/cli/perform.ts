/** A run as the command line performs one: its world is opened, closed whatever happens, and told as a document in the end. */
import { adviceFor } from '../domain/problems.js'
import type { Problem } from '../domain/tally.js'
import type { PassResult } from '../passes/run.js'
import type { Reporter } from '../ports.js'
import { beginRun, withinRun } from './broken-run.js'
import { writeMetrics } from './metrics.js'
import type { Context } from './program.js'
import { makeReporter } from './reporter.js'
import { toRunJson, type RunFacts, type RunJson } from './result.js'
import { readConfig } from './state.js'
import { newRunId, openWorld, type World } from './wire.js'

export interface RunFlags {
  readonly dryRun?: boolean
  readonly deadline?: number
  readonly json?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
}

export interface OpenRun {
  readonly context: Context
  readonly world: World
  readonly runId: string
  readonly reporter: Reporter & { clear(): void }
  readonly dryRun: boolean
  /** The document of the run; from here on it is over, and its metrics are written. */
  readonly finish: (result: PassResult, more?: Pick<RunFacts, 'findings'>) => Promise<RunJson>
}

export function performRun<T>(
  context: Context,
  flags: RunFlags,
  command: string,
  work: (open: OpenRun) => Promise<T>,
): Promise<T> {
  const startedAt = new Date()
  const runId = newRunId()
  const { dryRun = false, quiet = false } = flags
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet, runId })
  const { sync, connection } = readConfig(context)
  const deadlineMs = flags.deadline ?? sync.deadlineMs
  const begun = beginRun({ runId, command, connection, dryRun, startedAt })
  const isComplete = flags.json === true || flags.verbose === true
  return withinRun(begun, async () => {
    const world = await openWorld(context, { command, runId, reporter, write: !dryRun, deadlineMs })
    begun.calls = world.calls
    const finish: OpenRun['finish'] = async (result, more = {}) => {
      const auditHead = await world.store.auditHead()
      reporter.clear()
      const facts = { ...begun, finishedAt: new Date(), auditHead, isComplete, ...more }
      const run = toRunJson(facts, { ...result, problems: [...result.problems, ...slowedProblems(world)] })
      await writeMetrics(world, run, reporter)
      return run
    }
    try {
      return await work({ context, world, runId, reporter, dryRun, finish })
    } finally {
      reporter.clear()
      await world.close()
    }
  })
}

/** A run that was throttled says to what it slowed down: the next ones begin there. It concerns every stream alike. */
function slowedProblems({ slowed, config }: World): Problem[] {
  return [...slowed].map(([system, perMinute]) => {
    const name = system === 'plex' ? 'Plex' : 'Procurify'
    const allowed = config[system].callsPerMinute
    const message = `${name} answered 429: ${perMinute} calls a minute are made now instead of ${allowed}.`
    const about = { stream: '', source_id: null, source_key: null }
    return { code: 'slowed_down', ...about, message, advice: adviceFor('slowed_down') }
  })
}
