/** Names of departments seen in Plex and departments of Procurify: paired, and created there where missing. Pure. */
import { contentHash } from './content-hash.js'
import type { Decision } from './decision.js'
import {
  activityCode,
  changesOf,
  isTrouble,
  observe,
  remember,
  ruleTrouble,
  skip,
  toAligned,
  type Ruling,
  type Words,
} from './plan-refdata-item.js'
import { baseOf, writesToProcurify, type Aligned, type Book, type Department, type Direction } from './refdata.js'
import { pairUp, type Match } from './refdata-pairs.js'
import { DEPARTMENT_MAX, departmentKey, type PlexDepartment } from './refdata-places.js'
import { cleanLine, cut, fold } from './text.js'

export interface DepartmentOptions {
  readonly pcn: string
  readonly direction: Direction
  /** Names of locations by id, for people. */
  readonly locationName: (id: string | null) => string
}

/** Most characters Procurify takes (DepartmentWrite in procurify.openapi.yaml). */
const EXTERNAL_ID_MAX = 100

type DepartmentMatch = Match<PlexDepartment, Department>
type Untroubled = Extract<DepartmentMatch, { kind: 'paired' | 'only_in_plex' | 'only_in_procurify' }>

export function matchDepartments(
  places: readonly PlexDepartment[],
  departments: readonly Department[],
  { links }: Book,
): DepartmentMatch[] {
  const keyOf = ({ locationId, wantedName }: PlexDepartment): string | null =>
    locationId === null ? null : departmentKey(locationId, wantedName)
  return pairUp(places, departments, links, {
    keysInPlex: (place) => [keyOf(place)].flatMap((key) => key ?? []),
    keyInProcurify: ({ locationId, name }) => departmentKey(locationId, name),
    wantedKey: (place) => (place.isMapped ? keyOf(place) : null),
  })
}

export function planDepartments(
  matches: readonly DepartmentMatch[],
  book: Book,
  options: DepartmentOptions,
): Aligned[] {
  const words: Words<PlexDepartment, Department> = {
    stream: 'departments',
    showPlex: ({ id, building, name, active }) => ({
      id,
      key: building === null ? name : `${building} / ${name}`,
      name,
      active,
    }),
    showProcurify: ({ id, name, locationId, active }) => {
      return { id, key: `${options.locationName(locationId)} / ${cleanLine(name)}`, name: cleanLine(name), active }
    },
  }
  return matches.map((match) => {
    if (isTrouble(match)) return ruleTrouble(match, words, book)
    const plex = 'plex' in match ? words.showPlex(match.plex) : null
    const procurify = 'procurify' in match ? words.showProcurify(match.procurify) : null
    return toAligned(
      { stream: 'departments', sourceId: plex?.id ?? null, plex, procurify },
      rule(match, book, options),
      book,
    )
  })
}

function rule(match: Untroubled, book: Book, options: DepartmentOptions): Ruling {
  switch (match.kind) {
    case 'paired':
      return rulePaired(match, book)
    case 'only_in_plex':
      return ruleMissing(match.plex, options)
    case 'only_in_procurify': {
      const isActive = match.procurify.active
      const message = isActive
        ? 'No order of Plex that was read names it; Plex has no list of departments to create it in.'
        : 'It is inactive, and no order of Plex that was read names it.'
      return {
        state: 'only_in_procurify',
        code: isActive ? 'missing_in_plex' : 'inactive_unpaired',
        message,
        decision: null,
      }
    }
  }
}

/** A rename in Procurify is taken over into our books: requisitions name departments by text. */
function rulePaired({ plex, procurify, how }: Extract<DepartmentMatch, { kind: 'paired' }>, { links }: Book): Ruling {
  const link = how === 'linked' ? links.get(plex.id) : undefined
  const { id, locationId } = procurify
  const name = cleanLine(procurify.name)
  const draft = { plex: { building: plex.building, name: plex.name }, procurify: { name, locationId } }
  const wasCalled = link === undefined ? undefined : baseOf(link.sent, 'procurify')?.['name']
  const isRenamed = wasCalled !== undefined && wasCalled !== name
  const code = isRenamed ? 'renamed_in_procurify' : activityCode(plex, procurify)
  const message = isRenamed
    ? `The department is called ${name} now.`
    : code === null
      ? null
      : 'Only one of the two is active.'
  const changes = changesOf(link, draft)
  const isKnown = link !== undefined && link.sent !== null && changes.length === 0
  const said = link === undefined ? `paired by ${how === 'wanted' ? 'REFDATA_MAP' : 'name and location'}` : message
  const decision = isKnown ? observe(code, message ?? '') : remember({ id, key: name }, draft, changes, said)
  return { state: 'paired', code, message, decision }
}

function ruleMissing(place: PlexDepartment, options: DepartmentOptions): Ruling {
  const { obstacle, locationId, name, wantedName } = place
  if (obstacle !== null) {
    const { code, message, building } = obstacle
    if (building === null) return skip('only_in_plex', code, message)
    const decision = { kind: 'wait', code, message, waitsFor: [`location:${building}`] } as const
    return { state: 'only_in_plex', code, message, decision }
  }
  const where = options.locationName(locationId)
  // Another name than Plex has is meant to exist: made from a typing error, it could never be removed again.
  if (fold(wantedName) !== fold(name)) {
    const message = `REFDATA_MAP pairs it with ${JSON.stringify(wantedName)}, which location ${where} does not have.`
    return skip('only_in_plex', 'mapped_name_unknown', message)
  }
  if (!writesToProcurify(options.direction)) {
    return skip('only_in_plex', 'missing_in_procurify', `Location ${where} has no department of this name.`)
  }
  const message = `created under location ${where}`
  return { state: 'only_in_plex', code: null, message, decision: create(place, options), writesTo: 'procurify' }
}

function create(
  { id, building, name, wantedName, locationId }: PlexDepartment,
  { pcn, locationName }: DepartmentOptions,
): Decision {
  const wanted = cut(cleanLine(wantedName), DEPARTMENT_MAX)
  const draft = { plex: { building, name }, procurify: { name: wanted, locationId } }
  const body = { branch: Number(locationId), name: wanted, external_id: departmentExternalId(pcn, id), active: true }
  const changes = [
    { field: 'name', from: null, to: wanted },
    { field: 'location', from: null, to: locationName(locationId) },
    { field: 'external_id', from: null, to: body.external_id },
  ]
  const payload = { system: 'procurify', body }
  const wantedHash = contentHash(draft)
  return {
    kind: 'send',
    wanted: { action: 'create', targetId: null, targetKey: wanted, draft, payload, wantedHash, changes, message: null },
  }
}

/** Ours, for finding the department again; a key too long for the field is hashed. */
export function departmentExternalId(pcn: string, key: string): string {
  const whole = `plex:${pcn}:department:${key}`
  return whole.length <= EXTERNAL_ID_MAX ? whole : `plex:${pcn}:department#${contentHash(key).slice(0, 32)}`
}
