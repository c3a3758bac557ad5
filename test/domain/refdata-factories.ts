/** Small worlds of reference data; whatever a test does not name is unremarkable. */
import { planRefdata, listNews, type AlignOptions, type AlignPlan } from '../../src/domain/plan-refdata.js'
import type { Wanted } from '../../src/domain/decision.js'
import type { Json, Link, Note } from '../../src/domain/record.js'
import {
  ALIGN_STREAMS,
  type AccountCode,
  type Aligned,
  type AlignStream,
  type Book,
  type Books,
} from '../../src/domain/refdata.js'
import type { Building, Department, Location, PlexAccount, RefdataSurvey } from '../../src/domain/refdata.js'
import { EMPTY_MAP, parseRefdataMap, type RefdataMap } from '../../src/domain/refdata-map.js'

const OPTIONS: AlignOptions = {
  connection: 'default',
  pcn: '123',
  direction: 'to-procurify',
  map: EMPTY_MAP,
  defaultLocation: null,
}

export const anAccount = (over: Partial<PlexAccount> = {}): PlexAccount => ({
  id: 'a1',
  number: '6100',
  name: 'Supplies',
  category: 'Expense',
  active: true,
  ...over,
})
export const aCode = (over: Partial<AccountCode> = {}): AccountCode => ({
  id: '1',
  code: '6100',
  description: 'Supplies',
  type: '2',
  parent: null,
  active: true,
  ...over,
})
export const aBuilding = (over: Partial<Building> = {}): Building => ({
  id: 'b1',
  code: 'MAIN',
  name: 'Main Plant',
  active: true,
  ...over,
})
export const aLocation = (over: Partial<Location> = {}): Location => ({
  id: '1',
  name: 'Main Plant',
  active: true,
  ...over,
})
export const aDepartment = (over: Partial<Department> = {}): Department => ({
  id: '11',
  name: 'Maintenance',
  locationId: '1',
  active: true,
  externalId: null,
  ...over,
})

export interface World extends RefdataSurvey {
  readonly books: Books
}

const NO_BOOK: Book = { links: new Map(), notes: new Map(), parked: new Set(), doubtful: new Set() }
const NO_BOOKS: Books = { locations: NO_BOOK, departments: NO_BOOK, accounts: NO_BOOK }

/** One building, its location, and one department that orders name there. */
export function aWorld(over: Partial<World> = {}): World {
  return {
    ...{
      buildings: [aBuilding()],
      locations: [aLocation()],
      places: [{ building: 'MAIN', department: 'Maintenance' }],
      departments: [aDepartment()],
    },
    ...{ accounts: [], codes: [], books: NO_BOOKS },
    ...over,
  }
}

export function aMap(sections: Record<string, unknown>): RefdataMap {
  const map = parseRefdataMap(JSON.stringify(sections))
  if ('problems' in map) throw new Error(map.problems.join(' '))
  return map
}

export const planOf = (world: World, options: Partial<AlignOptions> = {}): AlignPlan =>
  planRefdata(world, world.books, { ...OPTIONS, ...options })

const everyNews = (world: World, options: Partial<AlignOptions> = {}) => listNews(planOf(world, options), world.books)

/** What would be written or told to the journal; that a record is as it should be is only noted in our books. */
export const newsOf = (world: World, options: Partial<AlignOptions> = {}) =>
  everyNews(world, options).filter(({ item }) => item.planned?.decision.kind !== 'unchanged')

/** The one item of a stream whose Plex or Procurify side goes by this key. */
export function itemOf(world: World, stream: AlignStream, key: string, options: Partial<AlignOptions> = {}): Aligned {
  const found = planOf(world, options).aligned[stream].filter(({ pair }) =>
    [pair.plex?.key, pair.procurify?.key].includes(key),
  )
  if (found.length !== 1) throw new Error(`${found.length} items of ${stream} go by ${key}`)
  return found[0] as Aligned
}

/** The first item of a stream, whatever it goes by. */
export function firstOf(stream: AlignStream, world: World, options: Partial<AlignOptions> = {}): Aligned {
  const [item] = planOf(world, options).aligned[stream]
  if (item === undefined) throw new Error(`No ${stream}.`)
  return item
}

/** What a decision comes to, in few words. */
export function tell({ pair, planned, writesTo }: Aligned) {
  const decision = planned?.decision
  return {
    state: pair.state,
    code: pair.code,
    does: decision?.kind === 'send' ? decision.wanted.action : (decision?.kind ?? 'nothing'),
    writesTo,
  }
}

/** What a decision sends; fails the test when it sends nothing. */
export function wantedOf({ planned }: Aligned): Wanted {
  if (planned?.decision.kind !== 'send') throw new Error(`Expected a decision to send, got ${planned?.decision.kind}.`)
  return planned.decision.wanted
}

/** What people are told of a pair, in the list and in the journal. */
export function told({ pair, planned }: Aligned) {
  const decision = planned?.decision
  const journal =
    decision?.kind === 'send'
      ? decision.wanted.message
      : decision !== undefined && 'message' in decision
        ? decision.message
        : null
  return { state: pair.state, code: pair.code, message: pair.message, journal }
}

export function payloadOf({ planned }: Aligned): Json {
  return planned?.decision.kind === 'send' ? planned.decision.wanted.payload : null
}

export function aNote(sourceId: string): Note {
  return { sourceId, sourceKey: null, hash: null, record: null, rejection: null, firstLoad: false, revision: 1 }
}

type Row = { readonly id: string }
const membersOf = (value: Json) => value as Record<string, Json>

/** Carries a plan out as the two systems and the database would, every write delivered. */
export function carryOut(world: World, options: Partial<AlignOptions> = {}): World {
  let after = world
  // Stream by stream, as a run does: departments have their ids before codes are made for them.
  for (const stream of ALIGN_STREAMS) {
    const news = everyNews(after, options).filter((one) => one.stream === stream)
    for (const { item } of news) after = deliver(after, stream, item)
  }
  return after
}

function deliver(world: World, stream: AlignStream, { planned }: Aligned): World {
  if (planned === null) return world
  const { sourceId, sourceKey, sourceHash, decision } = planned
  const links = new Map(world.books[stream].links)
  const before = links.get(sourceId)
  const unlinked: Link = {
    sourceId,
    sourceKey,
    sourceHash,
    targetId: null,
    targetKey: null,
    wantedHash: null,
    sent: null,
    detail: null,
    skipCode: null,
    version: 0,
  }
  const base: Link = {
    ...(before ?? unlinked),
    sourceKey,
    sourceHash,
    skipCode: decision.kind === 'skip' ? decision.code : null,
  }
  let after: World = world
  if (decision.kind !== 'send') links.set(sourceId, base)
  else {
    const { payload, targetKey, draft: sent, wantedHash } = decision.wanted
    const written =
      payload === null
        ? { world, id: decision.wanted.targetId ?? '' }
        : write(world, stream, membersOf(payload), decision.wanted.targetId)
    after = written.world
    links.set(sourceId, { ...base, targetId: written.id, targetKey, sent, wantedHash })
  }
  return { ...after, books: { ...after.books, [stream]: { ...NO_BOOK, links } } }
}

/** An id that no record has, nor ever had as far as our books know: systems do not give them twice. */
export function nextId(rows: readonly Row[], { links }: Book): string {
  return String(
    1 +
      Math.max(0, ...rows.map(({ id }) => Number(id)), ...[...links.values()].map(({ targetId }) => Number(targetId))),
  )
}

function write(
  world: World,
  stream: AlignStream,
  payload: Record<string, Json>,
  targetId: string | null,
): { world: World; id: string } {
  const body = membersOf(payload['body'] ?? null)
  // Ids are numbers in a body and text everywhere else.
  const text = (member: string): string => {
    const value = body[member]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  if (payload['system'] === 'plex') {
    const account = anAccount({
      id: text('id'),
      number: text('accountNumber'),
      name: text('name'),
      category: text('categoryType'),
    })
    if (world.accounts.some(({ id, number }) => id === account.id || number === account.number))
      throw new Error('Plex would refuse it')
    return {
      world: { ...world, accounts: [...world.accounts, account] },
      id: typeof payload['procurifyId'] === 'string' ? payload['procurifyId'] : '',
    }
  }
  if (stream === 'departments') {
    const id = nextId(world.departments, world.books.departments)
    const department = aDepartment({
      id,
      name: text('name'),
      locationId: text('branch'),
      externalId: text('external_id'),
    })
    return { world: { ...world, departments: [...world.departments, department] }, id }
  }
  const { codes } = world
  const changed = { code: text('code'), description: text('description'), type: text('account_type') }
  if (codes.some(({ id, code }) => code === changed.code && id !== targetId))
    throw new Error('Procurify would refuse it')
  const id = targetId ?? nextId(codes, world.books.accounts)
  const rest = codes.filter((code) => code.id !== id)
  const old = codes.find((code) => code.id === id)
  return { world: { ...world, codes: [...rest, aCode({ ...old, ...changed, id })] }, id }
}
