/** Reads out of an order what its requisitions depend on: quantity and due date from the releases, text made harmless. */
import { dayIn, earliest } from './day.js'
import { compare, readDecimal, sum } from './money.js'
import type { Order, OrderDetail, OrderLine, Release, ReleaseStatus } from './order.js'
import type { LineFacts, OrderFacts } from './requisition.js'
import { cleanLine, cut, fold } from './text.js'
import { ITEM_NAME_MAX } from './token.js'

/** A line that is ordered, with what matters at sending only. */
export interface ReadLine {
  readonly facts: LineFacts
  /** What people call it: its number, with an ordinal where several have the same. */
  readonly label: string
  /** Earliest day of a release that is neither cancelled nor received. */
  readonly openDue: string | null
}

export interface ReadOrder {
  readonly facts: OrderFacts
  readonly isBlanket: boolean
  /** Canonical; null = Plex gave none. */
  readonly total: string | null
  /** Lines that are ordered, by number: a line whose releases are all cancelled is none. The order they came in means nothing. */
  readonly lines: readonly ReadLine[]
  /** Names of release statuses that are not in Plex's list: it is not known whether those releases are cancelled. */
  readonly unknownStatuses: readonly string[]
}

export interface ReadOrderOptions {
  readonly releaseStatuses: readonly ReleaseStatus[]
  readonly zone: string
  readonly isCancelled: boolean
  /** Ids of lines that were sent with their blanket quantity: releases that came since do not change that. */
  readonly sentAsBlanket: ReadonlySet<string>
}

const ZERO_UUID = /^[0-]+$/

/** An id or a name; blank and the all-zero uuid mean there is none (plex.md section 12). */
export function present(text: string | null): string | null {
  const clean = cleanLine(text ?? '')
  return clean === '' || (clean.length > 30 && ZERO_UUID.test(clean)) ? null : clean
}

export function readOrder({ order, lines, releases }: OrderDetail, options: ReadOrderOptions): ReadOrder {
  const statuses = new Map(options.releaseStatuses.map((status) => [fold(status.name), status]))
  const releasesOf = groupByLine(releases)
  const context = { order, statuses, ...options }
  const read = sortLines(lines).flatMap((line) => readLine(line, releasesOf.get(line.id) ?? [], context) ?? [])
  const unknown = releases.flatMap(({ status, cancelled }) => {
    const name = present(status)
    return name === null || cancelled !== undefined || statuses.has(fold(name)) ? [] : [name]
  })
  return {
    facts: {
      po_number: present(order.poNumber),
      supplier: present(order.supplierId),
      currency: present(order.currencyCode),
      cancelled: options.isCancelled,
    },
    isBlanket: order.blanketOrder === true,
    total: readDecimal(order.lineItemTotal),
    lines: labelLines(read),
    unknownStatuses: [...new Set(unknown)],
  }
}

/** Department or building of a line: its own, else that of the order. */
export function placeOf(line: OrderLine | undefined, order: Order, member: 'department' | 'building'): string | null {
  return present(line?.[member] ?? null) ?? present(order[member])
}

interface Context extends ReadOrderOptions {
  readonly order: Order
  readonly statuses: ReadonlyMap<string, ReleaseStatus>
}

/** Null = cancelled: it had releases and none of them lives. */
function readLine(line: OrderLine, releases: readonly Release[], context: Context): Omit<ReadLine, 'label'> | null {
  const { order, statuses, zone, sentAsBlanket } = context
  const flagsOf = (release: Release) => statuses.get(fold(release.status ?? '')) ?? release
  const live = releases.filter((release) => flagsOf(release).cancelled !== true)
  const open = live.filter((release) => flagsOf(release).received !== true)
  const isBlanket = sentAsBlanket.has(line.id) || (order.blanketOrder === true && releases.length === 0)
  if (!isBlanket && releases.length > 0 && live.length === 0) return null
  const released = sumOf(live)
  const dueOf = (some: readonly Release[]) => earliest(some.map(({ dueDate }) => dayIn(dueDate, zone)))
  const facts: LineFacts = {
    id: line.id,
    number: present(line.lineItemNumber),
    description: describe(line, releases),
    basis: isBlanket ? 'blanket' : 'releases',
    quantity: isBlanket ? readDecimal(line.blanketQuantity) : live.length === 0 ? null : released,
    released: isBlanket ? released : null,
    price: readDecimal(line.unitPrice),
    // Quantities are counted in the order unit (plex.md section 12).
    unit: present(line.orderUnit) ?? present(line.unit),
    price_unit: present(line.unit) ?? present(line.orderUnit),
    account: present(line.accountId),
    department: placeOf(line, order, 'department'),
    building: placeOf(line, order, 'building'),
    due: dueOf(live) ?? dayIn(order.dueDate, zone),
  }
  return { facts, openDue: dueOf(open) }
}

/** Null when the quantity of one is missing: the sum of the others would be too little. */
function sumOf(releases: readonly Release[]): string | null {
  const quantities = releases.map(({ quantity }) => readDecimal(quantity))
  const known = quantities.filter((quantity) => quantity !== null)
  return known.length === quantities.length ? sum(known) : null
}

/** The first of these that says anything, on one line and no longer than an item name. */
function describe(line: OrderLine, releases: readonly Release[]): string {
  const parts = [line.itemNumber, line.partNumber, ...releases.map(({ partNumber }) => partNumber)]
  const candidates = [line.description, ...parts, line.manufacturerPartNumber, line.supplierPartNumber, line.note]
  const text = candidates.map(present).find((candidate) => candidate !== null)
  return cut(text ?? '(no description)', ITEM_NAME_MAX)
}

/** By line, sorted by id: the order they came in means nothing. */
function groupByLine(releases: readonly Release[]): Map<string, Release[]> {
  const groups = new Map<string, Release[]>()
  // By id first: pages of a list that grows meanwhile may bring a release twice, and its quantity must count once.
  const unique = [...new Map(releases.map((one) => [one.id, one])).values()]
  for (const release of unique.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const lineId = release.poLineItemId ?? ''
    const group = groups.get(lineId)
    if (group === undefined) groups.set(lineId, [release])
    else group.push(release)
  }
  return groups
}

/** By number, those without one last; lines of one number by id. The partition of an order hangs on this. */
function sortLines(lines: readonly OrderLine[]): OrderLine[] {
  const unique = [...new Map(lines.map((line) => [line.id, line])).values()]
  const keyed = unique.map((line) => ({ line, number: readDecimal(line.lineItemNumber) }))
  keyed.sort((a, b) => byNumber(a.number, b.number) || (a.line.id < b.line.id ? -1 : 1))
  return keyed.map(({ line }) => line)
}

function byNumber(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compare(a, b)
}

function labelLines(lines: readonly Omit<ReadLine, 'label'>[]): ReadLine[] {
  const seen = new Map<string, number>()
  return lines.map((line, at) => {
    const number = line.facts.number ?? `#${at + 1}`
    const count = (seen.get(number) ?? 0) + 1
    seen.set(number, count)
    return { ...line, label: count === 1 ? number : `${number} (no. ${count})` }
  })
}
