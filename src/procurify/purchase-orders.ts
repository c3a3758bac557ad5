/** POs and requisitions by what people call them (contracts/procurify.md sections 7 and 8): no filter is sure, so lists are read whole. */
import type { Result } from '../domain/failure.js'
import type { SeenOrder } from '../domain/follow-order.js'
import { normalizeUuid } from '../domain/requisition.js'
import type { Http } from '../http.js'
import { encode } from '../http-text.js'
import { dataOf, readPages } from './client.js'
import * as schema from './schema.js'

export interface NumberedPo {
  /** Internal number, which never changes. */
  readonly key: string
  readonly number: string
  readonly isCancelled: boolean
  /** Requisitions its lines came from (uuid, normalised). */
  readonly requisitionIds: readonly string[]
}

const LIST = '/api/v2/purchase_orders/purchased/all/'
const DETAIL = '/api/v2/purchase_orders/'

/** The POs of these numbers; one call more for each that is found. A number that several carry brings all of them. */
export async function findPurchaseOrders(
  http: Http,
  numbers: ReadonlySet<string>,
  pageSize: number,
): Promise<Result<readonly NumberedPo[]>> {
  const found: { key: string; number: string; isCancelled: boolean }[] = []
  const read = await readPages(http, LIST, {}, pageSize, (rows) => {
    for (const { procurify_PO: key, number, PO_Num, state } of schema.readable(schema.PurchaseOrder, rows)) {
      if (key === null) continue
      const shown = number ?? PO_Num ?? `PF${key}`
      if (numbers.has(shown)) found.push({ key, number: shown, isCancelled: state === '1' })
    }
  })
  if (!read.ok) return read
  const pos: NumberedPo[] = []
  for (const po of found) {
    const answer = await http.get(`${DETAIL}${encode(po.key)}/`)
    if (!answer.ok) return answer
    const lines = schema.readable(schema.PurchaseOrder, [dataOf(answer.value.value)]).flatMap((one) => one.order_items)
    const uuids = lines.flatMap(({ order_uuid: uuid }) => (uuid === null ? [] : [normalizeUuid(uuid)]))
    pos.push({ ...po, requisitionIds: [...new Set(uuids)] })
  }
  return { ok: true, value: pos }
}

export interface NamedRequisition {
  /** The number or uuid it was asked for by. */
  readonly name: string
  /** Uuid, normalised. */
  readonly id: string
  readonly order: SeenOrder
}

const ORDERS = '/api/v2/global/orders/'

/** The requisitions of these numbers or uuids, whoever asked for them. */
export async function findRequisitions(
  http: Http,
  names: ReadonlySet<string>,
  pageSize: number,
): Promise<Result<readonly NamedRequisition[]>> {
  const nameOf = new Map([...names].map((name) => [normalizeUuid(name), name]))
  const found: NamedRequisition[] = []
  const read = await readPages(http, ORDERS, {}, pageSize, (rows) => {
    for (const { num, uuid, status, denial_reason, denial_comment } of schema.readable(schema.RequisitionOrder, rows)) {
      if (uuid === null) continue
      const id = normalizeUuid(uuid)
      const name = nameOf.get(id) ?? nameOf.get(num ?? '')
      const order = { orderNum: num, status, denialReason: denial_reason, denialComment: denial_comment }
      if (name !== undefined) found.push({ name, id, order })
    }
  })
  return read.ok ? { ok: true, value: found } : read
}
