/** `align refdata`: one run over locations, departments and accounts, from settings to exit code. */
import { readFile } from 'node:fs/promises'
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { adviceFor } from '../domain/problems.js'
import { EMPTY_MAP, parseRefdataMap, type RefdataMap } from '../domain/refdata-map.js'
import { Tally } from '../domain/tally.js'
import { runAlign, type AlignPass } from '../passes/align.js'
import { printList, printPairs } from './align-list.js'
import type { AlignFlags } from './commands/align.js'
import { ping, writeMetrics } from './outside.js'
import type { Context } from './program.js'
import { printRun } from './render.js'
import { makeReporter } from './reporter.js'
import { toRunJson } from './result.js'
import { newRunId, openWorld, readConfig, refdataParts, type World } from './wire.js'

const COMMAND = 'align refdata'
const YEAR_MS = 365 * 24 * 60 * 60_000

export async function alignRefdata(context: Context, flags: AlignFlags): Promise<number> {
  if (flags.csv === true && flags.list !== true)
    throw new ConfigError('--csv is for --list. Add --list, or leave --csv out.')
  const startedAt = new Date()
  const runId = newRunId()
  const isList = flags.list ?? false
  const dryRun = isList || (flags.dryRun ?? false)
  const config = readConfig(context)
  const map = await readMap(config)
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet: flags.quiet ?? false, runId })
  const deadlineMs = flags.deadline ?? config.sync.deadlineMs
  const world = await openWorld(context, { command: COMMAND, runId, reporter, write: !dryRun, deadlineMs })
  try {
    if (!isList) await ping(config, 'start', reporter)
    const pass = { ...toPass(world, context, flags, map), runId, reporter }
    const result = await runAlign({ ...pass, options: { ...pass.options, dryRun } }, COMMAND)
    const auditHead = await world.store.auditHead()
    reporter.clear()
    const finishedAt = new Date()
    const facts = {
      runId,
      command: COMMAND,
      connection: config.connection,
      startedAt,
      finishedAt,
      auditHead,
      calls: world.calls,
    }
    // People see the plan in the table of pairs.
    const run = { ...toRunJson({ ...facts, dryRun: false }, result), dry_run: dryRun }
    if (isList) return await printList(context, flags, run, result.pairs)
    const isForPeople = flags.json !== true && flags.quiet !== true
    if (isForPeople) printPairs(context, flags, result.pairs, result.plan)
    await printRun(context, flags, isForPeople ? run : toRunJson({ ...facts, dryRun }, result))
    await writeMetrics(config, run, reporter)
    await ping(config, run.exit_code, reporter)
    return EXIT_CODES[result.outcome]
  } finally {
    await world.close()
  }
}

function toPass(
  world: World,
  { io }: Context,
  flags: AlignFlags,
  map: RefdataMap,
): Omit<AlignPass, 'runId' | 'reporter'> {
  const { config, store, clock, deadlineAt } = world
  const { connection, plex, refdata, defaults, sync } = config
  const tally = (stream: 'locations' | 'departments' | 'accounts'): Tally => new Tally(stream, adviceFor)
  return {
    ...{ store, clock, deadlineAt, settings: sync, signal: io.signal },
    ...refdataParts(world),
    options: { dryRun: false, limit: flags.limit ?? null, confirm: flags.confirm ?? null, since: null, full: false },
    tallies: { locations: tally('locations'), departments: tally('departments'), accounts: tally('accounts') },
    align: {
      ...{ connection, pcn: plex.pcn, map, defaultLocation: defaults.location },
      direction: flags.direction ?? refdata.direction,
    },
    maxChanges: refdata.maxChanges,
    ordersSince: toInstant(config.po.startDate) ?? new Date(clock.wallMs() - YEAR_MS).toISOString(),
  }
}

/** A start date is a day, by its first moment in UTC, or an instant already. */
function toInstant(start: string | null): string | null {
  return start === null || start.includes('T') ? start : `${start}T00:00:00Z`
}

/** No file = no pairs. Throws ConfigError with every mistake in it. */
async function readMap({ refdata }: Config): Promise<RefdataMap> {
  if (refdata.map === null) return EMPTY_MAP
  const parsed = parseRefdataMap(await readText(refdata.map))
  if (!('problems' in parsed)) return parsed
  throw new ConfigError(parsed.problems.map((problem) => `REFDATA_MAP: ${problem}`))
}

async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigError(`REFDATA_MAP cannot be read: ${reason}`)
  }
}
