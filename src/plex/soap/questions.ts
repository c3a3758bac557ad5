/** What the program asks, in the paths and filters of the REST API, as a question to a data source. Pure. */
import { isInside, stampIn, toTicks, type SourceWindow } from '../../domain/window.js'
import type { Query } from '../../http-text.js'
import type { PlexRow } from './cells.js'
import { boundsOf, type SentBounds } from './dates.js'
import { placeholdersIn, type Block } from './map.js'
import { BLOCK_NAMES, ruleOf, type BlockName } from './members.js'

export interface Asked {
  readonly name: BlockName
  /** The block's own records, those below these parents, or a window of them (null = all). */
  readonly by: 'id' | 'parent' | 'window'
  readonly ids: readonly string[]
  readonly window: SourceWindow | null
}

/** Query parameters that name parents: those of releases and contacts. */
const PARENT_FILTERS = ['pOId', 'supplierId']

/** Null = no data source is foreseen for this path. */
export function readQuestion(path: string, query: Query): Asked | null {
  const segments = path.split('/').filter((part) => part !== '')
  for (const name of BLOCK_NAMES) {
    const route = ruleOf(name)
      .path.split('/')
      .filter((part) => part !== '')
    const isBelow = route.every((part, at) => part === ':id' || part === segments[at])
    if (!isBelow || segments.length > route.length + 1) continue
    const own = segments[route.length]
    if (own !== undefined) return { name, by: 'id', ids: [decodeURIComponent(own)], window: null }
    const parentAt = route.indexOf(':id')
    const isChild = ruleOf(name).parent !== undefined
    const parents = parentAt < 0 ? (isChild ? parentsIn(query) : []) : [decodeURIComponent(segments[parentAt] ?? '')]
    if (parents.length > 0) return { name, by: 'parent', ids: parents, window: null }
    return { name, by: 'window', ids: [], window: windowIn(query) }
  }
  return null
}

function parentsIn(query: Query): string[] {
  return PARENT_FILTERS.flatMap((filter) => query[filter] ?? [])
}

function windowIn(query: Query): SourceWindow | null {
  const one = (name: string): string | null => {
    const value = query[name]
    return typeof value === 'string' ? value : null
  }
  for (const by of ['modified', 'created'] as const) {
    const from = one(`${by}DateBegin`) ?? one(`${by}_date`)
    const to = one(`${by}DateEnd`)
    if (from !== null || to !== null) return { by, from, to }
  }
  return null
}

/** The inputs of one call, which of the rows that come back were asked for, and how to ask for less. */
export interface Plan {
  readonly inputs: Readonly<Record<string, string>>
  readonly isWanted: (row: PlexRow) => boolean
  /** What the inputs ask for; null = it has no ends that could be moved. */
  readonly range: SourceWindow | null
  readonly ofRange: (range: SourceWindow) => Pick<Plan, 'inputs' | 'range'>
}

/**
 * Asks for a window. What the source cannot be asked for is filtered here: an end it has no input for, dates of creation where it
 * only knows those of changes, the seconds that rounding adds. Rows it sent against its inputs pass: the caller names that.
 */
export function planWindow(block: Block, window: SourceWindow | null, pcn: string): Plan {
  const isCreated = window?.by === 'created'
  const inputs = isCreated ? (block.createdInputs ?? block.inputs) : block.inputs
  const isOtherDate = isCreated && block.createdInputs === null
  const knows = (placeholder: string): boolean =>
    Object.values(inputs).some((value) => placeholdersIn(value).includes(placeholder))
  const boundsIn = ({ from, to }: SourceWindow): SentBounds => boundsOf(from, to, block.inputDateFormat, block.timeZone)
  const ofRange = (range: SourceWindow): Pick<Plan, 'inputs' | 'range'> => {
    const { since, until } = boundsIn(range)
    const isMovable = knows('since') && knows('until')
    return { inputs: fill(inputs, { since, until, ids: null, pcn }), range: isMovable ? range : null }
  }
  // What was created since then was changed since then; an upper end says nothing about changes.
  const { by = 'modified', from = null, to = null } = window ?? {}
  const asked = { by, from, to: isOtherDate ? null : to }
  const promised = { since: !isOtherDate && knows('since'), until: !isOtherDate && knows('until') }
  const sent = boundsIn(asked)
  return {
    ...ofRange(asked),
    ofRange,
    isWanted: (row) => window === null || isInside(stampsOf(row), window) || !isExplained(row, window, sent, promised),
  }
}

/** Would a source that keeps to its inputs have sent this row all the same? */
function isExplained(
  row: PlexRow,
  window: SourceWindow,
  sent: SentBounds,
  promised: { readonly since: boolean; readonly until: boolean },
): boolean {
  const ticks = toTicks(stampIn(stampsOf(row), window.by) ?? '')
  if (ticks === null) return false
  const ms = Number(ticks / 10_000n)
  return (!promised.since || ms >= sent.fromMs) && (!promised.until || ms <= sent.toMs)
}

function stampsOf(row: PlexRow): { readonly modifiedAt: string | null; readonly createdAt: string | null } {
  const text = (member: string): string | null => {
    const value = row[member]
    return typeof value === 'string' ? value : null
  }
  return { modifiedAt: text('modifiedDate'), createdAt: text('createdDate') }
}

/** Can records be asked for by their keys, or only read whole and picked out? A key of several columns fits no list. */
export function canAskByIds(block: Block, by: 'id' | 'parent'): boolean {
  const isMeant = (block.rule.parent === undefined) === (by === 'id')
  const isSingle = by === 'parent' || block.keyColumns.length === 1
  return isMeant && isSingle && Object.values(block.inputs).some((value) => placeholdersIn(value).includes('ids'))
}

/** `ids` are keys as the data source knows them. */
export function inputsByIds(block: Block, ids: readonly string[], pcn: string): Readonly<Record<string, string>> {
  const { since, until } = boundsOf(null, null, block.inputDateFormat, block.timeZone)
  return fill(block.inputs, { since, until, ids: ids.join(','), pcn })
}

/** Inputs that would hold ids are left out where none are asked for: an empty one might mean "none" to the source. */
function fill(
  inputs: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const filled = Object.entries(inputs).flatMap(([name, value]) => {
    if (placeholdersIn(value).some((placeholder) => values[placeholder] === null)) return []
    return [[name, value.replace(/\{(\w+)\}/g, (_, placeholder: string) => values[placeholder] ?? '')] as const]
  })
  return Object.fromEntries(filled)
}
