/** Purchase orders of Plex against requisitions of Procurify. A requisition is known by the key in its item names. */
import { dayIn, stampMs } from './day.js'
import { compare, isWithin, multiply, readDecimal, sum } from './money.js'
import { isBeforeStart, skipOf, standingOf, type ScopeOptions } from './order-scope.js'
import type { ExistingRequisition, Order, OrderStatus } from './order.js'
import { readDraft, readState, type LineFacts, type RequisitionDraft, type RequisitionState } from './requisition.js'
import type { AmountEntry } from './reconcile-amounts.js'
import { differenceOf } from './reconcile-amounts.js'
import { makeFinding, type BookEntry, type Finding, type Judged, type Range } from './reconcile.js'
import { isDayInside } from './reconcile-range.js'
import { findKey, findLine, makeItemName, readKey } from './token.js'

export interface OrderFacts {
  readonly range: Range
  readonly scope: ScopeOptions
  readonly statuses: readonly OrderStatus[]
  /** By requisition id; one with several keys is there once. */
  readonly requisitions: ReadonlyMap<string, ExistingRequisition>
  /** Name and code of suppliers by Plex id, as far as they are known. */
  readonly suppliers: ReadonlyMap<string, { readonly code: string | null; readonly name: string | null }>
  /** When the report began, ISO. */
  readonly startedAt: string
  /** Days after which an unapproved requisition is told. */
  readonly stuckDays: number
}

export interface OrderCase {
  readonly order: Order
  /** Hash of the row as Plex shows it now. */
  readonly hash: string
  /** Of the order and its parts. */
  readonly entries: readonly BookEntry[]
  readonly isOpen: boolean
  readonly isFresh: boolean
}

/** Null = the order is of other days, or was made before the start date: it is not compared. */
export type JudgedOrder = Judged & {
  readonly amounts: readonly AmountEntry[]
  /** Requisitions of it that Procurify shows. */
  readonly requisitions: number
}

/** The month and day an order counts in: that of its creation, by which PO_START_DATE picks orders, too. */
function orderDay(order: Order, zone: string): string | null {
  return dayIn(stampMs(order.createdDate) === null ? order.poDate : order.createdDate, zone)
}

export function judgeOrder(one: OrderCase, facts: OrderFacts): JudgedOrder | null {
  const { order, entries } = one
  const { zone } = facts.range
  if (!isDayInside(orderDay(order, zone), facts.range)) return null
  const paired = entries.filter(({ targetId }) => targetId !== null)
  // What is paired is compared whatever the start date: a person may have paired an order of before.
  if (paired.length > 0) return judgePaired(one, paired, facts)
  if (isBeforeStart(order, facts.scope.startDate, zone)) return null
  if (isLeftOut(one, facts)) return { place: 'left_out', findings: [], amounts: [], requisitions: 0 }
  const reason =
    one.isOpen || one.isFresh || entries.some((entry) => entry.isMoving || entry.isNoted) ? 'in_progress' : 'missing'
  const plex = headerTotal(order)
  const amounts = plex === null ? [] : [toEntry(order, facts, { plex, procurify: null, reason })]
  if (one.isOpen) return { place: 'unpaired', findings: [], amounts, requisitions: 0 }
  if (reason === 'in_progress') return { place: 'in_progress', findings: [], amounts, requisitions: 0 }
  const message = 'The order has no requisition in Procurify, and no run is about to send one.'
  const next = `ml-connector audit show --record ${order.poNumber ?? order.id}`
  const money = { currency: order.currencyCode, difference: plex }
  const finding = makeFinding({
    ...identify(order, facts),
    ...money,
    kind: 'missing',
    code: 'not_delivered',
    message,
    next,
  })
  return { place: 'unpaired', findings: [finding], amounts, requisitions: 0 }
}

/** By the header alone: places named on lines are known to the books, if the order was ever read whole as it is now. */
function isLeftOut({ order, hash, entries }: OrderCase, { scope, statuses, suppliers }: OrderFacts): boolean {
  if (entries.some(({ isGivenUp }) => isGivenUp)) return true
  const [entry] = entries
  if (entry?.skipCode != null && entry.sourceHash === hash) return true
  const code = suppliers.get(order.supplierId ?? '')?.code ?? null
  return skipOf({ order, lines: [], releases: [] }, standingOf(order, statuses), code, scope) !== null
}

function identify(order: Order, { suppliers, range }: OrderFacts) {
  const { id: source_id, poNumber: source_key, supplierId } = order
  const supplier = suppliers.get(supplierId ?? '')?.name ?? null
  const month = orderDay(order, range.zone)?.slice(0, 7) ?? null
  return { stream: 'pos', source_id, source_key, supplier, month } as const
}

function toEntry(
  order: Order,
  facts: OrderFacts,
  amounts: Pick<AmountEntry, 'plex' | 'procurify' | 'reason'> & { readonly isDraft?: boolean },
): AmountEntry {
  const { supplier, month } = identify(order, facts)
  return {
    ...{ stream: 'pos', month: month ?? 'unknown', currency: order.currencyCode ?? 'unknown' },
    ...{ supplierId: order.supplierId, supplier, isBooked: null, isDraft: false },
    ...amounts,
  }
}

/** Requisitions over for good: denied, cancelled. */
const ENDED = new Set(['2', '4'])
const PENDING = '0'

function judgePaired(one: OrderCase, paired: readonly BookEntry[], facts: OrderFacts): JudgedOrder {
  const { order } = one
  const findings: Finding[] = []
  const drafts: RequisitionDraft[] = []
  const live: ExistingRequisition[] = []
  let ended = 0
  let isByHand = false
  for (const entry of paired) {
    const draft = readDraft(entry.sent as never)
    const state = readState(entry.detail as never)
    // Paired by people, it carries no key: it cannot be listed among ours, and nothing was sent that it could differ from.
    isByHand ||= draft === null || draft.key === null
    if (draft !== null) drafts.push(draft)
    const requisition = facts.requisitions.get(entry.targetId ?? '')
    if (requisition === undefined) {
      const isGone = state.state === 'denied' || state.state === 'vanished'
      ended += Number(isGone)
      if (!isByHand && !isGone && !entry.isMoving) findings.push(tellMissing(order, entry, facts))
    } else if (ENDED.has(requisition.status ?? '')) {
      ended += 1
    } else {
      live.push(requisition)
      if (draft !== null && !isByHand) findings.push(...listEdits(order, entry, draft, requisition, facts))
      if (requisition.status === PENDING) findings.push(...tellWaiting(order, entry, state, requisition, facts))
    }
  }
  const judged = { place: 'paired', findings, requisitions: live.length } as const
  if (isByHand) return { ...judged, amounts: [] }
  const plex = plexAmount(order, drafts)
  if (live.length > 0 || ended === 0) return weigh(one, judged, { plex, live, drafts }, facts)
  // Denied, and a person has left it at that: neither side counts it. Else a run tells it, or is about to.
  const isSettled = drafts.every(({ accepted }) => accepted !== null)
  const waits = { plex, procurify: null, reason: 'in_progress' } as const
  return { ...judged, amounts: isSettled || plex === null ? [] : [toEntry(order, facts, waits)] }
}

interface Money {
  readonly plex: string | null
  readonly live: readonly ExistingRequisition[]
  readonly drafts: readonly RequisitionDraft[]
}

/** One cent a line, as when it was sent: Plex rounds each line, Procurify the whole. */
function weigh(
  one: OrderCase,
  judged: Omit<JudgedOrder, 'amounts'>,
  { plex, live, drafts }: Money,
  facts: OrderFacts,
): JudgedOrder {
  const { order, entries } = one
  if (plex === null) return { ...judged, amounts: [] }
  const procurify = live.length === 0 ? null : sum(live.map(amountOf))
  const isSame = isWithin(plex, procurify ?? '0', multiply('0.01', String(Math.max(1, countLines(drafts)))))
  const isUnderWay = one.isOpen || one.isFresh || entries.some(({ isMoving, isNoted }) => isMoving || isNoted)
  const isMissing = judged.findings.some(({ kind }) => kind === 'missing')
  const isTold = isMissing || judged.findings.some(({ kind }) => kind === 'drifted')
  const reason = isSame ? 'within_tolerance' : isMissing ? 'missing' : isUnderWay ? 'in_progress' : 'amount_differs'
  const isDraft = live.some(({ status }) => status === PENDING)
  const amounts = [toEntry(order, facts, { plex, procurify, reason, isDraft })]
  if (isSame || isTold || isUnderWay) return { ...judged, amounts }
  const held = procurify ?? '0'
  const message = `The order is worth ${plex} in Plex and its requisitions ${held} in Procurify.`
  const sides = {
    plex,
    procurify: held,
    difference: differenceOf(plex, held),
    currency: order.currencyCode,
    field: 'amount',
  }
  const next = `ml-connector audit show --record ${order.poNumber ?? order.id}`
  const about = { ...identify(order, facts), ...sides, message, next }
  const told = makeFinding({ ...about, kind: 'amount_differs', code: 'order_amount_differs' })
  return { ...judged, findings: [...judged.findings, told], amounts }
}

function countLines(drafts: readonly RequisitionDraft[]): number {
  return drafts.reduce((count, { lines }) => count + lines.length, 0)
}

function headerTotal(order: Order): string | null {
  return readDecimal(order.lineItemTotal)
}

/** What Plex says the order is worth: its header, but of a blanket order what was ordered of it. */
function plexAmount(order: Order, drafts: readonly RequisitionDraft[]): string | null {
  const total = order.blanketOrder === true ? null : headerTotal(order)
  if (total !== null) return total
  const lines = drafts.flatMap((draft) => draft.lines)
  return lines.length === 0 ? null : sum(lines.map(({ quantity, price }) => timesOf(quantity, price)))
}

function amountOf({ items }: ExistingRequisition): string {
  return sum(items.map(({ quantity, price }) => timesOf(quantity, price)))
}

function timesOf(quantity: string | null, price: string | null): string {
  return multiply(readDecimal(quantity) ?? '0', readDecimal(price) ?? '0')
}

function tellMissing(order: Order, entry: BookEntry, facts: OrderFacts): Finding {
  const name = entry.targetKey ?? entry.targetId ?? ''
  const message = `Requisition ${name} of the order is not among ours in Procurify any more.`
  const target = { target_id: entry.targetId, target_key: entry.targetKey, next: 'ml-connector sync pos' }
  return makeFinding({ ...identify(order, facts), ...target, kind: 'missing', code: 'requisition_vanished', message })
}

function tellWaiting(
  order: Order,
  entry: BookEntry,
  { since }: RequisitionState,
  { orderNum }: ExistingRequisition,
  facts: OrderFacts,
): Finding[] {
  const begun = stampMs(since)
  const days = begun === null ? 0 : Math.floor(((stampMs(facts.startedAt) ?? begun) - begun) / 86_400_000)
  if (days < facts.stuckDays) return []
  const name = orderNum ?? entry.targetKey ?? entry.targetId ?? ''
  const message = `Requisition ${name} has been waiting for approval for ${days} days.`
  const target = { target_id: entry.targetId, target_key: name, age_days: days }
  return [makeFinding({ ...identify(order, facts), ...target, kind: 'stuck', code: 'approval_waits', message })]
}

// ---------------------------------------------------------------------------------------------------- line by line

/** What people changed on the requisition since it was sent: quantities, prices, lines taken out or added. */
function listEdits(
  order: Order,
  entry: BookEntry,
  draft: RequisitionDraft,
  requisition: ExistingRequisition,
  facts: OrderFacts,
): Finding[] {
  const key = draft.key ?? ''
  const ours = groupLines(
    requisition.items.filter(({ name }) => findKey(name) === key),
    ({ name }) => labelIn(name),
  )
  const wanted = groupLines(draft.lines, ({ number }) => labelIn(makeItemName('', number ?? '', key, '')))
  const name = requisition.orderNum ?? entry.targetKey ?? entry.targetId ?? ''
  const edit = (field: string, plex: string | null, procurify: string | null): Finding => {
    const message = `Requisition ${name} was changed in Procurify: ${field} is ${procurify ?? 'gone'}, the order has ${plex ?? 'none'}.`
    const about = { ...identify(order, facts), target_id: entry.targetId, target_key: name, field, plex, procurify }
    return makeFinding({ ...about, kind: 'drifted', code: 'requisition_edited', message })
  }
  const labels = [...new Set([...wanted.keys(), ...ours.keys()])]
  return labels.flatMap((label) => compareLines(label, wanted.get(label) ?? [], ours.get(label) ?? [], edit))
}

/** A line without a number goes by its place in the order, which nobody remembers. */
function labelIn(itemName: string): string {
  const line = findLine(itemName)
  return line.startsWith('#') ? '' : line
}

type Item = ExistingRequisition['items'][number]

function compareLines(
  label: string,
  wanted: readonly LineFacts[],
  held: readonly Item[],
  edit: (field: string, plex: string | null, procurify: string | null) => Finding,
): Finding[] {
  const [line, ...others] = wanted
  const [item, ...more] = held
  if (line === undefined || item === undefined || others.length > 0 || more.length > 0) {
    // Lines that share a number cannot be told apart, so they are compared together.
    const [plex, procurify] = [listOf(wanted), listOf(held)]
    return plex === procurify ? [] : [edit(`line ${label}`, plex, procurify)]
  }
  return (['quantity', 'price'] as const).flatMap((field) => {
    const [plex, procurify] = [readDecimal(line[field]), readDecimal(item[field])]
    const isSame = plex === null || (procurify !== null && compare(plex, procurify) === 0)
    return isSame ? [] : [edit(`line ${label} ${field}`, plex, procurify)]
  })
}

function listOf(lines: readonly { readonly quantity: string | null; readonly price: string | null }[]): string | null {
  const texts = lines.map(({ quantity, price }) => `${readDecimal(quantity) ?? '?'} x ${readDecimal(price) ?? '?'}`)
  return texts.length === 0 ? null : texts.sort().join(', ')
}

function groupLines<T>(lines: readonly T[], labelOf: (line: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const line of lines) groups.set(labelOf(line), [...(groups.get(labelOf(line)) ?? []), line])
  return groups
}

// ------------------------------------------------------------------------------------------------ seen from Procurify

export interface RequisitionBooks {
  /** Requisition ids that are paired. */
  readonly paired: ReadonlySet<string>
  /** The order a stem stands for, as far as Plex showed it. */
  readonly orderOf: (stem: string) => { readonly id: string; readonly poNumber: string | null } | undefined
  /** Requisition ids that an order is paired with. */
  readonly targetsOf: (orderId: string) => readonly string[]
  /** A run is about to send it, or has just done so. */
  readonly isUnderWay: (orderId: string) => boolean
}

/** Live requisitions that carry a key of ours and belong to no order in the books, or that share their key. */
export function judgeRequisitions(found: readonly ExistingRequisition[], books: RequisitionBooks): Finding[] {
  const ended = new Set(found.flatMap(({ id, status }) => (ENDED.has(status ?? '') ? [id] : [])))
  const live = found.filter(({ id }) => !ended.has(id))
  const byKey = new Map<string, ExistingRequisition[]>()
  for (const one of live) byKey.set(one.key, [...(byKey.get(one.key) ?? []), one])
  const told = new Set<string>()
  return live.flatMap((one) => {
    if (books.paired.has(one.id) || told.has(one.id)) return []
    told.add(one.id)
    const stem = readKey(one.key)?.stem ?? ''
    const order = books.orderOf(stem)
    if (order !== undefined && books.isUnderWay(order.id)) return []
    const about = { stream: 'pos', source_id: order?.id ?? null, source_key: order?.poNumber ?? null } as const
    const target = { target_id: one.id, target_key: one.orderNum, procurify: amountOf(one) }
    const others = [
      ...(byKey.get(one.key) ?? []).map(({ id }) => id),
      ...(order === undefined ? [] : books.targetsOf(order.id)),
    ].filter((id) => id !== one.id && !ended.has(id))
    const name = one.orderNum ?? one.id
    if (others.length > 0) {
      const message = `Requisition ${name} carries the key ${one.key}, and so does another live one: one order, two requisitions.`
      return [makeFinding({ ...about, ...target, kind: 'duplicate', code: 'requisition_twice', message })]
    }
    const message =
      order === undefined
        ? `Requisition ${name} carries a key of ours (${one.key}) and belongs to no order that is known here.`
        : `Requisition ${name} carries the key of this order, and the pair is not in the books.`
    const next = order === undefined ? null : 'ml-connector sync pos --full'
    const code = order === undefined ? 'requisition_orphaned' : 'pair_not_recorded'
    return [makeFinding({ ...about, ...target, kind: 'orphaned', code, message, next })]
  })
}

/** An order that is paired and that Plex does not show, not even when asked for by its id. */
export function judgeLostOrder(orderId: string, targetId: string | null): Finding {
  const message = `Plex does not show order ${orderId} any more, and it has a requisition in Procurify.`
  const about = { stream: 'pos', source_id: orderId, target_id: targetId } as const
  return makeFinding({ ...about, kind: 'orphaned', code: 'gone', message })
}
