/**
 * Turns notes into decisions and stores them. A plan too large to be true is refused whole, before anything of it is
 * stored; a dry run stops here.
 */
import { contentHash } from '../domain/content-hash.js'
import type { Detail, Planned } from '../domain/decision.js'
import type { Result } from '../domain/failure.js'
import { recordIdOf, type Link } from '../domain/record.js'
import { respectGivenUp } from '../domain/given-up.js'
import type { Known, Paused } from '../ports.js'
import type { Notebook } from './notebook.js'
import { endByFailure, isConfirmed, isOver, toPlanLine, type Pass, type PlanLine, type PlanLines } from './pass.js'
import { Spool } from './spool.js'

export interface PlanResult {
  /** Notes there were when planning began; null = unknown. */
  readonly noted: number | null
  readonly lines: PlanLines
  /** Every decision; empty but for a dry run. */
  readonly items: readonly Planned[]
  /** Set for a dry run and a safety stop. */
  readonly hash: string | null
  /** What waiting records of this plan need, e.g. `supplier:<id>`, and the records that do. */
  readonly waitsFor: ReadonlyMap<string, readonly string[]>
  /** False = nothing may be sent: a dry run, a safety stop, a refused login. */
  readonly goOn: boolean
}

/** Records read in detail at a time, at most: large enough for shared look-ups. */
const CHUNK = 200

/**
 * Nothing of a chunk is kept before it was read and judged whole, so the rest of the pass must be enough for that: a record for each
 * second left. Else a short --deadline would read the same records again and again, and never get further.
 */
function chunkFor({ clock, deadlineAt, settings }: Pass): number {
  const leftSec = Math.floor((deadlineAt - clock.now()) / 1000)
  return Math.min(CHUNK, Math.max(settings.concurrency, leftSec))
}

/** `onStored` is told of deliveries as soon as they are stored: in a first load long before the plan is complete. */
export async function planNotes(
  pass: Pass,
  notebook: Notebook,
  onStored: (stored: number) => void = () => undefined,
): Promise<PlanResult> {
  const { store, stream } = pass
  const plan: Held = {
    items: [],
    links: new Map(),
    lines: new Spool(),
    sources: new Set(),
    sends: 0n,
    changes: 0,
    waitsFor: new Map(),
  }
  const survey = surveyOnce(pass)
  let after = 0
  let left = pass.options.limit ?? Number.POSITIVE_INFINITY
  let goOn = true
  let done = 0
  const noted = await notebook.count()
  const paused = noted === 0 ? NOTHING_PAUSED : await store.paused(stream.name)
  const total = noted === null ? null : Math.min(noted, left)
  while (noted !== 0 && left > 0 && !isOver(pass)) {
    const asked = Math.min(chunkFor(pass), left)
    const page = await notebook.page(after, asked)
    const last = page.at(-1)
    if (last === undefined) break
    after = last.revision
    page.forEach(({ sourceId }) => pass.tally.markTouched(sourceId))
    // Noted anew since it was planned here, by another process: that is for the next round.
    const isDue = (id: string): boolean => !paused.records.has(id) && !plan.sources.has(id)
    const notes = paused.stream === null ? page.filter(({ sourceId }) => isDue(sourceId)) : []
    if (notes.length === 0) continue
    left -= notes.length
    const chunk = await planChunk(pass, notes, survey)
    if (chunk === null) {
      goOn = false
      break
    }
    const { kept, storable } = sortOut(pass, chunk.items)
    await commit(pass, storable, chunk.links, onStored)
    hold(pass, plan, kept, chunk.links)
    done += notes.length
    pass.reporter.progress('planning', done, total)
    // What is noted meanwhile is for the next round.
    if (noted !== null && page.length < asked) break
  }
  reportHeld(pass, paused)
  if (left <= 0 && (await notebook.page(after, 1)).length > 0) {
    pass.tally.end('interrupted')
    pass.tally.problem(
      'limit_reached',
      `--limit ${pass.options.limit ?? ''} was reached with records left; the next run goes on.`,
    )
  }
  return { noted, ...(await finish(pass, plan, goOn, onStored)) }
}

/** What a plan holds until it is known to be believable. A dry run of a long list keeps what it prints, not what it read. */
interface Held {
  readonly items: Planned[]
  readonly links: Map<string, Link>
  readonly lines: Spool<PlanLine>
  /** Records of which something is held. */
  readonly sources: Set<string>
  /** Identifies what is to be sent: see `addTo`. */
  sends: bigint
  /** Writes that count for the safety stop. */
  changes: number
  readonly waitsFor: Map<string, string[]>
}

/**
 * What may be stored before the whole plan is known: the first load, which is exempt from the safety stop, so that a pass cut short
 * keeps what it planned; and records of which nothing is to be sent. Parts of one record stay together.
 */
function sortOut({ options }: Pass, items: readonly Planned[]): { kept: Planned[]; storable: Planned[] } {
  if (options.dryRun) return { kept: [...items], storable: [] }
  const undecided = new Set(
    items.flatMap(({ note, decision }) =>
      note.firstLoad || decision.kind === 'unchanged' || decision.kind === 'skip' ? [] : [note.sourceId],
    ),
  )
  const isKept = ({ note }: Planned): boolean => undecided.has(note.sourceId)
  return { kept: items.filter(isKept), storable: items.filter((item) => !isKept(item)) }
}

function hold(pass: Pass, plan: Held, items: readonly Planned[], links: ReadonlyMap<string, Link>): void {
  const { options, stream, replays } = pass
  for (const item of items) {
    const { sourceId, decision, note } = item
    const needs = decision.kind === 'wait' ? decision.waitsFor : []
    for (const need of needs) plan.waitsFor.set(need, [...(plan.waitsFor.get(need) ?? []), recordIdOf(sourceId)])
    if (decision.kind === 'send') {
      plan.sends = addTo(plan.sends, `${sourceId} ${decision.wanted.action} ${decision.wanted.wantedHash}`)
      if (decision.wanted.payload !== null && !note.firstLoad) plan.changes += 1
    }
    if (options.dryRun) {
      const line = toPlanLine(stream.name, item)
      if (line !== null) plan.lines.push(line)
      tallyDecision(pass, item)
    }
    // A replay is small, and its preview tells every decision.
    if (options.dryRun && replays === undefined) continue
    plan.items.push(item)
    plan.sources.add(note.sourceId)
    const link = links.get(sourceId)
    if (link !== undefined) plan.links.set(sourceId, link)
  }
}

const NOTHING_PAUSED: Paused = { stream: null, records: new Map() }

/** Touched and on hold: read, and left out. */
function reportHeld({ tally, stream }: Pass, { records }: Paused): void {
  for (const [sourceId, reason] of records) {
    if (!tally.markHeld(sourceId)) continue
    const message = `The record ${sourceId} of ${stream.name} is paused: ${reason}`
    tally.problem('paused', message, { sourceId, sourceKey: null })
  }
}

async function finish(
  pass: Pass,
  plan: Held,
  goOn: boolean,
  onStored: (stored: number) => void,
): Promise<Omit<PlanResult, 'noted'>> {
  const { dryRun } = pass.options
  const { lines, waitsFor } = plan
  const items = dryRun ? plan.items : []
  const hash = planHash(plan)
  if (!(await isBelievable(pass, plan, hash))) return { lines, items, hash, waitsFor, goOn: false }
  if (dryRun) return { lines, items, hash, waitsFor, goOn: false }
  await commit(pass, plan.items, plan.links, onStored)
  return { lines, items, hash: null, waitsFor, goOn }
}

/** Null = the pass cannot go on (already said in the tally). */
async function planChunk(
  pass: Pass,
  notes: Parameters<Pass['stream']['source']['read']>[0],
  survey: Survey,
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
    const surveyed = await survey.read()
    if (!surveyed.ok) {
      endByFailure(pass, surveyed)
      return null
    }
    known = surveyed.value
  }
  const items = stream.plan(read.value, links, known).map((item) => {
    const replay = pass.replays?.get(item.sourceId)
    // Asked for by name: what was given up before is wanted again.
    return replay === undefined ? respectGivenUp(item, links.get(item.sourceId)) : { ...item, replay }
  })
  survey.reserve(items)
  return { items, links }
}

/** Names that other processes give meanwhile are seen after this time at most. Reading them for each chunk would cost n squared. */
const RESERVED_FOR_MS = 30_000

interface Survey {
  read(): Promise<Result<Known<unknown>>>
  /** The names that this plan gives are taken as well, whether it is stored yet or not. */
  reserve(items: readonly Planned[]): void
}

/** The target is read at most once a pass, and only if a record asks for it. */
function surveyOnce(pass: Pass): Survey {
  const { stream, store, clock } = pass
  let answer: Promise<Result<Known<unknown>>> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let reserved = new Map<string, string>()
  const ours = new Map<string, string>()
  const read = async (): Promise<Result<Known<unknown>>> => {
    const survey = await stream.survey()
    if (!survey.ok) return survey
    // Whom a name belongs to, and whether it is in use, is all that is asked of other records.
    const linkedTargets = await store.linkedTargets(stream.name, ['name', 'active'])
    return { ok: true, value: { survey: survey.value, linkedTargets, reserved, leftOut: await readLeftOut(pass) } }
  }
  return {
    read: async () => {
      const known = await (answer ??= read())
      if (!known.ok) return known
      if (clock.now() - readAt > RESERVED_FOR_MS) {
        reserved = await store.reservedKeys(stream.name)
        readAt = clock.now()
        for (const [sourceId, name] of ours) reserved.set(sourceId, name)
      }
      return { ok: true, value: { ...known.value, reserved } }
    },
    reserve: (items) => {
      for (const { sourceId, decision } of items) {
        if (decision.kind !== 'send' || decision.wanted.targetKey === null) continue
        const name = decision.wanted.targetKey
        const before = reserved.get(sourceId) ?? name
        // It may grow, not change: there are indexes of it (domain/vendor-books.ts).
        if (before !== name) reserved = new Map(reserved)
        ours.set(sourceId, name)
        reserved.set(sourceId, name)
      }
    },
  }
}

/** What records wait for may be a record that is never delivered: then there is nothing to wait for. */
async function readLeftOut({ store, needs, runId }: Pass): Promise<Map<string, string>> {
  const leftOut = new Map<string, string>()
  for (const [kind, { stream }] of Object.entries(needs))
    for (const [sourceId, code] of await store.leftOut(stream.name, runId)) leftOut.set(`${kind}:${sourceId}`, code)
  return leftOut
}

/** A record that could not be read stays noted; the others go their own way. */
function reportUnread(pass: Pass, detail: Detail<unknown>): void {
  if (detail.kind !== 'failed') return
  pass.tally.end('interrupted')
  if (detail.failure.kind !== 'stop') pass.tally.problem(detail.failure.code, detail.failure.message, detail.note)
}

/** A sum of hashes: the same for the same things whatever their order, and as small for a hundred thousand as for one. */
function addTo(sum: bigint, send: string): bigint {
  return BigInt.asUintN(256, sum + BigInt(`0x${contentHash(send)}`))
}

/** Identifies the plan: same records, same changes, whatever their order. */
function planHash({ sends }: Held): string {
  return contentHash(sends.toString(16)).slice(0, 16)
}

async function isBelievable(pass: Pass, { changes }: Held, hash: string): Promise<boolean> {
  const { store, stream, settings } = pass
  if (changes <= settings.maxChanges) return true
  const most = Math.max(settings.maxChanges, Math.floor((await store.countLinks(stream.name)) / 2))
  if (changes <= most) return true
  const message = `The plan would change ${changes} records; more than ${most} at once is not believed (SYNC_MAX_CHANGES). Nothing of it was sent.`
  return isConfirmed(pass, { code: 'plan_too_large', message, hash })
}

const COMMIT_GROUP = 200

async function commit(
  pass: Pass,
  items: readonly Planned[],
  links: ReadonlyMap<string, Link>,
  onStored: (stored: number) => void,
): Promise<void> {
  const { store, stream, runId, tally } = pass
  for (let start = 0; start < items.length; start += COMMIT_GROUP) {
    const group = items.slice(start, start + COMMIT_GROUP)
    const toSend = group.filter(({ decision }) => decision.kind === 'send')
    // Before it is stored: from then on it may be delivered at any moment, and that is the last word.
    for (const { sourceId } of toSend) tally.mark(sourceId, 'pending')
    const { left } = await store.commitPlan(stream.name, runId, stream.scope, group, links)
    const skipped = new Set(left)
    for (const item of group) {
      if (skipped.has(item.sourceId)) tally.end('interrupted')
      else tallyDecision(pass, item)
    }
    if (toSend.length > 0) onStored(toSend.length)
  }
}

function tallyDecision({ tally, options }: Pass, item: Planned): void {
  const { sourceId, decision, problem } = item
  if (problem !== undefined) tally.problem(problem.code, problem.message, item)
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
      return tally.wait(decision.code, decision.message, item)
    case 'park':
      tally.mark(sourceId, 'parked')
      return tally.problem(decision.code, decision.message, item)
    case 'send':
      if (options.dryRun) tally.mark(sourceId, PLANNED_AS[decision.wanted.action])
      return
  }
}

/** A dry run counts what the run would do. */
const PLANNED_AS = { create: 'created', update: 'updated', adopt: 'adopted' } as const
