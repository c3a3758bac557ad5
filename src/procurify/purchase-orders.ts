/** POs by the number people see (contracts/procurify.md section 8): there is no filter for it, so the list is read whole. */
import type { Result } from '../domain/failure.js'
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
