/** `align refdata`: one run over locations, departments and accounts, from settings to exit code. */
import { ConfigError } from '../domain/errors.js'
import { adviceFor } from '../domain/problems.js'
import type { RefdataMap } from '../domain/refdata-map.js'
import { Tally } from '../domain/tally.js'
import { runAlign, type AlignPass, type AlignResult } from '../passes/align.js'
import { printList, printPairs } from './align-list.js'
import type { AlignFlags } from './commands/align.js'
import { withHeartbeat } from './outside.js'
import { performRun } from './perform.js'
import type { Context } from './program.js'
import { readRefdataMap } from './refdata-map-file.js'
import { printRun } from './render.js'
import { withoutPlan, type RunJson } from './result.js'
import { readConfig } from './state.js'
import type { World } from './wire.js'
import { refdataParts } from './wire-refdata.js'

const COMMAND = 'align refdata'
const PLEX_READ_ONLY = 'Data sources only read, so accounts that are missing in Plex cannot be created there.'
const YEAR_MS = 365 * 24 * 60 * 60_000

export function alignRefdata(context: Context, flags: AlignFlags): Promise<number> {
  const { list = false, dryRun = false, csv } = flags
  if (csv === true && !list) throw new ConfigError('--csv is for --list. Add --list, or leave --csv out.')
  return withHeartbeat(context, { ...flags, dryRun: list || dryRun }, async () => {
    const { run, result } = await performAlign(context, flags)
    // People see the plan in the table of pairs.
    const shown = withoutPlan(run)
    if (list) return printList(context, flags, shown, result.pairs)
    const isForPeople = flags.json !== true && flags.quiet !== true
    if (isForPeople) printPairs(context, flags, result.pairs, [...result.plan])
    await printRun(context, flags, isForPeople ? shown : run)
    return run.exit_code
  })
}

export async function performAlign(
  context: Context,
  flags: AlignFlags,
): Promise<{ readonly run: RunJson; readonly result: AlignResult }> {
  const config = readConfig(context)
  const map = readRefdataMap(config)
  const direction = flags.direction ?? config.refdata.direction
  const isReadOnly = config.plex.profile === 'soap' && direction !== 'to-procurify'
  if (isReadOnly && direction === 'to-plex')
    throw new ConfigError(`${PLEX_READ_ONLY} Use the direction to-procurify, or leave --direction out.`)
  const dryRun = (flags.list ?? false) || (flags.dryRun ?? false)
  return performRun(context, { ...flags, dryRun }, COMMAND, async ({ world, runId, reporter, finish }) => {
    const pass = { ...makeAlignPass(world, context, flags, map), runId, reporter }
    if (isReadOnly) pass.tallies.accounts.problem('plex_read_only', `${PLEX_READ_ONLY} They are listed.`)
    const result = await runAlign({ ...pass, options: { ...pass.options, dryRun } }, COMMAND)
    return { run: await finish(result), result }
  })
}

export function makeAlignPass(
  world: World,
  { io }: Pick<Context, 'io'>,
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
      direction: config.plex.profile === 'soap' ? 'to-procurify' : (flags.direction ?? refdata.direction),
    },
    maxChanges: refdata.maxChanges,
    ordersSince: earlierOf(toInstant(config.po.startDate), dayStart(clock.wallMs() - YEAR_MS)),
  }
}

/** Of a day, so that a second run, with --confirm, asks the same and finds the same plan. */
function dayStart(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10)}T00:00:00Z`
}

/**
 * A year of orders at least: on the day of going live hardly any was created since PO_START_DATE, and an account code gets its
 * departments only when it is made.
 */
function earlierOf(start: string | null, yearAgo: string): string {
  return start === null || Date.parse(start) > Date.parse(yearAgo) ? yearAgo : start
}

/** A start date is a day, by its first moment in UTC, or an instant already. */
function toInstant(start: string | null): string | null {
  return start === null || start.includes('T') ? start : `${start}T00:00:00Z`
}
