/** `sync invoices` through the built program: what is found about an invoice, from both sides, and that bills are left alone. */
import { afterEach, describe, expect, it } from 'vitest'
import { openInvoiceBench, type InvoiceBench, type InvoiceRun } from '../support/invoices.js'
import type { Finished } from '../support/program.js'

let bench: InvoiceBench

afterEach(() => bench.close())

const runOf = async (args = '--json', extra: Record<string, string> = {}) => {
  const run = await bench.sync(args, extra)
  expect(run.err + run.out).not.toContain('"failed"')
  return { ...run, document: run.json() as InvoiceRun }
}
/** Every call that is no read, but for tokens. */
const foreignWrites = () =>
  bench.sandbox.log.entries
    .filter(({ method, path }) => method !== 'GET' && !path.includes('oauth') && !path.startsWith('/DataSource/'))
    .map(({ system, method, path }) => `${system} ${method} ${path}`)

describe.each(['cloud', 'soap'] as const)('with the profile %s', (profile) => {
  describe('what is found', () => {
    it('is one finding for each invoice, told with advice, and nothing is written anywhere', async () => {
      bench = await openInvoiceBench({ profile })
      const ids = {
        matched: bench.addInvoice({ invoiceNumber: '000123', amount: 100 }),
        credit: bench.addInvoice({ invoiceNumber: 'CR-9', amount: -40 }),
        amount_differs: bench.addInvoice({ invoiceNumber: 'INV-B' }),
        missing_in_procurify: bench.addInvoice({ invoiceNumber: 'INV-C' }),
        duplicate_in_procurify: bench.addInvoice({ invoiceNumber: 'INV-D' }),
        vendor_unknown: bench.addInvoice({ invoiceNumber: 'INV-E', supplierId: 'nobody', supplierCode: 'NOBODY' }),
        placeholder: bench.addInvoice({ invoiceNumber: ' received ' }),
        before: bench.addInvoice({ invoiceNumber: 'OLD', createdDate: '2025-12-31T10:00:00Z' }),
      }
      bench.addBill({ invoice_number: ' 123 ' })
      bench.addBill({ invoice_number: 'cr-9', total: '-40.00' })
      bench.addBill({ invoice_number: 'INV-B', total: '101.00' })
      bench.addBill({ invoice_number: 'INV-D' })
      bench.addBill({ invoice_number: 'inv-d' })
      bench.addBill({ invoice_number: 'INV-C', vendor: 1 })
      bench.sandbox.log.clear()

      const { code, document } = await runOf()
      expect(code).toBe(0)
      for (const [finding, id] of Object.entries(ids).slice(0, 6))
        expect([finding, await bench.findingOf(id)]).toEqual([finding, finding === 'credit' ? 'matched' : finding])
      expect(document.counts).toMatchObject({ read: 8, observed: 6, skipped: 2, parked: 0, waiting: 0, pending: 0 })
      expect(document.findings).toEqual({
        ...{ matched: 2, amount_differs: 1, missing_in_procurify: 1, duplicate_in_procurify: 1, vendor_unknown: 1 },
      })
      const told = document.problems as unknown as {
        code: string
        source_key: string
        advice: string
        message: string
      }[]
      expect(told.map(({ code: word, source_key }) => `${word} ${source_key}`).sort()).toEqual([
        'amount_differs INV-B',
        'before_start OLD',
        'duplicate_in_procurify INV-D',
        'missing_in_procurify INV-C',
        'placeholder_number received',
        'vendor_unknown INV-E',
      ])
      expect(told.every(({ advice, message }) => advice !== '' && message !== '')).toBe(true)
      const status = await bench.run('status --json')
      expect(status.json()).toMatchObject({ findings: document.findings })
      expect((await bench.run('status')).out.replaceAll('\n', ' ')).toContain(
        '1 bill must be entered by hand in Procurify',
      )
      expect(foreignWrites()).toEqual([])

      // Nothing changed: two reads of Plex, one of Procurify, and not a word in the journal.
      const before = await bench.journal()
      expect(before).toHaveLength(6)
      bench.sandbox.log.clear()
      const idle = await runOf()
      expect(idle.document.counts).toMatchObject({ observed: 0, pending: 0 })
      expect(idle.document.calls).toMatchObject({ plex: { requests: 2 }, procurify: { requests: 1 } })
      expect(await bench.journal()).toEqual(before)
      expect((await bench.run('audit verify')).code).toBe(0)

      const story = await bench.run(`audit show --record ${bench.idOf('invoices', ids.amount_differs)}`)
      expect(story.out).toContain('amount differs')
      expect(story.out).toContain('1.00 USD too much')
    })

    it('begins with the work for people, is silent under --quiet, and a dry run finds the same without keeping it', async () => {
      bench = await openInvoiceBench({ profile })
      bench.addInvoice({ invoiceNumber: 'A' })
      bench.addInvoice({ invoiceNumber: 'B' })
      bench.addInvoice({ invoiceNumber: 'C' })
      bench.addBill({ invoice_number: 'C' })
      const dry = await runOf('--dry-run --json')
      expect(await bench.journal()).toEqual([])
      const quiet = await bench.sync('--quiet')
      expect([quiet.code, quiet.out]).toEqual([0, ''])
      const again = await runOf('--full --json')
      expect(dry.document.findings).toEqual(again.document.findings)
      expect(dry.document.problems).toEqual(again.document.problems)
      const plain = await bench.sync('')
      expect(plain.out.split('\n')[0]).toBe('2 bills must be entered by hand in Procurify (1 matched).')
      expect((await bench.run('status')).out).toContain('invoices')
    })
  })

  describe('what changes is looked at again', () => {
    it('a bill that comes, is corrected, doubled, withdrawn, renumbered or deleted', async () => {
      bench = await openInvoiceBench({ profile })
      const id = bench.addInvoice({ invoiceNumber: 'INV-1' })
      bench.addInvoice({ invoiceNumber: 'OTHER' })
      await runOf()
      const steps: [finding: string, step: () => void, args?: string][] = [
        ['amount_differs', () => (first = bench.addBill({ total: '90.00' }))],
        ['matched', () => bench.editBill(first, { total_cost_with_tax: 100 })],
        ['duplicate_in_procurify', () => (second = bench.addBill())],
        ['matched', () => bench.editBill(second, { status: 5 })],
        ['missing_in_procurify', () => bench.editBill(first, { invoice_number: 'TYPO' })],
        ['matched', () => bench.editBill(first, { invoice_number: '0inv-1' })],
        ['missing_in_procurify', () => bench.removeBill(first), '--full --json'],
      ]
      let first = ''
      let second = ''
      for (const [finding, step, args = '--json'] of steps) {
        step()
        bench.sandbox.log.clear()
        const { document } = await runOf(args)
        expect(await bench.findingOf(id)).toBe(finding)
        expect(document.counts).toMatchObject({ observed: 1 })
        // What changed in Procurify asks nothing more of Plex.
        if (args === '--json') expect(document.calls.plex.requests).toBe(2)
      }
      const rows = (await bench.journal()).filter(({ code }) => code !== null)
      expect(rows.map(({ action }) => action)).toEqual(rows.map(() => 'observe'))
      const found = await bench.run(`audit show --record ${first.replaceAll('-', '')} --json`)
      expect((JSON.parse(found.out) as { rows: unknown[] }).rows.length).toBeGreaterThan(0)
    })

    it('an invoice that is edited, gets its real number, or whose supplier gets its vendor', async () => {
      bench = await openInvoiceBench({ linked: false, profile })
      const edited = bench.addInvoice({ invoiceNumber: 'INV-1' })
      const placed = bench.addInvoice({ invoiceNumber: 'Received' })
      await runOf()
      expect(await bench.findingOf(edited)).toBe('vendor_unknown')
      expect((await bench.run('sync suppliers --json')).code).toBe(0)
      const vendor = bench.vendors()[0]?.['id']
      bench.addBill({ vendor })
      bench.addBill({ vendor, invoice_number: 'REAL-7' })
      const linked = await runOf()
      expect(await bench.findingOf(edited)).toBe('matched')
      expect(linked.document.counts).toMatchObject({ observed: 1 })
      bench.editInvoice(placed, { invoiceNumber: 'REAL-7' })
      bench.editInvoice(edited, { lines: [], foreignCurrencyAmount: 120, amount: 120 })
      await runOf()
      expect([await bench.findingOf(placed), await bench.findingOf(edited)]).toEqual(['matched', 'amount_differs'])
      // Other settings are another judgement.
      await runOf('--json', { INVOICE_TOLERANCE: '25' })
      expect(await bench.findingOf(edited)).toBe('matched')
    })

    it('the other invoice of a number, when one of them takes its bill', async () => {
      bench = await openInvoiceBench({ profile })
      const first = bench.addInvoice({ invoiceNumber: 'TWICE', amount: 80 })
      bench.addBill({ invoice_number: 'TWICE' })
      await runOf()
      expect(await bench.findingOf(first)).toBe('amount_differs')
      const second = bench.addInvoice({ invoiceNumber: 'TWICE' })
      await runOf()
      expect([await bench.findingOf(first), await bench.findingOf(second)]).toEqual(['missing_in_procurify', 'matched'])
      bench.editInvoice(second, { invoiceNumber: 'ELSE' })
      await runOf()
      expect([await bench.findingOf(first), await bench.findingOf(second)]).toEqual([
        'amount_differs',
        'missing_in_procurify',
      ])
    })
  })
})

describe('many', () => {
  it('1,200 invoices are read in slices Plex can answer, each counted once, and by one of two processes', async () => {
    bench = await openInvoiceBench()
    const day = (n: number) => new Date(Date.parse('2026-02-01T00:00:00Z') + n * 3_600_000).toISOString()
    for (let n = 0; n < 1200; n += 1)
      bench.addInvoice({ invoiceNumber: `N-${n}`, createdDate: day(n), modifiedDate: day(n), transactionDate: day(n) })
    for (let n = 0; n < 300; n += 1) bench.addBill({ invoice_number: `n-${n}`, invoice_date: day(n).slice(0, 10) })
    // Slow machines take their time for a thousand rows.
    Object.assign(bench.env, { SYNC_TIMEOUT: '30s', SYNC_LEASE: '90s' })
    const rivals = [1, 2].map(() => bench.start('sync invoices --json').finished)
    const [one, other] = (await Promise.all(rivals)) as [Finished, Finished]
    const codes = [one.code, other.code].sort()
    expect(
      [
        [0, 0],
        [0, 6],
      ],
      one.out + other.out,
    ).toContainEqual(codes)
    const { rows } = await bench.database.pool.query<{ finding: string; n: number }>(
      `select sent ->> 'finding' as finding, count(*)::int as n from link where stream = 'invoices' group by 1 order by 1`,
    )
    expect(rows).toEqual([
      { finding: 'matched', n: 300 },
      { finding: 'missing_in_procurify', n: 900 },
    ])
    expect(await bench.journal()).toHaveLength(1200)
    const idle = await runOf()
    expect(idle.document.findings).toMatchObject({ matched: 300, missing_in_procurify: 900 })
  }, 120_000)
})
