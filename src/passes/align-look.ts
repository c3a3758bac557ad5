/**
 * The first half of `align refdata`: both sides are read whole and everything is planned, before it is asked whether that may
 * be acted upon at all.
 */
import {
  countWrites,
  findSuspicions,
  hashPlan,
  listNews,
  planRefdata,
  type AlignOptions,
  type AlignPlan,
  type AlignRemark,
} from '../domain/plan-refdata.js'
import {
  ALIGN_STREAMS,
  type Aligned,
  type AlignStream,
  type Book,
  type Books,
  type RefdataSurvey,
} from '../domain/refdata.js'
import type { Tally } from '../domain/tally.js'
import type { Outlet, Paused, RefdataSources, Target } from '../ports.js'
import { readPlaces, type ReadPlaces } from './align-places.js'
import { NOTHING_READ, readSurvey } from './align-survey.js'
import { isConfirmed, isOver, type Pass } from './pass.js'

/** What the three passes of a run share. */
export interface AlignPass extends Omit<Pass, 'stream' | 'tally' | 'needs' | 'follower' | 'replays'> {
  readonly sources: RefdataSources
  readonly targets: Readonly<Record<AlignStream, Target>>
  readonly tallies: Readonly<Record<AlignStream, Tally>>
  readonly align: AlignOptions
  /** Writes a system may get without --confirm. */
  readonly maxChanges: number
  /** The instant from which the first run reads orders. */
  readonly ordersSince: string
}

/** What a person put on hold, by stream. */
export type Held = Readonly<Record<AlignStream, Paused>>

/** What was read and what follows from it. */
export interface Sight {
  readonly survey: RefdataSurvey
  readonly read: ReadPlaces
  readonly books: Books
  readonly plan: AlignPlan
  readonly hash: string
  /** May the plan be carried out? */
  readonly goOn: boolean
}

export function passOf({ tallies, targets, ...shared }: AlignPass, stream: AlignStream): Pass<Outlet> {
  return {
    ...shared,
    needs: {},
    follower: null,
    stream: { name: stream, target: targets[stream] },
    tally: tallies[stream],
  }
}

/** Null = the sides could not be read; said in the tallies. */
export async function look(pass: AlignPass, held: Held): Promise<Sight | null> {
  const departments = passOf(pass, 'departments')
  const lists = await readSurvey(pass.sources, ALIGN_STREAMS, NOTHING_READ, (stream) => passOf(pass, stream))
  if (lists === null || isOver(departments)) return null
  const read = await readPlaces(departments, pass.sources.plex, pass.ordersSince)
  if (read === null) return null
  const survey = { ...lists, places: read.places }
  const books = await readBooks(pass)
  const plan = planFor(pass, held, survey, books)
  tell(pass, plan, books)
  const suspicions = [...findSuspicions(survey, books), ...doubtPlaces(read, plan, books, pass.align)]
  const hash = hashPlan(plan, books, suspicions)
  const goOn = isBelievable(pass, plan, books, suspicions, hash)
  return { survey, read, books, plan, hash, goOn }
}

export async function readBooks({ store }: Pick<AlignPass, 'store'>): Promise<Books> {
  return {
    locations: await readBook(store, 'locations'),
    departments: await readBook(store, 'departments'),
    accounts: await readBook(store, 'accounts'),
  }
}

export async function readBook(store: AlignPass['store'], stream: AlignStream): Promise<Book> {
  const notes = await store.notes(stream, 0, Number.MAX_SAFE_INTEGER)
  const parked = [...(await store.parked(stream))]
  return {
    links: await store.everyLink(stream),
    notes: new Map(notes.map((note) => [note.sourceId, note])),
    parked: new Set(parked.flatMap(([sourceId, isInDoubt]) => (isInDoubt ? [] : [sourceId]))),
    doubtful: new Set(parked.flatMap(([sourceId, isInDoubt]) => (isInDoubt ? [sourceId] : []))),
  }
}

/** The plan without what is on hold: that is shown, and neither counted nor carried out. */
export function planFor({ align }: AlignPass, held: Held, survey: RefdataSurvey, books: Books): AlignPlan {
  const { aligned, remarks } = planRefdata(survey, books, align)
  const without = (stream: AlignStream): readonly Aligned[] => {
    const { stream: reason, records } = held[stream]
    const isHeld = ({ planned }: Aligned): boolean =>
      planned !== null && (reason !== null || records.has(planned.sourceId))
    return aligned[stream].map((item) => (isHeld(item) ? { ...item, planned: null, writesTo: null } : item))
  }
  return {
    aligned: { locations: without('locations'), departments: without('departments'), accounts: without('accounts') },
    remarks,
  }
}

/** Orders that name nothing do not matter where departments are known otherwise, or where nothing is made that needs them. */
function doubtPlaces(read: ReadPlaces, plan: AlignPlan, books: Books, { map }: AlignOptions): readonly AlignRemark[] {
  const { links, notes } = books.departments
  const isKnown = links.size + notes.size + map.departments.size > 0
  const isNeeded = !isKnown && countWrites(plan, books).procurify > 0
  return isNeeded ? read.suspicions : read.suspicions.filter(({ code }) => code === 'answer_incomplete')
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
    const what = `The plan would write ${count} records to ${system === 'plex' ? 'Plex' : 'Procurify'}`
    const message = `${what}; more than ${pass.maxChanges} at once is not believed (ALIGN_MAX_CHANGES). Nothing was written.`
    stops.push({ stream: 'accounts', code: 'plan_too_large', message })
  }
  const allowed = stops.map(({ stream, code, message }) => isConfirmed(passOf(pass, stream), { code, message, hash }))
  return !allowed.includes(false)
}

/** What a person should know of, each time it is so. Retired records without a partner are no news to anybody. */
function tell(pass: AlignPass, plan: AlignPlan, books: Books): void {
  plan.remarks.forEach(({ stream, code, message }) => pass.tallies[stream].problem(code, message))
  const news = new Set(listNews(plan, books).map(({ item }) => item))
  for (const stream of ALIGN_STREAMS) {
    for (const item of plan.aligned[stream]) {
      const { code, message, plex, procurify } = item.pair
      const side = plex ?? procurify
      if (code !== null && code !== 'inactive_unpaired') {
        const record = { sourceId: item.planned?.sourceId ?? side?.id ?? null, sourceKey: side?.key ?? null }
        pass.tallies[stream].problem(code, message ?? '', record)
      }
      count(pass, stream, item, news.has(item))
    }
  }
}

const PLANNED_AS = { create: 'created', update: 'updated', adopt: 'adopted' } as const

/** Every record read falls into one count; what was planned before is counted by its delivery. */
function count({ tallies, options }: AlignPass, stream: AlignStream, { pair, planned }: Aligned, isNew: boolean): void {
  const tally = tallies[stream]
  if (planned === null) return tally.mark(pair.plex?.id ?? `procurify:${pair.procurify?.id ?? ''}`, 'skipped')
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
