/** A small company for order tests: one supplier, one account, and orders made to measure. */
import { makeSupplier, openBench, type Bench, type Profile } from './program.js'

export interface OrderBench extends Bench {
  readonly supplier: Record<string, unknown>
  /** Adds an order on order with these lines; answers its id and the ids of lines and releases. */
  addOrder(fields?: Record<string, unknown>, lines?: readonly LineFields[]): AddedOrder
  /** Requisitions in Procurify, oldest first, with the names of their items. */
  requisitions(): { readonly uuid: string; readonly items: Record<string, unknown>[] }[]
  sync(extra?: Record<string, string>): ReturnType<Bench['run']>
}

interface LineFields {
  readonly quantity?: string
  readonly price?: number
  readonly line?: Record<string, unknown>
  readonly release?: Record<string, unknown>
}

interface AddedOrder {
  readonly id: string
  readonly lineIds: readonly string[]
  readonly releaseIds: readonly string[]
}

const ACCOUNT = '5a05aaaa-0000-4000-8000-000000000001'
let counter = 0
const uuid = () => `5a09${String((counter += 1)).padStart(4, '0')}-0000-4000-8000-${String(counter).padStart(12, '0')}`

export async function openOrderBench(profile: Profile = 'cloud'): Promise<OrderBench> {
  const supplier = makeSupplier({ name: 'Order Supplier' })
  const bench = await openBench({ suppliers: [supplier], profile })
  Object.assign(bench.env, {
    PO_START_DATE: '2026-01-01',
    PO_QUIET: '1ms',
    PO_MAX_PER_DAY: '0',
    SYNC_MAX_CHANGES: '500',
  })
  const { data } = bench.sandbox.plex.state
  data.accounts.add({
    id: ACCOUNT,
    accountNumber: '61100-010',
    accountName: 'Supplies',
    categoryType: 'Expense',
    active: true,
  })
  // A tenant without any account code would look like a missing role.
  bench.sandbox.procurify.state.data['account-codes'].add({
    code: 'OTHER',
    description: 'Other',
    account_type: 2,
    active: true,
    parent: null,
  })
  const addOrder: OrderBench['addOrder'] = (fields = {}, lines = [{}]) => {
    const id = uuid()
    const lineIds = lines.map(() => uuid())
    const releaseIds = lines.map(() => uuid())
    const total = lines.reduce((sum, { quantity = '2', price = 10 }) => sum + Number(quantity) * price, 0)
    lines.forEach(({ quantity = '2', price = 10, line = {}, release = {} }, at) => {
      const place = { building: 'MAIN', department: 'Maintenance' }
      const common = {
        _poId: id,
        id: lineIds[at],
        lineItemNumber: at + 1,
        description: `Thing ${at + 1}`,
        unit: 'EA',
        orderUnit: 'EA',
      }
      data.lines.add({ ...common, ...place, unitPrice: price, accountId: ACCOUNT, ...line })
      const due = { status: 'Open', dueDate: '2026-12-24T05:00:00Z' }
      data.releases.add({
        id: releaseIds[at],
        poId: id,
        poLineItemId: lineIds[at],
        quantity: Number(quantity),
        ...due,
        ...release,
      })
    })
    const place = { building: 'MAIN', department: 'Maintenance' }
    const header = {
      id,
      poNumber: `PO-${counter}`,
      supplierId: supplier['id'],
      currencyCode: 'USD',
      status: 'On order',
      ...place,
    }
    data.orders.add({
      ...header,
      lineItemCount: lines.length,
      lineItemTotal: total,
      blanketOrder: false,
      createdDate: '2026-06-01T00:00:00Z',
      modifiedDate: bench.sandbox.plex.state.timestamp(),
      ...fields,
    })
    return { id, lineIds, releaseIds }
  }
  const requisitions = () => {
    const { orders, 'order-items': items } = bench.sandbox.procurify.state.data
    return orders.all().map((order) => ({ uuid: String(order['uuid']), items: items.where('orderNum', order['num']) }))
  }
  return { ...bench, supplier, addOrder, requisitions, sync: (extra = {}) => bench.run('sync pos --json', extra) }
}

/** An order bench whose reference data are aligned, so that orders can flow. The first order brings the department. */
export async function openAlignedBench(profile: Profile = 'cloud'): Promise<OrderBench> {
  const bench = await openOrderBench(profile)
  bench.addOrder({ status: 'Cancelled' })
  const aligned = await bench.run('align refdata --json')
  if (aligned.code !== 0) throw new Error(`not aligned: ${aligned.out}${aligned.err}`)
  return bench
}
