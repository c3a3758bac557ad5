/** What our own books keep of an invoice (`link.sent` of the stream `invoices`) and of a bill (the same of `bills`). */
import {
  billDay,
  foldNumber,
  foldCurrency,
  invoiceDay,
  isLiveBill,
  shownNumber,
  totalsOf,
  type Bill,
  type Invoice,
} from './invoice.js'
import type { BillSide, Finding, InvoiceSide } from './match-invoice.js'
import { FINDINGS } from './match-invoice.js'
import { readDecimal } from './money.js'
import type { Json } from './record.js'

/** What Plex said of an invoice that its finding depends on: enough to judge it again without asking Plex. */
export type InvoiceFacts = {
  readonly number: string
  readonly supplier: string | null
  readonly supplier_code: string | null
  readonly day: string | null
  readonly total: string | null
  readonly currency: string | null
  /** The Plex order, where the header names one. */
  readonly po: string | null
}

export type InvoiceState = {
  readonly facts: InvoiceFacts
  /** Supplier and folded number: all that may be one document share it. */
  readonly match_key: string
  /** The vendor it was judged with; null = the supplier had none. */
  readonly vendor: string | null
  readonly finding: Finding
  readonly message: string
  readonly bills: readonly string[]
  /** Set on a draft of ours: the bills of the same number that were there before it, which are not it. */
  readonly known?: readonly string[]
}

/** A bill as its list last showed it. `gone` = it was asked for by id and is not there any more. */
export type BillState = {
  readonly match_key: string | null
  readonly vendor: string | null
  readonly number: string | null
  readonly day: string | null
  readonly total: string | null
  readonly currency: string | null
  readonly status: string | null
  readonly modified_at: string | null
  readonly gone: boolean
}

/** One word for supplier (or vendor) and number; ids of both systems hold no space. */
export function matchKey(partner: string | null, number: string | null): string | null {
  const folded = foldNumber(number)
  return partner === null || folded === null ? null : `${partner} ${folded}`
}

/** The key of an invoice. Where Plex names no supplier, those without one share theirs. */
export function keyOf({ supplier, supplier_code, number }: InvoiceFacts): string {
  return matchKey(supplier ?? supplier_code ?? '-', number) ?? ''
}

/** Only for invoices with a number. */
export function factsOf(invoice: Invoice, zone: string): InvoiceFacts {
  const { gross, currency } = totalsOf(invoice)
  const number = shownNumber(invoice.invoiceNumber) ?? ''
  const { supplierId: supplier, supplierCode: supplier_code, poId: po } = invoice
  return { number, supplier, supplier_code, day: invoiceDay(invoice, zone), total: gross, currency, po }
}

export function toBillState(bill: Bill, zone: string): BillState {
  const { number, vendorId: vendor, status, modifiedAt: modified_at } = bill
  const money = { total: readDecimal(bill.total), currency: foldCurrency(bill.currency) }
  return {
    ...{ match_key: matchKey(vendor, number), vendor, number: shownNumber(number), day: billDay(bill, zone) },
    ...{ ...money, status, modified_at, gone: false },
  }
}

export function toInvoiceSide(
  id: string,
  { day, total, currency }: InvoiceFacts,
  poMarks: readonly string[],
): InvoiceSide {
  return { id, day, total, currency, poMarks }
}

export function toBillSide(id: string, bill: BillState, poMarks: readonly string[] = []): BillSide {
  const { number, day, total, currency } = bill
  return { id, number, day, total, currency, poMarks, isLive: !bill.gone && isLiveBill(bill) }
}

/** Members of one number that are looked at: a number like `n/a` must not cost more than it is worth. */
const MAX_GROUP = 100

/** The members nearest to a day, `self` always among them. */
export function nearest<T extends { readonly id: string; readonly day: string | null }>(
  members: readonly T[],
  day: string | null,
  self: string | null,
): T[] {
  if (members.length <= MAX_GROUP) return [...members]
  const apart = (one: T): number => {
    const ms = Math.abs(Date.parse(one.day ?? '') - Date.parse(day ?? ''))
    return one.id === self ? -1 : Number.isNaN(ms) ? Infinity : ms
  }
  return [...members].sort((a, b) => apart(a) - apart(b) || (a.id < b.id ? -1 : 1)).slice(0, MAX_GROUP)
}

/** The state on a link; null = never judged. */
export function readInvoiceState(sent: Json | undefined): InvoiceState | null {
  const state = sent as Partial<InvoiceState> | null | undefined
  const isState = typeof state === 'object' && state !== null && FINDINGS.some((finding) => finding === state.finding)
  return isState ? (state as InvoiceState) : null
}

export function readBillState(sent: Json): BillState | null {
  const isState = typeof sent === 'object' && sent !== null && 'match_key' in sent && 'gone' in sent
  return isState ? (sent as unknown as BillState) : null
}
