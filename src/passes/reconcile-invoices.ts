/** AP invoices against bills. Both are held in a compact form, since the partner may come at any place of the other list. */
import { isLiveBill, type Invoice } from '../domain/invoice.js'
import type { Touched } from '../domain/record.js'
import { makeFinding, StreamCount, type Range } from '../domain/reconcile.js'
import {
  holdBill,
  holdInvoice,
  invoiceDayOf,
  type HeldBill,
  type HeldInvoice,
} from '../domain/reconcile-invoice-rows.js'
import { judgeInvoices, type InvoiceFacts } from '../domain/reconcile-invoices.js'
import { instantsOf, isDayInside, moveDay } from '../domain/reconcile-range.js'
import { endByFailure } from './pass.js'
import { readWindow } from './poll.js'
import {
  begin,
  readOpen,
  reportIgnoredFilter,
  type Comparison,
  type ReconcilePass,
  type StreamPass,
} from './reconcile.js'

const BASIS =
  'By invoice date on each side (Plex: its day in the zone of the plant). Plex: invoices and credit notes whatever their booking ' +
  'status, with tax, without the payables control row. Procurify: bills with tax that are neither denied nor withdrawn, drafts ' +
  'included. In the currency of the document. Bills without a date are not counted. Placeholder numbers count as in progress. Invoices entered more than 92 days before ' +
  'their own date are not seen when days are given.'

/** Partners are looked for this much further: a date typed wrongly is mostly off by days, at most by a month. */
const MARGIN_DAYS = 40
/** Plex filters by the day of entry, not of the invoice: entered this long before its date an invoice is not expected. */
const EARLY_DAYS = 92

export async function compareInvoices(pass: ReconcilePass, comparison: Comparison): Promise<boolean> {
  const step = begin(pass, 'invoices')
  if (step === null) return false
  const { range: asked, invoicesFrom, tolerance } = pass.options
  // Before the start date nothing is read, whatever was asked for.
  const since = asked.since === null || asked.since < invoicesFrom ? invoicesFrom : asked.since
  const range = { ...asked, since }
  const count = new StreamCount('invoices', BASIS, { since, until: range.until })
  comparison.counts.push(count)
  const open = await readOpen(step, count)
  const facts: InvoiceFacts = {
    ...{ range, tolerance, suppliers: comparison.suppliers },
    ...{ vendorOf: comparison.vendorOf, supplierOf: comparison.supplierOf, isOpen: (id) => open.has(id) },
  }
  const bills = await readBills(step, facts)
  const invoices = bills === null ? null : await readInvoices(step, facts, count)
  if (bills === null || invoices === null) return false
  const verdict = judgeInvoices(invoices, bills, facts)
  verdict.judged.forEach((judged) => count.add(judged))
  count.tell(verdict.findings)
  count.procurify = verdict.bills
  verdict.amounts.forEach((entry) => comparison.amounts.add(entry))
  return true
}

function widen({ since, until }: Range, days: number): { since: string | null; until: string | null } {
  return { since: since === null ? null : moveDay(since, -days), until: until === null ? null : moveDay(until, days) }
}

async function readBills(step: StreamPass, facts: InvoiceFacts): Promise<HeldBill[] | null> {
  const { since: from, until: to } = widen(facts.range, MARGIN_DAYS)
  const held: HeldBill[] = []
  const inside = { ...facts.range, since: from, until: to }
  const read = await step.systems.bills({ from, to }, (bills, unreadable) => {
    for (const bill of bills.filter(isLiveBill)) {
      const one = holdBill(bill, facts.range)
      // Unknown filters are ignored there: what is of other days is dropped here.
      if (one.day === null || isDayInside(one.day, inside)) held.push(one)
    }
    if (unreadable > 0)
      step.tally.problem('record_unreadable', `${unreadable} bills of Procurify have no uuid and were left out.`)
    step.reporter.progress('bills', held.length, null)
  })
  if (read.ok) return held
  endByFailure(step, read)
  return null
}

async function readInvoices(step: StreamPass, facts: InvoiceFacts, count: StreamCount): Promise<HeldInvoice[] | null> {
  const { systems, reporter } = step
  const wide = { ...facts.range, ...widen(facts.range, MARGIN_DAYS) }
  const held = new Map<string, HeldInvoice>()
  const onBatch = (rows: Touched[]): Promise<void> => {
    for (const row of rows) {
      if (row.rejection !== null) {
        count.tell([tellUnreadable(row.sourceId, row.sourceKey, row.rejection)])
        continue
      }
      const invoice = row.record as unknown as Invoice
      const day = invoiceDayOf(invoice, facts.range.zone)
      if (day === null || !isDayInside(day, wide)) continue
      const one = holdInvoice(invoice, { zone: facts.range.zone, skipNumbers: step.options.skipNumbers })
      if (one !== null) held.set(one.id, one)
      else if (isDayInside(day, facts.range)) {
        count.tell([
          tellUnreadable(invoice.id, invoice.invoiceNumber, 'Plex shows no amount of the invoice that can be read.'),
        ])
      }
    }
    reporter.progress('invoices', held.size, null)
    return Promise.resolve()
  }
  const { from } = instantsOf(widen(facts.range, EARLY_DAYS))
  const listed = await readWindow(
    step,
    { markName: 'invoices', list: systems.invoices },
    { by: 'created', from, to: null },
    onBatch,
  )
  if (!listed.ok) {
    endByFailure(step, listed)
    return null
  }
  reportIgnoredFilter(step, listed.value.outside)
  return [...held.values()]
}

function tellUnreadable(id: string, key: string | null, message: string) {
  const about = { source_id: id, source_key: key }
  return makeFinding({ stream: 'invoices', kind: 'missing', code: 'record_unreadable', ...about, message })
}
