/** What became of requisitions lately: their orders, and the POs that hold their lines (contracts/procurify.md sections 7 and 8). */
import type { Result } from '../domain/failure.js'
import type { SeenPo, Sighting } from '../domain/follow-order.js'
import type { Json } from '../domain/record.js'
import { normalizeUuid } from '../domain/requisition.js'
import type { Http } from '../http.js'
import { encode, type Query } from '../http-text.js'
import { dataOf, readPages } from './client.js'
import { isRequester } from './requisition-index.js'
import * as schema from './schema.js'

export interface OrderProgressOptions {
  readonly requesterId: string
  readonly requesterAccountId?: string | null
  /** First day (`2026-03-01`) of changes. Filters know whole days only, so the caller begins a day early. */
  readonly since: string
  readonly pageSize: number
}

export type Seen = Extract<Sighting, { kind: 'seen' }>

export interface OrderProgress {
  /** By requisition id (uuid, normalised). Whatever is not in here has not changed. */
  readonly seen: ReadonlyMap<string, Seen>
  /** Numbers of changed POs of which it is not known whose lines they hold: there were too many to read each. */
  readonly unreadPos: readonly string[]
}

const ORDERS = '/api/v2/global/orders/'
const POS = '/api/v2/purchase_orders/purchased/all/'
const PO = '/api/v2/purchase_orders/'
const ITEMS = '/api/v3/order-items/'
/** POs read one by one in a pass, the latest first: those left out had their turn in the passes before. */
const MAX_DETAILS = 25

/**
 * Reads the orders and POs of the requester that changed since a day. Rows of POs do not say whose lines they hold; the items that
 * changed mostly do, and a PO that these do not explain is read by itself. Nothing changed = two calls.
 */
export async function readOrderProgress(http: Http, options: OrderProgressOptions): Promise<Result<OrderProgress>> {
  const { requesterId: requester, since, pageSize } = options
  const changed = { requester, modified_date_0: since }
  const orderRows = await readRows(http, ORDERS, changed, pageSize)
  if (!orderRows.ok) return orderRows
  const poRows = await readRows(http, POS, changed, pageSize)
  if (!poRows.ok) return poRows
  const orders = toOrders(orderRows.value, options)
  const holders = await findHolders(http, toPos(poRows.value), orders, options)
  if (!holders.ok) return holders
  const seen = new Map<string, Seen>(orders.map(({ id, order }) => [id, { kind: 'seen', order, pos: [] }]))
  const unreadPos: string[] = []
  for (const [{ number, isCancelled }, ids] of holders.value) {
    if (ids === null) unreadPos.push(number)
    for (const id of ids ?? []) {
      const { order = null, pos = [] } = seen.get(id) ?? {}
      seen.set(id, { kind: 'seen', order, pos: [...pos, { number, isCancelled }] })
    }
  }
  return { ok: true, value: { seen, unreadPos } }
}

/** All orders of the requester, by requisition id (uuid, normalised). */
export async function readEveryOrder(
  http: Http,
  options: OrderProgressOptions,
): Promise<Result<ReadonlyMap<string, NonNullable<Seen['order']>>>> {
  const rows = await readRows(http, ORDERS, { requester: options.requesterId }, options.pageSize)
  if (!rows.ok) return rows
  return { ok: true, value: new Map(toOrders(rows.value, options).map(({ id, order }) => [id, order])) }
}

async function readRows(http: Http, path: string, query: Query, pageSize: number): Promise<Result<Json[]>> {
  const rows: Json[] = []
  const read = await readPages(http, path, query, pageSize, (page) => void rows.push(...page))
  return read.ok ? { ok: true, value: rows } : read
}

/** A requisition with what its order row says of it now. */
interface ChangedOrder {
  readonly id: string
  readonly order: NonNullable<Seen['order']>
}

function toOrders(rows: readonly Json[], options: OrderProgressOptions): ChangedOrder[] {
  return schema.readable(schema.RequisitionOrder, rows).flatMap((row) => {
    if (row.uuid === null || !isRequester(row.user, options)) return []
    const { num: orderNum, status, denial_reason: denialReason, denial_comment: denialComment } = row
    return [{ id: normalizeUuid(row.uuid), order: { orderNum, status, denialReason, denialComment } }]
  })
}

interface ChangedPo extends SeenPo {
  /** Internal, and fixed; the one people see may be changed. */
  readonly key: string
  readonly modifiedAt: string
  /** Requisitions its lines came from, as far as the row says. */
  readonly ids: readonly string[]
}

/** State 1 = cancelled. The internal number is shown with `PF` in front where nobody chose another. */
function toPos(rows: readonly Json[]): ChangedPo[] {
  return schema.readable(schema.PurchaseOrder, rows).flatMap((row) => {
    const { procurify_PO: key, state, last_modified } = row
    if (key === null) return []
    const number = row.number ?? row.PO_Num ?? `PF${key}`
    return [{ key, number, isCancelled: state === '1', modifiedAt: last_modified ?? '', ids: idsOf(row) }]
  })
}

function idsOf({ order_items: lines }: { readonly order_items: readonly { order_uuid: string | null }[] }): string[] {
  const uuids = lines.flatMap(({ order_uuid: uuid }) => (uuid === null ? [] : [normalizeUuid(uuid)]))
  return [...new Set(uuids)]
}

type Holders = ReadonlyMap<ChangedPo, readonly string[] | null>

/** The requisitions each PO holds lines of; null = not known. */
async function findHolders(
  http: Http,
  pos: readonly ChangedPo[],
  orders: readonly ChangedOrder[],
  options: OrderProgressOptions,
): Promise<Result<Holders>> {
  const mute = pos.filter(({ ids }) => ids.length === 0)
  const byItems = mute.length === 0 ? noItems : await readIdsByPo(http, orders, options)
  if (!byItems.ok) return byItems
  const holders = new Map<ChangedPo, readonly string[] | null>(pos.map((po) => [po, po.ids]))
  for (const po of mute) holders.set(po, byItems.value.get(po.key) ?? null)
  // A cancellation need not change the items, and concerns all of them.
  const unsure = mute.filter((po) => po.isCancelled || holders.get(po) === null)
  unsure.sort((a, b) => (a.modifiedAt > b.modifiedAt ? -1 : 1))
  for (const po of unsure.slice(0, MAX_DETAILS)) {
    const answer = await http.get(`${PO}${encode(po.key)}/`)
    if (!answer.ok && answer.code !== 'not_found') return answer
    const details = answer.ok ? schema.readable(schema.PurchaseOrder, [dataOf(answer.value.value)]) : []
    holders.set(po, [...new Set([...(holders.get(po) ?? []), ...details.flatMap(idsOf)])])
  }
  return { ok: true, value: holders }
}

const noItems: Result<ReadonlyMap<string, string[] | null>> = { ok: true, value: new Map() }

/** Putting a line on a PO changes it: by internal PO number, the requisitions of changed lines; null = of one not seen here. */
async function readIdsByPo(
  http: Http,
  orders: readonly ChangedOrder[],
  { requesterId: requester, since, pageSize }: OrderProgressOptions,
): Promise<Result<ReadonlyMap<string, string[] | null>>> {
  const rows = await readRows(http, ITEMS, { requester, last_modified_0: since, is_purchased: 'true' }, pageSize)
  if (!rows.ok) return rows
  const idOf = new Map(orders.map(({ id, order }) => [order.orderNum, id]))
  const found = new Map<string, string[] | null>()
  for (const { purchase_order: po, orderNum, order_number } of schema.readable(schema.OrderItem, rows.value)) {
    if (po === null) continue
    const id = idOf.get(orderNum ?? order_number)
    const ids = found.get(po)
    found.set(po, id === undefined || ids === null ? null : [...new Set([...(ids ?? []), id])])
  }
  return { ok: true, value: found }
}
