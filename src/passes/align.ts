/**
 * One run of `align refdata`: both sides are read whole, everything is planned before anything is written, and the three kinds
 * are carried out in order. It shares intents, deliveries and settling with every other stream; only its reading is its own.
 */
import type { Planned } from '../domain/decision.js'
import { EXIT_CODES, worstOutcome, type RunOutcome } from '../domain/outcome.js'
import {
  countWrites,
  findSuspicions,
  hashPlan,
  isWrite,
  listNews,
  planRefdata,
  type AlignOptions,
  type AlignPlan,
  type AlignRemark,
} from '../domain/plan-refdata.js'
import type { Json, Note } from '../domain/record.js'
import {
  ALIGN_STREAMS,
  type Aligned,
  type AlignStream,
  type Books,
  type Pair,
  type RefdataSurvey,
} from '../domain/refdata.js'
import { placeKey } from '../domain/refdata-places.js'
import { CATEGORIES, type Counts, type Tally } from '../domain/tally.js'
import type { Lease, Outlet, RefdataSources, Target } from '../ports.js'
import { readPlaces, type ReadPlaces } from './align-places.js'
import { NOTHING_READ, readSurvey } from './align-survey.js'
import { isConfirmed, isOver, isPaused, toPlanLine, type Pass, type PlanLine } from './pass.js'
import { push } from './push.js'
import { keepLease, type PassResult } from './run.js'

/** What the three passes of a run share. */
export interface AlignPass extends Omit<Pass, 'stream' | 'tally' | 'needs' | 'follower'> {
  readonly sources: RefdataSources
  readonly targets: Readonly<Record<AlignStream, Target>>
  readonly tallies: Readonly<Record<AlignStream, Tally>>
  readonly align: AlignOptions
  /** Writes a system may get without --confirm. */
  readonly maxChanges: number
  /** The instant from which the first run reads orders. */
  readonly ordersSince: string
}

export interface AlignResult extends PassResult {
  readonly pairs: readonly Pair[]
}

/** What was read and what follows from it. */
interface Sight {
  readonly survey: RefdataSurvey
  readonly read: ReadPlaces
  readonly books: Books
  readonly plan: AlignPlan
  readonly hash: string
}

/** Takes the leases of all three streams, or of none. */
export async function runAlign(pass: AlignPass, command: string): Promise<AlignResult> {
  // The kinds depend on each other: one on hold holds all.
  for (const stream of ALIGN_STREAMS) if (await isPaused(passOf(pass, stream))) return toResult(pass, null)
  if (pass.options.dryRun) return toResult(pass, await look(pass))
  const leases = await takeLeases(pass)
  if (leases === null) return toResult(pass, null)
  const keepers = ALIGN_STREAMS.map((stream) => keepLease(passOf(pass, stream), leases[stream]))
  try {
    for (const stream of ALIGN_STREAMS) await pass.store.openRun({ id: pass.runId, command, stream })
    const result = toResult(pass, await work(pass, leases.departments))
    await close(pass, leases, result.outcome, toSummary(result))
    return result
  } catch (error) {
    // Close what can still be closed; the error itself is the caller's.
    await close(pass, leases, 'failed', null).catch((second: unknown) => {
      pass.reporter.log('warn', 'run_not_closed', { reason: String(second) })
    })
    throw error
  } finally {
    keepers.forEach((keeper) => keeper.stop())
  }
}

type Leases = Readonly<Record<AlignStream, Lease>>

async function takeLeases(pass: AlignPass): Promise<Leases | null> {
  const taken: Partial<Record<AlignStream, Lease>> = {}
  for (const stream of ALIGN_STREAMS) {
    const lease = await pass.store.takeLease(stream, pass.runId)
    if ('holder' in lease) {
      for (const [name, held] of Object.entries(taken)) await pass.store.releaseLease(name as AlignStream, held)
      pass.tallies[stream].end('busy')
      const message = `${lease.holder} holds the stream ${stream} until ${lease.expiresAt} at the latest.`
      pass.tallies[stream].problem('lease_held', message)
      return null
    }
    taken[stream] = lease
  }
  return taken as Leases
}

/** One run row for each stream, all with the id of this run. */
async function close({ store, runId }: AlignPass, leases: Leases, outcome: RunOutcome, result: Json): Promise<void> {
  await store.closeRun(runId, { outcome, exitCode: EXIT_CODES[outcome], result })
  for (const stream of ALIGN_STREAMS) await store.releaseLease(stream, leases[stream])
}

function passOf({ tallies, targets, ...shared }: AlignPass, stream: AlignStream): Pass<Outlet> {
  return {
    ...shared,
    needs: {},
    follower: null,
    stream: { name: stream, target: targets[stream] },
    tally: tallies[stream],
  }
}

// ------------------------------------------------------------------------------------------------------------- looking

/** Reads both sides, plans, and asks whether this may be acted upon. Null = no, or the sides could not be read; said in the tallies. */
async function look(pass: AlignPass): Promise<(Sight & { readonly goOn: boolean }) | null> {
  const departments = passOf(pass, 'departments')
  const survey = await readSurvey(pass.sources, ALIGN_STREAMS, NOTHING_READ, (stream) => passOf(pass, stream))
  const read =
    survey === null || isOver(departments) ? null : await readPlaces(departments, pass.sources.plex, pass.ordersSince)
  if (survey === null || read === null) return null
  const books = await readBooks(pass)
  const whole = { ...survey, places: read.places }
  const plan = planRefdata(whole, books, pass.align)
  tell(pass, plan, books)
  const suspicions = [...findSuspicions(whole, books), ...doubtPlaces(read, books, pass.align)]
  const hash = hashPlan(plan, books, suspicions)
  const goOn = isBelievable(pass, plan, books, suspicions, hash)
  return { survey: whole, read, books, plan, hash, goOn }
}

async function readBooks({ store }: AlignPass): Promise<Books> {
  const book = async (stream: AlignStream) => {
    const notes = await store.notes(stream, 0, Number.MAX_SAFE_INTEGER)
    return { links: await store.everyLink(stream), notes: new Map(notes.map((note) => [note.sourceId, note])) }
  }
  return {
    locations: await book('locations'),
    departments: await book('departments'),
    accounts: await book('accounts'),
  }
}

/** Orders that name nothing do not matter where departments are known otherwise. */
function doubtPlaces(read: ReadPlaces, { departments }: Books, { map }: AlignOptions): readonly AlignRemark[] {
  const isKnown = departments.links.size + departments.notes.size + map.departments.size > 0
  return isKnown ? read.suspicions.filter(({ code }) => code === 'answer_incomplete') : read.suspicions
}

/** One hash allows all of it: a suspicious answer, a large plan, or both. */
function isBelievable(
  pass: AlignPass,
  plan: AlignPlan,
  books: Books,
  suspicions: readonly AlignRemark[],
  hash: string,
): boolean {
  const stops: AlignRemark[] = [...suspicions]
  for (const [system, count] of Object.entries(countWrites(plan, books))) {
    if (count <= pass.maxChanges) continue
    const name = system === 'plex' ? 'Plex' : 'Procurify'
    const message = `The plan would write ${count} records to ${name}; more than ${pass.maxChanges} at once is not believed (ALIGN_MAX_CHANGES). Nothing was written.`
    stops.push({ stream: 'accounts', code: 'plan_too_large', message })
  }
  return stops
    .map(({ stream, code, message }) => isConfirmed(passOf(pass, stream), { code, message, hash }))
    .every((allowed) => allowed)
}

/** What a person should know of, each time it is so. Retired records without a partner are no news to anybody. */
function tell(pass: AlignPass, { aligned, remarks }: AlignPlan, books: Books): void {
  remarks.forEach(({ stream, code, message }) => pass.tallies[stream].problem(code, message))
  for (const stream of ALIGN_STREAMS) {
    const news = new Set(listNews({ aligned, remarks }, books).map(({ item }) => item))
    for (const item of aligned[stream]) {
      const { pair, planned } = item
      const side = pair.plex ?? pair.procurify
      if (pair.code !== null && pair.code !== 'inactive_unpaired') {
        const record = { sourceId: planned?.sourceId ?? side?.id ?? null, sourceKey: side?.key ?? null }
        pass.tallies[stream].problem(pair.code, pair.message ?? '', record)
      }
      mark(pass, stream, item, news.has(item))
    }
  }
}

const PLANNED_AS = { create: 'created', update: 'updated', adopt: 'adopted' } as const

/** Every record read falls into one count; what was planned before is counted by its delivery. */
function mark({ tallies, options }: AlignPass, stream: AlignStream, { pair, planned }: Aligned, isNew: boolean): void {
  const tally = tallies[stream]
  if (planned === null) return tally.mark(`procurify:${pair.procurify?.id ?? ''}`, 'skipped')
  const { sourceId, decision } = planned
  switch (decision.kind) {
    case 'unchanged':
      return tally.mark(sourceId, 'unchanged')
    case 'observe':
      return tally.mark(sourceId, isNew ? 'observed' : 'unchanged')
    case 'skip':
      return tally.mark(sourceId, 'skipped')
    case 'wait':
      return tally.mark(sourceId, 'waiting')
    case 'park':
      return tally.mark(sourceId, 'parked')
    case 'send':
      if (!isNew) return tally.mark(sourceId, 'unchanged')
      return tally.mark(sourceId, options.dryRun ? PLANNED_AS[decision.wanted.action] : 'pending')
  }
}

// ----------------------------------------------------------------------------------------------------------- acting

/** A record adopted with other content, or settled after a crash, is planned once more; more would be a loop. */
const MAX_ROUNDS = 3

async function work(pass: AlignPass, lease: Lease): Promise<Sight | null> {
  const sight = await look(pass)
  if (sight === null || !sight.goOn) return sight
  if (!(await rememberPlaces(pass, lease, sight))) return sight
  const allowed = new Set(writesOf(sight.plan, sight.books))
  let survey: RefdataSurvey | null = sight.survey
  for (const stream of ALIGN_STREAMS) {
    survey = await carryOut(pass, stream, survey, allowed)
    // Codes can be linked to departments only when they are made: what is under way must have arrived first.
    if (survey === null) break
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

/** Stores and delivers one kind. Answers both sides as they are afterwards; null = it is not finished, so the next kind has to wait. */
async function carryOut(
  pass: AlignPass,
  stream: AlignStream,
  before: RefdataSurvey,
  allowed: ReadonlySet<string>,
): Promise<RefdataSurvey | null> {
  const streamPass = passOf(pass, stream)
  let survey = before
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const books = await readBooks(pass)
    const plan = planRefdata(survey, books, pass.align)
    const left = await commit(streamPass, plan, books, stream, allowed)
    const due = await pass.store.openWork(stream)
    await push(streamPass, null)
    if (isOver(streamPass) || streamPass.tally.outcome() === 'refused') return null
    const isUnsettled = left > 0 || (await pass.store.countNotes(stream)) > 0
    // New departments, also those of a run that died, are needed with their ids by the next kind.
    const isAwaited = stream === 'departments' && due.pending + due.inDoubt > 0
    if (!isUnsettled && !isAwaited) break
    const reread = await readSurvey(pass.sources, [stream], survey, () => streamPass)
    if (reread === null) return null
    survey = reread
    if (!isUnsettled) break
  }
  const { pending, inDoubt } = await pass.store.openWork(stream)
  if ((await pass.store.countNotes(stream)) > 0) streamPass.tally.end('interrupted')
  return pending + inDoubt > 0 ? null : survey
}

const COMMIT_GROUP = 200

/** Writes outside of what was looked at and allowed are left to a run that shows them first. Answers how many records moved meanwhile. */
async function commit(
  pass: Pass<Outlet>,
  plan: AlignPlan,
  books: Books,
  stream: AlignStream,
  allowed: ReadonlySet<string>,
): Promise<number> {
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
  return left
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

// ------------------------------------------------------------------------------------------------------------- telling

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
