import { randomUUID } from 'node:crypto'
import type { Row } from './exchange.js'
import { totalOf } from './decimals.js'
import type { ProcurifyState } from './procurify.js'

/** Order status (contract section 5). */
const ORDER = { pending: 0, approved: 1, denied: 2, purchased: 3, cancelled: 4 } as const
/** Order item status. */
const ITEM = { toPurchase: 0, toReceive: 2, rejected: 4, denied: 7 } as const
/** State of a PO. */
const PO = { purchased: 0, cancelled: 1 } as const

/** More lines than this and automatic POs are skipped (contract section 5). */
const AUTOMATIC_PO_LINES = 100

/**
 * What people do to a requisition in the web pages of Procurify. The API has no call for any of it, so these are only
 * reached from outside: `state.lifecycle` in a test, `POST /_sandbox/requisitions/<uuid>/<action>` elsewhere.
 *
 * Each action answers undefined when there is no such requisition or it is not in a state for it.
 */
export class Lifecycle {
  readonly #state: ProcurifyState

  constructor(state: ProcurifyState) {
    this.#state = state
  }

  /** Final approval: prices and quantities are frozen as approved, and POs made at once where the tenant does that. */
  approve(uuid: string): Row | undefined {
    const order = this.#find(uuid, ORDER.pending)
    if (order === undefined) return undefined
    const at = this.#move(order, ORDER.approved, 1)
    for (const item of this.itemsOf(order)) {
      const { price, quantity } = item
      const approved = { approved_datetime: at, approved_price: price, approved_quantity: quantity }
      this.#items.edit(String(item['id']), { status: ITEM.toPurchase, ...approved, approved_currency_rate: '1.000000' })
    }
    if (this.#state.options.automaticPos && this.itemsOf(order).length <= AUTOMATIC_PO_LINES) this.order(uuid)
    return order
  }

  /** `reason` 1..10 as in the contract (4 = duplicate). */
  deny(uuid: string, reason = 1, comment: string | null = null): Row | undefined {
    const order = this.#find(uuid, ORDER.pending)
    if (order === undefined) return undefined
    this.#orders.edit(String(order['num']), { denial_reason: reason, denial_comment: comment })
    this.#move(order, ORDER.denied, 2)
    for (const item of this.itemsOf(order)) this.#items.edit(String(item['id']), { status: ITEM.denied })
    return order
  }

  /** Whatever its state was; POs that hold only its lines are cancelled with it. */
  cancel(uuid: string): Row | undefined {
    const order = this.#orders.where('uuid', uuid)[0]
    if (order === undefined) return undefined
    this.#move(order, ORDER.cancelled, 13)
    for (const item of this.itemsOf(order)) {
      this.#items.edit(String(item['id']), { status: ITEM.rejected, is_active: false })
      const number = item['purchase_order']
      if (typeof number === 'number') this.#pos.edit(number, { state: PO.cancelled, active: false })
    }
    return order
  }

  /**
   * Puts lines of an approved requisition on POs, and answers these. `groups` holds line positions from 1, a list each;
   * left out, each vendor gets one PO. Lines left over stay to be purchased, and the order stays approved.
   */
  order(uuid: string, groups?: readonly (readonly number[])[], externalNumber?: string): Row[] | undefined {
    const order = this.#find(uuid, ORDER.approved)
    if (order === undefined) return undefined
    const items = this.itemsOf(order)
    const wanted = groups === undefined ? byVendor(items) : groups.map((group) => group.map((n) => items[n - 1]))
    const made = wanted.flatMap((group) => {
      const free = group.filter((item) => item !== undefined).filter((item) => item['purchase_order'] === null)
      return free.length === 0 ? [] : [this.#makePo(order, free, externalNumber)]
    })
    const isComplete = this.itemsOf(order).every((item) => item['purchase_order'] !== null)
    this.#move(order, isComplete ? ORDER.purchased : ORDER.approved, 19)
    return made
  }

  /** The lines of an order, in the order they were sent. */
  itemsOf(order: Row): Row[] {
    return this.#items.where('orderNum', order['num'])
  }

  get #orders() {
    return this.#state.data.orders
  }

  get #items() {
    return this.#state.data['order-items']
  }

  get #pos() {
    return this.#state.data['purchase-orders']
  }

  /** The requisition if it is in this state: people cannot approve what was denied either. */
  #find(uuid: string, status: number): Row | undefined {
    return this.#orders.where('uuid', uuid).find((row) => row['status'] === status)
  }

  /** Sets the status and writes the event into the order's history; answers when. */
  #move(order: Row, status: number, action: number): string {
    const dateTime = this.#state.timestamp()
    const logs = [...((order['_logs'] as Row[] | undefined) ?? []), { action, dateTime }]
    this.#orders.edit(String(order['num']), { status, _logs: logs, dateModified: dateTime })
    return dateTime
  }

  /** One PO over these lines. The external number is the internal one unless somebody chose another. */
  #makePo(order: Row, items: readonly Row[], externalNumber: string | undefined): Row {
    const number = this.#pos.nextId()
    const po = this.#pos.add({
      procurify_PO: number,
      uuid: randomUUID(),
      PO_Num: externalNumber ?? String(number),
      purchaser: 2,
      pref_vendor: items[0]?.['pref_vendor'],
      purchased_currency: items[0]?.['currency'],
      _branch: order['branch'],
      promise_date: order['dateRequired'],
      state: PO.purchased,
      active: true,
      fulfilment_status: 'empty',
      version: 1,
      total: totalOf(items.map((item) => ({ price: String(item['price']), quantity: String(item['quantity']) }))),
    })
    items.forEach((item, index) =>
      this.#items.edit(String(item['id']), {
        status: ITEM.toReceive,
        purchase_order: number,
        PO: [number],
        PO_line_num: index + 1,
        po_version: 1,
        purchaser: 2,
        _purchased_at: po['date'],
      }),
    )
    return po
  }
}

/** Lines by vendor, in order of first appearance: how a purchaser, and the automatic, makes POs. */
function byVendor(items: readonly Row[]): Row[][] {
  const groups = new Map<unknown, Row[]>()
  for (const item of items) {
    const group = groups.get(item['pref_vendor'])
    if (group === undefined) groups.set(item['pref_vendor'], [item])
    else group.push(item)
  }
  return [...groups.values()]
}
