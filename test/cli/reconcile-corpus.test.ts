/** Ten thousand records in step, then some of every fault: all of them are found, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding, Report } from '../../src/domain/reconcile.js'
import { sum } from '../../src/domain/money.js'
import { openCorpus, type Corpus } from '../support/reconcile.js'

let corpus: Corpus
/** Each of the two comparisons takes a few seconds on an idle machine; a busy one must not fail them. */
const PATIENCE_MS = 240_000

beforeAll(async () => {
  corpus = await openCorpus({ suppliers: 3000, orders: 2000, invoices: 5000 })
}, PATIENCE_MS)
afterAll(() => corpus.close())

async function report(args = ''): Promise<Report & { code: number | null; err: string }> {
  const { out, code, err } = await corpus.reconcile(`--json ${args}`.trim())
  return { ...(JSON.parse(out) as Report), code, err }
}

const tell = ({ kind, code, source_id, target_id, field }: Finding): string =>
  [kind, code, source_id ?? '-', target_id ?? '-', field ?? '-'].join(' ')

describe('a corpus of 10,000 records', () => {
  it(
    'that is in step gives an empty report',
    async () => {
      const clean = await report('--by-supplier')
      expect(clean.problems).toEqual([])
      expect(clean.findings.map(tell)).toEqual([])
      expect(clean).toMatchObject({ code: 0, exit_code: 0, complete: true, outcome: 'done', problems: [] })
      const paired = clean.streams.map(({ stream, places }) => [stream, places.paired])
      expect(paired).toEqual(
        expect.arrayContaining([
          ['suppliers', 3000],
          ['pos', 2000],
          ['invoices', 5000],
        ]),
      )
      expect(clean.amounts.every(({ difference }) => difference === '0')).toBe(true)
      const total = sum(clean.amounts.filter(({ stream }) => stream === 'pos').map(({ plex }) => plex.total))
      expect(total).toBe('40000')
      for (const side of ['plex', 'procurify'] as const) {
        const months = sum(clean.amounts.map((one) => one[side].total))
        expect(sum(clean.by_supplier.map((one) => one[side].total))).toBe(months)
      }
    },
    PATIENCE_MS,
  )

  it(
    'with planted faults shows each of them and nothing else',
    async () => {
      const expected = plant(corpus)
      await corpus.database.pool.query(
        `insert into intent (connection, stream, source_id, source_key, action, state, code, message, planned_by, created_at)
       values ('default', 'suppliers', 'parked-1', 'PARKED', 'none', 'dead', 'vendor_ambiguous', 'two of them', gen_random_uuid(), now()),
              ('default', 'pos', 'waits-1', 'WAITS', 'none', 'waiting', 'account_not_aligned', 'no code', gen_random_uuid(), now() - interval '4 days'),
              ('default', 'pos', 'waits-2', 'FRESH', 'none', 'waiting', 'account_not_aligned', 'no code', gen_random_uuid(), now() - interval '2 days')`,
      )
      expected.push('stuck vendor_ambiguous parked-1 - -', 'stuck account_not_aligned waits-1 - -')
      const found = await report()
      expect(found.problems).toEqual([])
      expect(found.findings.map(tell).sort()).toEqual(expected.sort())
      expect(found).toMatchObject({ code: 3, exit_code: 3, outcome: 'partial', complete: true })
      // Every difference is told by rows that add up to it.
      for (const { stream, month, currency, difference, because } of found.amounts.filter(
        (one) => one.stream === 'invoices',
      )) {
        const rows = found.findings.filter(
          (one) => one.stream === stream && one.month === month && one.currency === currency,
        )
        const told = sum(rows.flatMap((one) => one.difference ?? []))
        expect(sum([told, because.within_tolerance, because.other_month, because.in_progress])).toBe(difference)
      }
    },
    PATIENCE_MS,
  )

  it('never writes to either system', () => {
    const writes = corpus.sandbox.log.entries.filter(({ path, effect }) => effect !== null && !path.includes('account'))
    expect(writes.map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })
})

/** Faults of every kind, spread so that none touches another. Answers what must be found. */
function plant(company: Corpus): string[] {
  const { plex, procurify } = company.sandbox
  const { suppliers, orders, invoices } = plex.state.data
  const { vendors, bills, 'order-items': items, orders: requisitions } = procurify.state.data
  const { supplierId, vendorId, orderId, requisitionId, invoiceId, billId } = company
  const keep = 'keep'
  const itemOf = (n: number): Record<string, unknown> => {
    const order = requisitions.find((row) => row['uuid'] === requisitionId(n))
    return items.where('orderNum', order?.['num'])[0] ?? {}
  }
  const orderNumOf = (n: number): string => String(itemOf(n)['orderNum'])
  const told: string[] = []

  vendors.edit(String(vendorId(10)), { url: 'https://edited.example', comments: 'by hand' }, keep)
  told.push(
    `drifted drift ${supplierId(10)} ${vendorId(10)} url`,
    `drifted drift ${supplierId(10)} ${vendorId(10)} comments`,
  )
  suppliers.edit(supplierId(11), { name: 'Renamed long ago' }, keep)
  told.push(`drifted change_not_delivered ${supplierId(11)} ${vendorId(11)} name`)
  vendors.edit(String(vendorId(12)), { external_id: null }, keep)
  told.push(`drifted external_id_lost ${supplierId(12)} ${vendorId(12)} external_id`)
  vendors.remove(String(vendorId(13)))
  // Bills of a vendor that is gone name nobody.
  for (const n of [13, 3013]) {
    invoices.remove(invoiceId(n))
    bills.remove(billId(n))
  }
  told.push(`missing target_gone ${supplierId(13)} ${vendorId(13)} -`)
  suppliers.remove(supplierId(14))
  told.push(`orphaned gone ${supplierId(14)} ${vendorId(14)} -`)
  suppliers.seed({ ...suppliers.get(supplierId(15)), id: 'new-supplier', code: 'NEW', name: 'Never sent' })
  told.push('missing not_delivered new-supplier - -')
  vendors.seed({ ...vendors.get(vendorId(16)), id: 900_001, name: 'Second of 16' })
  told.push(`duplicate vendor_twice ${supplierId(16)} 900001 -`)
  vendors.seed({ ...vendors.get(vendorId(17)), id: 900_002, external_id: null })
  told.push('duplicate vendor_name_twice - 900002 -')
  vendors.seed({ ...vendors.get(vendorId(18)), id: 900_003, name: 'Lost', external_id: 'plex:100001:nobody' })
  told.push('orphaned vendor_orphaned nobody 900003 -')
  // Theirs alone, an inactive one and one of another company: no fault of anybody.
  vendors.seed({ ...vendors.get(vendorId(18)), id: 900_004, name: 'Caterer', external_id: null })
  vendors.seed({ ...vendors.get(vendorId(18)), id: 900_005, name: 'Elsewhere', external_id: 'plex:2:x' })
  suppliers.seed({ ...suppliers.get(supplierId(15)), id: 'old-supplier', code: 'OLD', name: 'Old', status: 'Inactive' })

  items.edit(String(itemOf(20)['id']), { quantity: '3.00000' }, keep)
  told.push(`drifted requisition_edited ${orderId(20)} ${requisitionId(20)} line 1 quantity`)
  orders.edit(orderId(21), { lineItemTotal: 25 }, keep)
  told.push(`amount_differs order_amount_differs ${orderId(21)} - amount`)
  items.remove(String(itemOf(22)['id']))
  told.push(`missing requisition_vanished ${orderId(22)} ${requisitionId(22)} -`)
  orders.seed({ ...orders.get(orderId(23)), id: 'new-order', poNumber: 'PO-NEW' })
  told.push('missing not_delivered new-order - -')
  orders.seed({ ...orders.get(orderId(23)), id: 'draft-order', poNumber: 'PO-DRAFT', status: 'New' })
  requisitions.edit(orderNumOf(24), { status: 0 }, keep)
  told.push(`stuck approval_waits ${orderId(24)} ${requisitionId(24)} -`)
  company.addRequisition(25, '4e4000020000400080000000000000aa', company.keyOf(25))
  told.push(`duplicate requisition_twice ${orderId(25)} 4e4000020000400080000000000000aa -`)
  company.addRequisition(26, '4e4000020000400080000000000000bb', company.keyOf(99_999))
  told.push('orphaned requisition_orphaned - 4e4000020000400080000000000000bb -')
  // Denied before it was sent anew: nobody's fault.
  company.addRequisition(27, '4e4000020000400080000000000000cc', company.keyOf(27, 2), { status: 2 })

  bills.remove(billId(30))
  told.push(`missing missing_in_procurify ${invoiceId(30)} - -`)
  bills.edit(billId(31), { total_cost_with_tax: 999.99 }, keep)
  told.push(`amount_differs amount_differs ${invoiceId(31)} ${billId(31)} amount`)
  company.addBill(32, { id: 99_032, uuid: 'b1110002000040008000000000000032' })
  told.push(`duplicate duplicate_in_procurify ${invoiceId(32)} b1110002000040008000000000000032 -`)
  invoices.remove(invoiceId(33))
  told.push(`orphaned bill_only_in_procurify - ${billId(33)} -`)
  company.addInvoice(34, { id: 'twice' })
  told.push('duplicate invoice_twice twice - -')
  // Invoice 36 would be of March.
  bills.edit(billId(36), { invoice_date: '2026-02-28' }, keep)
  told.push(`drifted bill_in_other_month ${invoiceId(36)} ${billId(36)} invoice_date`)
  company.addInvoice(6000, { supplierId: 'unknown-supplier' })
  told.push(`missing vendor_unknown ${invoiceId(6000)} - -`)
  bills.edit(billId(37), { currency: 2 }, keep)
  told.push(`amount_differs amount_differs ${invoiceId(37)} ${billId(37)} amount`)
  // A cent, another day of the month, a placeholder, a denied bill: as it should be.
  bills.edit(billId(38), { total_cost_with_tax: Number(bills.get(billId(38))?.['total_cost_with_tax']) + 0.01 }, keep)
  bills.edit(billId(39), { invoice_date: '2026-04-02' }, keep)
  company.addInvoice(6001, { invoiceNumber: 'Received' })
  company.addBill(6002, { status: 3 })
  return told
}
