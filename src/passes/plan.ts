/**
 * Turns notes into decisions and stores them. A plan too large to be true is refused whole, before anything of it is
 * stored; a dry run stops here.
 */
import { contentHash } from '../domain/content-hash.js'
import type { Detail, Planned } from '../domain/decision.js'
import type { Result } from '../domain/failure.js'
import type { Link } from '../domain/record.js'
import { respectGivenUp } from '../domain/given-up.js'
import type { Known, Paused } from '../ports.js'
import type { Notebook } from './notebook.js'
import { endByFailure, isConfirmed, isOver, toPlanLine, type Pass, type PlanLine } from './pass.js'

export interface PlanResult {
  readonly lines: readonly PlanLine[]
  /** Every decision; empty but for a dry run. */
  readonly items: readonly Planned[]
  /** Set for a dry run and a safety stop. */
  readonly hash: string | null
  /** What waiting records of this plan need, e.g. `supplier:<id>`. */
  readonly waitsFor: ReadonlySet<string>
  /** False = nothing may be sent: a dry run, a safety stop, a refused login. */
  readonly goOn: boolean
}

/** Records read in detail at a time: small enough that a deadline loses little, large enough for shared look-ups. */
const CHUNK = 200

export async function planNotes(pass: Pass, notebook: Notebook): Promise<PlanResult> {
  const { store, stream } = pass
  const held: Planned[] = []
  const links = new Map<string, Link>()
  const waitsFor = new Set<string>()
  const survey = surveyOnce(pass)
  const paused = await store.paused(stream.name)
  let after = 0
  let left = pass.options.limit ?? Number.POSITIVE_INFINITY
  let goOn = true
  let done = 0
  const total = await countTotal(pass)
  while (left > 0 && !isOver(pass)) {
    const page = await notebook.page(after, Math.min(CHUNK, left))
    const last = page.at(-1)
    if (last === undefined) break
    after = last.revision
    page.forEach(({ sourceId }) => pass.tally.markTouched(sourceId))
    const notes = paused.stream === null ? page.filter(({ sourceId }) => !paused.records.has(sourceId)) : []
    if (notes.length === 0) continue
    left -= notes.length
    const chunk = await planChunk(pass, notes, survey, held)
    if (chunk === null) {
      goOn = false
      break
    }
    chunk.links.forEach((link, id) => links.set(id, link))
    held.push(...chunk.items)
    for (const { decision } of chunk.items)
      if (decision.kind === 'wait') decision.waitsFor.forEach((need) => waitsFor.add(need))
    // The first load is exempt from the safety stop, so it needs not be held: a pass cut short keeps what it planned.
    const isExempt = !pass.options.dryRun && notes.every((note) => note.firstLoad)
    if (isExempt) await commit(pass, held.splice(0), links)
    done += notes.length
    pass.reporter.progress('planning', done, total)
  }
  reportHeld(pass, paused)
  if (left <= 0 && (await notebook.page(after, 1)).length > 0) {
    pass.tally.end('interrupted')
    pass.tally.problem(
      'limit_reached',
      `--limit ${pass.options.limit ?? ''} was reached with records left; the next run goes on.`,
    )
  }
  return finish(pass, held, links, waitsFor, goOn)
}

/** Touched and on hold: read, and left out. */
function reportHeld({ tally, stream }: Pass, { records }: Paused): void {
  for (const [sourceId, reason] of records) {
    if (!tally.markHeld(sourceId)) continue
    const message = `The record ${sourceId} of ${stream.name} is paused: ${reason}`
    tally.problem('paused', message, { sourceId, sourceKey: null })
  }
}

/** For the progress bar only: a dry run's notes are not in the database. */
async function countTotal({ store, stream, options }: Pass): Promise<number | null> {
  if (options.dryRun) return null
  return Math.min(await store.countNotes(stream.name), options.limit ?? Number.POSITIVE_INFINITY)
}

async function finish(
  pass: Pass,
  held: Planned[],
  links: ReadonlyMap<string, Link>,
  waitsFor: ReadonlySet<string>,
  goOn: boolean,
): Promise<PlanResult> {
  const { options, stream } = pass
  const lines = options.dryRun ? held.flatMap((item) => toPlanLine(stream.name, item) ?? []) : []
  const items = options.dryRun ? held : []
  const hash = planHash(held)
  if (options.dryRun) held.forEach((item) => tallyDecision(pass, item))
  if (!(await isBelievable(pass, held, hash))) return { lines, items, hash, waitsFor, goOn: false }
  if (options.dryRun) return { lines, items, hash, waitsFor, goOn: false }
  await commit(pass, held, links)
  return { lines, items, hash: null, waitsFor, goOn }
}

/** Null = the pass cannot go on (already said in the tally). */
async function planChunk(
  pass: Pass,
  notes: Parameters<Pass['stream']['source']['read']>[0],
  survey: () => Promise<Result<Known<unknown>>>,
  held: readonly Planned[],
): Promise<{ items: Planned[]; links: Map<string, Link> } | null> {
  const { stream, store } = pass
  const links = await store.links(
    stream.name,
    notes.map((note) => note.sourceId),
  )
  const read = await stream.source.read(notes)
  if (!read.ok) {
    endByFailure(pass, read)
    return null
  }
  read.value.forEach((detail) => reportUnread(pass, detail))
  let known: Known<unknown> | null = null
  if (stream.needsSurvey(read.value, links)) {
    const surveyed = await survey()
    if (!surveyed.ok) {
      endByFailure(pass, surveyed)
      return null
    }
    known = { ...surveyed.value, reserved: withHeld(await store.reservedKeys(stream.name), held) }
  }
  const items = stream.plan(read.value, links, known).map((item) => {
    const replay = pass.replays?.get(item.sourceId)
    // Asked for by name: what was given up before is wanted again.
    return replay === undefined ? respectGivenUp(item, links.get(item.sourceId)) : { ...item, replay }
  })
  return { items, links }
}

/** The target is read at most once a pass, and only if a record asks for it. */
function surveyOnce({ stream, store }: Pass): () => Promise<Result<Known<unknown>>> {
  let answer: Promise<Result<Known<unknown>>> | null = null
  const read = async (): Promise<Result<Known<unknown>>> => {
    const survey = await stream.survey()
    if (!survey.ok) return survey
    return {
      ok: true,
      value: { survey: survey.value, linkedTargets: await store.linkedTargets(stream.name), reserved: new Map() },
    }
  }
  return () => (answer ??= read())
}

/** Names given by the part of this plan that is not stored yet are taken as well. */
function withHeld(reserved: ReadonlyMap<string, string>, held: readonly Planned[]): Map<string, string> {
  const all = new Map(reserved)
  for (const { sourceId, decision } of held) {
    if (decision.kind === 'send' && decision.wanted.targetKey !== null) all.set(sourceId, decision.wanted.targetKey)
  }
  return all
}

/** A record that could not be read stays noted; the others go their own way. */
function reportUnread(pass: Pass, detail: Detail<unknown>): void {
  if (detail.kind !== 'failed') return
  pass.tally.end('interrupted')
  if (detail.failure.kind !== 'stop') pass.tally.problem(detail.failure.code, detail.failure.message, detail.note)
}

/** Identifies the plan: same records, same changes, whatever their order. */
function planHash(items: readonly Planned[]): string {
  const lines = items
    .flatMap(({ sourceId, decision }) =>
      decision.kind === 'send' ? [`${sourceId} ${decision.wanted.action} ${decision.wanted.wantedHash}`] : [],
    )
    .sort()
  return contentHash(lines).slice(0, 16)
}

async function isBelievable(pass: Pass, held: readonly Planned[], hash: string): Promise<boolean> {
  const { store, stream, settings } = pass
  const changes = held.filter(
    ({ decision, note }) => decision.kind === 'send' && decision.wanted.payload !== null && !note.firstLoad,
  ).length
  if (changes <= settings.maxChanges) return true
  const most = Math.max(settings.maxChanges, Math.floor((await store.countLinks(stream.name)) / 2))
  if (changes <= most) return true
  const message = `The plan would change ${changes} records; more than ${most} at once is not believed (SYNC_MAX_CHANGES). Nothing was sent.`
  return isConfirmed(pass, { code: 'plan_too_large', message, hash })
}

const COMMIT_GROUP = 200

async function commit(pass: Pass, items: readonly Planned[], links: ReadonlyMap<string, Link>): Promise<void> {
  const { store, stream, runId, tally } = pass
  for (let start = 0; start < items.length; start += COMMIT_GROUP) {
    const group = items.slice(start, start + COMMIT_GROUP)
    const { left } = await store.commitPlan(stream.name, runId, stream.scope, group, links)
    const skipped = new Set(left)
    for (const item of group) {
      if (skipped.has(item.sourceId)) tally.end('interrupted')
      else tallyDecision(pass, item)
    }
  }
}

function tallyDecision({ tally, options }: Pass, item: Planned): void {
  const { sourceId, decision } = item
  switch (decision.kind) {
    case 'unchanged':
      return tally.mark(sourceId, 'unchanged')
    case 'observe':
      return tally.mark(sourceId, 'observed')
    case 'skip':
      return tally.leaveOut(decision.code, decision.message, item)
    case 'wait':
      // The ration is no obstacle of the record: it is the run that ends before its work does.
      if (decision.code === 'daily_ration') {
        tally.end('interrupted')
        tally.problem(decision.code, decision.message)
        return tally.mark(sourceId, 'pending')
      }
      tally.mark(sourceId, 'waiting')
      return tally.problem(decision.code, decision.message, item)
    case 'park':
      tally.mark(sourceId, 'parked')
      return tally.problem(decision.code, decision.message, item)
    case 'send':
      return tally.mark(sourceId, options.dryRun ? PLANNED_AS[decision.wanted.action] : 'pending')
  }
}

/** A dry run counts what the run would do. */
const PLANNED_AS = { create: 'created', update: 'updated', adopt: 'adopted' } as const
