/** One line of an order -> one item of a requisition. Decimals go through digit by digit or not at all. */
import { compare, fitsScale } from './money.js'
import type { Findings, Refuse, Remark } from './obstacle.js'
import type { MapOrderOptions } from './map-order.js'
import { resolveAccount, resolvePlace, type OrderLookup, type Place } from './order-lookup.js'
import type { ReadLine } from './read-order.js'
import type { LineFacts, RequisitionLine } from './requisition.js'
import { cut, fold } from './text.js'

export interface MappedLine {
  readonly read: ReadLine
  readonly place: Place
  /** Complete but for the item name, which needs the key of the part. */
  readonly item: Omit<RequisitionLine, 'item_name'>
}

/** What all items of an order have in common. */
export type CommonItem = Pick<RequisitionLine, 'vendor_name' | 'currency_code' | 'custom_fields'>

const UNIT_MAX = 30
/** Digits before and after the point (procurify.md section 2). */
const QUANTITY_SCALE = [10, 5] as const
const PRICE_SCALE = [13, 8] as const

/** Puts every reason against the line into the findings; null only when there is one. */
export function mapLine(
  read: ReadLine,
  common: CommonItem,
  lookup: OrderLookup,
  options: MapOrderOptions,
  findings: Findings,
): MappedLine | null {
  const { facts, label } = read
  const refuse = findings.refuser(label)
  const remark = findings.remarker(label)
  checkQuantity(facts, refuse)
  checkPrice(facts.price, refuse, remark)
  if (fold(facts.unit ?? '') !== fold(facts.price_unit ?? '')) {
    const units = `${facts.price_unit ?? ''} but ordered by ${facts.unit ?? ''}`
    refuse('unit_mismatch', `It is priced by ${units}; Plex does not say how they convert.`)
  }
  // A line still without quantity gets its due date together with it, from the same releases.
  if (facts.due === null && !lacksQuantity(facts)) {
    refuse('due_date_missing', 'Neither its releases nor the order have a due date.')
  }
  const unit = pickUnit(facts.unit, options.defaults.unit, remark)
  const place = resolvePlace(facts, lookup, options.defaults, refuse, remark)
  const account_code = resolveAccount(facts.account, place, lookup.known, refuse)
  if (place === null) return null
  const amounts = { unit_price: facts.price ?? '', quantity: facts.quantity ?? '', unit }
  return { read, place, item: { ...common, ...amounts, account_code } }
}

function lacksQuantity({ quantity }: Pick<LineFacts, 'quantity'>): boolean {
  return quantity === null || quantity === '0'
}

function checkQuantity({ quantity }: LineFacts, refuse: Refuse): void {
  if (quantity === null || lacksQuantity({ quantity })) {
    refuse('po_without_quantity', 'It has no quantity yet: no release says how many.', 'releases')
  } else if (compare(quantity, '0') < 0) {
    refuse('amount_negative', `Its quantity ${quantity} is negative.`)
  } else if (!fitsScale(quantity, ...QUANTITY_SCALE)) {
    refuse('scale_exceeded', `Procurify holds 10 digits and 5 decimals of a quantity, not ${quantity}.`)
  }
}

/** Zero is a price: samples and replacements cost nothing. */
function checkPrice(price: string | null, refuse: Refuse, remark: Remark): void {
  if (price === null) refuse('price_missing', 'It has no unit price.')
  else if (price === '0') remark('Its price is zero, as in Plex.')
  else if (compare(price, '0') < 0) refuse('amount_negative', `Its unit price ${price} is negative.`)
  else if (!fitsScale(price, ...PRICE_SCALE)) {
    refuse('scale_exceeded', `Procurify holds 13 digits and 8 decimals of a price, not ${price}.`)
  }
}

function pickUnit(unit: string | null, fallback: string, remark: Remark): string {
  if (unit === null) remark(`Plex names no unit, so ${fallback} (DEFAULT_UNIT) is used.`)
  const short = cut(unit ?? fallback, UNIT_MAX)
  if (unit !== null && short !== unit) remark(`Its unit was cut to ${UNIT_MAX} characters.`)
  return short
}
