/**
 * Which requisitions of ours Procurify has. The key in the item names is the only thread (contracts/procurify.md section 6):
 * items hold the key, their order holds the uuid.
 */
import { Bug } from '../domain/errors.js'
import type { Failure, Result } from '../domain/failure.js'
import type { ExistingItem, ExistingRequisition } from '../domain/order.js'
import { normalizeUuid } from '../domain/requisition.js'
import { findKey } from '../domain/token.js'
import type { Http } from '../http.js'
import { dataOf, readPage, readPages, unexpected } from './client.js'
import * as schema from './schema.js'

/** The user the credentials act as: the requester of all that is sent (contracts/procurify.md section 1). */
export interface Requester {
  /** Of the profile: what the requester filters want. */
  readonly id: string
  /** Of the account behind the profile: some rows name their requester by this one. */
  readonly accountId: string | null
  readonly name: string
  readonly email: string | null
  readonly active: boolean
}

export async function readMe(http: Http): Promise<Result<Requester>> {
  const answer = await http.get('/api/v3/users/me/')
  if (!answer.ok) return answer
  const [me] = schema.readable(schema.Me, [dataOf(answer.value.value)])
  if (me === undefined) return unexpected(answer.value, 'a user')
  const { id, user: accountId, firstName, lastName, email, is_active: active } = me
  const name = [firstName, lastName].filter((part) => part !== null).join(' ')
  return { ok: true, value: { id, accountId, name, email, active } }
}

export interface RequisitionIndexOptions {
  readonly requesterId: string
  readonly requesterAccountId?: string | null
  /** Days (`2026-03-01`) of creation, both included. Widened by the caller: nobody says in which zone they are meant. */
  readonly since: string
  readonly until: string
  readonly pageSize: number
}

const ITEMS = '/api/v3/order-items/'
const ORDERS = '/api/v2/global/orders/'

/**
 * The requisitions of the requester in these days that carry a key of ours, each with all its items, other keys and none included.
 * A requisition with several keys comes once for each. Fails when one is seen whose order is not: it must not be taken for absent.
 */
export async function readRequisitionIndex(
  http: Http,
  options: RequisitionIndexOptions,
): Promise<Result<ExistingRequisition[]>> {
  const items = await readItems(http, options)
  if (!items.ok) return items
  const keyed = new Map([...items.value].filter(([, { keys }]) => keys.size > 0))
  const orders = keyed.size === 0 ? noOrders : await readOrders(http, options, [...keyed.keys()])
  if (!orders.ok) return orders
  const value = [...keyed].flatMap(([orderNum, { keys, items }]) => {
    const order = orders.value.get(orderNum)
    if (order === undefined) throw new Bug(`Order ${orderNum} was read and is not there.`)
    return [...keys].map((key) => ({ key, ...order, orderNum, items }))
  })
  return { ok: true, value }
}

interface ItemsOfOrder {
  readonly keys: Set<string>
  readonly items: ExistingItem[]
}

/** By order number. Items without one are drafts: nobody has requested them. */
async function readItems(
  http: Http,
  options: RequisitionIndexOptions,
): Promise<Result<ReadonlyMap<string, ItemsOfOrder>>> {
  const { requesterId: requester, since, until, pageSize } = options
  const found = new Map<string, ItemsOfOrder>()
  const query = { requester, order_created_date_0: since, order_created_date_1: until }
  const read = await readPages(http, ITEMS, query, pageSize, (rows) => {
    for (const item of schema.readable(schema.OrderItem, rows)) {
      const orderNum = item.orderNum ?? item.order_number
      if (orderNum === null || !isAskedFor(item, options)) continue
      const { keys, items } = found.get(orderNum) ?? { keys: new Set(), items: [] }
      const key = findKey(item.name ?? '')
      if (key !== null) keys.add(key)
      items.push({ name: item.name ?? '', vendorId: item.pref_vendor, quantity: item.quantity, price: item.price })
      found.set(orderNum, { keys, items })
    }
  })
  return read.ok ? { ok: true, value: found } : read
}

/**
 * An ignored filter brings items of other people, who may have copied ours, and of other days. They go only when they say so
 * themselves: what says nothing could be ours.
 */
function isAskedFor(
  { requester, created_at: created }: { requester: string | null; created_at: string | null },
  { since, until, ...ours }: RequisitionIndexOptions,
): boolean {
  if (!isRequester(requester, ours)) return false
  // Written with an offset or with `Z`: the same instant may bear the next day's date.
  const day = created?.slice(0, 10) ?? null
  return day === null || (day >= moveDay(since, -1) && day <= moveDay(until, 1))
}

/** Profile and account of a person have different ids; taking one of ours for somebody else's could end in a second requisition. */
export function isRequester(
  named: string | null,
  { requesterId, requesterAccountId }: Pick<RequisitionIndexOptions, 'requesterId' | 'requesterAccountId'>,
): boolean {
  return named === null || named === requesterId || named === requesterAccountId
}

function moveDay(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)
}

type Orders = ReadonlyMap<string, { readonly id: string; readonly status: string | null }>
const noOrders: Result<Orders> = { ok: true, value: new Map() }

/** The orders of these numbers: from the list of the same days, and one by one where that does not show them. */
async function readOrders(
  http: Http,
  options: RequisitionIndexOptions,
  nums: readonly string[],
): Promise<Result<Orders>> {
  const { requesterId: requester, since, until, pageSize } = options
  const found = new Map<string, { id: string; status: string | null }>()
  const take = (rows: Parameters<Parameters<typeof readPages>[4]>[0]): void => {
    for (const { num, uuid, status } of schema.readable(schema.RequisitionOrder, rows)) {
      if (num !== null && uuid !== null) found.set(num, { id: normalizeUuid(uuid), status })
    }
  }
  const read = await readPages(http, ORDERS, { requester, date_0: since, date_1: until }, pageSize, take)
  if (!read.ok) return read
  for (const num of nums) {
    if (found.has(num)) continue
    // What the filter compares with is undocumented: the row itself tells whether it is the one.
    const page = await readPage(http, ORDERS, { order: num, page: '1', page_size: String(pageSize) })
    if (!page.ok) return page
    take(page.value.rows)
    if (!found.has(num)) return unseen(num)
  }
  return { ok: true, value: found }
}

function unseen(num: string): Failure {
  const message = `Procurify shows items of requisition ${num} that carry a key of ours, but not the requisition itself.`
  return {
    ok: false,
    kind: 'transient',
    code: 'answer_incomplete',
    message,
    status: 200,
    http: null,
    retryAfterMs: null,
  }
}
