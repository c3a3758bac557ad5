/** What Procurify has that people pair an order with: a PO, or a requisition that has none yet. */
import { firstSeen } from '../domain/follow-order.js'
import type { Result } from '../domain/failure.js'
import { requested, type RequisitionState } from '../domain/requisition.js'
import { findPurchaseOrders, findRequisitions } from '../procurify/purchase-orders.js'
import type { World } from './wire.js'

export interface OrderTarget {
  /** As a person called it. */
  readonly name: string
  readonly targetId: string
  /** What people see: a PO number, before there is one the number of the requisition. */
  readonly key: string | null
  readonly detail: RequisitionState
}

/** The POs of these numbers, by their one requisition where there is one, which can be followed; for the other names, requisitions. */
export async function findOrderTargets(
  { procurify, config, clock }: World,
  names: ReadonlySet<string>,
): Promise<Result<OrderTarget[]>> {
  const { pageSize } = config.procurify
  const found = await findPurchaseOrders(procurify, names, pageSize)
  if (!found.ok) return found
  const now = new Date(clock.wallMs()).toISOString()
  const live = found.value.filter(({ isCancelled }) => !isCancelled)
  const holders = live.flatMap(({ requisitionIds }) => requisitionIds)
  const isShared = (id: string): boolean => holders.indexOf(id) !== holders.lastIndexOf(id)
  const pos = live.map(({ key, number, requisitionIds: [id, ...others] }): OrderTarget => {
    const targetId = id === undefined || others.length > 0 || isShared(id) ? `po:${key}` : id
    return {
      name: number,
      targetId,
      key: number,
      detail: { ...requested(1, now), state: 'ordered', po_numbers: [number] },
    }
  })
  const left = new Set([...names].filter((name) => !pos.some((one) => one.name === name)))
  const requisitions = left.size === 0 ? NONE : await findRequisitions(procurify, left, pageSize)
  if (!requisitions.ok) return requisitions
  const unordered = requisitions.value.map(({ name, id, order }): OrderTarget => {
    return { name, targetId: id, key: order.orderNum, detail: firstSeen(order, now) }
  })
  return { ok: true, value: [...pos, ...unordered] }
}

const NONE = { ok: true, value: [] } as const
