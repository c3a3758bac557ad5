/** A large company that is in step: records on both sides and the books that pair them, put there without running a sync. */
import { normalizeUuid } from '../../src/domain/requisition.js'
import { makeItemName, makeKey, makeStem } from '../../src/domain/token.js'
import { openAlignedBench, type OrderBench } from './orders.js'
import type { Finished, Profile } from './program.js'

export interface CorpusSize {
  readonly suppliers: number
  readonly orders: number
  readonly invoices: number
}

export interface Corpus extends OrderBench {
  readonly supplierId: (n: number) => string
  readonly vendorId: (n: number) => number
  readonly orderId: (n: number) => string
  readonly requisitionId: (n: number) => string
  readonly invoiceId: (n: number) => string
  readonly billId: (n: number) => string
  /** The same day in both systems; credit notes every 20th, euros every 7th. */
  addInvoice(n: number, fields?: Row): void
  addBill(n: number, fields?: Row): void
  addRequisition(n: number, uuid: string, key: string, fields?: Row): void
  readonly keyOf: (n: number, revision?: number) => string
  reconcile(args?: string, extra?: Record<string, string>): Promise<Finished>
}
type Row = Record<string, unknown>

const uuid = (kind: string, n: number): string => `${kind}-0000-4000-8000-${String(n).padStart(12, '0')}`
const PCN = '100001'
const FIRST_VENDOR = 100_000
const AUTHOR = { user: 1, creator: 1 }

export async function openCorpus(size: CorpusSize, profile: Profile = 'cloud'): Promise<Corpus> {
  const bench = await openAlignedBench(profile)
  const { plex, procurify } = bench.sandbox
  procurify.state.options.maxPageSize = 1000
  Object.assign(bench.env, {
    // Both ends of a range: without an upper one long lists of invoices cannot be sliced.
    PLEX_DATE_FILTER: 'modifiedDate',
    PROCURIFY_PAGE_SIZE: '1000',
    SYNC_TIMEOUT: '20s',
    SYNC_LEASE: '60s',
    INVOICE_START_DATE: '2026-01-01',
  })
  const { data } = procurify.state
  // What the order bench brought along is not in step with anything.
  plex.state.data.suppliers.clear()
  plex.state.data.orders.clear()
  const yard = plex.state.data.buildings.find((row) => row['buildingCode'] === 'NORTH')
  plex.state.data.buildings.remove(String(yard?.['id']))
  const ids = {
    supplierId: (n: number) => uuid('5a000001', n),
    vendorId: (n: number) => FIRST_VENDOR + n,
    orderId: (n: number) => uuid('0de00001', n),
    requisitionId: (n: number) => normalizeUuid(uuid('4e400001', n)),
    invoiceId: (n: number) => uuid('1a700001', n),
    billId: (n: number) => normalizeUuid(uuid('b1110001', n)),
  }
  /** Ids as the books have them. */
  const booked = {
    supplierId: (n: number) => bench.idOf('suppliers', ids.supplierId(n)),
    orderId: (n: number) => bench.idOf('orders', ids.orderId(n)),
  }
  const keyOf = (n: number, revision = 1): string =>
    makeKey({ stem: makeStem('default', booked.orderId(n)), part: 1, revision })
  const supplierOf = (n: number): number => n % size.suppliers
  const dayOf = (n: number): string => `2026-${String((n % 9) + 1).padStart(2, '0')}-15`
  const amountOf = (n: number): number => (n % 20 === 19 ? -1 : 1) * (10_000 + n)
  const addInvoice = (n: number, fields: Row = {}): void => {
    const amount = amountOf(n) / 100
    plex.state.data.invoices.seed({
      ...{ id: ids.invoiceId(n), invoiceNumber: `INV-${n}`, supplierId: ids.supplierId(supplierOf(n)) },
      ...{ transactionDate: `${dayOf(n)}T05:00:00Z`, createdDate: `${dayOf(n)}T12:00:00Z`, modifiedDate: null },
      ...{ currencyCode: n % 7 === 6 ? 'EUR' : 'USD', amount, foreignCurrencyAmount: amount, booked: n % 3 > 0 },
      ...{ debitMemo: amount < 0 ? 1 : 0, lines: [] },
      ...fields,
    })
  }
  const addBill = (n: number, fields: Row = {}): void => {
    data.bills.seed({
      ...{ id: 7000 + n, uuid: ids.billId(n), vendor: ids.vendorId(supplierOf(n)), invoice_number: `inv-${n} ` },
      ...{
        invoice_date: dayOf(n),
        due_date: dayOf(n),
        currency: n % 7 === 6 ? 2 : 1,
        status: n % 2 === 0 ? 2 : 0,
        ...AUTHOR,
      },
      ...{ last_modified_datetime: '2026-09-01T00:00:00Z', total_cost_with_tax: amountOf(n) / 100, _items: [] },
      ...fields,
    })
  }
  const addRequisition = (n: number, id: string, key: string, fields: Row = {}): void => {
    const num = data.orders.nextId()
    const date = '2026-06-02T00:00:00Z'
    data.orders.seed({
      num,
      uuid: id,
      branch: 1,
      department: 1,
      user: procurify.state.ownerId,
      currency: 1,
      date,
      dateModified: date,
      dateRequired: date,
      status: 1,
      ...fields,
    })
    data['order-items'].seed({
      ...{ id: 90_000 + num, name: makeItemName(`PO-${n}`, '1', key, 'Thing'), orderNum: num, order_number: num },
      ...{
        pref_vendor: ids.vendorId(supplierOf(n)),
        price: '10.00000000',
        quantity: '2.00000',
        currency: 1,
        account: 1,
      },
      ...{ purchase_order: null, created_at: date, last_modified: date, status: null },
    })
  }
  for (let n = 0; n < size.suppliers; n += 1) {
    plex.state.data.suppliers.seed({ ...toSupplier(n), id: ids.supplierId(n) })
    data.vendors.seed(toVendor(n, ids.vendorId(n), booked.supplierId(n)))
  }
  for (let n = 0; n < size.orders; n += 1) {
    plex.state.data.orders.seed({
      ...{ id: ids.orderId(n), poNumber: `PO-${n}`, supplierId: ids.supplierId(supplierOf(n)), currencyCode: 'USD' },
      ...{ status: 'On order', lineItemCount: 1, lineItemTotal: 20, blanketOrder: false, building: 'MAIN' },
      ...{ department: 'Maintenance', createdDate: '2026-06-01T00:00:00Z', modifiedDate: null },
    })
    addRequisition(n, ids.requisitionId(n), keyOf(n))
  }
  for (let n = 0; n < size.invoices; n += 1) {
    addInvoice(n)
    addBill(n)
  }
  await pairAll(bench, size, { ...ids, ...booked, keyOf })
  const reconcile = (args = '', extra = {}) => bench.run(`reconcile ${args}`.trim(), extra)
  return { ...bench, ...ids, addInvoice, addBill, addRequisition, keyOf, reconcile }
}

function toSupplier(n: number): Row {
  return {
    ...{ code: `SUP-${n}`, name: `Supplier number ${n}`, status: 'Active', type: 'Raw Material', note: null },
    ...{ webAddress: `https://supplier-${n}.example`, createdDate: '2026-01-01T00:00:00Z', modifiedDate: null },
  }
}

function toVendor(n: number, id: number, supplierId: string): Row {
  return {
    ...{ id, name: `Supplier number ${n}`, active: true, type: 3, external_id: `plex:${PCN}:${supplierId}`, email: [] },
    ...{ url: `https://supplier-${n}.example`, comments: null, addressLineOne: null, addressLineTwo: null, city: null },
    ...{
      postalCode: null,
      state_province: null,
      country: null,
      phoneOne: null,
      fax: null,
      is_auto_email_po_enabled: false,
    },
  }
}

type Ids = Pick<Corpus, 'supplierId' | 'vendorId' | 'orderId' | 'requisitionId' | 'keyOf'>

/** The books as syncs would have left them. */
async function pairAll(bench: OrderBench, size: CorpusSize, ids: Ids): Promise<void> {
  const suppliers = Array.from({ length: size.suppliers }, (_, n) => ({
    ...{
      stream: 'suppliers',
      id: ids.supplierId(n),
      key: `SUP-${n}`,
      target: String(ids.vendorId(n)),
      name: `Supplier number ${n}`,
    },
    sent: { name: `Supplier number ${n}`, url: `https://supplier-${n}.example`, comments: null, active: true },
    detail: null,
  }))
  const orders = Array.from({ length: size.orders }, (_, n) => ({
    ...{ stream: 'pos', id: ids.orderId(n), key: `PO-${n}`, target: ids.requisitionId(n), name: null },
    sent: {
      ...{
        key: ids.keyOf(n),
        part: 1,
        revision: 1,
        vendor_id: null,
        department_id: null,
        location_id: null,
        body: null,
      },
      ...{
        order: { po_number: `PO-${n}`, supplier: null, currency: 'USD', cancelled: false },
        other_lines: [],
        accepted: null,
      },
      lines: [{ id: `line-${n}`, number: '1', quantity: '2', price: '10', basis: 'releases' }],
    },
    detail: { state: 'approved', revision: 1, order_num: null, po_numbers: [], since: '2026-06-02T00:00:00Z' },
  }))
  await bench.database.pool.query(
    `insert into link (connection, stream, source_id, source_key, target_id, target_key, sent, detail, linked_at, updated_at)
     select 'default', r.stream, r.id, r.key, r.target, r.name, r.sent, r.detail, now() - interval '2 days', now() - interval '2 days'
     from jsonb_to_recordset($1::jsonb) as r (stream text, id text, key text, target text, name text, sent jsonb, detail jsonb)`,
    [JSON.stringify([...suppliers, ...orders])],
  )
}
