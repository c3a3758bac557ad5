/** Bills against the simulated Procurify: lists by change, vendor and day, and one bill whole. */
import { expect, it } from 'vitest'
import type { Bill } from '../../src/domain/invoice.js'
import { readBill, readBills, streamBills } from '../../src/procurify/bills.js'
import { Bill as BillSchema, BillDetail } from '../../src/procurify/schema.js'
import { billRow } from '../../src/sandbox/procurify-bills.js'
import { valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, procurify } = await openSimulated()
const { http } = procurify()

const uuid = (n: number): string => `5A0000B1-0000-4000-8000-${String(n).padStart(12, '0')}`

function addBill(n: number, fields: Record<string, unknown> = {}): void {
  sandbox.procurify.state.data.bills.seed(
    billRow({
      ...{
        id: n,
        uuid: uuid(n).toLowerCase(),
        vendor: 2,
        invoice_number: `INV-${n}`,
        invoice_date: '2026-03-01',
        currency: 1,
      },
      ...{ status: 2, user: 1, creator: 1, last_modified_datetime: `2026-03-0${(n % 9) + 1}T10:00:00.123456Z` },
      items: [{ description: 'Thing', quantity: '1', unit_cost: '12.50', account: 1 }],
      ...fields,
    }),
  )
}

it('bills are streamed page by page, each once', async () => {
  for (let n = 1; n <= 25; n += 1) addBill(n)
  const pages: Bill[][] = []
  const read = await streamBills(http, {}, 10, async ({ bills, answeredAtMs }) => {
    await Promise.resolve()
    expect(answeredAtMs).not.toBeNull()
    pages.push([...bills])
  })
  expect(valueOf(read)).toEqual({ rows: 25 })
  expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(25)
})

it('a bill has its number, vendor, day, total, currency and time, as text', async () => {
  const vendor = sandbox.procurify.state.data.vendors.add({
    name: 'Acme',
    active: true,
    type: 3,
    email: [],
    external_id: 'x:1',
  })
  addBill(1, { vendor: vendor['id'] })
  const [bill] = valueOf(await readBills(http, {}, 50))
  expect(bill).toEqual({
    id: uuid(1).replaceAll('-', '').toLowerCase(),
    number: 'INV-1',
    vendorId: String(vendor['id']),
    vendorName: 'Acme',
    invoiceDate: '2026-03-01',
    dueDate: null,
    total: '12.5',
    currency: expect.any(String) as string,
    status: '2',
    modifiedAt: expect.stringContaining('2026-03-02') as string,
  })
})

it('filters by change, vendor and day are asked for as the contract names them', async () => {
  for (let n = 1; n <= 4; n += 1) addBill(n, { vendor: n % 2, invoice_date: `2026-03-0${n}` })
  const numbers = async (filter: Parameters<typeof readBills>[1]) =>
    valueOf(await readBills(http, filter, 50))
      .map(({ number }) => number)
      .sort()
  expect(await numbers({ modifiedFrom: '2026-03-04T00:00:00Z' })).toEqual(['INV-3', 'INV-4'])
  expect(await numbers({ modifiedTo: '2026-03-02T23:00:00Z' })).toEqual(['INV-1'])
  expect(await numbers({ vendorId: '1' })).toEqual(['INV-1', 'INV-3'])
  expect(await numbers({ dayFrom: '2026-03-02', dayTo: '2026-03-03' })).toEqual(['INV-2', 'INV-3'])
})

it('one bill tells the POs it was billed from; one that is not there is null', async () => {
  addBill(1)
  expect(valueOf(await readBill(http, uuid(1)))).toMatchObject({
    number: 'INV-1',
    total: '12.5',
    poNumbers: [],
    taxAmount: '0',
  })
  expect(valueOf(await readBill(http, uuid(2)))).toBeNull()
})

it('odd shapes are tolerated; only a row without a uuid cannot be used', () => {
  const parsed = BillSchema.parse({
    uuid: 'AB-CD',
    vendor: '7',
    currency: 'EUR',
    invoice_total: '5',
    invoice_number: null,
  })
  expect(parsed).toMatchObject({ id: 'abcd', vendorId: '7', currency: 'EUR', total: '5', number: null, status: null })
  expect(BillSchema.parse({ uuid: 'x', currency: '3', vendor: null })).toMatchObject({ currency: null, vendorId: null })
  expect(BillSchema.safeParse({ id: '1' }).success).toBe(false)
  const detail = BillDetail.parse({
    ...{
      uuid: 'x',
      vendor: { id: '7', name: 'Acme', external_id: 'plex:1:s' },
      items: [null, { po: { number: '12' } }],
    },
    added_purchase_orders: [{ number: '12' }, { number: '13' }],
  })
  expect(detail).toMatchObject({ vendorExternalId: 'plex:1:s', poNumbers: ['12', '13'], requisitionIds: [] })
  const billed = BillDetail.parse({ uuid: 'x', items: [{ orderitem: { order_uuid: 'A-B' } }] })
  expect(billed.requisitionIds).toEqual(['ab'])
})
