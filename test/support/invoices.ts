/** A small company for invoice tests: one supplier with its vendor, invoices and bills made to measure. */
import { billRow } from '../../src/sandbox/procurify-bills.js'
import { makeSupplier, openBench, type Bench, type Finished, type Profile, type RunDocument } from './program.js'

export interface InvoiceBench extends Bench {
  readonly supplier: Record<string, unknown>
  /** The vendor that `sync suppliers` made of the supplier. */
  readonly vendorId: unknown
  /** Adds an invoice of 100 USD; answers its id. */
  addInvoice(fields?: Record<string, unknown>): string
  editInvoice(id: string, fields: Record<string, unknown>): void
  /** Adds a bill of 100 USD; answers its uuid. */
  addBill(fields?: Record<string, unknown>): string
  editBill(uuid: string, fields: Record<string, unknown>): void
  removeBill(uuid: string): void
  bills(): Record<string, unknown>[]
  sync(args?: string, extra?: Record<string, string>): Promise<Finished>
  /** What the link of an invoice says. */
  findingOf(id: string): Promise<string | null>
  /** The journal of the stream, oldest first. */
  journal(): Promise<{ action: string; outcome: string; code: string | null; target_id: string | null }[]>
}

export interface InvoiceRun extends RunDocument {
  readonly findings: Readonly<Record<string, number>>
}

let counter = 0
const uuid = (kind: string) =>
  `5a0${kind}${String((counter += 1)).padStart(4, '0')}-0000-4000-8000-${String(counter).padStart(12, '0')}`

/** `linked: false` = suppliers were not synced yet. */
export async function openInvoiceBench({
  linked = true,
  profile = 'cloud',
}: { linked?: boolean; profile?: Profile } = {}): Promise<InvoiceBench> {
  const supplier = makeSupplier({ name: 'Invoice Supplier', code: 'INVSUP' })
  const bench = await openBench({ suppliers: [supplier], profile })
  Object.assign(bench.env, { PLEX_TIMEZONE: 'America/Detroit', INVOICE_START_DATE: '2026-01-01' })
  if (linked) {
    const synced = await bench.run('sync suppliers --json')
    if (synced.code !== 0) throw new Error(`not synced: ${synced.out}${synced.err}`)
  }
  const { invoices } = bench.sandbox.plex.state.data
  const { bills } = bench.sandbox.procurify.state.data
  const vendorId = bench.vendors()[0]?.['id']
  const keyOf = (id: string) => bills.find((row) => row['uuid'] === id)?.[bills.key] as string
  return {
    ...bench,
    ...{ supplier, vendorId },
    addInvoice: (fields = {}) => {
      const id = uuid('a')
      const amount = Number(fields['amount'] ?? 100)
      const line = (value: number, offset: number) => ({
        ...{ accountNumber: '61200-010', description: 'Goods', offset, taxes: [] },
        ...{ debit: Math.max(value, 0), credit: Math.max(-value, 0) },
        ...{ currencyDebit: Math.max(value, 0), currencyCredit: Math.max(-value, 0) },
      })
      invoices.add({
        ...{ id, invoiceNumber: `INV-${counter}`, supplierId: supplier['id'], supplierCode: supplier['code'] },
        ...{ transactionDate: '2026-03-01T05:00:00Z', dueDate: '2026-03-31T04:00:00Z', currencyCode: 'USD' },
        ...{ amount, foreignCurrencyAmount: amount, debitMemo: amount < 0 ? 1 : 0, booked: true, poId: null },
        ...{ createdDate: '2026-03-02T10:00:00Z', modifiedDate: bench.sandbox.plex.state.timestamp() },
        lines: [line(amount, 0), line(-amount, 1)],
        ...fields,
      })
      return id
    },
    editInvoice: (id, fields) => void invoices.edit(id, fields),
    addBill: (fields = {}) => {
      const id = uuid('b')
      const { total = '100.00' } = fields as { total?: string }
      bills.add(
        billRow({
          ...{ id: 9000 + counter, uuid: id, vendor: vendorId, invoice_number: 'INV-1', invoice_date: '2026-03-01' },
          ...{ currency: 1, status: 2, user: 1, creator: 1 },
          items: [{ description: 'Goods', quantity: '1', unit_cost: total, account: 1 }],
          ...fields,
        }),
      )
      return id
    },
    editBill: (id, fields) => void bills.edit(keyOf(id), fields),
    removeBill: (id) => void bills.remove(keyOf(id)),
    bills: () => bills.all(),
    sync: (args = '--json', extra = {}) => bench.run(`sync invoices ${args}`.trim(), extra),
    findingOf: async (id) => {
      const { rows } = await bench.database.pool.query<{ finding: string | null }>(
        `select sent ->> 'finding' as finding from link where stream = 'invoices' and source_id = $1`,
        [bench.idOf('invoices', id)],
      )
      return rows[0]?.finding ?? null
    },
    journal: async () => {
      const { rows } = await bench.database.pool.query<{
        action: string
        outcome: string
        code: string | null
        target_id: string | null
      }>(`select action, outcome, code, target_id from audit where stream = 'invoices' order by seq`)
      return rows
    },
  }
}
