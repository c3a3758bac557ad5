/** Lines of an order -> groups that each become one requisition, or every reason why not. It says, it never guesses. */
import { earliest } from './day.js'
import { checkTotal, fillCustomField, findCurrency, findVendor } from './map-header.js'
import { mapLine, type MappedLine } from './map-line.js'
import { Findings, joinByText, type Obstacle } from './obstacle.js'
import type { OrderLookup, Place } from './order-lookup.js'
import type { LinkedVendor } from './order.js'
import type { ReadLine, ReadOrder } from './read-order.js'
import type { RequisitionBody, RequisitionDraft } from './requisition.js'
import { makeItemName } from './token.js'

export interface MapOrderOptions {
  /** Name of the order-item custom field that takes the Plex order number; null = none. */
  readonly customField: string | null
  readonly allowAutoEmail: boolean
  readonly defaults: { readonly department: string | null; readonly location: string | null; readonly unit: string }
}

/** Lines of one place, at most 100: more, and Procurify makes no automatic PO of them (procurify.md section 5). */
export interface Group {
  readonly place: Place
  readonly vendor: LinkedVendor
  readonly requiredDate: string
  readonly lines: readonly MappedLine[]
  /** Defaults that were used and the like, for the audit row; null = nothing to say. */
  readonly remark: string | null
}

export type Mapped =
  | { readonly kind: 'groups'; readonly groups: readonly Group[] }
  | { readonly kind: 'held'; readonly obstacles: readonly Obstacle[] }

const MAX_LINES = 100

/** Maps these lines of the order: all of them, or none and all that is against it. Groups are in the order of their first lines. */
export function mapOrder(
  order: ReadOrder,
  lines: readonly ReadLine[],
  lookup: OrderLookup,
  options: MapOrderOptions,
): Mapped {
  const { known } = lookup
  const findings = new Findings()
  const vendor = findVendor(order, known, options, findings)
  const currency_code = findCurrency(order, known, findings)
  const custom_fields = fillCustomField(order, known, options, findings)
  checkTotal(order, findings)
  const common = { vendor_name: vendor?.name ?? '', currency_code, custom_fields }
  const mapped = lines.flatMap((line) => mapLine(line, common, lookup, options, findings) ?? [])
  if (vendor === null || findings.obstacles.length > 0) return { kind: 'held', obstacles: findings.obstacles }
  return { kind: 'groups', groups: groupLines(mapped).map((group) => toGroup(group, vendor, findings)) }
}

/** The requisition of a group under its key. `otherLines` = ids of the lines that go with other parts. */
export function makeDraft(
  { place, vendor, requiredDate, lines }: Group,
  order: ReadOrder,
  identity: { readonly key: string; readonly part: number; readonly revision: number; readonly orderId: string },
  otherLines: readonly string[],
): RequisitionDraft & { readonly body: RequisitionBody } {
  const { key, part, revision, orderId } = identity
  const number = order.facts.po_number ?? orderId
  const line_items = lines.map(({ read: { facts, label }, item }) => ({
    item_name: makeItemName(number, facts.number ?? label, key, facts.description),
    ...item,
  }))
  const { locationName: location_name, departmentName: department_name } = place
  return {
    ...{ key, part, revision, vendor_id: vendor.id, department_id: place.departmentId, location_id: place.locationId },
    body: { required_date: requiredDate, location_name, department_name, line_items },
    ...{ order: order.facts, lines: lines.map(({ read }) => read.facts), other_lines: otherLines, accepted: null },
  }
}

type Lines = readonly [MappedLine, ...MappedLine[]]

function groupLines(lines: readonly MappedLine[]): Lines[] {
  const groups: [MappedLine, ...MappedLine[]][] = []
  const openGroups = new Map<string, MappedLine[]>()
  for (const line of lines) {
    const place = `${line.place.locationId} ${line.place.departmentId}`
    const group = openGroups.get(place)
    if (group !== undefined && group.length < MAX_LINES) {
      group.push(line)
      continue
    }
    const begun: [MappedLine, ...MappedLine[]] = [line]
    groups.push(begun)
    openGroups.set(place, begun)
  }
  return groups
}

function toGroup(lines: Lines, vendor: LinkedVendor, { remarks }: Findings): Group {
  const labels = new Set(lines.map(({ read }) => read.label))
  const said = remarks.filter(({ line }) => line === null || labels.has(line))
  // Goods that are still to come set the date; when all have come, those that did. One of them has one: mapLine saw to it.
  const open = earliest(lines.map(({ read }) => read.openDue))
  const requiredDate = open ?? earliest(lines.map(({ read }) => read.facts.due)) ?? ''
  return { place: lines[0].place, vendor, requiredDate, lines, remark: said.length === 0 ? null : joinByText(said) }
}
