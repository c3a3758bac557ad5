/**
 * The departments of Plex. It has no list of them: they are the names seen on orders and lines, at the building named with
 * them, and those a person put into REFDATA_MAP (contracts/plex.md section 6).
 */
import type { ProblemCode } from './problems.js'
import type { Location, Place } from './refdata.js'
import type { RefdataMap } from './refdata-map.js'
import { cleanLine, cut, fold } from './text.js'

/** Most characters of a department's name in Procurify (DepartmentWrite in procurify.openapi.yaml). */
export const DEPARTMENT_MAX = 150

/** A name at a building, with the location of Procurify it belongs to. */
export interface PlexDepartment {
  /** `placeKey` of it: stable, readable, and all that is needed to plan it again. */
  readonly id: string
  readonly active: true
  readonly building: string | null
  readonly name: string
  /** What it is called in Procurify: the same, unless REFDATA_MAP says otherwise. */
  readonly wantedName: string
  readonly locationId: string | null
  readonly isMapped: boolean
  /** No building is named, nor a default set: the location was only guessed. */
  readonly isVague: boolean
  /** Why there is no location. */
  readonly obstacle: Obstacle | null
}

export interface Obstacle {
  readonly code: ProblemCode
  readonly message: string
  /** A building whose location is awaited; null = nothing will come by itself. */
  readonly building: string | null
}

/** `MAIN:Maintenance`; colons and slashes inside a name are escaped (a slash in an id parts a record). No department = null. */
export function placeKey({ building, department }: Place): string | null {
  const name = cleanLine(department ?? '')
  return name === '' ? null : `${escape(cleanLine(building ?? ''))}:${escape(name)}`
}

/** The place of a key, or null when it is none. */
export function readPlaceKey(key: string): { building: string | null; department: string } | null {
  const [building, name, ...more] = key.split(':')
  if (building === undefined || name === undefined || name === '' || more.length > 0) return null
  return { building: building === '' ? null : unescape(building), department: unescape(name) }
}

function escape(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll('/', '%2F')
}

function unescape(text: string): string {
  return text.replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%25', '%')
}

export interface PlacesInput {
  /** Keys of every place known: seen now, seen earlier, told by other streams. */
  readonly keys: Iterable<string>
  /** The `departmentKey` that a key is paired with by now ('' = it is gone); null = it is not paired. Of several spellings the paired one stays. */
  readonly pairedAs: (key: string) => string | null
  readonly map: RefdataMap['departments']
  /** The location of a building as orders spell it. */
  readonly locate: (building: string) => { readonly id: string } | Obstacle
  readonly locations: readonly Location[]
  /** Ids of the locations that have an active department of this folded name. */
  readonly locationsOf: (foldedName: string) => readonly string[]
  /** DEFAULT_LOCATION: for orders that name no building. */
  readonly defaultLocation: string | null
}

/**
 * One department for each name and location, sorted by key. Orders spell one building by code or by name, and names in any
 * case: what comes to the same location and the same name is one department, or one record of Procurify would get two.
 */
export function listPlexDepartments(input: PlacesInput): PlexDepartment[] {
  const keys = [...new Set(input.keys)].sort()
  const seen = keys.flatMap((key) => toDepartment(key, input) ?? [])
  const named = new Set(seen.map(({ name }) => fold(name)))
  const unseen = [...input.map].flatMap(([folded, { given }]) =>
    named.has(folded) ? [] : (toDepartment(placeKey({ building: null, department: given }) ?? '', input) ?? []),
  )
  const all = [...seen, ...unseen]
  const somewhere = new Set(all.filter(({ building }) => building !== null).map(({ name }) => fold(name)))
  const paired = all.filter(({ id }) => input.pairedAs(id) !== null)
  const taken = new Set(paired.flatMap((one) => [identityOf(one), input.pairedAs(one.id) ?? '']))
  const kept = new Map(paired.map((one) => [one.id, one]))
  for (const one of all) {
    // A blank building says nothing new about a name that is known at a building.
    const isVague = one.isVague && somewhere.has(fold(one.name))
    if (isVague || taken.has(identityOf(one))) continue
    kept.set(one.id, one)
    taken.add(identityOf(one))
  }
  return [...kept.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What makes two spellings one department. */
function identityOf({ id, locationId, wantedName }: PlexDepartment): string {
  return locationId === null ? fold(id) : departmentKey(locationId, wantedName)
}

/** What a department is known by in Procurify: names repeat across locations, and their case does not matter. */
export function departmentKey(locationId: string | null, name: string): string {
  return `${locationId ?? ''}/${fold(cut(name, DEPARTMENT_MAX))}`
}

function toDepartment(key: string, input: PlacesInput): PlexDepartment | null {
  const place = readPlaceKey(key)
  if (place === null) return null
  const { department: name, building } = place
  const mapped = input.map.get(fold(name))?.target
  const wantedName = mapped?.name ?? name
  const base = { active: true, name, wantedName, isMapped: mapped !== undefined } as const
  if (mapped?.location != null && input.pairedAs(key) === null) {
    // A name with a location of its own is the same department at every building.
    const id = placeKey({ building: null, department: name }) ?? key
    return { ...base, id, building: null, isVague: false, ...byName(mapped.location, input.locations) }
  }
  const isVague = building === null && input.defaultLocation === null
  return { ...base, id: key, building, isVague, ...findLocation(building, wantedName, input) }
}

function findLocation(
  building: string | null,
  wantedName: string,
  input: PlacesInput,
): Pick<PlexDepartment, 'locationId' | 'obstacle'> {
  if (building !== null) return toLocated(input.locate(building))
  if (input.defaultLocation !== null) return byName(input.defaultLocation, input.locations)
  const [only, ...more] = input.locationsOf(fold(wantedName))
  if (only !== undefined && more.length === 0) return { locationId: only, obstacle: null }
  const message = 'It is named without a building, so its location is not known.'
  return { locationId: null, obstacle: { code: 'location_unknown', message, building: null } }
}

function byName(name: string, locations: readonly Location[]): Pick<PlexDepartment, 'locationId' | 'obstacle'> {
  const fitting = locations.filter((location) => location.active && fold(location.name) === fold(name))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return { locationId: only.id, obstacle: null }
  const message = `Procurify has ${fitting.length === 0 ? 'no' : 'several'} active locations called ${JSON.stringify(name)}.`
  return { locationId: null, obstacle: { code: 'mapped_name_unknown', message, building: null } }
}

function toLocated(located: { readonly id: string } | Obstacle): Pick<PlexDepartment, 'locationId' | 'obstacle'> {
  return 'id' in located ? { locationId: located.id, obstacle: null } : { locationId: null, obstacle: located }
}
