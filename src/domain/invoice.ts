/**
 * What Plex told us of an AP invoice and what Procurify shows of a bill, and what the two have in common: number, day, amount.
 * Numbers are decimal text as they were written, dates the sender's own text (plex.md section 11, procurify.md section 10).
 */
import { dayIn } from './day.js'
import { compare, multiply, readDecimal, sum } from './money.js'
import { cleanLine, fold } from './text.js'

/** A distribution line: what a purchase is booked on, or the payables control row it is booked against. */
export interface InvoiceLine {
  readonly accountId: string | null
  readonly accountNumber: string | null
  readonly description: string | null
  /** Base currency. */
  readonly debit: string | null
  readonly credit: string | null
  /** Document currency. */
  readonly currencyDebit: string | null
  readonly currencyCredit: string | null
  /** Joins to a receipt, and through it to release, line and PO. */
  readonly receiptId: string | null
  /** The payables control row: no purchase. */
  readonly offset: boolean
  /** Amounts of the taxes nested in the line; whether they are also lines of their own is not said. */
  readonly taxes: readonly { readonly taxAmount: string | null }[]
}

export interface Invoice {
  readonly id: string
  /** Neither unique nor fixed: `Received` until somebody types the vendor's number. */
  readonly invoiceNumber: string | null
  readonly supplierId: string | null
  readonly supplierCode: string | null
  /** The invoice date, as the UTC instant of local midnight. */
  readonly transactionDate: string | null
  readonly dueDate: string | null
  readonly currencyCode: string | null
  readonly exchangeRate: string | null
  /** Base currency, and document currency. */
  readonly amount: string | null
  readonly foreignCurrencyAmount: string | null
  /** A credit to us, whatever sign its amounts have. */
  readonly debitMemo: boolean
  readonly booked: boolean | null
  readonly paid: boolean | null
  readonly status: string | null
  readonly poId: string | null
  readonly poNumber: string | null
  readonly createdDate: string | null
  readonly modifiedDate: string | null
  readonly lines: readonly InvoiceLine[]
}

/** A bill as the list shows it. */
export interface Bill {
  /** The uuid, normalised: lower case, no dashes. */
  readonly id: string
  readonly number: string | null
  readonly vendorId: string | null
  readonly vendorName: string | null
  /** A calendar day in lists, the instant of local midnight in details. */
  readonly invoiceDate: string | null
  readonly dueDate: string | null
  /** With all tax, in the bill's currency. */
  readonly total: string | null
  /** The code (`USD`); null = only a reference was shown. */
  readonly currency: string | null
  /** 0 draft, 1 confirmed, 2 approved, 3 denied, 4 paid, 5 withdrawn, 6 to 8 payment steps; as text. */
  readonly status: string | null
  readonly modifiedAt: string | null
}

/** What only the bill itself shows. */
export interface BillDetail extends Bill {
  readonly vendorExternalId: string | null
  /** POs it was billed from: the numbers people see, and the requisitions behind them (normalised uuids). */
  readonly poNumbers: readonly string[]
  readonly requisitionIds: readonly string[]
  readonly taxAmount: string | null
  readonly note: string | null
}

// --------------------------------------------------------------------------------------------------------------- number

/**
 * What two spellings of one invoice number have in common: no spaces, one case, no leading zeros. `null` = no number. For
 * comparing only; punctuation stays, since `1-23` and `12-3` are two numbers.
 */
export function foldNumber(number: string | null): string | null {
  const joined = fold(number ?? '').replaceAll(' ', '')
  if (joined === '') return null
  // A number made of zeros alone stays one.
  return joined.replace(/^0+(?=.)/, '')
}

/** The number as it is shown and sent: clean, its case and zeros kept. */
export function shownNumber(number: string | null): string | null {
  const clean = cleanLine(number ?? '')
  return clean === '' ? null : clean
}

/** Does the number only hold the place of the real one (INVOICE_SKIP_NUMBERS)? A missing number does, too. */
export function isPlaceholder(number: string | null, placeholders: readonly string[]): boolean {
  const folded = foldNumber(number)
  return folded === null || placeholders.some((one) => foldNumber(one) === folded)
}

// --------------------------------------------------------------------------------------------------------------- amount

/** What an invoice comes to in its own currency; credits to us are negative. All null = Plex shows no amount we can read. */
export interface InvoiceTotals {
  readonly currency: string | null
  readonly net: string | null
  readonly tax: string | null
  /** What is to be paid, tax included: comparable with a bill's total. */
  readonly gross: string | null
}

/**
 * Totals of the lines without the control row; of the header where there are no lines. Taxes nested in lines are added unless the
 * control row, or the header, says that the lines hold them already.
 */
export function totalsOf(invoice: Invoice): InvoiceTotals {
  const currency = foldCurrency(invoice.currencyCode)
  const lines = invoice.lines.filter((line) => !line.offset)
  const header = readDecimal(invoice.foreignCurrencyAmount) ?? readDecimal(invoice.amount)
  if (lines.length === 0) {
    const gross = header === null ? null : signed(invoice, header)
    return { currency, net: gross, tax: gross === null ? null : '0', gross }
  }
  const basis = basisOf(invoice)
  const booked = sum(lines.map((line) => lineAmount(line, basis)))
  const tax = sum(lines.map((line) => taxOf(line, basis)))
  const control = invoice.lines.filter((line) => line.offset).map((line) => lineAmount(line, basis))
  const payable = control.length > 0 ? sum(control) : header
  const isTaxInside = payable !== null && compare(absolute(payable), absolute(booked)) === 0
  const gross = isTaxInside ? booked : sum([booked, tax])
  const net = sum([gross, negate(tax)])
  return { currency, net: signed(invoice, net), tax: signed(invoice, tax), gross: signed(invoice, gross) }
}

/** What was bought, line by line, adding up to the total: with the sign of the total, and what taxes add as a line of its own. */
export function purchasesOf(
  invoice: Invoice,
): { readonly description: string | null; readonly account: string | null; readonly amount: string }[] {
  const { gross } = totalsOf(invoice)
  if (gross === null) return []
  const basis = basisOf(invoice)
  const lines = invoice.lines
    .filter((line) => !line.offset)
    .map((line) => ({ description: line.description, account: line.accountNumber, amount: lineAmount(line, basis) }))
  const booked = sum(lines.map(({ amount }) => amount))
  const isTurned = compare(multiply(booked, gross), '0') < 0
  const purchases = lines
    .filter(({ amount }) => amount !== '0')
    .map((line) => (isTurned ? { ...line, amount: negate(line.amount) } : line))
  const rest = sum([gross, negate(sum(purchases.map(({ amount }) => amount)))])
  if (rest === '0') return purchases
  return [...purchases, { description: purchases.length === 0 ? null : 'Tax', account: null, amount: rest }]
}

/** `USD`, whatever case and spaces it was typed with. */
export function foldCurrency(code: string | null): string | null {
  const folded = fold(code ?? '').toUpperCase()
  return folded === '' ? null : folded
}

type Basis = 'document' | 'base'

/** Tenants without foreign currencies may leave the document's amounts empty. */
function basisOf({ lines }: Invoice): Basis {
  const isFilled = lines.some((line) => isAmount(line.currencyDebit) || isAmount(line.currencyCredit))
  return isFilled ? 'document' : 'base'
}

function isAmount(value: string | null): boolean {
  const amount = readDecimal(value)
  return amount !== null && amount !== '0'
}

/** Debit less credit: a purchase is positive, a credit negative. */
function lineAmount(line: InvoiceLine, basis: Basis = 'document'): string {
  const [debit, credit] = basis === 'document' ? [line.currencyDebit, line.currencyCredit] : [line.debit, line.credit]
  return sum([readDecimal(debit) ?? '0', negate(readDecimal(credit) ?? '0')])
}

/** Taxes follow the side their line is booked on. */
function taxOf(line: InvoiceLine, basis: Basis): string {
  const tax = sum(line.taxes.map(({ taxAmount }) => readDecimal(taxAmount) ?? '0'))
  return compare(lineAmount(line, basis), '0') < 0 && compare(tax, '0') > 0 ? negate(tax) : tax
}

/** A debit memo is a credit to us, also where its amounts are written without a sign. */
function signed({ debitMemo }: Invoice, value: string): string {
  return debitMemo ? negate(absolute(value)) : value
}

function absolute(value: string): string {
  return compare(value, '0') < 0 ? negate(value) : value
}

function negate(value: string): string {
  return multiply(value, '-1')
}

// ------------------------------------------------------------------------------------------------------------------ day

/** The calendar day of the invoice at the plant. */
export function invoiceDay({ transactionDate }: Invoice, zone: string): string | null {
  return dayIn(transactionDate, zone)
}

/** The calendar day a person chose for the bill: the text of the day itself, whatever zone its midnight was written in. */
export function billDay({ invoiceDate }: Bill, zone: string): string | null {
  const text = invoiceDate?.trim() ?? ''
  const [, day, rest = ''] = /^(\d{4}-\d\d-\d\d)(.*)$/.exec(text) ?? []
  if (day === undefined) return null
  return rest === '' || /^[T ]00:00/.test(rest) ? day : dayIn(text, zone)
}

/** 3 denied, 5 withdrawn: such a bill pays nothing. */
export function isLiveBill({ status }: Pick<Bill, 'status'>): boolean {
  return status !== '3' && status !== '5'
}
