/** Decides what becomes of purchase orders as requisitions of Procurify. Pure: what was read + what is known -> decisions. */
import type { Decision, Detail, Planned } from './decision.js'
import { Bug } from './errors.js'
import { indexExisting } from './match-requisition.js'
import { toDecision } from './obstacle.js'
import type { Decided, OrderCase, PlanContext, PlanOrdersOptions } from './order-case.js'
import { makeLookup } from './order-lookup.js'
import {
  assignLines,
  groupParts,
  listBlanketLines,
  NO_PARTS,
  sourceIdOf,
  type OrderParts,
  type SentPart,
} from './order-parts.js'
import { freshUntil, isBeforeStart, lacksLines, skipOf, standingOf } from './order-scope.js'
import type { OrderDetail, OrderKnown } from './order.js'
import { planKept } from './plan-kept.js'
import { planFree } from './plan-free.js'
import type { ProblemCode } from './problems.js'
import { present, readOrder, type ReadOrder } from './read-order.js'
import type { Json, Link } from './record.js'
import { isOver } from './requisition.js'

/** One part of an order, decided. */
export interface PlannedPart extends Planned {
  readonly learned: Decided['learned']
}

/** Must statuses, vendors and the rest be read to plan these? Not for orders that are too old or could not be read. */
export function needsOrderSurvey(
  details: readonly Detail<OrderDetail>[],
  links: ReadonlyMap<string, Link>,
  { startDate, zone }: Pick<PlanOrdersOptions, 'startDate' | 'zone'>,
): boolean {
  const groups = groupParts(links)
  return details.some((detail) => {
    if (detail.kind !== 'record') return false
    const { order } = detail.record
    return isLinked(groups.get(order.id) ?? NO_PARTS) || !isBeforeStart(order, startDate, zone)
  })
}

/**
 * The decisions for each order but the failed ones, one for each of its parts, in the same order. `links` are the links of all
 * parts. `known` may be null only where `needsOrderSurvey` said so.
 */
export function planOrders(
  details: readonly Detail<OrderDetail>[],
  links: ReadonlyMap<string, Link>,
  known: OrderKnown | null,
  options: PlanOrdersOptions,
): PlannedPart[] {
  const groups = groupParts(links)
  const context = known === null ? null : makeContext(known, options)
  return details.flatMap((detail) => {
    if (detail.kind === 'failed') return []
    const id = idOf(detail)
    const base = toBase(detail)
    const decided = planDetail(detail, groups.get(id) ?? NO_PARTS, context, options)
    return decided.map(({ part, ...rest }) => ({ ...base, sourceId: sourceIdOf(id, part), ...rest }))
  })
}

function makeContext(known: OrderKnown, options: PlanOrdersOptions): PlanContext {
  const room = options.maxPerDay === 0 ? Infinity : Math.max(0, options.maxPerDay - known.ration.used)
  return { options, lookup: makeLookup(known), existing: indexExisting(known.existing), room }
}

function planDetail(
  detail: Exclude<Detail<OrderDetail>, { kind: 'failed' }>,
  parts: OrderParts,
  context: PlanContext | null,
  options: PlanOrdersOptions,
): Decided[] {
  const decided = decideDetail(detail, parts, context, options)
  const left = closeLeftovers(parts, new Set(decided.map(({ part }) => part)))
  return [...decided, ...left].sort((a, b) => a.part - b.part)
}

function decideDetail(
  detail: Exclude<Detail<OrderDetail>, { kind: 'failed' }>,
  parts: OrderParts,
  context: PlanContext | null,
  options: PlanOrdersOptions,
): Decided[] {
  if (detail.kind === 'gone') return planGone(detail.note.sourceId, parts, options)
  if (detail.kind === 'rejected') {
    const { code, message } = detail
    return onFirst({ kind: 'park', code, message, changes: [] })
  }
  const { order } = detail.record
  if (!isLinked(parts) && isBeforeStart(order, options.startDate, options.zone)) {
    const message = `The order was created before ${options.startDate ?? ''} (PO_START_DATE).`
    return onFirst(skip('before_start', message))
  }
  if (context === null) throw new Bug('Orders were planned without the statuses they have to be judged by.')
  return planOrder(detail.record, parts, context)
}

function planOrder(detail: OrderDetail, parts: OrderParts, context: PlanContext): Decided[] {
  const { options, lookup } = context
  const { known } = lookup
  const standing = standingOf(detail.order, known.statuses)
  const out = skipOf(detail, standing, supplierCodeOf(detail, known), options)
  if (out !== null && !isLinked(parts)) return onFirst(out)
  const reading = { zone: options.zone, isCancelled: standing === 'cancelled', sentAsBlanket: listBlanketLines(parts) }
  const read = readOrder(detail, { releaseStatuses: known.releaseStatuses, ...reading })
  const unsure = distrust(detail, read)
  if (unsure !== null) return isLinked(parts) ? onSent(parts, () => unsure) : onFirst(unsure)
  const fresh = waitUntil(freshUntil(detail, options.quietMs, known.nowMs))
  const one: OrderCase = { id: detail.order.id, read, parts, standing, out, fresh }
  const { linesOf, free } = assignLines(read.lines, parts)
  const kept = parts.kept.map((part) => {
    const { number } = part
    return { part: number, ...planKept(part, linesOf.get(number) ?? [], one, options) }
  })
  return [...kept, ...planFree(one, free, context)]
}

/** What must be known before anything can be said of an order: all its lines, and which releases live. */
function distrust(detail: OrderDetail, { unknownStatuses }: ReadOrder): Decision | null {
  const wait = (code: ProblemCode, text: string, waitsFor: string) => toDecision([{ code, text, line: null, waitsFor }])
  if (lacksLines(detail)) {
    const text = `Plex counts ${detail.order.lineItemCount ?? ''} lines on the order but showed none.`
    return wait('lines_missing', text, 'lines')
  }
  if (unknownStatuses.length === 0) return null
  const text = `Not in Plex's list of release statuses, so releases may be cancelled: ${unknownStatuses.join(', ')}.`
  return wait('status_unknown', text, 'release-statuses')
}

function waitUntil(ms: number | null): Decision | null {
  if (ms === null) return null
  const time = new Date(ms).toISOString()
  const message = `The order, a line or a release was touched a moment ago; it is looked at again after ${time} (PO_QUIET).`
  return { kind: 'wait', code: 'too_fresh', message, waitsFor: [`time:${time}`] }
}

/** Plex does not show the order: with a live requisition that is for a person; nothing is concluded otherwise. */
function planGone(orderId: string, parts: OrderParts, { accept }: PlanOrdersOptions): Decided[] {
  if (!isLinked(parts)) return onFirst(skip('gone', 'Plex does not show this order any more; it was never sent.'))
  return onSent(parts, ({ number, link, state }) => {
    if (isOver(state.state) || accept.has(sourceIdOf(orderId, number))) return { kind: 'unchanged' }
    const name = state.order_num ?? link.targetKey ?? link.targetId ?? ''
    const message = `Plex does not show this order any more, but requisition ${name} is ${state.state}.`
    return { kind: 'park', code: 'gone', message, changes: [] }
  })
}

/** Parts planned before whose lines belong elsewhere now: what was decided for them must not be sent any more. */
function closeLeftovers({ unsent }: OrderParts, decided: ReadonlySet<number>): Decided[] {
  const left = unsent.filter(({ number, link }) => !decided.has(number) && link.skipCode === null)
  const decision = skip(
    'no_lines',
    'Its lines are gone, belong to other parts of the order now, or are held with its first part.',
  )
  return left.map(({ number }) => ({ part: number, decision, learned: null }))
}

/** From the links, else from a release: a supplier that was never synced must not be fetched just to be left out. */
function supplierCodeOf({ order, releases }: OrderDetail, { suppliers }: OrderKnown): string | null {
  const code = suppliers.get(present(order.supplierId) ?? '')?.code ?? null
  return code ?? releases.map(({ supplierCode }) => present(supplierCode)).find((one) => one !== null) ?? null
}

function isLinked({ kept, resent }: OrderParts): boolean {
  return kept.length + resent.length > 0
}

function onSent({ kept, resent }: OrderParts, decide: (part: SentPart) => Decision): Decided[] {
  return [...kept, ...resent].map((part) => ({ part: part.number, decision: decide(part), learned: null }))
}

function onFirst(decision: Decision): Decided[] {
  return [{ part: 1, decision, learned: null }]
}

function skip(code: ProblemCode, message: string): Decision {
  return { kind: 'skip', code, message }
}

function idOf(detail: Detail<OrderDetail>): string {
  return detail.kind === 'record' ? detail.record.order.id : detail.note.sourceId
}

/** All that the parts of an order have in common. */
function toBase(detail: Detail<OrderDetail>): Pick<Planned, 'note' | 'sourceKey' | 'sourceHash' | 'record'> {
  const { note } = detail
  if (detail.kind !== 'record') return { note, sourceKey: note.sourceKey, sourceHash: note.hash, record: note.record }
  // A detail is plain data: going through text proves it to the compiler.
  const record = JSON.parse(JSON.stringify(detail.record)) as Json
  return { note, sourceKey: present(detail.record.order.poNumber), sourceHash: note.hash ?? detail.hash, record }
}
