import type { Collection } from './collection.js'
import type { Call, Reply, Row } from './exchange.js'

/** Which of the two date filter styles is honoured; the other one is then an unknown parameter, silently ignored. */
export type DateFilterStyle = 'both' | 'modifiedDate' | 'modified_date'

/** Filters of one list, as in plex.openapi.yaml. */
export interface ListRule {
  /** Query parameter -> member it must equal. */
  readonly equals?: Readonly<Record<string, string>>
  /** Members with a `<member>Begin` / `<member>End` range, both ends included. */
  readonly dates?: readonly string[]
}

/** A seconds part and a fraction of up to seven digits may be left out; zone must be `Z` (contract section 4). */
const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?Z$/

/**
 * Full seven-digit text of an instant, so that two of them compare as text; undefined for anything Plex refuses: a bare
 * date, no zone, a space instead of `T`.
 */
function fullInstant(text: string): string | undefined {
  const found = INSTANT.exec(text)
  if (found === null || Number.isNaN(Date.parse(text))) return undefined
  return `${found[1]}:${found[2] ?? '00'}.${(found[3] ?? '').padEnd(7, '0')}Z`
}

/** One range of the query; an end that was not given is undefined. */
interface DateBounds {
  readonly member: string
  readonly from: string | undefined
  readonly to: string | undefined
}

/**
 * The rows of a list that satisfy the query, in stored order, or the 400 answer. Parameters not in `rule` are ignored,
 * as are `limit` and its like: the whole list comes back (contract section 5).
 */
export function filterList(
  candidates: Collection,
  preselected: readonly Row[] | undefined,
  call: Call,
  rule: ListRule,
  style: DateFilterStyle,
): readonly Row[] | Reply {
  const bounds = boundsOf(call.query, rule.dates ?? [], style)
  if (!Array.isArray(bounds)) return argumentInvalid(bounds.invalid)
  const wanted = Object.entries(rule.equals ?? {}).flatMap(([param, member]) => {
    const values = call.query.getAll(param)
    return values.length === 0 ? [] : [{ member, values: new Set(values) }]
  })
  const start = preselected ?? narrow(candidates, wanted)
  return start.filter(
    (row) =>
      candidates.isVisible(row) &&
      wanted.every(({ member, values }) => values.has(String(row[member]))) &&
      bounds.every((bound) => isInside(row, bound)),
  )
}

/** Starts from an index when one of the filters has it, so that `pOId=...` does not walk every release. */
function narrow(
  collection: Collection,
  wanted: readonly { readonly member: string; readonly values: ReadonlySet<string> }[],
): readonly Row[] {
  const indexed = wanted.find(({ member }) => collection.hasIndex(member))
  if (indexed !== undefined) return [...indexed.values].flatMap((value) => collection.where(indexed.member, value))
  const byKey = wanted.find(({ member }) => member === collection.key)
  if (byKey !== undefined) return [...byKey.values].map((id) => collection.get(id)).filter((row) => row !== undefined)
  return collection.all()
}

/** Every range the query asks for, or the first parameter that cannot be read. */
function boundsOf(
  query: URLSearchParams,
  members: readonly string[],
  style: DateFilterStyle,
): DateBounds[] | { readonly invalid: string } {
  const bounds: DateBounds[] = []
  for (const member of members) {
    const names = filterNames(member, style)
    const from = instantOf(query, names.from)
    const to = instantOf(query, names.to)
    if (from === null || to === null) return { invalid: member }
    if (from !== undefined || to !== undefined) bounds.push({ member, from, to })
  }
  return bounds
}

/** Only the modified and created ranges have two styles; `dueDateBegin` and its like exist in both. */
function filterNames(member: string, style: DateFilterStyle): { from: string[]; to: string[] } {
  const range = { from: [`${member}Begin`], to: [`${member}End`] }
  const lower = member === 'modifiedDate' ? 'modified_date' : member === 'createdDate' ? 'created_date' : undefined
  if (lower === undefined || style === 'modifiedDate') return range
  if (style === 'modified_date') return { from: [lower], to: [] }
  return { from: [...range.from, lower], to: range.to }
}

/** The first of these parameters that is present: undefined when none is, null when it is not an instant. */
function instantOf(query: URLSearchParams, names: readonly string[]): string | undefined | null {
  for (const name of names) {
    const text = query.get(name)
    if (text !== null) return fullInstant(text) ?? null
  }
  return undefined
}

/** A row without the date is outside every range: that is how never-edited records are missed in real life. */
function isInside(row: Row, { member, from, to }: DateBounds): boolean {
  const value = row[member]
  const at = typeof value === 'string' ? fullInstant(value) : undefined
  if (at === undefined) return false
  return (from === undefined || at >= from) && (to === undefined || at <= to)
}

/** The 400 for a bare date, text instead of a UUID, and the like (section 9). */
export function argumentInvalid(what: string): Reply {
  return { status: 400, json: { code: 'ARGUMENT_INVALID', message: `The argument ${what} could not be read.` } }
}

/** One 404 for an unknown route, id or parent, and by switch for an empty list (section 9). */
export function resourceNotFound(): Reply {
  return { status: 404, json: { code: 'RESOURCE_NOT_FOUND', message: 'The resource was not found.' } }
}

/** Whether a path segment may be an id at all; version and variant digits are not looked at. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}
