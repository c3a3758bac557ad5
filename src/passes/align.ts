/**
 * One run of `align refdata`: both sides are read whole, everything is planned before anything is written (align-look.ts), and
 * the three kinds are carried out in order. Intents, deliveries and settling are those of every other stream.
 */
import type { Planned } from '../domain/decision.js'
import { worstOutcome, type RunOutcome } from '../domain/outcome.js'
import { isWrite, listNews, type AlignPlan } from '../domain/plan-refdata.js'
import type { Json, Note } from '../domain/record.js'
import { ALIGN_STREAMS, type Aligned, type AlignStream, type Book, type Books, type Pair } from '../domain/refdata.js'
import { placeKey } from '../domain/refdata-places.js'
import { CATEGORIES, type Counts } from '../domain/tally.js'
import type { Lease, Outlet } from '../ports.js'
import { look, passOf, planFor, readBook, type AlignPass, type Held, type Sight } from './align-look.js'
import { readSurvey } from './align-survey.js'
import { isOver, tellPaused, toPlanLine, type Pass, type PlanLine } from './pass.js'
import { push } from './push.js'
import { keepLease, type PassResult } from './run.js'

export type { AlignPass } from './align-look.js'

export interface AlignResult extends PassResult {
  readonly pairs: readonly Pair[]
}

/** Takes the leases of all streams that are not paused, or none. A paused stream is read for the others and left alone. */
export async function runAlign(pass: AlignPass, command: string): Promise<AlignResult> {
  const held = await readHeld(pass)
  const streams = ALIGN_STREAMS.filter((stream) => !tellPaused(passOf(pass, stream), held[stream]))
  if (streams.length === 0) return toResult(pass, null)
  if (pass.options.dryRun) return toResult(pass, await look(pass, held))
  const leases = await takeLeases(pass, streams)
  if (leases === null) return toResult(pass, null)
  const keepers = [...leases].map(([stream, lease]) => keepLease(passOf(pass, stream), lease))
  try {
    for (const stream of streams) await pass.store.openRun({ id: pass.runId, command, stream })
    const result = toResult(pass, await work(pass, held, leases))
    await close(pass, leases, result.outcome, toSummary(result))
    return result
  } catch (error) {
    // Close what can still be closed; the error itself is the caller's.
    await close(pass, leases, 'failed', null).catch((second: unknown) => {
      pass.reporter.log('warn', 'run_not_closed', { reason: String(second) })
    })
    throw error
  } finally {
    await Promise.all(keepers.map((keeper) => keeper.stop()))
  }
}

async function readHeld({ store }: AlignPass): Promise<Held> {
  const [locations, departments, accounts] = [
    await store.paused('locations'),
    await store.paused('departments'),
    await store.paused('accounts'),
  ]
  return { locations, departments, accounts }
}

type Leases = ReadonlyMap<AlignStream, Lease>

async function takeLeases(pass: AlignPass, streams: readonly AlignStream[]): Promise<Leases | null> {
  const taken = new Map<AlignStream, Lease>()
  for (const stream of streams) {
    const lease = await pass.store.takeLease(stream, pass.runId)
    if ('holder' in lease) {
      for (const [name, ours] of taken) await pass.store.releaseLease(name, ours)
      pass.tallies[stream].end('busy')
      const message = `${lease.holder} holds the stream ${stream} until ${lease.expiresAt} at the latest.`
      pass.tallies[stream].problem('lease_held', message)
      return null
    }
    taken.set(stream, lease)
  }
  return taken
}

/** One run row for each stream, all with the id of this run. */
async function close({ store, runId }: AlignPass, leases: Leases, outcome: RunOutcome, result: Json): Promise<void> {
  await store.closeRun(runId, outcome, result, leases)
}

/** A record adopted with other content, or settled after a crash, is planned once more; more would be a loop. */
const MAX_ROUNDS = 3

async function work(pass: AlignPass, held: Held, leases: Leases): Promise<Sight | null> {
  const sight = await look(pass, held)
  if (sight === null || !sight.goOn) return sight
  const lease = leases.get('departments')
  if (lease !== undefined && !(await rememberPlaces(pass, lease, sight))) return sight
  const allowed = new Set(writesOf(sight.plan, sight.books))
  let known: Known | null = sight
  for (const stream of leases.keys()) {
    known = await carryOut(pass, held, stream, known, allowed)
    // Codes can be linked to departments only when they are made: what is under way must have arrived first.
    if (known === null) break
  }
  return sight
}

/** Names and watermark in one transaction: a name is never read and then forgotten. */
async function rememberPlaces(pass: AlignPass, lease: Lease, { read, books }: Sight): Promise<boolean> {
  const keys = read.places.flatMap((place) => placeKey(place) ?? []).filter((key) => !books.departments.links.has(key))
  const rows = [...new Set(keys)].map((sourceId) => {
    return {
      sourceId,
      sourceKey: null,
      modifiedAt: null,
      createdAt: null,
      hash: sourceId,
      record: null,
      rejection: null,
    }
  })
  if (await pass.store.note('departments', lease, rows, read.next, false)) return true
  pass.tallies.departments.end('interrupted')
  pass.tallies.departments.problem('lease_lost', 'Another run took this stream over; nothing more was noted here.')
  return false
}

function writesOf(plan: AlignPlan, books: Books): string[] {
  return listNews(plan, books).flatMap(({ stream, item }) =>
    isWrite(item) && item.planned !== null ? [`${stream} ${item.planned.sourceId}`] : [],
  )
}

/** Both sides and our books, as last read. */
type Known = Pick<Sight, 'survey' | 'books'>

/** Stores and delivers one kind. Answers what is known afterwards; null = it is not finished, so the next kind has to wait. */
async function carryOut(
  pass: AlignPass,
  held: Held,
  stream: AlignStream,
  before: Known,
  allowed: ReadonlySet<string>,
): Promise<Known | null> {
  const { store, sources } = pass
  const streamPass = passOf(pass, stream)
  let { survey } = before
  // Of the other kinds nothing has changed: their leases are ours.
  const readAnew = async (): Promise<Books> => ({ ...before.books, [stream]: await readBook(store, stream) })
  await putBackDoubtful(streamPass, stream, before.books[stream])
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const books = await readAnew()
    const plan = planFor(pass, held, survey, books)
    const { stored, left } = await commit(streamPass, plan, books, stream, allowed)
    const due = await store.openWork(stream)
    const isAtRest = stored + due.pending + due.inDoubt === 0
    // Most runs end here.
    if (isAtRest && books[stream].notes.size === 0) return { survey, books }
    await push(streamPass, null)
    if (isOver(streamPass) || streamPass.tally.outcome() === 'refused') return null
    const isUnsettled = left > 0 || (await store.countNotes(stream)) > 0
    // New departments, also those of a run that died, are needed with their ids by the next kind.
    const isAwaited = stream === 'departments' && due.pending + due.inDoubt > 0
    if (!isUnsettled && !isAwaited) break
    const reread = await readSurvey(sources, [stream], survey, () => streamPass)
    if (reread === null) return null
    survey = reread
    if (!isUnsettled) break
  }
  const { pending, inDoubt } = await store.openWork(stream)
  if ((await store.countNotes(stream)) > 0) streamPass.tally.end('interrupted')
  return pending + inDoubt > 0 ? null : { survey, books: await readAnew() }
}

/** Parked in doubt, they are looked for once more, as `replay` does it for other streams. */
async function putBackDoubtful({ store, runId }: Pass<Outlet>, stream: AlignStream, { doubtful }: Book): Promise<void> {
  if (doubtful.size === 0) return
  const replay = { of: null, action: 'replay', reason: null } as const
  await store.putBackDoubtful(stream, runId, new Map([...doubtful].map((sourceId) => [sourceId, replay])))
}

const COMMIT_GROUP = 200

/** Writes outside of what was looked at and allowed are left to a run that shows them first. `left`: records that moved meanwhile. */
async function commit(
  pass: Pass<Outlet>,
  plan: AlignPlan,
  books: Books,
  stream: AlignStream,
  allowed: ReadonlySet<string>,
): Promise<{ stored: number; left: number }> {
  const news = listNews(plan, books).filter((one) => one.stream === stream)
  const fit = news.filter(({ item }) => !isWrite(item) || allowed.has(`${stream} ${item.planned?.sourceId ?? ''}`))
  if (fit.length < news.length) pass.tally.end('interrupted')
  const limited = applyLimit(
    pass,
    fit.map(({ item }) => item),
  )
  const items = [
    ...limited.flatMap(({ planned }) => planned ?? []),
    ...settleLooseNotes(plan.aligned[stream], books[stream].notes),
  ]
  let left = 0
  for (let start = 0; start < items.length; start += COMMIT_GROUP) {
    const group = items.slice(start, start + COMMIT_GROUP)
    left += (await pass.store.commitPlan(stream, pass.runId, 'align', group, books[stream].links)).left.length
    pass.reporter.progress('planning', Math.min(items.length, start + COMMIT_GROUP), items.length)
  }
  return { stored: items.length, left }
}

function applyLimit({ options, tally }: Pass<Outlet>, items: readonly Aligned[]): readonly Aligned[] {
  if (options.limit === null || items.length <= options.limit) return items
  tally.end('interrupted')
  tally.problem('limit_reached', `--limit ${options.limit} was reached with records left; the next run goes on.`)
  return items.slice(0, options.limit)
}

/** A noted name that is another spelling of a known one, or whose record is gone, needs no decision but must not stay noted. */
function settleLooseNotes(aligned: readonly Aligned[], notes: ReadonlyMap<string, Note>): Planned[] {
  const planned = new Set(aligned.flatMap((item) => item.planned?.sourceId ?? []))
  return [...notes.values()].flatMap((note): Planned[] => {
    if (planned.has(note.sourceId)) return []
    const { sourceId, sourceKey, hash: sourceHash, record } = note
    return [{ note, sourceId, sourceKey, sourceHash, record, decision: { kind: 'unchanged' } }]
  })
}

function toResult(pass: AlignPass, sight: Sight | null): AlignResult {
  const tallies = ALIGN_STREAMS.map((stream) => pass.tallies[stream])
  const isStopped = tallies.some(({ stopHash }) => stopHash !== null)
  const { from = null, to = null } = sight?.read.window ?? {}
  return {
    outcome: worstOutcome(tallies.map((tally) => tally.outcome())),
    window: { from, to },
    counts: sumCounts(tallies.map((tally) => tally.counts())),
    problems: tallies.flatMap(({ problems }) => problems),
    plan: pass.options.dryRun && sight !== null ? toLines(sight) : [],
    planHash: sight !== null && (pass.options.dryRun || isStopped) ? sight.hash : null,
    pairs: ALIGN_STREAMS.flatMap((stream) => sight?.plan.aligned[stream].map(({ pair }) => pair) ?? []),
  }
}

function toLines({ plan, books }: Sight): PlanLine[] {
  return listNews(plan, books).flatMap(({ stream, item }) =>
    item.planned === null ? [] : (toPlanLine(stream, item.planned) ?? []),
  )
}

function sumCounts(all: readonly Counts[]): Counts {
  const sum = (name: keyof Counts): number => all.reduce((total, counts) => total + counts[name], 0)
  return { read: sum('read'), ...Object.fromEntries(CATEGORIES.map((name) => [name, sum(name)])) } as Counts
}

function toSummary({ counts, window, problems }: PassResult): Json {
  return { counts, window, codes: [...new Set(problems.map(({ code }) => code))] }
}
