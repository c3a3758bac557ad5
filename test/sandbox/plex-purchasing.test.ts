import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { NumberText } from '../../src/sandbox/exchange.js'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { plexGet, plexHeaders, type Json } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 80 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const ORDERS = '/purchasing/v1/purchase-orders'
const rows = async (path: string): Promise<Json[]> => (await plexGet(sandbox, path)).body
const orderId = (number: string): string =>
  String(sandbox.plex.state.data.orders.find((row) => row['poNumber'] === number)?.['id'])

describe('orders, lines and releases', () => {
  test('the filter pONumber has its own spelling; the field name is ignored', async () => {
    expect(await rows(`${ORDERS}?pONumber=PO-387`)).toHaveLength(1)
    expect((await rows(`${ORDERS}?poNumber=PO-387`)).length).toBe(sandbox.plex.state.data.orders.size)
    expect(await rows(`${ORDERS}?pONumber=PO-SHARED`)).toHaveLength(2)
  })

  test('lines hang on their order and do not name it', async () => {
    const lines = await rows(`${ORDERS}/${orderId('PO-387')}/line-items`)
    expect(lines).toHaveLength(387)
    expect(Object.keys(lines[0] ?? {}).filter((name) => name === 'poId' || name.startsWith('_'))).toEqual([])
    const foreign = await plexGet(sandbox, `${ORDERS}/${orderId('PO-LONG')}/line-items/${String(lines[0]?.['id'])}`)
    expect(foreign.status).toBe(404)
    expect((await plexGet(sandbox, '/purchasing/v1/purchase-orders-lines')).status).toBe(404)
  })

  test('releases are asked for many orders at once, with pOId', async () => {
    const ids = [orderId('PO-SIXDECIMALS'), orderId('PO-TENDECIMALS')]
    const releases = await rows(`/purchasing/v2-beta1/releases?${ids.map((id) => `pOId=${id}`).join('&')}`)
    expect(releases.map((row) => row['quantity'])).toEqual([3, 2.5, 0.1234567891])
    expect(new Set(releases.map((row) => row['poId']))).toEqual(new Set(ids))
  })

  test('a release can be edited without touching its order', async () => {
    const { releases, orders } = sandbox.plex.state.data
    const release = releases.where('poId', orderId('PO-LONG'))[0] ?? {}
    const before = orders.get(orderId('PO-LONG'))?.['modifiedDate']
    const stamp = String(releases.edit(String(release['id']), { quantity: 5 })?.['modifiedDate'])
    const changed = await rows(`/purchasing/v2-beta1/releases?modifiedDateBegin=${stamp}`)
    expect(changed.map((row) => row['quantity'])).toEqual([5])
    expect(orders.get(orderId('PO-LONG'))?.['modifiedDate']).toBe(before)
    expect(await rows(`${ORDERS}?modifiedDateBegin=${stamp}`)).toEqual([])
  })

  test('a release that is moved or loses a member is found where it is now, as it is now', async () => {
    const { releases } = sandbox.plex.state.data
    const release = releases.where('poId', orderId('PO-LONG'))[0] ?? {}
    const ofOrder = (number: string) => rows(`/purchasing/v2-beta1/releases?pOId=${orderId(number)}`)
    releases.edit(String(release['id']), { poId: orderId('PO-NOLINES'), dueDate: undefined })
    expect(await ofOrder('PO-LONG')).toEqual([])
    expect((await ofOrder('PO-NOLINES'))[0]).not.toHaveProperty('dueDate')
    releases.seed({ ...release, poId: orderId('PO-LONG') })
    expect([(await ofOrder('PO-LONG')).length, (await ofOrder('PO-NOLINES')).length]).toEqual([1, 0])
  })

  test('number literals go out as they are spelled', async () => {
    const response = await fetch(`${sandbox.plex.url}${ORDERS}/${orderId('PO-SPELLING')}/line-items`, {
      headers: plexHeaders(sandbox),
    })
    expect(await response.text()).toContain('"unitPrice":12.50,')
    sandbox.plex.state.data.orders.edit(orderId('PO-LONG'), { lineItemTotal: new NumberText('1E+3'), note: '\u0000 1' })
    const order = await fetch(`${sandbox.plex.url}${ORDERS}/${orderId('PO-LONG')}`, { headers: plexHeaders(sandbox) })
    const text = await order.text()
    expect(text).toContain('"lineItemTotal":1E+3,')
    expect(JSON.parse(text)).toMatchObject({ note: '\u0000 1' })
  })

  test('setup tables: the status with contradictory flags is there, one used by an order is not', async () => {
    const statuses = await rows('/purchasing/v1/purchase-order-statuses')
    expect(statuses.find((row) => row['name'] === 'Denied')).toMatchObject({
      cancelled: true,
      onOrder: true,
      received: true,
    })
    const [order] = await rows(`${ORDERS}?pONumber=PO-GONESTATUS`)
    expect(statuses.map((row) => row['name'])).not.toContain(order?.['status'])
    expect(await rows('/purchasing/v1/release-statuses?cancelled=true')).toMatchObject([{ name: 'Cancelled' }])
    expect((await rows('/purchasing/v1/purchase-order-types')).length).toBeGreaterThan(2)
  })

  test('header totals are what lines and live releases add up to, but for the odd one', () => {
    const wrong: unknown[] = []
    for (const order of sandbox.plex.state.data.orders.all()) {
      const { lines, releases } = sandbox.plex.state.data
      const sum = lines
        .where('_poId', order['id'])
        .flatMap((line) => releases.where('poLineItemId', line['id']).map((release) => ({ line, release })))
        .filter(({ release }) => release['status'] !== 'Cancelled' || order['status'] === 'Cancelled')
        .reduce((total, { line, release }) => total + literal(line['unitPrice']) * literal(release['quantity']), 0)
      if (Math.abs(sum - Number(order['lineItemTotal'])) > 0.011) wrong.push(order['poNumber'])
    }
    expect(wrong).toEqual(['PO-TOTAL'])
  })
})

describe('AP invoices', () => {
  const path = '/accounting/v1/ap-invoices'

  test('lines are embedded and balance; filters are by supplier code, number and dates', async () => {
    const [first] = await rows(`${path}?invoiceNumber=INV-SHARED-7`)
    const lines = first?.['lines'] as Json[]
    const sum = (member: string): number =>
      Math.round(lines.reduce((total, line) => total + Number(line[member]) * 100, 0))
    expect(sum('debit')).toBe(sum('credit'))
    expect(lines.filter((line) => line['offset'] === 1)).toHaveLength(1)
    const mine = await rows(`${path}?supplierCode=${String(first?.['supplierCode'])}`)
    expect(mine.length).toBeLessThan(sandbox.plex.state.data.invoices.size)
    const at = String(first?.['transactionDate'])
    const sameDay = await rows(`${path}?transactionDateBegin=${at}&transactionDateEnd=${at}`)
    expect(new Set(sameDay.map((row) => row['transactionDate']))).toEqual(new Set([at]))
  })

  test('more matches than the limit answer 500, unless that is switched off', async () => {
    sandbox.plex.state.options.invoiceLimit = 300
    expect(await plexGet(sandbox, path)).toMatchObject({ status: 500, body: { code: 'REQUEST_PROCESSING_ERROR' } })
    expect((await plexGet(sandbox, `${path}?paid=false`)).status).toBe(200)
    sandbox.plex.state.options.invoiceLimit = 0
    expect(await rows(path)).toHaveLength(320)
  })
})

describe('size', () => {
  test('a list of 44 MB comes through whole', async () => {
    const { orders } = sandbox.plex.state.data
    const note = 'x'.repeat(1_000)
    for (let n = 0; n < 44_000; n += 1) orders.seed({ id: `bulk-${n}`, note })
    const response = await fetch(`${sandbox.plex.url}${ORDERS}`, { headers: plexHeaders(sandbox) })
    const text = await response.text()
    expect(text.length).toBeGreaterThan(44_000_000)
    expect((JSON.parse(text) as Json[]).length).toBe(orders.size)
  })
})

function literal(value: unknown): number {
  return value instanceof NumberText ? Number(value.text) : Number(value)
}
