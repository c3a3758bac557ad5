/**
 * The alignment of all reference data as one plan. Pure: both sides and our books in, pairs and decisions out. Locations come
 * first, since departments belong to them, and account codes last, since they are made for departments.
 */
import { contentHash } from './content-hash.js'
import { planAccounts } from './plan-refdata-accounts.js'
import { matchDepartments, planDepartments } from './plan-refdata-departments.js'
import { goneHash, isNews } from './plan-refdata-item.js'
import { matchLocations, planLocations } from './plan-refdata-locations.js'
import type { ProblemCode } from './problems.js'
import type { System } from './record.js'
import {
  ALIGN_STREAMS,
  codeKey,
  type Aligned,
  type AlignStream,
  type Book,
  type Books,
  type Building,
  type Direction,
} from './refdata.js'
import type { LinkedDepartments, Location, RefdataSurvey } from './refdata.js'
import type { RefdataMap } from './refdata-map.js'
import type { Match } from './refdata-pairs.js'
import { departmentKey, listPlexDepartments, placeKey, type Obstacle } from './refdata-places.js'
import { cleanLine, fold } from './text.js'

export interface AlignOptions {
  readonly connection: string
  readonly pcn: string
  readonly direction: Direction
  readonly map: RefdataMap
  /** DEFAULT_LOCATION. */
  readonly defaultLocation: string | null
}

/** Something to know that is no pair: a name in the map, an answer that cannot be true. */
export interface AlignRemark {
  readonly stream: AlignStream
  readonly code: ProblemCode
  readonly message: string
}

export interface AlignPlan {
  readonly aligned: Readonly<Record<AlignStream, readonly Aligned[]>>
  readonly remarks: readonly AlignRemark[]
}

export function planRefdata(survey: RefdataSurvey, books: Books, options: AlignOptions): AlignPlan {
  const { map, direction, pcn, connection } = options
  const matches = matchLocations(survey.buildings, survey.locations, books.locations, map.locations)
  const locations = planLocations(matches, books.locations, map.locations)
  const places = listPlexDepartments({
    keys: listPlaceKeys(survey, books.departments),
    pairedAs: makePairedAs(survey, books.departments),
    map: map.departments,
    locate: makeLocator(matches, survey.locations, map),
    locations: survey.locations,
    locationsOf: (name) =>
      survey.departments.filter((one) => one.active && fold(one.name) === name).flatMap((one) => one.locationId ?? []),
    defaultLocation: options.defaultLocation,
  })
  const names = new Map(survey.locations.map(({ id, name }) => [id, cleanLine(name)]))
  const locationName = (id: string | null): string => names.get(id ?? '') ?? id ?? '?'
  const departments = planDepartments(
    matchDepartments(places, survey.departments, books.departments),
    books.departments,
    { pcn, direction, locationName },
  )
  const linked = listLinked(departments)
  const accounts = planAccounts(survey.accounts, survey.codes, books.accounts, {
    connection,
    direction,
    map: map.accounts,
    departments: linked,
  })
  const remarks = [...remarkOnMap(survey, map), ...remarkOnDepartments(accounts, linked)]
  return { aligned: { locations, departments, accounts }, remarks }
}

function makePairedAs({ departments }: RefdataSurvey, { links }: Book): (key: string) => string | null {
  const byId = new Map(departments.map(({ id, locationId, name }) => [id, departmentKey(locationId, name)]))
  return (key) => {
    const targetId = links.get(key)?.targetId ?? null
    return targetId === null ? null : (byId.get(targetId) ?? '')
  }
}

/** Seen by this run, seen earlier, or told by another stream that met the name on a line. */
function listPlaceKeys({ places }: RefdataSurvey, { links, notes }: Book): string[] {
  return [...places.flatMap((place) => placeKey(place) ?? []), ...links.keys(), ...notes.keys()]
}

/** The location of a building in the words of an order: its code or its name (contracts/plex.md section 10). */
function makeLocator(
  matches: readonly Match<Building, Location>[],
  locations: readonly Location[],
  map: RefdataMap,
): (building: string) => { readonly id: string } | Obstacle {
  return (text) => {
    const isMeant = ({ code, name }: Building): boolean =>
      [code, name].some((one) => one !== null && fold(one) === fold(text))
    const found = matches.filter((match) => 'plex' in match && isMeant(match.plex))
    const paired = found.find((match) => match.kind === 'paired')
    if (paired?.kind === 'paired') return { id: paired.procurify.id }
    // A text that is no building of Plex may still be a location by its own name or by the map.
    const wanted = map.locations.get(fold(text))?.target ?? text
    const fitting =
      found.length > 0 ? [] : locations.filter(({ active, name }) => active && fold(name) === fold(wanted))
    const [only] = fitting
    if (only !== undefined && fitting.length === 1) return { id: only.id }
    const message = `Building ${JSON.stringify(text)} ${found.length > 0 ? 'has no location in Procurify' : 'is unknown in Plex and in Procurify'}.`
    return { code: 'building_not_aligned', message, building: text }
  }
}

/** What a new account code is linked to: every department that is paired, or will be by the time codes are made. */
function listLinked(departments: readonly Aligned[]): LinkedDepartments {
  const paired = departments.filter(({ pair }) => pair.state === 'paired' && pair.procurify?.active === true)
  const coming = departments.filter(({ writesTo }) => writesTo === 'procurify')
  return {
    ids: paired.flatMap(({ pair }) => pair.procurify?.id ?? []).sort((a, b) => Number(a) - Number(b)),
    names: [
      ...paired.flatMap(({ pair }) => pair.procurify?.key ?? []),
      ...coming.flatMap(({ pair }) => pair.plex?.key ?? []),
    ].sort(),
  }
}

/** Names in the map that are nowhere in Plex; those missing in Procurify are told with their pair. */
function remarkOnMap({ buildings, places, accounts }: RefdataSurvey, map: RefdataMap): AlignRemark[] {
  const numbers = new Set(accounts.map(({ number }) => codeKey(number ?? '')))
  const sites = new Set(
    [...buildings.flatMap(({ code, name }) => [code, name]), ...places.map(({ building }) => building)].map((text) =>
      fold(text ?? ''),
    ),
  )
  const remark = (stream: AlignStream, given: string): AlignRemark => {
    return {
      stream,
      code: 'mapped_name_unknown',
      message: `REFDATA_MAP names ${JSON.stringify(given)}, which Plex does not have.`,
    }
  }
  return [
    ...[...map.accounts].flatMap(([number, { given }]) => (numbers.has(number) ? [] : [remark('accounts', given)])),
    ...[...map.locations].flatMap(([site, { given }]) => (sites.has(site) ? [] : [remark('locations', given)])),
  ]
}

/** Without departments a code could never be used in a requisition, and the links cannot be made later (procurify.md section 9). */
function remarkOnDepartments(accounts: readonly Aligned[], { names }: LinkedDepartments): AlignRemark[] {
  const creates = accounts.filter(
    ({ writesTo, planned }) =>
      writesTo === 'procurify' && planned?.decision.kind === 'send' && planned.decision.wanted.action === 'create',
  )
  if (names.length > 0 || creates.length === 0) return []
  const message = `${creates.length} account codes would be linked to no department.`
  return [{ stream: 'accounts', code: 'departments_missing', message }]
}

// ------------------------------------------------------------------------------------------------ may it be acted upon?

/** The part of a plan that the books do not hold yet, in the order it is carried out. */
export function listNews(
  { aligned }: AlignPlan,
  books: Books,
): { readonly stream: AlignStream; readonly item: Aligned }[] {
  return ALIGN_STREAMS.flatMap((stream) =>
    aligned[stream].flatMap((item) =>
      item.planned !== null && isNews(item.planned, books[stream]) ? [{ stream, item }] : [],
    ),
  )
}

/** New writes a system would get. */
export function countWrites(plan: AlignPlan, books: Books): Readonly<Record<System, number>> {
  const writes = listNews(plan, books).filter(({ item }) => isWrite(item))
  return {
    plex: writes.filter(({ item }) => item.writesTo === 'plex').length,
    procurify: writes.filter(({ item }) => item.writesTo === 'procurify').length,
  }
}

export function isWrite({ planned }: Aligned): boolean {
  return planned?.decision.kind === 'send' && planned.decision.wanted.payload !== null
}

/** Identifies what would be done, and in spite of what. */
export function hashPlan(plan: AlignPlan, books: Books, suspicions: readonly AlignRemark[]): string {
  const lines = listNews(plan, books).flatMap(({ stream, item: { planned } }) =>
    planned?.decision.kind === 'send'
      ? [`${stream} ${planned.sourceId} ${planned.decision.wanted.action} ${planned.decision.wanted.wantedHash}`]
      : [],
  )
  return contentHash([
    ...lines.sort(),
    ...suspicions.map(({ stream, code, message }) => `${stream} ${code} ${message}`),
  ]).slice(0, 16)
}

/**
 * Answers that cannot be true: an empty list, or one in which most of the paired records are missing. That is how a missing
 * role, a wrong company or a truncated answer looks; the size alone would not show a wrong company.
 */
export function findSuspicions(survey: RefdataSurvey, books: Books): AlignRemark[] {
  const lists = [
    { system: 'Plex', stream: 'locations', what: 'buildings', rows: survey.buildings },
    { system: 'Procurify', stream: 'locations', what: 'locations', rows: survey.locations },
    { system: 'Procurify', stream: 'departments', what: 'departments', rows: survey.departments },
    { system: 'Plex', stream: 'accounts', what: 'GL accounts', rows: survey.accounts },
    { system: 'Procurify', stream: 'accounts', what: 'account codes', rows: survey.codes },
  ] as const
  return lists.flatMap(({ system, stream, what, rows }): AlignRemark[] => {
    if (rows.length === 0)
      return [{ stream, code: 'empty_answer', message: `${system} answered the whole list of ${what} with nothing.` }]
    const shown = new Set(rows.map(({ id }) => id))
    const isPlex = system === 'Plex'
    const gone = goneHash(isPlex ? 'gone_in_plex' : 'gone_in_procurify')
    const known = [...books[stream].links.values()].filter((link) => link.targetId !== null && link.sourceHash !== gone)
    const missing = known.filter(({ sourceId, targetId }) => !shown.has(isPlex ? sourceId : (targetId ?? ''))).length
    if (missing * 2 <= known.length) return []
    const message = `${system} answered the list of ${what} with ${rows.length}, but without ${missing} of the ${known.length} that are paired.`
    return [{ stream, code: 'answer_short', message }]
  })
}
