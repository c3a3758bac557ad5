/** INVOICE_DELIVERY=draft: the one write there is about bills, once per invoice whatever dies when, and only where it is offered. */
import { afterEach, describe, expect, it } from 'vitest'
import { openInvoiceBench, type InvoiceBench, type InvoiceRun } from '../support/invoices.js'
import { runUntilDone } from '../support/program.js'

let bench: InvoiceBench

afterEach(() => bench.close())

const BILLS = '/api/v3/ap/bills/'

async function openDrafting(offered = true): Promise<void> {
  bench = await openInvoiceBench()
  bench.sandbox.procurify.state.options.draftBills = offered
  Object.assign(bench.env, { INVOICE_DELIVERY: 'draft' })
}
const posts = () => bench.sandbox.log.entries.filter(({ method, path }) => method === 'POST' && path === BILLS)
const numbers = () =>
  bench
    .bills()
    .map((row) => String(row['invoice_number']))
    .sort()
const runOf = async (extra: Record<string, string> = {}) => {
  const run = await bench.sync('--json', extra)
  return { ...run, document: run.json() as InvoiceRun }
}

describe('a missing bill', () => {
  it('is drafted once, with the lines and the amount of the invoice; nothing else is written to either side', async () => {
    await openDrafting()
    const id = bench.addInvoice({ invoiceNumber: 'INV-1', amount: 250.75 })
    const credit = bench.addInvoice({ invoiceNumber: 'CR-2', amount: -40 })
    bench.addInvoice({ invoiceNumber: 'INV-3' })
    bench.addBill({ invoice_number: 'INV-3', total: '1.00' })
    const dry = await bench.sync('--dry-run --json')
    expect((dry.json().plan ?? []).map(({ action, source_key }) => `${action} ${source_key}`).sort()).toEqual([
      'create CR-2',
      'create INV-1',
    ])
    expect(posts()).toEqual([])
    bench.sandbox.log.clear()
    const { code, document } = await runOf()
    expect(code).toBe(0)
    expect(document.counts).toMatchObject({ created: 2, observed: 1, parked: 0, pending: 0 })
    expect(document.findings).toMatchObject({ matched: 2, amount_differs: 1, missing_in_procurify: 0 })
    expect(posts().map(({ body }) => body)).toContainEqual(
      expect.objectContaining({
        ...{ vendor: bench.vendorId, invoice_number: 'INV-1', invoice_date: '2026-03-01', currency: 1 },
        items: [{ description: '61200-010 Goods', quantity: '1', unit_cost: '250.75' }],
      }),
    )
    expect(
      bench
        .bills()
        .map((row) => Number(row['total_cost_with_tax']))
        .sort((a, b) => a - b),
    ).toEqual([-40, 1, 250.75])
    const writes = bench.sandbox.log.entries.filter(({ method, path }) => method !== 'GET' && !path.includes('oauth'))
    expect(new Set(writes.map(({ system, method, path }) => `${system} ${method} ${path}`))).toEqual(
      new Set([`procurify POST ${BILLS}`]),
    )

    // The next pass sees both as bills like any other, and there is no news.
    const rows = await bench.journal()
    expect((await runOf()).document.counts).toMatchObject({ created: 0, observed: 0 })
    expect(await bench.journal()).toEqual(rows)
    expect(posts()).toHaveLength(2)
    // What a person changes in a draft is told, and not changed back.
    const drafted = bench.bills().find((row) => row['invoice_number'] === 'INV-1')
    bench.editBill(String(drafted?.['uuid']), { total_cost_with_tax: 99 })
    await runOf()
    expect(await bench.findingOf(id)).toBe('amount_differs')
    expect(await bench.findingOf(credit)).toBe('matched')
    expect(posts()).toHaveLength(2)
    expect((await bench.run('audit verify')).code).toBe(0)
  })

  it('is not drafted anew when the state database was lost, nor when the draft was deleted', async () => {
    await openDrafting()
    const id = bench.addInvoice({ invoiceNumber: 'INV-1' })
    await runOf()
    await bench.database.pool.query(
      `delete from link where stream in ('invoices', 'bills'); delete from attempt; delete from intent;
       delete from watermark where stream in ('invoices', 'bills')`,
    )
    expect((await runOf()).code).toBe(0)
    expect([await bench.findingOf(id), posts().length]).toEqual(['matched', 1])
    const other = bench.addInvoice({ invoiceNumber: 'INV-2' })
    await runOf()
    expect(numbers()).toEqual(['INV-1', 'INV-2'])
    bench.removeBill(String(bench.bills()[1]?.['uuid']))
    expect((await bench.sync('--full --json')).code).toBe(0)
    expect([await bench.findingOf(other), posts().length]).toEqual(['missing_in_procurify', 2])
  })

  it('that Procurify refuses is parked with its reason, and replay sends it as Plex has it now', async () => {
    await openDrafting()
    const id = bench.addInvoice({ invoiceNumber: 'INV-1' })
    bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path: BILLS, kind: 'status', status: 400 })
    const refused = await runOf()
    expect(refused.code).toBe(3)
    expect(refused.document.problems.map(({ code }) => code)).toEqual(['refused_by_target'])
    bench.editInvoice(id, { lines: [], amount: 120, foreignCurrencyAmount: 120 })
    const replayed = await bench.run(`replay ${id} --json`)
    expect(replayed.code, replayed.out).toBe(0)
    expect(bench.bills().map((row) => row['total_cost_with_tax'])).toEqual([120])
    expect((await runOf()).document.counts).toMatchObject({ created: 0, parked: 0 })
  })

  it('is left to people where it cannot be written down as a draft', async () => {
    await openDrafting()
    bench.addInvoice({ invoiceNumber: 'N'.repeat(51) })
    bench.addInvoice({ invoiceNumber: 'XDR', currencyCode: 'XDR' })
    bench.addInvoice({ invoiceNumber: 'UNDATED', transactionDate: null })
    const { code, document } = await runOf()
    expect([code, posts().length]).toEqual([0, 0])
    expect(document.findings).toMatchObject({ missing_in_procurify: 3 })
    const told = document.problems.map(({ message }) => message).join(' ')
    for (const why of ['longer than 50', 'XDR is not set up', 'no date']) expect(told).toContain(why)
  })
})

describe('where drafts are not offered', () => {
  it('that is told once, remembered, and bills are matched; a run with match lets it be tried again', async () => {
    await openDrafting(false)
    const id = bench.addInvoice({ invoiceNumber: 'INV-1' })
    bench.addInvoice({ invoiceNumber: 'INV-2' })
    const first = await runOf({ SYNC_CONCURRENCY: '1' })
    expect(first.code).toBe(0)
    expect(first.document.counts).toMatchObject({ observed: 2, created: 0, parked: 0, pending: 0 })
    expect(first.document.problems.map(({ code }) => code).sort()).toEqual([
      'bill_drafts_not_offered',
      'missing_in_procurify',
      'missing_in_procurify',
    ])
    expect(posts()).toHaveLength(1)
    bench.addInvoice({ invoiceNumber: 'INV-3' })
    const second = await runOf()
    expect(second.document.problems.map(({ code }) => code)).toEqual(['missing_in_procurify'])
    expect(posts()).toHaveLength(1)
    bench.sandbox.procurify.state.options.draftBills = true
    await runOf({ INVOICE_DELIVERY: 'match' })
    expect((await runOf()).document.counts).toMatchObject({ created: 3 })
    expect([numbers(), await bench.findingOf(id)]).toEqual([['INV-1', 'INV-2', 'INV-3'], 'matched'])
  })
})

describe('kill -9 around a draft', () => {
  for (const [point, kind] of [
    ['before it took effect', 'timeout-before'],
    ['after it took effect', 'timeout-after'],
  ] as const) {
    it(`${point}: one bill for each invoice, one row for each write`, async () => {
      await openDrafting()
      Object.assign(bench.env, { SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms', SYNC_GRACE: '500ms' })
      // A bill that is known to exist is what proves that a look-up saw everything.
      bench.addInvoice({ invoiceNumber: 'INV-0' })
      await runUntilDone(() => bench.sync())
      bench.addInvoice({ invoiceNumber: 'INV-1' })
      bench.addInvoice({ invoiceNumber: 'INV-2' })
      bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path: BILLS, kind })
      const { process, finished } = bench.start('sync invoices', { SYNC_CONCURRENCY: '1' })
      await expect.poll(() => posts().length, { timeout: 20_000, interval: 5 }).toBe(2)
      process.kill('SIGKILL')
      await finished
      await runUntilDone(() => bench.sync())
      expect(numbers()).toEqual(['INV-0', 'INV-1', 'INV-2'])
      const { rows } = await bench.database.pool.query<{ target_id: string }>(
        `select target_id from audit where stream = 'invoices' and outcome = 'done' and http is not null`,
      )
      expect([rows.length, new Set(rows.map((row) => row.target_id)).size]).toEqual([3, 3])
      expect((await bench.run('audit verify')).code).toBe(0)
    })
  }
})
