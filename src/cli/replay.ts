/** `replay`: parked records tried again, from the selection to the exit code. */
import type { Replay } from '../domain/decision.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES, worstOutcome } from '../domain/outcome.js'
import { adviceFor } from '../domain/problems.js'
import { recordIdOf, type StreamName } from '../domain/record.js'
import type { Problem } from '../domain/tally.js'
import { runReplay, type ReplayPass, type ReplayResult } from '../passes/replay.js'
import { findRuns } from '../store/overview.js'
import { namesOf, readParked, supersedeDelivered, type Parked } from '../store/parked.js'
import { authorOf } from './author.js'
import type { ReplayFlags } from './commands/replay.js'
import { withHeartbeat } from './outside.js'
import { performRun, type OpenRun } from './perform.js'
import type { Context } from './program.js'
import { printRun } from './render.js'
import { toPreview, tellPreview } from './replay-preview.js'
import { readRequestToResend } from './replay-resend.js'
import { makeReplayPass, REPLAYED, type ReplayWorld } from './replay-streams.js'
import { withoutPlan } from './result.js'
import type { World } from './wire.js'

const COMMAND = 'replay'

/** Exit codes are those of a pass; 2 = nothing was selected, or what is asked for is not possible. */
export function replay(context: Context, ids: readonly string[], flags: ReplayFlags): Promise<number> {
  requireSelection(ids, flags)
  return withHeartbeat(context, flags, () => replayParked(context, ids, flags))
}

function replayParked(context: Context, ids: readonly string[], flags: ReplayFlags): Promise<number> {
  return performRun(context, flags, COMMAND, async (open) => {
    const asked = flags.resend === true ? await readRequestToResend(open, ids, flags) : null
    const { parked, problems } = asked ?? (await selectParked(open, ids, flags))
    const chosen = limit(parked, flags.limit ?? null)
    const { passes, elsewhere } = await makePasses(open, chosen, flags, asked?.links)
    const result = withLimit(await runReplay(passes, COMMAND), chosen.length < parked.length)
    const all = { ...result, problems: [...problems, ...elsewhere, ...result.problems] }
    const doubtful = parked.filter(({ isInDoubt }) => isInDoubt)
    return print(open, flags, all, { parked, doubtful })
  })
}

function requireSelection(ids: readonly string[], { stream, run, code, all, resend, reason }: ReplayFlags): void {
  const hasFilter = stream !== undefined || run !== undefined || code !== undefined
  if (resend === true && (ids.length === 0 || hasFilter || all === true))
    throw new ConfigError(
      '--resend is for single records: name them. Example: ml-connector replay PO-4711 --resend --reason "..."',
    )
  if (resend === true && reason === undefined)
    throw new ConfigError('--resend needs --reason: why a record is sent a second time is kept in the journal.')
  if (all === true && (ids.length > 0 || hasFilter))
    throw new ConfigError('--all stands alone. Leave it out to choose by id, --stream, --run or --code.')
  if (all !== true && ids.length === 0 && !hasFilter)
    throw new ConfigError(
      'Say what to replay: ids, --stream, --run, --code or --all. What is parked: ml-connector status',
    )
}

interface Selection {
  readonly parked: readonly Parked[]
  readonly problems: readonly Problem[]
}

async function selectParked(
  { world, context, runId, dryRun }: ReplayWorld,
  ids: readonly string[],
  flags: ReplayFlags,
): Promise<Selection> {
  const { db } = world.database
  const { connection } = world.config
  const { stream, code } = flags
  const run = flags.run === undefined ? undefined : await resolveRun(world, flags.run)
  const given = { ids: ids.length === 0 ? undefined : ids, stream, code, runId: run }
  const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const parked = await readParked(db, connection, filter)
  const found = new Set(parked.flatMap(namesOf))
  const missing = ids.filter((id) => !found.has(id) && !parked.some(({ seq }) => String(seq) === id))
  // A row of the journal may be older than the last one that parked its record: it is known all the same.
  const unknown = parked.length > 0 ? await stillMissing(world, missing) : missing
  const author = authorOf(context, world.config)
  const delivered = new Set(await supersedeDelivered(db, author, runId, unknown, !dryRun))
  const problems = unknown.map((id) =>
    delivered.has(id)
      ? toProblem('superseded', flags.stream ?? '', `${id} was parked once, and has been delivered since.`)
      : toProblem('not_parked', flags.stream ?? '', `Nothing is parked under ${id}.`),
  )
  return { parked, problems }
}

async function stillMissing({ database, config }: World, ids: readonly string[]): Promise<string[]> {
  const left: string[] = []
  for (const id of ids)
    if ((await readParked(database.db, config.connection, { ids: [id] })).length === 0) left.push(id)
  return left
}

async function resolveRun({ database, config }: World, start: string): Promise<string> {
  const found = await findRuns(database.db, config.connection, start.toLowerCase())
  const [only] = found
  if (only === undefined) throw new ConfigError(`No run begins with ${start}. Runs: ml-connector audit show`)
  if (found.length > 1)
    throw new ConfigError(`Several runs begin with ${start}: ${found.join(', ')}. Give more digits.`)
  return only
}

function toProblem(code: string, stream: string, message: string): Problem {
  return { code, stream, source_id: null, source_key: null, message, advice: adviceFor(code) }
}

/** The pass that plans the parked records of a stream anew where `replay` does not. */
const OTHER_PASSES: Partial<Record<string, string>> = {
  ...{ locations: 'align refdata', departments: 'align refdata', accounts: 'align refdata' },
}

async function makePasses(
  replayWorld: ReplayWorld,
  chosen: readonly Parked[],
  flags: ReplayFlags,
  links: ReplayWorld['links'],
): Promise<{ passes: ReplayPass[]; elsewhere: Problem[] }> {
  const passes: ReplayPass[] = []
  for (const stream of REPLAYED) {
    const mine = chosen.filter((one) => one.stream === stream)
    // A record in doubt is looked for before anything is planned: there is nothing to preview.
    const shown = replayWorld.dryRun ? mine.filter(({ isInDoubt }) => !isInDoubt) : mine
    if (shown.length === 0) continue
    const replays = new Map(shown.map((one) => [one.sourceId, toReplay(one, flags)]))
    passes.push(
      await makeReplayPass({ ...replayWorld, ...(links === undefined ? {} : { links }) }, stream, replays, flags),
    )
  }
  const others = [...new Set(chosen.map(({ stream }) => stream))].filter(
    (name) => !REPLAYED.includes(name as StreamName),
  )
  const elsewhere = others.map((stream) => {
    const count = chosen.filter((one) => one.stream === stream).length
    const message = `${count} parked of ${stream}: tried again by ml-connector ${OTHER_PASSES[stream] ?? 'sync all'}.`
    return toProblem('replayed_elsewhere', stream, message)
  })
  return { passes, elsewhere }
}

function toReplay({ seq }: Parked, { resend, reason }: ReplayFlags): Replay {
  return { of: seq, action: resend === true ? 'told' : 'replay', reason: reason ?? null }
}

/** The oldest records first; all parts of one record count once. */
function limit(parked: readonly Parked[], most: number | null): readonly Parked[] {
  if (most === null) return parked
  const records = [...new Set(parked.map(({ stream, sourceId }) => `${stream} ${recordIdOf(sourceId)}`))].slice(0, most)
  const kept = new Set(records)
  return parked.filter(({ stream, sourceId }) => kept.has(`${stream} ${recordIdOf(sourceId)}`))
}

/** Work that --limit left is work left, as in any pass. */
function withLimit(result: ReplayResult, isLimited: boolean): ReplayResult {
  return isLimited ? { ...result, outcome: worstOutcome([result.outcome, 'interrupted']) } : result
}

async function print(
  { context, dryRun, finish }: OpenRun,
  flags: ReplayFlags,
  result: ReplayResult,
  { parked, doubtful }: { parked: readonly Parked[]; doubtful: readonly Parked[] },
): Promise<number> {
  const run = await finish(result)
  const preview = dryRun ? toPreview(parked, result.items, doubtful) : null
  const isForPeople = flags.json !== true && flags.quiet !== true
  if (isForPeople && parked.length === 0) context.io.out('Nothing that is parked fits.\n')
  if (isForPeople && preview !== null) context.io.out(tellPreview(preview))
  // People see the changes in the preview, beside what changed in Plex.
  const shown = isForPeople ? withoutPlan(run) : { ...run, ...(preview === null ? {} : { preview }) }
  await printRun(context, flags, shown)
  return EXIT_CODES[result.outcome]
}
