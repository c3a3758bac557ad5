/** Invoices and bills in the form they are held in while the two lists are compared. */
import { dayIn } from './day.js'
import {
  billDay,
  foldCurrency,
  foldNumber,
  invoiceDay,
  isPlaceholder,
  shownNumber,
  totalsOf,
  type Bill,
  type Invoice,
} from './invoice.js'
import { readDecimal } from './money.js'

/** What the form depends on. */
export interface HoldOptions {
  readonly zone: string
  /** INVOICE_SKIP_NUMBERS. */
  readonly skipNumbers: readonly string[]
}

/** What is kept of an invoice: many are held at a time, so it is no more than comparing and telling take. */
export interface HeldInvoice {
  readonly id: string
  readonly number: string | null
  /** Folded; null = a placeholder, or none. */
  readonly key: string | null
  readonly supplierId: string | null
  readonly day: string | null
  readonly currency: string
  /** With tax, credits negative. */
  readonly amount: string
  readonly isBooked: boolean
}

export interface HeldBill {
  readonly id: string
  readonly number: string | null
  readonly key: string | null
  readonly vendorId: string | null
  readonly vendorName: string | null
  readonly day: string | null
  /** Null = the list showed a reference only; taken for that of its invoice. */
  readonly currency: string | null
  readonly amount: string
  readonly isDraft: boolean
}

/** The day an invoice counts by; one without a date counts by its entry, so that it is not lost. */
export function invoiceDayOf(invoice: Invoice, zone: string): string | null {
  return invoiceDay(invoice, zone) ?? dayIn(invoice.createdDate, zone)
}

/** Null = Plex shows no amount that can be read. */
export function holdInvoice(invoice: Invoice, { zone, skipNumbers }: HoldOptions): HeldInvoice | null {
  const { currency, gross } = totalsOf(invoice)
  if (gross === null) return null
  const isReal = !isPlaceholder(invoice.invoiceNumber, skipNumbers)
  return {
    ...{ id: invoice.id, number: shownNumber(invoice.invoiceNumber), supplierId: invoice.supplierId },
    ...{ key: isReal ? foldNumber(invoice.invoiceNumber) : null, day: invoiceDayOf(invoice, zone) },
    ...{ currency: currency ?? 'unknown', amount: gross, isBooked: invoice.booked === true },
  }
}

export function holdBill(bill: Bill, { zone }: Pick<HoldOptions, 'zone'>): HeldBill {
  const { id, number, vendorId, vendorName, status, currency, total } = bill
  return {
    ...{
      id,
      number: shownNumber(number),
      key: foldNumber(number),
      vendorId,
      vendorName,
      day: billDay(bill, zone),
    },
    // 0 draft, 1 confirmed: nobody has approved it yet.
    ...{
      currency: foldCurrency(currency),
      amount: readDecimal(total) ?? '0',
      isDraft: status === '0' || status === '1',
    },
  }
}
