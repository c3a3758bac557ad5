/** Small orders and all that is known around them; whatever a test does not name is unremarkable. */
import type { Decision, Detail, Wanted } from '../../src/domain/decision.js'
import type { ExistingRequisition, Order, OrderDetail, OrderKnown, OrderLine, Release } from '../../src/domain/order.js'
import type { PlanOrdersOptions } from '../../src/domain/order-case.js'
import { planOrders, type PlannedPart } from '../../src/domain/plan-orders.js'
import type { Json, Link } from '../../src/domain/record.js'
import {
  requested,
  type RequisitionBody,
  type RequisitionDraft,
  type RequisitionState,
} from '../../src/domain/requisition.js'

export const ORDER_ID = '0d000001-0000-4000-8000-000000000001'
const ACCOUNT_ID = 'ac000001-0000-4000-8000-000000000001'
const SUPPLIER_ID = '5a000001-0000-4000-8000-000000000001'
export const ZERO_UUID = '00000000-0000-0000-0000-000000000000'

/** Long after everything was last touched. */
export const NOW = '2026-03-10T12:00:00Z'

export const OPTIONS: PlanOrdersOptions = {
  ...{ connection: 'default', zone: 'America/Detroit', startDate: '2026-01-01', statuses: [], quietMs: 15 * 60_000 },
  ...{ only: [], exclude: [], maxPerDay: 50, customField: null, allowAutoEmail: false, accept: new Set() },
  defaults: { department: null, location: null, unit: 'ea' },
}

export function anOrder(over: Partial<Order> = {}): Order {
  return {
    ...{ id: ORDER_ID, poNumber: 'PO-1', currencyCode: 'USD', status: 'On order', active: true, receive: true },
    ...{ type: 'MRO', supplierId: SUPPLIER_ID, poDate: '2026-03-01T15:00:00Z', dueDate: null, lineItemCount: '1' },
    ...{ lineItemTotal: null, building: 'MAIN', department: 'Maintenance', blanketOrder: false },
    ...{ createdDate: '2026-03-01T15:00:00.1234567Z', modifiedDate: '2026-03-01T16:00:00Z' },
    ...over,
  }
}

/** 4 EA at 12.5, due on 1 April, and without a word about its place: that is the order's. */
export function aLine(over: Partial<OrderLine> = {}): OrderLine {
  return {
    ...{ id: 'line-1', lineItemNumber: '1', unit: 'EA', orderUnit: 'EA', description: 'Bearing', unitPrice: '12.5' },
    ...{ accountId: ACCOUNT_ID, itemNumber: null, partNumber: null, manufacturerPartNumber: null, note: null },
    ...{ supplierPartNumber: null, building: null, department: null, blanketQuantity: null },
    ...{ createdDate: '2026-03-01T15:00:00Z', modifiedDate: null },
    ...over,
  }
}

export function aRelease(over: Partial<Release> = {}): Release {
  return {
    ...{ id: 'release-1', poLineItemId: 'line-1', status: 'Open', quantity: '4', dueDate: '2026-04-01T04:00:00Z' },
    ...{ partNumber: null, supplierCode: 'ACME', createdDate: '2026-03-01T15:00:00Z', modifiedDate: null },
    ...over,
  }
}

/** An order with these lines, and for each of them one release unless releases are given. */
export function anOrderDetail(
  order: Partial<Order> = {},
  lines: readonly OrderLine[] = [aLine()],
  releases: readonly Release[] = lines.map(releaseOf),
): OrderDetail {
  return { order: anOrder({ lineItemCount: `${lines.length}`, ...order }), lines, releases }
}

export function releaseOf({ id }: OrderLine): Release {
  return aRelease({ id: `release of ${id}`, poLineItemId: id })
}

/** Line n with its own id and price. */
export function lineNo(n: number, over: Partial<OrderLine> = {}): OrderLine {
  return aLine({ id: `line-${n}`, lineItemNumber: `${n}`, unitPrice: `${n}.5`, ...over })
}

export function detailOf(record: OrderDetail): Detail<OrderDetail> {
  const { id: sourceId, poNumber: sourceKey } = record.order
  const note = { sourceId, sourceKey, hash: 'h1', record: null, rejection: null, firstLoad: false, revision: 1 }
  return { kind: 'record', note, record, hash: 'h2' }
}

export const VENDOR = { id: '7', name: 'Acme Steel', active: true, type: '3', autoEmail: false }

/** One supplier, account and currency; MAIN with two departments, WEST with one of the same name. */
export function known(over: Partial<OrderKnown> = {}): OrderKnown {
  const status = (name: string, flags: Partial<OrderKnown['statuses'][number]> = {}) => ({
    ...{ name, cancelled: false, received: false, onOrder: false },
    ...flags,
  })
  return {
    statuses: [
      ...[status('New'), status('On order', { onOrder: true }), status('Received', { received: true, onOrder: true })],
      ...[
        status('Cancelled', { cancelled: true }),
        status('Denied', { cancelled: true, received: true, onOrder: true }),
      ],
    ],
    releaseStatuses: [status('Open'), status('Received', { received: true }), status('Cancelled', { cancelled: true })],
    suppliers: new Map([[SUPPLIER_ID, { code: 'ACME', vendor: VENDOR }]]),
    leftOut: new Map(),
    accounts: new Map([[ACCOUNT_ID, { number: '61100-010-0000', code: '61100-010-0000' }]]),
    accountPairs: new Set(['61100-010-0000|21', '61100-010-0000|22', '61100-010-0000|23']),
    departments: [
      { id: '21', name: 'Maint', locationId: '1', plexNames: ['Maintenance'], isEverywhere: false },
      { id: '22', name: 'Production', locationId: '1', plexNames: ['Production'], isEverywhere: false },
      { id: '23', name: 'Production', locationId: '2', plexNames: ['Production'], isEverywhere: false },
    ],
    locations: [
      { id: '1', name: 'Main Plant', plexNames: ['MAIN', 'Main building'] },
      { id: '2', name: 'West', plexNames: ['WEST'] },
      { id: '3', name: 'Head office', plexNames: [] },
    ],
    currencies: new Set(['USD', 'EUR']),
    customFieldExists: false,
    existing: [],
    linkedTargets: new Map(),
    ration: { used: 0, held: new Set() },
    nowMs: Date.parse(NOW),
    ...over,
  }
}

export interface Around {
  readonly links?: readonly Link[]
  readonly known?: Partial<OrderKnown>
  readonly options?: Partial<PlanOrdersOptions>
}

export function plan(
  records: readonly OrderDetail[],
  { links = [], known: over = {}, options = {} }: Around = {},
): PlannedPart[] {
  const linkedTargets = new Map(
    links.flatMap((link) => (link.targetId === null ? [] : [[link.targetId, link] as const])),
  )
  const world = known({ linkedTargets, ...over })
  return planOrders(records.map(detailOf), new Map(links.map((link) => [link.sourceId, link])), world, {
    ...OPTIONS,
    ...options,
  })
}

/** The decisions for one order by source id. */
export function decisions(record: OrderDetail, around: Around = {}): Record<string, Decision> {
  return Object.fromEntries(plan([record], around).map(({ sourceId, decision }) => [sourceId, decision]))
}

/** The only decision for one order. */
export function planOne(record: OrderDetail, around: Around = {}): Decision {
  const [decision, ...others] = Object.values(decisions(record, around))
  if (decision === undefined || others.length > 0) throw new Error(`Expected one decision, got ${others.length + 1}.`)
  return decision
}

export type WantedRequisition = Omit<Wanted, 'draft'> & { readonly draft: RequisitionDraft }

/** What a decision sends; fails the test when it sends nothing. */
export function wantedOf(decision: Decision | undefined): WantedRequisition {
  if (decision?.kind !== 'send') throw new Error(`Expected a decision to send, got ${JSON.stringify(decision)}.`)
  return decision.wanted as unknown as WantedRequisition
}

/** The body that is sent for an order that makes one requisition. */
export function bodyOf(record: OrderDetail, around: Around = {}): RequisitionBody {
  return wantedOf(planOne(record, around)).payload as unknown as RequisitionBody
}

export const CREATED = '2026-03-05T08:00:00.000Z'

/** The link of a part after its requisition was created; `targetId` is made of the source id unless given. */
export function linkOf(sourceId: string, wanted: WantedRequisition, over: Partial<Link> = {}): Link {
  const { revision } = wanted.draft
  return {
    ...{
      sourceId,
      sourceKey: 'PO-1',
      sourceHash: 'h1',
      targetId: `uuid of ${sourceId}`,
      targetKey: null,
      wantedHash: 'w',
    },
    ...{ sent: wanted.draft, detail: requested(revision, CREATED), skipCode: null, version: 2 },
    ...over,
  }
}

/** The links after all that is wanted for an order was sent. */
export function sentLinks(record: OrderDetail, around: Around = {}): Link[] {
  return plan([record], around).map(({ sourceId, decision }) => linkOf(sourceId, wantedOf(decision)))
}

export function stateOf(over: Partial<RequisitionState>): Json {
  return { ...requested(1, CREATED), ...over }
}

/** What Procurify shows of a requisition that holds what was wanted. */
export function existingOf(wanted: WantedRequisition, over: Partial<ExistingRequisition> = {}): ExistingRequisition {
  const { key, vendor_id: vendorId, body } = wanted.draft
  const items = (body?.line_items ?? []).map(({ item_name: name, quantity, unit_price: price }) => ({
    name,
    vendorId,
    quantity,
    price,
  }))
  return { key: key ?? '', id: `existing ${key ?? ''}`, orderNum: '1001', status: '0', items, ...over }
}
