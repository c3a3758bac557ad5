/** REFDATA_MAP: pairs that a person decided. Pure: the text of the file -> the pairs, or every mistake in it. */
import type { Json } from './record.js'
import { codeKey } from './refdata.js'
import { cleanLine, fold } from './text.js'

/** One line of the file: what Plex calls it, as it is written there, and what Procurify calls it. */
interface Mapped<T> {
  readonly given: string
  readonly target: T
}

/** A department of Procurify by its name, and by its location where that does not follow from the building. */
interface MappedDepartment {
  readonly name: string
  readonly location: string | null
}

/** Keyed by the trimmed account number, and by the folded names of departments and buildings (or their codes). */
export interface RefdataMap {
  readonly accounts: ReadonlyMap<string, Mapped<string>>
  readonly departments: ReadonlyMap<string, Mapped<MappedDepartment>>
  readonly locations: ReadonlyMap<string, Mapped<string>>
}

export const EMPTY_MAP: RefdataMap = { accounts: new Map(), departments: new Map(), locations: new Map() }

const SECTIONS = ['accounts', 'departments', 'locations']

/** Every mistake at once, one sentence each; names in them are quoted, since they are the user's own. */
export function parseRefdataMap(text: string): RefdataMap | { readonly problems: readonly string[] } {
  const problems: string[] = []
  const file = membersOf(parse(text, problems), 'The file', problems)
  for (const name of Object.keys(file)) {
    if (!SECTIONS.includes(name)) problems.push(`${quote(name)} is unknown: it may hold ${SECTIONS.join(', ')}.`)
  }
  const section = (name: string): [string, Json][] =>
    Object.entries(membersOf(file[name] ?? {}, quote(name), problems)).map(([key, value]) => [key, value ?? null])
  const map = {
    accounts: collect('accounts', section('accounts'), { spell: codeKey, read: codeOf, uniqueOf: codeKey }, problems),
    departments: collect('departments', section('departments'), DEPARTMENTS, problems),
    locations: collect('locations', section('locations'), { spell: fold, read: nameOf, uniqueOf: fold }, problems),
  }
  return problems.length > 0 ? { problems } : map
}

interface SectionRules<T> {
  /** What makes two keys of the section the same. */
  readonly spell: (key: string) => string
  /** Null = the value is a mistake. */
  readonly read: (value: Json) => T | null
  /** What makes two targets the same; null = it may be named again. */
  readonly uniqueOf: (value: T) => string | null
}

const DEPARTMENTS: SectionRules<MappedDepartment> = {
  spell: fold,
  read: departmentOf,
  // Without a location the same name may be meant at several buildings.
  uniqueOf: ({ name, location }) => (location === null ? null : `${fold(location)}/${fold(name)}`),
}

/** One section: keys and targets each once, since a pair has two ends. */
function collect<T>(
  section: string,
  entries: readonly [string, Json][],
  { spell, read, uniqueOf }: SectionRules<T>,
  problems: string[],
): Map<string, Mapped<T>> {
  const wanted = section === 'departments' ? 'a name in quotes or {"name", "location"}' : 'a text in quotes'
  const map = new Map<string, Mapped<T>>()
  const targets = new Map<string, string>()
  for (const [given, raw] of entries) {
    const key = spell(given)
    const value = read(raw)
    const where = `${quote(section)}, ${quote(given)}`
    const target = value === null ? null : uniqueOf(value)
    const rival = target === null ? undefined : targets.get(target)
    if (key === '') problems.push(`${quote(section)} has a pair with an empty name.`)
    else if (value === null) problems.push(`${where}: must be ${wanted}, not ${JSON.stringify(raw)}.`)
    else if (map.has(key)) problems.push(`${where}: is there twice.`)
    else if (rival !== undefined) problems.push(`${where}: is paired with the same as ${quote(rival)}.`)
    else {
      if (target !== null) targets.set(target, given)
      map.set(key, { given: given.trim(), target: value })
    }
  }
  return map
}

function departmentOf(value: Json): MappedDepartment | null {
  const plain = nameOf(value)
  if (plain !== null) return { name: plain, location: null }
  if (!isObject(value) || Object.keys(value).some((member) => member !== 'name' && member !== 'location')) return null
  const [name, location] = [nameOf(value['name'] ?? null), nameOf(value['location'] ?? null)]
  return name === null || (location === null && value['location'] !== undefined) ? null : { name, location }
}

function nameOf(value: Json): string | null {
  const text = typeof value === 'string' ? cleanLine(value) : ''
  return text === '' ? null : text
}

/** A number without quotes would have lost its leading zeros. */
function codeOf(value: Json): string | null {
  const text = typeof value === 'string' ? codeKey(value) : ''
  return text === '' ? null : text
}

function parse(text: string, problems: string[]): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    problems.push(`The file is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
    return {}
  }
}

function membersOf(value: Json, name: string, problems: string[]): Readonly<Record<string, Json | undefined>> {
  if (isObject(value)) return value
  problems.push(`${name} must be an object { ... }.`)
  return {}
}

function isObject(value: Json): value is Readonly<Record<string, Json | undefined>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function quote(text: string): string {
  return JSON.stringify(text)
}
