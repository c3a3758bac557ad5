/** What became of requisitions: people act in the simulated Procurify, and the reader must tell. */
import { beforeEach, describe, expect, it } from 'vitest'
import { normalizeUuid } from '../../src/domain/requisition.js'
import type { Http } from '../../src/http.js'
import { readOrderProgress, type OrderProgress, type Seen } from '../../src/procurify/order-follow.js'
import { failureOf, json, makeRig, startServer, valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, database, procurify } = await openSimulated()

let http: Http

beforeEach(() => {
  const { data } = sandbox.procurify.state
  http = procurify().http
  for (const name of ['Acme', 'Bolts Inc']) data.vendors.add({ name, type: 3, active: true, email: [] })
  data['account-codes'].seed({ id: 1, code: '5100', active: true })
  data.accounts.add({ account_code: 1, department: 1, active: true })
})

const DAY_MS = 86_400_000
const lifecycle = () => sandbox.procurify.state.lifecycle
const yesterday = (): string => new Date(sandbox.clock.now() - DAY_MS).toISOString().slice(0, 10)
const read = async (): Promise<OrderProgress> =>
  valueOf(await readOrderProgress(http, { requesterId: '7', since: yesterday(), pageSize: 50 }))
const seenOf = async (uuid: string): Promise<Seen | undefined> => (await read()).seen.get(normalizeUuid(uuid))

/** A requisition of one line for each vendor, as somebody submitted it; answers its uuid. */
async function submit(vendors: readonly string[] = ['Acme'], userId = 7): Promise<string> {
  sandbox.procurify.state.ownerId = userId
  const line = {
    account_code: '5100',
    unit_price: '2',
    quantity: '3',
    unit: 'ea',
    currency_code: 'USD',
    custom_fields: [],
  }
  const body = {
    ...{ required_date: '2026-12-24', location_name: 'Main Plant', department_name: 'Maintenance' },
    line_items: vendors.map((vendor_name, at) => ({ ...line, item_name: `Item ${at + 1}`, vendor_name })),
  }
  const answer = valueOf(await http.write('POST', '/api/v3/requisitions/', body))
  sandbox.procurify.state.ownerId = 7
  sandbox.log.clear()
  return (answer.value as { data: { uuid: string } }).data.uuid
}
const numberOf = (uuid: string): string =>
  String(sandbox.procurify.state.data.orders.all().find((row) => row['uuid'] === uuid)?.['num'])
const approved = async (vendors?: readonly string[]): Promise<string> => {
  const uuid = await submit(vendors)
  lifecycle().approve(uuid)
  return uuid
}
const paths = (): string[] => sandbox.log.entries.map(({ path }) => path)

const ORDERS = '/api/v2/global/orders/'
const POS = '/api/v2/purchase_orders/purchased/all/'
const ITEMS = '/api/v3/order-items/'

describe('orders', () => {
  it('are seen with their number and status, in two calls', async () => {
    const uuid = await submit()
    const order = { orderNum: numberOf(uuid), denialReason: null, denialComment: null }
    expect(await seenOf(uuid)).toEqual({ kind: 'seen', order: { ...order, status: '0' }, pos: [] })
    expect(paths()).toEqual([ORDERS, POS])
    lifecycle().approve(uuid)
    expect((await seenOf(uuid))?.order?.status).toBe('1')
  })

  it('are seen with the reason and the comment of a denial', async () => {
    const uuid = await submit()
    lifecycle().deny(uuid, 4, 'Ordered by phone.')
    expect((await seenOf(uuid))?.order).toMatchObject({
      status: '2',
      denialReason: '4',
      denialComment: 'Ordered by phone.',
    })
  })

  it('are asked for by requester and by the day they last changed', async () => {
    const uuid = await submit()
    sandbox.clock.advance(5 * DAY_MS)
    expect(await seenOf(uuid)).toBeUndefined()
    const filter = { requester: ['7'], modified_date_0: [yesterday()] }
    const [orders, pos] = [ORDERS, POS].map((path) => sandbox.log.entries.find((entry) => entry.path === path)?.query)
    expect([orders, pos]).toMatchObject([filter, filter])
  })

  it('of others are left out, where a filter was ignored', async () => {
    const uuid = await submit(['Acme'], 2)
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', params: ['requester'], times: -1 })
    expect(await seenOf(uuid)).toBeUndefined()
  })
})

describe('POs', () => {
  it('are seen with the number people see, through the items that changed', async () => {
    const uuid = await approved()
    lifecycle().order(uuid, undefined, 'PO-2026-17')
    expect(await seenOf(uuid)).toMatchObject({
      order: { status: '3' },
      pos: [{ number: 'PO-2026-17', isCancelled: false }],
    })
    expect(paths()).toEqual([ORDERS, POS, ITEMS])
  })

  it('are all seen where the lines went to several, and by each requisition that one holds lines of', async () => {
    const [first, second] = [await approved(['Acme', 'Bolts Inc']), await approved()]
    lifecycle().order(first)
    const [shared] = lifecycle().order(second) ?? []
    const { 'order-items': items } = sandbox.procurify.state.data
    const moved = items.all().find((row) => row['name'] === 'Item 1')
    items.edit(String(moved?.['id']), { purchase_order: shared?.['procurify_PO'] })
    const numbers = async (uuid: string) => (await seenOf(uuid))?.pos.map(({ number }) => number).sort()
    expect([await numbers(first), await numbers(second)]).toEqual([['3002', '3003'], ['3003']])
  })

  it('are read by themselves where the items do not explain them', async () => {
    const uuid = await approved()
    lifecycle().order(uuid)
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: ITEMS })
    expect((await seenOf(uuid))?.pos).toEqual([{ number: '3001', isCancelled: false }])
    expect(paths()).toEqual([ORDERS, POS, ITEMS, '/api/v2/purchase_orders/3001/'])
  })

  it('are seen where the order itself did not change', async () => {
    const uuid = await approved()
    lifecycle().order(uuid)
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: ORDERS })
    expect(await seenOf(uuid)).toEqual({ kind: 'seen', order: null, pos: [{ number: '3001', isCancelled: false }] })
  })

  it('are seen as cancelled by every requisition they hold lines of, changed or not', async () => {
    const [first, second] = [await approved(), await approved()]
    for (const uuid of [first, second]) lifecycle().order(uuid)
    const { 'order-items': items, 'purchase-orders': pos } = sandbox.procurify.state.data
    const [one, other] = items.all()
    items.edit(String(other?.['id']), { purchase_order: 3001 })
    sandbox.clock.advance(5 * DAY_MS)
    pos.edit(3001, { state: 1 })
    items.edit(String(one?.['id']), { hot: true })
    sandbox.procurify.state.data.orders.edit(numberOf(first), { description: 'x' })
    const cancelled = { kind: 'seen', pos: [{ number: '3001', isCancelled: true }] }
    expect([await seenOf(first), await seenOf(second)]).toMatchObject([cancelled, cancelled])
  })

  it('that are gone, or that the login may not read, are told apart', async () => {
    const uuid = await approved()
    lifecycle().order(uuid)
    const detail = '/api/v2/purchase_orders/3001/'
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: ITEMS, times: 2 })
    sandbox.faults.add({ system: 'procurify', kind: 'status', status: 404, path: detail })
    expect(await read()).toMatchObject({ unreadPos: [] })
    sandbox.faults.add({ system: 'procurify', kind: 'forbidden', path: detail })
    expect(failureOf(await readOrderProgress(http, { requesterId: '7', since: yesterday(), pageSize: 50 })).kind).toBe(
      'auth',
    )
  })

  it('are read by themselves no more than 25 a pass, the latest first, and the others named', async () => {
    for (let n = 0; n < 27; n += 1) lifecycle().order(await approved(), undefined, `N${n}`)
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: ITEMS })
    const { seen, unreadPos } = await read()
    expect([...unreadPos].sort()).toEqual(['N0', 'N1'])
    expect([...seen.values()].filter(({ pos }) => pos.length === 1)).toHaveLength(25)
    expect(paths().filter((path) => /purchase_orders\/\d/.test(path))).toHaveLength(25)
  })
})

it('a list that names the requisitions of a PO is believed without another call', async () => {
  const server = await startServer()
  const uuid = '7F6A3C1E-5C1B-4B0E-9B6E-0D8F3D1F2A11'
  const po = {
    uuid: 'p',
    procurify_PO: 12,
    PO_Num: null,
    state: 5,
    order_items: [{ order_uuid: uuid }, { order_uuid: uuid }],
  }
  server.answer = (response, { url }) => json(response, { data: url.startsWith(POS) ? [po] : [] })
  const { http: bare } = makeRig(server, database)
  const { seen } = valueOf(await readOrderProgress(bare, { requesterId: '7', since: '2026-01-01', pageSize: 50 }))
  expect([...seen]).toEqual([
    [normalizeUuid(uuid), { kind: 'seen', order: null, pos: [{ number: 'PF12', isCancelled: false }] }],
  ])
  expect(server.seen).toHaveLength(2)
  await server.close()
})
