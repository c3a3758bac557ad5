/** AP invoices against the simulated Plex: slices of time, halves where they are too much, and what is read of a row. */
import { describe, expect, it } from 'vitest'
import { totalsOf } from '../../src/domain/invoice.js'
import type { Touched } from '../../src/domain/record.js'
import type { SourceWindow } from '../../src/domain/window.js'
import { makeInvoiceSource, toInvoice } from '../../src/plex/invoices.js'
import { aNote } from '../support/factories.js'
import { valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, plex } = await openSimulated()

const NOW = Date.parse('2026-11-24T00:00:00Z')

function source(dateFilter: 'modifiedDate' | 'modified_date' = 'modifiedDate') {
  const { http } = plex()
  return makeInvoiceSource(http, { dateFilter, concurrency: 2, clock: { wallMs: () => NOW } })
}

const idOf = (n: number): string => `5a0000a9-0000-4000-8000-${String(n).padStart(12, '0')}`

function addInvoice(n: number, fields: Record<string, unknown> = {}): void {
  sandbox.plex.state.data.invoices.seed({
    ...{ id: idOf(n), invoiceNumber: `INV-${n}`, supplierId: idOf(9000), transactionDate: '2026-03-01T05:00:00Z' },
    ...{ currencyCode: 'USD', amount: 10, createdDate: '2026-03-01T10:00:00Z', modifiedDate: null },
    ...fields,
  })
}

async function read(window: SourceWindow | null, from = source()) {
  const rows: Touched[] = []
  const outcome = valueOf(
    await from.list(window, (batch) => {
      rows.push(...batch)
      return Promise.resolve()
    }),
  )
  return { rows, outcome }
}
const lists = () => sandbox.log.entries.filter(({ path }) => path.endsWith('/ap-invoices'))
const since = (from: string): SourceWindow => ({ by: 'created', from, to: null })

describe('lists of invoices', () => {
  it('come in slices of near 1,000 rows, halved where a slice is too much, each row at least once', async () => {
    // A thousand in one spring week, a few hundred over the year: the simulator answers 500 to more than 400.
    sandbox.plex.state.options.invoiceLimit = 400
    for (let n = 0; n < 1000; n += 1)
      addInvoice(n, { createdDate: new Date(Date.parse('2026-04-01T00:00:00Z') + n * 600_000).toISOString() })
    for (let n = 1000; n < 1200; n += 1)
      addInvoice(n, {
        createdDate: new Date(Date.parse('2026-01-01T00:00:00Z') + (n - 1000) * 86_400_000).toISOString(),
      })
    const { rows } = await read(since('2026-01-01T00:00:00Z'))
    expect(new Set(rows.map(({ sourceId }) => sourceId)).size).toBe(1200)
    const refused = lists().filter(({ status }) => status === 500)
    expect(refused.length).toBeGreaterThan(0)
    expect(lists().length - refused.length).toBeLessThan(15)
  }, 60_000)

  it('of a short window are one call', async () => {
    addInvoice(1, { modifiedDate: '2026-11-23T23:55:00.1234567Z' })
    const { rows } = await read({ by: 'modified', from: '2026-11-23T23:50:00Z', to: null })
    expect(rows.map(({ sourceId, modifiedAt }) => [sourceId, modifiedAt])).toEqual([
      [idOf(1), '2026-11-23T23:55:00.1234567Z'],
    ])
    expect(lists()).toHaveLength(1)
  })

  it('are not cut where Plex knows a lower end only', async () => {
    addInvoice(1)
    expect((await read(since('2024-01-01T00:00:00Z'), source('modified_date'))).rows).toHaveLength(1)
    expect(lists()).toHaveLength(1)
    expect(source('modified_date').canSlice).toBe(false)
  })

  it('are cut by the date of the invoice where they are too much and Plex knows a lower end only', async () => {
    sandbox.plex.state.options.invoiceLimit = 400
    sandbox.plex.state.options.dateFilter = 'modified_date'
    const stamp = (n: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + n * 20_000_000).toISOString()
    for (let n = 0; n < 1000; n += 1) addInvoice(n, { createdDate: stamp(n), transactionDate: stamp(n) })
    addInvoice(1000, { createdDate: stamp(3), transactionDate: '2020-01-01T05:00:00Z' })
    addInvoice(1001, { createdDate: '2025-12-01T00:00:00Z', transactionDate: stamp(3) })
    const { rows } = await read(since('2026-01-01T00:00:00Z'), source('modified_date'))
    const seen = new Set(rows.map(({ sourceId }) => sourceId))
    expect([seen.size, seen.has(idOf(1000)), seen.has(idOf(1001))]).toEqual([1001, true, false])
  }, 60_000)

  it('say so when the filter was ignored, and drop what was not asked for', async () => {
    sandbox.plex.state.options.dateFilter = 'modified_date'
    addInvoice(1, { createdDate: '2025-01-01T00:00:00Z' })
    addInvoice(2, { createdDate: '2026-11-23T00:00:00Z' })
    const { rows, outcome } = await read(since('2026-11-20T00:00:00Z'))
    expect(rows.map(({ sourceId }) => sourceId)).toEqual([idOf(2)])
    expect(outcome).toEqual({ rows: 1, outside: 1 })
  })
})

describe('an invoice', () => {
  it('keeps its lines, flags and numbers as text, and tolerates what is missing', async () => {
    const line = { accountNumber: '1', currencyDebit: 10.1, currencyCredit: 0, offset: 0, taxes: null }
    const offset = { ...line, currencyDebit: 0, currencyCredit: 10.1, offset: 1 }
    addInvoice(1, { debitMemo: 0, lines: [line, offset] })
    addInvoice(2, { lines: null, invoiceNumber: null, debitMemo: 1 })
    const { rows } = await read(null)
    const [first, second] = rows.map(({ record }) => toInvoice(record))
    expect(first).toMatchObject({ invoiceNumber: 'INV-1', debitMemo: false, amount: '10' })
    expect(first && totalsOf(first)).toMatchObject({ gross: '10.1', currency: 'USD' })
    expect(second).toMatchObject({ invoiceNumber: null, debitMemo: true, lines: [] })
    expect(toInvoice({ nothing: true })).toBeNull()
  })

  it('with a line that cannot be read is rejected whole, the others go on', async () => {
    addInvoice(1, { lines: ['what'] })
    addInvoice(2)
    const { rows } = await read(null)
    expect(rows.map(({ rejection }) => rejection)).toEqual([expect.stringContaining('lines.0'), null])
    const details = valueOf(
      await source().read(rows.map((row) => aNote(row.sourceId, { record: row.record, rejection: row.rejection }))),
    )
    expect(details.map(({ kind }) => kind)).toEqual(['rejected', 'record'])
  })

  it('is read by id where the note does not hold it, and is gone where Plex does not show it', async () => {
    addInvoice(1)
    const notes = [aNote(idOf(1), { record: null }), aNote(idOf(2), { record: null })]
    expect(valueOf(await source().read(notes)).map(({ kind }) => kind)).toEqual(['record', 'gone'])
    expect(valueOf(await source().probe(idOf(1)))?.sourceKey).toBe('INV-1')
    expect(valueOf(await source().probe(idOf(2)))).toBeNull()
  })
})
