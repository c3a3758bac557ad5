/** What Plex calls a place or an account -> what Procurify calls it, through the alignment of reference data. */
import type { Refuse, Remark } from './obstacle.js'
import type { AlignedDepartment, AlignedLocation, OrderKnown } from './order.js'
import type { LineFacts } from './requisition.js'
import { fold } from './text.js'

/** A department together with its location: department names repeat across locations. */
export interface Place {
  readonly departmentId: string
  readonly departmentName: string
  readonly locationId: string
  readonly locationName: string
}

/** What is known, with its names indexed once: orders ask for the same few over and over. */
export interface OrderLookup {
  readonly known: OrderKnown
  locationById(id: string): AlignedLocation | undefined
  locationsNamed(name: string, isDefault: boolean): readonly AlignedLocation[]
  departmentsNamed(name: string, isDefault: boolean): readonly AlignedDepartment[]
}

export function makeLookup(known: OrderKnown): OrderLookup {
  const locations = new Map(known.locations.map((location) => [location.id, location]))
  return {
    known,
    locationById: (id) => locations.get(id),
    locationsNamed: indexNames(known.locations),
    departmentsNamed: indexNames(known.departments),
  }
}

/** Null when refused: blank without a default is for a person, a name that is not aligned waits for `align refdata`. */
export function resolvePlace(
  { building, department }: Pick<LineFacts, 'building' | 'department'>,
  lookup: OrderLookup,
  defaults: { readonly department: string | null; readonly location: string | null },
  refuse: Refuse,
  remark: Remark,
): Place | null {
  const who = department ?? defaults.department
  if (who === null) refuse('department_missing', 'Plex names no department and DEFAULT_DEPARTMENT is not set.')
  else if (department === null) remark(`Plex names no department, so ${who} (DEFAULT_DEPARTMENT) is used.`)
  const namesakes = who === null ? [] : lookup.departmentsNamed(who, department === null)
  const everywhere = namesakes.find(({ isEverywhere }) => isEverywhere)
  if (everywhere !== undefined) return placeEverywhere(everywhere, lookup, refuse)
  const location = resolveLocation(building, lookup, defaults.location, refuse, remark)
  const found = namesakes.find(({ locationId }) => locationId === location?.id)
  // While the location is unknown, only a department that is nowhere is worth a reason of its own.
  if (who !== null && found === undefined && (location !== undefined || namesakes.length === 0)) {
    const at = location === undefined ? '' : ` at location ${location.name}`
    const text = `Department ${who} is not aligned to a department of Procurify${at}.`
    refuse('department_not_aligned', text, `department:${who}`)
  }
  return found === undefined || location === undefined ? null : toPlace(found, location)
}

/** Its own location counts, whatever the building. */
function placeEverywhere(department: AlignedDepartment, lookup: OrderLookup, refuse: Refuse): Place | null {
  const { name, locationId } = department
  const location = lookup.locationById(locationId)
  if (location !== undefined) return toPlace(department, location)
  refuse(
    'location_not_aligned',
    `Department ${name} is at a location that is not active in Procurify.`,
    `location:${locationId}`,
  )
  return null
}

function resolveLocation(
  building: string | null,
  lookup: OrderLookup,
  fallback: string | null,
  refuse: Refuse,
  remark: Remark,
): AlignedLocation | undefined {
  const where = building ?? fallback
  if (where === null) {
    refuse('location_missing', 'Plex names no building and DEFAULT_LOCATION is not set.')
    return undefined
  }
  if (building === null) remark(`Plex names no building, so ${where} (DEFAULT_LOCATION) is used.`)
  const [location] = lookup.locationsNamed(where, building === null)
  if (location === undefined) {
    refuse('location_not_aligned', `Building ${where} is not aligned to a location of Procurify.`, `location:${where}`)
  }
  return location
}

function toPlace(department: AlignedDepartment, location: AlignedLocation): Place {
  const { id: departmentId, name: departmentName } = department
  return { departmentId, departmentName, locationId: location.id, locationName: location.name }
}

/** The code for a GL account; '' when refused. Without a place the link to the department can't be looked at yet. */
export function resolveAccount(
  account: string | null,
  place: Place | null,
  { accounts, accountPairs }: Pick<OrderKnown, 'accounts' | 'accountPairs'>,
  refuse: Refuse,
): string {
  if (account === null) {
    refuse('account_missing', 'It has no GL account in Plex.')
    return ''
  }
  const { number = account, code = null } = accounts.get(account) ?? {}
  if (code === null) {
    refuse(
      'account_not_aligned',
      `GL account ${number} is not aligned to an account code of Procurify.`,
      `account:${number}`,
    )
    return ''
  }
  if (place !== null && !accountPairs.has(`${code}|${place.departmentId}`)) {
    const text = `Account code ${code} is not linked to department ${place.departmentName} (${place.locationName}).`
    refuse('account_not_linked', text, `account-link:${code}|${place.departmentId}`)
  }
  return code
}

/** What comes from Plex counts by alignment only; a default is meant as Procurify has it, or else as Plex has it. */
function indexNames<T extends AlignedDepartment | AlignedLocation>(all: readonly T[]) {
  const byPlexName = new Map<string, T[]>()
  const byName = new Map<string, T[]>()
  const add = (index: Map<string, T[]>, name: string, one: T) => {
    const namesakes = index.get(fold(name)) ?? []
    if (!namesakes.includes(one)) index.set(fold(name), [...namesakes, one])
  }
  for (const one of all) {
    one.plexNames.forEach((plexName) => add(byPlexName, plexName, one))
    add(byName, one.name, one)
  }
  return (name: string, isDefault: boolean): readonly T[] => {
    const aligned = byPlexName.get(fold(name)) ?? []
    return isDefault ? [...(byName.get(fold(name)) ?? []), ...aligned] : aligned
  }
}
