/** Which orders are sent at all: start date, status, the lists of what to take and what to leave, and the quiet time. */
import { isBefore, stampMs } from './day.js'
import type { Decision } from './decision.js'
import { isOneOf } from './map-supplier.js'
import { readDecimal } from './money.js'
import type { Order, OrderDetail, OrderLine, OrderStatus } from './order.js'
import type { ProblemCode } from './problems.js'
import { placeOf, present } from './read-order.js'
import { fold } from './text.js'

/** Orders picked out by one property, as in `supplier:ACME`. */
export interface Choice {
  readonly kind: 'supplier' | 'department' | 'building' | 'type' | 'po'
  readonly value: string
}

/** The settings PO_START_DATE, PO_STATUSES, PO_QUIET, PO_ONLY and PO_EXCLUDE. */
export interface ScopeOptions {
  /** A day of the plant, or an instant; null = no limit (such a plan is only shown, never sent). */
  readonly startDate: string | null
  readonly statuses: readonly string[]
  readonly quietMs: number
  readonly only: readonly Choice[]
  readonly exclude: readonly Choice[]
}

/**
 * What the flags of an order's status make of it: `on_order` = sent to the supplier, `open` = not yet, `closed` = over, and
 * the flags do not say how, `unknown` = nothing can be said.
 */
export type Standing = 'cancelled' | 'received' | 'on_order' | 'open' | 'closed' | 'unknown'

/** Cancelled wins over received, and that over on order: real statuses have all three (plex.md section 10). */
export function standingOf(order: Order, statuses: readonly OrderStatus[]): Standing {
  const name = fold(order.status ?? '')
  const flags = statuses.find((status) => fold(status.name) === name) ?? order
  if (flags.cancelled !== undefined) {
    if (flags.cancelled) return 'cancelled'
    if (flags.received === true) return 'received'
    return flags.onOrder === true ? 'on_order' : 'open'
  }
  // Not in the list (renamed, retired): the header has two flags copied from it. Receiving is allowed once it is on order.
  if (order.active === false) return 'closed'
  if (order.receive === true) return 'on_order'
  return order.active === true && order.receive === false ? 'open' : 'unknown'
}

/** Was it created before the start date? One without a date of creation cannot be shown to be young enough. */
export function isBeforeStart(order: Order, startDate: string | null, zone: string): boolean {
  if (startDate === null) return false
  const created = stampMs(order.createdDate) === null ? order.poDate : order.createdDate
  return stampMs(created) === null || isBefore(created, startDate, zone)
}

/** Why an order that was never sent is left alone, or null. `supplierCode` null = not known. */
export function skipOf(
  detail: OrderDetail,
  standing: Standing,
  supplierCode: string | null,
  options: ScopeOptions,
): Decision | null {
  const subject = { ...detail, supplierCode }
  if (options.only.length > 0 && !isInside(subject, options.only)) {
    return skip('excluded', 'The order is none of those PO_ONLY names.')
  }
  const excluding = options.exclude.find((choice) => touches(subject, choice))
  if (excluding !== undefined) return skip('excluded', `PO_EXCLUDE names ${excluding.kind}:${excluding.value}.`)
  return skipByStatus(detail.order, standing, options.statuses)
}

function skipByStatus(order: Order, standing: Standing, statuses: readonly string[]): Decision | null {
  const name = present(order.status) ?? '(none)'
  if (standing === 'cancelled') return skip('cancelled', `The order was cancelled before it was sent (status ${name}).`)
  // A status named in the settings is wanted whatever its flags say, but a cancelled order is never sent.
  if (statuses.length > 0) {
    const isNamed = isOneOf(order.status, statuses)
    return isNamed ? null : skip('status_not_selected', `Orders of status ${name} are not sent (PO_STATUSES).`)
  }
  if (standing === 'on_order') return null
  if (standing === 'unknown') return skip('status_unknown', `Status ${name} is not in Plex's list of order statuses.`)
  return skip('status_not_selected', `Status ${name} is not on order.`)
}

/**
 * Until when (epoch ms) an order must be left alone because it, a line or a release was touched within the quiet time; null =
 * it has settled. A stamp from further ahead than the quiet time comes from a wrong clock and holds nothing back.
 */
export function freshUntil({ order, lines, releases }: OrderDetail, quietMs: number, nowMs: number): number | null {
  const stamps = [order, ...lines, ...releases].flatMap(({ modifiedDate, createdDate }) => [modifiedDate, createdDate])
  const recent = stamps
    .map((stamp) => (stampMs(stamp) ?? -Infinity) + quietMs)
    .filter((until) => until > nowMs && until <= nowMs + 2 * quietMs)
  return recent.length === 0 ? null : Math.max(...recent)
}

/** Plex counts lines on the header, and none came: then the answer is not to be trusted. */
export function lacksLines({ order, lines }: OrderDetail): boolean {
  return lines.length === 0 && (readDecimal(order.lineItemCount) ?? '0') !== '0'
}

interface Subject extends OrderDetail {
  readonly supplierCode: string | null
}

/** An order is inside when a choice takes it whole. Places are those of its lines: each of them must be taken. */
function isInside(subject: Subject, choices: readonly Choice[]): boolean {
  if (choices.some((choice) => !isPlace(choice) && touches(subject, choice))) return true
  const places = choices.filter(isPlace)
  return linesOf(subject).every((line) => places.some((choice) => isAt(line, subject.order, choice)))
}

/** Does the choice take the order, or at least one of its lines? */
function touches(subject: Subject, choice: Choice): boolean {
  const { order, supplierCode } = subject
  switch (choice.kind) {
    case 'supplier':
      return isOneOf(supplierCode, [choice.value])
    case 'type':
      return isOneOf(order.type, [choice.value])
    case 'po':
      return isOneOf(order.poNumber, [choice.value])
    case 'department':
    case 'building':
      return linesOf(subject).some((line) => isAt(line, order, choice))
  }
}

function isPlace(choice: Choice): boolean {
  return choice.kind === 'department' || choice.kind === 'building'
}

/** An order without lines is where its header says. */
function linesOf({ lines }: OrderDetail): readonly (OrderLine | undefined)[] {
  return lines.length === 0 ? [undefined] : lines
}

function isAt(line: OrderLine | undefined, order: Order, { kind, value }: Choice): boolean {
  const member = kind === 'building' ? 'building' : 'department'
  return isOneOf(placeOf(line, order, member), [value])
}

function skip(code: ProblemCode, message: string): Decision {
  return { kind: 'skip', code, message }
}
