/**
 * AP invoices of Plex against bills of Procurify, two-sided: what has no partner on either side is told, with its money. A partner
 * has the same vendor and the same number (folded); among several of one number, amount and day decide.
 */
import type { AmountEntry, Reason } from './reconcile-amounts.js'
import { differenceOf } from './reconcile-amounts.js'
import { compare, isWithin } from './money.js'
import type { HeldBill, HeldInvoice } from './reconcile-invoice-rows.js'
import { isDayInside } from './reconcile-range.js'
import { makeFinding, type Finding, type Judged, type Range } from './reconcile.js'

export interface InvoiceFacts {
  readonly range: Range
  readonly tolerance: string
  /** Vendor ids by Plex supplier id. */
  readonly vendorOf: ReadonlyMap<string, string>
  readonly suppliers: ReadonlyMap<string, { readonly code: string | null; readonly name: string | null }>
  /** Plex supplier ids by vendor id. */
  readonly supplierOf: ReadonlyMap<string, string>
  /** Invoices that a run is about to deliver. */
  readonly isOpen: (invoiceId: string) => boolean
}

export interface InvoiceVerdict {
  readonly judged: readonly Judged[]
  /** Findings about bills that no invoice brought up. */
  readonly findings: readonly Finding[]
  readonly amounts: readonly AmountEntry[]
  /** Of the bills inside the range. */
  readonly bills: number
}

/**
 * Both sides reach further than the range (its neighbours may hold the partner); only what has a leg inside it is told. Does not
 * depend on the order of either list.
 */
export function judgeInvoices(
  invoices: readonly HeldInvoice[],
  bills: readonly HeldBill[],
  facts: InvoiceFacts,
): InvoiceVerdict {
  const verdict = { judged: [] as Judged[], findings: [] as Finding[], amounts: [] as AmountEntry[], bills: 0 }
  const groups = new Map<string, { invoices: HeldInvoice[]; bills: HeldBill[] }>()
  const groupOf = (key: string) => {
    let group = groups.get(key)
    if (group === undefined) groups.set(key, (group = { invoices: [], bills: [] }))
    return group
  }
  for (const invoice of invoices) {
    const vendorId = facts.vendorOf.get(invoice.supplierId ?? '')
    if (invoice.key === null || vendorId === undefined) add(verdict, judgeAlone(invoice, facts))
    else groupOf(`${vendorId}\n${invoice.key}`).invoices.push(invoice)
  }
  for (const bill of bills) groupOf(`${bill.vendorId ?? ''}\n${bill.key ?? `:${bill.id}`}`).bills.push(bill)
  for (const group of groups.values()) judgeGroup(group, facts, verdict)
  verdict.bills = bills.filter(({ day }) => isDayInside(day, facts.range)).length
  return verdict
}

type Verdict = { judged: Judged[]; findings: Finding[]; amounts: AmountEntry[] }

interface Told {
  readonly judged: Judged | null
  readonly amounts: readonly AmountEntry[]
}

function add(verdict: Verdict, { judged, amounts }: Told): void {
  if (judged !== null) verdict.judged.push(judged)
  verdict.amounts.push(...amounts)
}

/** An invoice that no bill can belong to. */
function judgeAlone(invoice: HeldInvoice, facts: InvoiceFacts): Told {
  if (!isDayInside(invoice.day, facts.range)) return { judged: null, amounts: [] }
  if (invoice.key === null) {
    return { judged: { place: 'in_progress', findings: [] }, amounts: [entryOf(invoice, null, 'in_progress', facts)] }
  }
  const message = `Its supplier has no vendor in Procurify, so no bill can be found for it.`
  return tellMissing(invoice, 'vendor_unknown', message, 'ml-connector link propose --stream suppliers', facts)
}

function tellMissing(
  invoice: HeldInvoice,
  code: 'vendor_unknown' | 'missing_in_procurify',
  message: string,
  next: string | null,
  facts: InvoiceFacts,
): Told {
  if (facts.isOpen(invoice.id)) {
    return { judged: { place: 'unpaired', findings: [] }, amounts: [entryOf(invoice, null, 'in_progress', facts)] }
  }
  const about = { ...identify(invoice, facts), plex: invoice.amount, difference: invoice.amount, next }
  const finding = makeFinding({ ...about, kind: 'missing', code, message })
  return { judged: { place: 'unpaired', findings: [finding] }, amounts: [entryOf(invoice, null, 'missing', facts)] }
}

function identify(invoice: HeldInvoice, { suppliers }: InvoiceFacts) {
  const { id: source_id, number: source_key, currency } = invoice
  const supplier = suppliers.get(invoice.supplierId ?? '')?.name ?? null
  return { stream: 'invoices', source_id, source_key, supplier, currency, month: monthOf(invoice.day) } as const
}

function monthOf(day: string | null): string {
  return day?.slice(0, 7) ?? 'unknown'
}

// ----------------------------------------------------------------------------------------------- vendor and number agree

function judgeGroup(
  { invoices, bills }: { readonly invoices: readonly HeldInvoice[]; readonly bills: readonly HeldBill[] },
  facts: InvoiceFacts,
  verdict: Verdict,
): void {
  const { pairs, alone, left } = pairUp(invoices, bills, facts.tolerance)
  for (const [invoice, bill] of pairs) add(verdict, judgePair(invoice, bill, facts))
  for (const invoice of alone) {
    if (!isDayInside(invoice.day, facts.range)) continue
    const twin = pairs.find(([one]) => isTwin(one, invoice))
    if (twin === undefined) {
      const message = 'There is no bill of this vendor and number in Procurify: it has to be entered.'
      add(verdict, tellMissing(invoice, 'missing_in_procurify', message, null, facts))
      continue
    }
    const message = `Plex has invoice ${invoice.number ?? ''} of this supplier twice with the same amount, Procurify once.`
    const about = { ...identify(invoice, facts), plex: invoice.amount, difference: invoice.amount }
    const finding = makeFinding({ ...about, kind: 'duplicate', code: 'invoice_twice', message })
    add(verdict, {
      judged: { place: 'unpaired', findings: [finding] },
      amounts: [entryOf(invoice, null, 'duplicate', facts)],
    })
  }
  for (const bill of left) {
    if (!isDayInside(bill.day, facts.range)) continue
    const paired = pairs.find(([invoice]) => isNear(invoice.day, bill.day))
    const isTwice = paired !== undefined
    verdict.findings.push(isTwice ? tellTwice(paired[0], paired[1], bill, facts) : tellOnlyThere(bill, facts))
    verdict.amounts.push(billEntry(bill, paired?.[0] ?? null, isTwice ? 'duplicate' : 'only_in_procurify', facts))
  }
}

/** Each bill goes to one invoice: the closest pairs first, and of equals the one by id, so that the order of lists means nothing. */
function pairUp(invoices: readonly HeldInvoice[], bills: readonly HeldBill[], tolerance: string) {
  const candidates = invoices.flatMap((invoice) =>
    bills
      .filter((bill) => isNear(invoice.day, bill.day))
      .map((bill) => ({ invoice, bill, rank: rankOf(invoice, bill, tolerance) })),
  )
  candidates.sort((a, b) => a.rank - b.rank || order(a.invoice.id, b.invoice.id) || order(a.bill.id, b.bill.id))
  const taken = new Set<string>()
  const pairs: [HeldInvoice, HeldBill][] = []
  for (const { invoice, bill } of candidates) {
    if (taken.has(`i${invoice.id}`) || taken.has(`b${bill.id}`)) continue
    taken.add(`i${invoice.id}`).add(`b${bill.id}`)
    pairs.push([invoice, bill])
  }
  const alone = invoices.filter(({ id }) => !taken.has(`i${id}`)).sort((a, b) => order(a.id, b.id))
  const left = bills.filter(({ id }) => !taken.has(`b${id}`)).sort((a, b) => order(a.id, b.id))
  return { pairs, alone, left }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** As for `sync invoices`: suppliers begin their numbers anew, so documents of one number further apart are two. */
const MAX_DAYS_APART = 180

function isNear(left: string | null, right: string | null): boolean {
  return (
    left === null || right === null || Math.abs(Date.parse(left) - Date.parse(right)) <= MAX_DAYS_APART * 86_400_000
  )
}

/** The same document entered once more: a number that is used anew years later makes no twin. */
function isTwin(one: HeldInvoice, other: HeldInvoice): boolean {
  return one.amount === other.amount && one.currency === other.currency && isNear(one.day, other.day)
}

/** Money weighs more than the day: people take the day from the stamp instead of the paper. */
function rankOf(invoice: HeldInvoice, bill: HeldBill, tolerance: string): number {
  const isCurrency = bill.currency === null || bill.currency === invoice.currency
  const isAmount = isCurrency && isWithin(invoice.amount, bill.amount, tolerance)
  return (isAmount ? 0 : 4) + (isCurrency ? 0 : 2) + (invoice.day === bill.day ? 0 : 1)
}

function judgePair(invoice: HeldInvoice, bill: HeldBill, facts: InvoiceFacts): Told {
  const isIn = isDayInside(invoice.day, facts.range)
  const isBillIn = isDayInside(bill.day, facts.range)
  if (!isIn && !isBillIn) return { judged: null, amounts: [] }
  const currency = bill.currency ?? invoice.currency
  const isSameCurrency = currency === invoice.currency
  const isSameAmount = isSameCurrency && isWithin(invoice.amount, bill.amount, facts.tolerance)
  const isSameMonth = monthOf(invoice.day) === monthOf(bill.day)
  const about = { ...identify(invoice, facts), target_id: bill.id, target_key: bill.number }
  const findings: Finding[] = []
  if (!isSameAmount) findings.push(tellAmount(invoice, bill, currency, about))
  if (!isSameMonth) {
    const message = 'The two are dated in different months, so each side counts it in another one.'
    const days = { field: 'invoice_date', plex: invoice.day, procurify: bill.day }
    findings.push(makeFinding({ ...about, ...days, kind: 'drifted', code: 'bill_in_other_month', message }))
  }
  const isTogether = isIn && isBillIn && isSameMonth && isSameCurrency
  const reason = isSameAmount ? 'within_tolerance' : 'amount_differs'
  const amounts = isTogether
    ? [entryOf(invoice, bill, reason, facts)]
    : [
        ...(isIn ? [entryOf(invoice, null, 'other_month', facts)] : []),
        ...(isBillIn ? [billEntry(bill, invoice, 'other_month', facts)] : []),
      ]
  // Counted where the invoice is: of one from outside the range only the bill's money is inside.
  return isIn ? { judged: { place: 'paired', findings }, amounts } : { judged: null, amounts }
}

function tellAmount(
  invoice: HeldInvoice,
  bill: HeldBill,
  currency: string,
  about: ReturnType<typeof identify>,
): Finding {
  const isSame = currency === invoice.currency
  const [plex, procurify] = isSame
    ? [invoice.amount, bill.amount]
    : [`${invoice.amount} ${invoice.currency}`, `${bill.amount} ${currency}`]
  const message = isSame
    ? `The invoice is ${plex} in Plex and the bill ${procurify} in Procurify.`
    : `The invoice is in ${invoice.currency}, the bill in ${currency}.`
  // No difference is reckoned across currencies.
  const difference = isSame ? differenceOf(invoice.amount, bill.amount) : null
  return makeFinding({
    ...about,
    field: 'amount',
    plex,
    procurify,
    difference,
    kind: 'amount_differs',
    code: 'amount_differs',
    message,
  })
}

function tellTwice(invoice: HeldInvoice, rightful: HeldBill, bill: HeldBill, facts: InvoiceFacts): Finding {
  const isAlike = compare(rightful.amount, bill.amount) === 0
  const message = `Bill ${bill.number ?? bill.id} of this vendor was entered more than once${isAlike ? '' : ', with another amount'}.`
  const month = monthOf(bill.day)
  const money = {
    procurify: bill.amount,
    difference: differenceOf(null, bill.amount),
    currency: bill.currency ?? invoice.currency,
  }
  const about = { ...identify(invoice, facts), ...money, month, target_id: bill.id, target_key: bill.number }
  return makeFinding({ ...about, kind: 'duplicate', code: 'duplicate_in_procurify', message })
}

function tellOnlyThere(bill: HeldBill, { supplierOf }: InvoiceFacts): Finding {
  const isKnown = supplierOf.has(bill.vendorId ?? '')
  const message = isKnown
    ? bill.key === null
      ? 'The bill has no invoice number, so no invoice can be found for it.'
      : 'Plex has no invoice of this supplier and number.'
    : 'The bill is of a vendor that is paired with no supplier of Plex, so no invoice can be found for it.'
  const about = { target_id: bill.id, target_key: bill.number, supplier: bill.vendorName, month: monthOf(bill.day) }
  const money = {
    procurify: bill.amount,
    difference: differenceOf(null, bill.amount),
    currency: bill.currency ?? 'unknown',
  }
  return makeFinding({
    stream: 'invoices',
    ...about,
    ...money,
    kind: 'orphaned',
    code: 'bill_only_in_procurify',
    message,
  })
}

function entryOf(
  invoice: HeldInvoice,
  bill: HeldBill | null,
  reason: Reason,
  { suppliers }: InvoiceFacts,
): AmountEntry {
  const { supplierId, currency, amount: plex, isBooked } = invoice
  const supplier = suppliers.get(supplierId ?? '')?.name ?? null
  const there = { procurify: bill?.amount ?? null, isDraft: bill?.isDraft ?? false }
  return {
    stream: 'invoices',
    month: monthOf(invoice.day),
    currency,
    supplierId,
    supplier,
    plex,
    ...there,
    reason,
    isBooked,
  }
}

/** Under the supplier of its vendor, so that both sides of one supplier meet. */
function billEntry(bill: HeldBill, invoice: HeldInvoice | null, reason: Reason, facts: InvoiceFacts): AmountEntry {
  const supplierId = facts.supplierOf.get(bill.vendorId ?? '') ?? null
  const supplier = facts.suppliers.get(supplierId ?? '')?.name ?? bill.vendorName
  const currency = bill.currency ?? invoice?.currency ?? 'unknown'
  const there = { plex: null, procurify: bill.amount, isDraft: bill.isDraft, isBooked: null }
  return {
    stream: 'invoices',
    month: monthOf(bill.day),
    currency,
    supplierId: supplierId ?? `vendor:${bill.vendorId ?? ''}`,
    supplier,
    ...there,
    reason,
  }
}
