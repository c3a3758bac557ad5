/**
 * Amounts of both sides by month and currency. Every pair, and every record without a partner, is one entry; a figure is the sum
 * of its entries, and the difference of the two totals is the sum of what each entry adds to it, by reason. Nothing is ever
 * summed across currencies.
 */
import { multiply, sum } from './money.js'

/** Why an entry adds to the difference of its month. */
export const REASONS = [
  'within_tolerance', // both sides have it; cents
  'amount_differs',
  'missing', // Plex has it, Procurify has not
  'only_in_procurify',
  'duplicate', // Procurify has it once more
  'other_month', // both have it, in different months or currencies: it counts in one here, and in the other there
  'in_progress', // not delivered yet, and that is as it should be
] as const
export type Reason = (typeof REASONS)[number]

export interface AmountEntry {
  readonly stream: 'pos' | 'invoices'
  /** `2026-10`; `unknown` where a record has no date. */
  readonly month: string
  readonly currency: string
  readonly supplierId: string | null
  readonly supplier: string | null
  /** Null = this side has no such record here. */
  readonly plex: string | null
  readonly procurify: string | null
  readonly reason: Reason
  /** Of the Plex record: is it posted? Null = orders, which are not. */
  readonly isBooked: boolean | null
  /** Of the Procurify record: nobody has approved it yet. */
  readonly isDraft: boolean
}

export interface MonthFigures {
  readonly stream: 'pos' | 'invoices'
  readonly month: string
  readonly currency: string
  /** `booked` and `unbooked` add up to `total`; both null for orders. */
  readonly plex: {
    readonly count: number
    readonly total: string
    readonly booked: string | null
    readonly unbooked: string | null
  }
  /** `approved` and `open` (not approved yet) add up to `total`. */
  readonly procurify: {
    readonly count: number
    readonly total: string
    readonly approved: string
    readonly open: string
  }
  /** Plex less Procurify: the sum of `because`. */
  readonly difference: string
  readonly because: Readonly<Record<Reason, string>>
}

export type SupplierFigures = MonthFigures & { readonly supplier_id: string | null; readonly supplier: string | null }

interface Sums {
  plexCount: number
  procurifyCount: number
  plexBooked: string
  plexUnbooked: string
  approved: string
  open: string
  hasBooking: boolean
  readonly because: Record<Reason, string>
}

/** Adds entries up as they come: what is kept is a few numbers a month and currency (and supplier, where asked for). */
export class Amounts {
  private readonly months = new Map<string, { readonly entry: AmountEntry; readonly sums: Sums }>()
  private readonly suppliers = new Map<string, { readonly entry: AmountEntry; readonly sums: Sums }>()

  constructor(private readonly bySupplier: boolean) {}

  add(entry: AmountEntry): void {
    const month = `${entry.stream}\n${entry.month}\n${entry.currency}`
    addTo(this.months, month, entry)
    if (this.bySupplier) addTo(this.suppliers, `${month}\n${entry.supplierId ?? ''}`, entry)
  }

  byMonth(): MonthFigures[] {
    return inOrder(this.months).map(({ entry, sums }) => toFigures(entry, sums))
  }

  bySupplierAndMonth(): SupplierFigures[] {
    return inOrder(this.suppliers).map(({ entry, sums }) => {
      const { supplierId: supplier_id, supplier } = entry
      return { supplier_id, supplier, ...toFigures(entry, sums) }
    })
  }
}

type Groups = Map<string, { readonly entry: AmountEntry; readonly sums: Sums }>

function inOrder(groups: Groups) {
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

function addTo(groups: Groups, key: string, entry: AmountEntry): void {
  let group = groups.get(key)
  if (group === undefined) groups.set(key, (group = { entry, sums: noSums() }))
  const { sums } = group
  const { plex, procurify, reason, isBooked, isDraft } = entry
  if (plex !== null) {
    sums.plexCount += 1
    if (isBooked === true) sums.plexBooked = sum([sums.plexBooked, plex])
    else sums.plexUnbooked = sum([sums.plexUnbooked, plex])
    sums.hasBooking ||= isBooked !== null
  }
  if (procurify !== null) {
    sums.procurifyCount += 1
    if (isDraft) sums.open = sum([sums.open, procurify])
    else sums.approved = sum([sums.approved, procurify])
  }
  sums.because[reason] = sum([sums.because[reason], differenceOf(plex, procurify)])
}

function noSums(): Sums {
  const because = Object.fromEntries(REASONS.map((reason) => [reason, '0'])) as Record<Reason, string>
  const zero = { plexBooked: '0', plexUnbooked: '0', approved: '0', open: '0' }
  return { plexCount: 0, procurifyCount: 0, ...zero, hasBooking: false, because }
}

function toFigures({ stream, month, currency }: AmountEntry, sums: Sums): MonthFigures {
  const plexTotal = sum([sums.plexBooked, sums.plexUnbooked])
  const procurifyTotal = sum([sums.approved, sums.open])
  const booked = sums.hasBooking ? sums.plexBooked : null
  const unbooked = sums.hasBooking ? sums.plexUnbooked : null
  return {
    ...{ stream, month, currency },
    plex: { count: sums.plexCount, total: plexTotal, booked, unbooked },
    procurify: { count: sums.procurifyCount, total: procurifyTotal, approved: sums.approved, open: sums.open },
    difference: differenceOf(plexTotal, procurifyTotal),
    because: sums.because,
  }
}

/** Plex less Procurify; a side that has nothing counts as zero. */
export function differenceOf(plex: string | null, procurify: string | null): string {
  return sum([plex ?? '0', negate(procurify ?? '0')])
}

function negate(value: string): string {
  return multiply(value, '-1')
}
