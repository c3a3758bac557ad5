/** What all items of an order share: vendor, currency and custom field; and whether its lines add up. */
import type { MapOrderOptions } from './map-order.js'
import { isWithin, multiply, sum } from './money.js'
import type { Findings } from './obstacle.js'
import type { LinkedVendor, OrderKnown } from './order.js'
import type { ReadOrder } from './read-order.js'
import type { RequisitionLine } from './requisition.js'

/** The kind of vendor that is offered on requests (procurify.md section 4). */
const REQUESTABLE_TYPE = '3'
/** Per line: Plex may have rounded each line value. */
const TOTAL_TOLERANCE = '0.01'

/**
 * The vendor as Procurify last confirmed it; null when there is none. Any name but that of an active vendor offered on requests
 * might fall to free text, or make a new vendor.
 */
export function findVendor(
  { facts }: ReadOrder,
  { suppliers, leftOut }: OrderKnown,
  { allowAutoEmail }: MapOrderOptions,
  findings: Findings,
): LinkedVendor | null {
  const refuse = findings.refuser(null)
  if (facts.supplier === null) {
    refuse('supplier_missing', 'The order names no supplier.')
    return null
  }
  const { vendor = null, code = null } = suppliers.get(facts.supplier) ?? {}
  if (vendor === null) {
    const why = leftOut.get(facts.supplier)
    const name = `Supplier ${code ?? facts.supplier}`
    if (why === undefined)
      refuse('supplier_not_linked', `${name} is not linked to a vendor yet.`, `supplier:${facts.supplier}`)
    else refuse('supplier_left_out', `${name} gets no vendor (${why}).`)
    return null
  }
  const name = `Vendor "${vendor.name}"`
  if (!vendor.active) refuse('vendor_inactive', `${name} is inactive in Procurify.`)
  if (vendor.type !== REQUESTABLE_TYPE) {
    refuse('vendor_not_requestable', `${name} is of type ${vendor.type}; requests may name type 3 only.`)
  }
  if (vendor.autoEmail && !allowAutoEmail) {
    refuse('vendor_auto_email', `${name} gets POs e-mailed by Procurify, but has this order from Plex already.`)
  }
  return vendor
}

/** The name of the currency; '' when refused. */
export function findCurrency({ facts }: ReadOrder, { currencies }: OrderKnown, findings: Findings): string {
  const refuse = findings.refuser(null)
  const { currency } = facts
  if (currency === null) refuse('currency_missing', 'The order names no currency.')
  else if (!currencies.has(currency)) refuse('currency_unknown', `Procurify has no active currency ${currency}.`)
  return currency ?? ''
}

/** The Plex number for people, where it was asked for. An order without a number has no value for it, and none may be empty. */
export function fillCustomField(
  { facts }: ReadOrder,
  { customFieldExists }: OrderKnown,
  { customField: name }: MapOrderOptions,
  findings: Findings,
): RequisitionLine['custom_fields'] {
  if (name === null || facts.po_number === null) return []
  if (customFieldExists) return [{ custom_field_name: name, custom_field_value: facts.po_number }]
  const text = `Procurify has no active custom field "${name}" on order items.`
  findings.refuser(null)('custom_field_missing', text, `custom-field:${name}`)
  return []
}

/** Line values against the total of the header. A blanket order is priced as it is drawn, so its total means little. */
export function checkTotal({ lines, total, isBlanket }: ReadOrder, findings: Findings): void {
  const values = lines.flatMap(({ facts: { quantity, price } }) =>
    quantity === null || price === null ? [] : [multiply(quantity, price)],
  )
  // A line without quantity or price has a reason of its own.
  if (isBlanket || total === null || values.length < lines.length) return
  const added = sum(values)
  if (isWithin(added, total, multiply(TOTAL_TOLERANCE, `${lines.length}`))) return
  findings.refuser(null)('order_total_differs', `The lines add up to ${added}, but the order says ${total}.`)
}
