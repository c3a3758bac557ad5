/**
 * Which bill of Procurify is which invoice of Plex. Judged are all invoices and bills of one supplier and number together: numbers
 * repeat, and a bill pays one invoice. Pure, and the same whatever order they come in.
 */
import { compare, isWithin, multiply, sum } from './money.js'

export const FINDINGS = [
  'matched',
  'amount_differs',
  'missing_in_procurify',
  'duplicate_in_procurify',
  'vendor_unknown',
] as const
export type Finding = (typeof FINDINGS)[number]

/** What matching looks at of an invoice. `total` with tax, credits negative; `day` at the plant. */
export interface InvoiceSide {
  readonly id: string
  readonly day: string | null
  readonly total: string | null
  readonly currency: string | null
  /** POs of Procurify that were made of the invoice's Plex order, and the requisitions behind them. */
  readonly poMarks: readonly string[]
}

/** The same of a bill. */
export interface BillSide {
  readonly id: string
  readonly number: string | null
  readonly day: string | null
  readonly total: string | null
  readonly currency: string | null
  readonly isLive: boolean
  /** Numbers of the POs it was billed from and their requisitions; empty = not looked up. */
  readonly poMarks: readonly string[]
}

export interface Judgement {
  readonly finding: Finding
  /** One sentence for people. */
  readonly message: string
  /** The bills it rests on, the best first. */
  readonly bills: readonly string[]
  /** Is there nothing at all under this vendor and number that could be meant? Only then a draft may be made. */
  readonly isFree: boolean
}

/** Documents of one number further apart than this are two documents: suppliers begin their numbers anew. */
const MAX_DAYS_APART = 180

interface Pair {
  readonly invoice: InvoiceSide
  readonly bill: BillSide
  readonly agrees: boolean
  readonly samePo: boolean
  readonly daysApart: number
}

/** The judgement of each invoice of one vendor and number, by invoice id. */
export function judgeGroup(
  invoices: readonly InvoiceSide[],
  bills: readonly BillSide[],
  tolerance: string,
): ReadonlyMap<string, Judgement> {
  const live = bills.filter(({ isLive }) => isLive)
  const pairs = invoices
    .flatMap((invoice) => live.map((bill) => toPair(invoice, bill, tolerance)))
    .filter(({ daysApart }) => daysApart <= MAX_DAYS_APART)
    .sort(comparePairs)
  const best = new Map<string, BillSide>()
  const taken = new Set<string>()
  for (const { invoice, bill } of pairs) {
    if (best.has(invoice.id) || taken.has(bill.id)) continue
    best.set(invoice.id, bill)
    taken.add(bill.id)
  }
  // What is left over is a second bill of the invoice it fits best.
  const extras = new Map<string, BillSide[]>()
  for (const { invoice, bill } of pairs) {
    if (taken.has(bill.id)) continue
    taken.add(bill.id)
    extras.set(invoice.id, [...(extras.get(invoice.id) ?? []), bill])
  }
  const astray = bills.filter(({ id }) => !taken.has(id))
  return new Map(
    invoices.map((invoice) => {
      const first = best.get(invoice.id)
      if (first === undefined) return [invoice.id, judgeMissing(invoice, invoices, astray)]
      return [invoice.id, judgeFound(invoice, [first, ...(extras.get(invoice.id) ?? [])], tolerance)]
    }),
  )
}

/** Its supplier has no vendor, so no bill can be looked for. */
export function judgeUnknownVendor(supplier: string | null): Judgement {
  const who =
    supplier === null ? 'The invoice names no supplier' : `The supplier ${supplier} has no vendor in Procurify yet`
  return { finding: 'vendor_unknown', message: `${who}, so its bill cannot be looked for.`, bills: [], isFree: false }
}

function toPair(invoice: InvoiceSide, bill: BillSide, tolerance: string): Pair {
  return {
    ...{ invoice, bill },
    agrees: amountsAgree(invoice, [bill], tolerance),
    samePo: invoice.poMarks.some((mark) => bill.poMarks.includes(mark)),
    daysApart: daysBetween(invoice.day, bill.day),
  }
}

/** The surest pair first; ids decide between equal ones, so that every run decides alike. */
function comparePairs(a: Pair, b: Pair): number {
  return (
    Number(b.agrees) - Number(a.agrees) ||
    Number(b.samePo) - Number(a.samePo) ||
    a.daysApart - b.daysApart ||
    compareText(a.invoice.id, b.invoice.id) ||
    compareText(a.bill.id, b.bill.id)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A day that is not known is no reason against a pair. */
function daysBetween(left: string | null, right: string | null): number {
  const days = Math.abs(Date.parse(left ?? '') - Date.parse(right ?? '')) / 86_400_000
  return Number.isNaN(days) ? 0 : days
}

/** Do the bills together come to the invoice? A currency that is not shown is no reason against it. */
function amountsAgree({ total, currency }: InvoiceSide, bills: readonly BillSide[], tolerance: string): boolean {
  const totals = bills.map((bill) => bill.total)
  if (total === null || totals.some((one) => one === null)) return false
  if (bills.some((bill) => isOtherCurrency(currency, bill.currency))) return false
  return isWithin(total, sum(totals.map((one) => one ?? '0')), tolerance)
}

function isOtherCurrency(left: string | null, right: string | null): boolean {
  return left !== null && right !== null && left !== right
}

function judgeMissing(invoice: InvoiceSide, all: readonly InvoiceSide[], astray: readonly BillSide[]): Judgement {
  const base = { finding: 'missing_in_procurify', bills: [] } as const
  const [one] = [...astray].sort((a, b) => compareText(a.id, b.id))
  if (one === undefined) {
    const isRepeat = all.some((other) => other.id < invoice.id && isSameDocument(other, invoice))
    const message = isRepeat
      ? 'Procurify has no second bill of this vendor and number, and Plex has the invoice twice: same day, same amount.'
      : 'Procurify has no bill of this vendor and number.'
    return { ...base, message, isFree: !isRepeat }
  }
  const why = one.isLive ? `is dated ${one.day ?? 'unknown'}, too far away to be meant` : 'was denied or withdrawn'
  return { ...base, message: `The only bill of this vendor and number, ${nameOf(one)}, ${why}.`, isFree: false }
}

function isSameDocument(a: InvoiceSide, b: InvoiceSide): boolean {
  return a.day === b.day && a.total === b.total && a.currency === b.currency
}

function judgeFound(invoice: InvoiceSide, bills: readonly [BillSide, ...BillSide[]], tolerance: string): Judgement {
  const [first] = bills
  const base = { bills: bills.map(({ id }) => id), isFree: false }
  if (bills.length > 1) {
    const names = bills.map(nameOf).join(', ')
    // One invoice may be billed in parts, one for each of its POs.
    if (amountsAgree(invoice, bills, tolerance) && !amountsAgree(invoice, [first], tolerance))
      return { ...base, finding: 'matched', message: `The bills ${names} together come to the invoice.` }
    return {
      ...base,
      finding: 'duplicate_in_procurify',
      message: `Procurify has ${bills.length} bills for it: ${names}.`,
    }
  }
  if (!amountsAgree(invoice, bills, tolerance)) {
    return { ...base, finding: 'amount_differs', message: tellDifference(invoice, first) }
  }
  const isSameDay = daysBetween(invoice.day, first.day) === 0
  const days = isSameDay ? '' : ` Its date differs: ${first.day ?? 'none'}, in Plex ${invoice.day ?? 'none'}.`
  return { ...base, finding: 'matched', message: `Bill ${nameOf(first)} agrees.${days}` }
}

function tellDifference({ total, currency }: InvoiceSide, bill: BillSide): string {
  const ours = total === null ? 'Plex shows no amount we can read' : `the invoice says ${money(total, currency)}`
  const theirs = bill.total === null ? 'shows no amount' : `says ${money(bill.total, bill.currency)}`
  if (total === null || bill.total === null || isOtherCurrency(currency, bill.currency))
    return `Bill ${nameOf(bill)} ${theirs}, ${ours}.`
  const difference = sum([bill.total, multiply(total, '-1')])
  const isMore = compare(difference, '0') > 0
  const amount = money(isMore ? difference : multiply(difference, '-1'), currency ?? bill.currency)
  return `Bill ${nameOf(bill)} ${theirs}, ${ours}: ${amount} too ${isMore ? 'much' : 'little'}.`
}

/** At least two decimals, as people write money; no digit is rounded away. */
export function money(value: string, currency: string | null): string {
  const [whole = '', fraction = ''] = value.split('.')
  const text = `${whole}.${fraction.padEnd(2, '0')}`
  return currency === null ? text : `${text} ${currency}`
}

/** A bill has no short number of its own in the API: its number as typed, and the first digits of its id. */
function nameOf({ number, id }: BillSide): string {
  return `${number ?? '(no number)'} (${id.slice(0, 8)})`
}
