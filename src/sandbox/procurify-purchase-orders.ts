import { membersOf, textOf, type Handler, type Route, type Row } from './exchange.js'
import { checkShape, decimal, integer, refuse, type Shape } from './procurify-checks.js'
import { addQuantities, isAtLeast, totalOf, withDecimals } from './decimals.js'
import { renderItem } from './procurify-orders.js'
import { applyFilters, dayRange, equals, notFound, one, page, withOffset, type Filter } from './procurify-page.js'
import type { ProcurifyState } from './procurify.js'
import { currencySummary, nestedAccount, userRef, userSummary, vendorNested } from './procurify-render.js'

/** POs and what was received on them (procurify.md sections 8 and 11). */
export function purchaseOrderRoutes(state: ProcurifyState): Route<void>[] {
  const list = '/api/v2/purchase_orders/'
  return [
    { method: 'GET', path: `${list}:role/:status/`, handle: listPos(state) },
    { method: 'GET', path: `${list}:id/`, handle: readPo(state) },
    { method: 'GET', path: '/api/v3/receipt/items/', handle: listReceipts(state) },
    { method: 'POST', path: '/api/v3/receipt/items/', handle: receive(state) },
  ]
}

/** Purchased, or reopened after closing (state codes of section 8). */
const isOpen = (po: Row): boolean => po['state'] === 0 || po['state'] === 5

/** First word of the list's path: all POs, or those on which goods may still be received. */
const ROLES: Readonly<Record<string, (po: Row) => boolean>> = {
  purchased: () => true,
  receivable: (po) => isOpen(po) && po['fulfilment_status'] !== 'full',
}

/** Second word of the list's path. */
const STATUSES: Readonly<Record<string, (po: Row) => boolean>> = {
  all: () => true,
  open: isOpen,
  partial: (po) => isOpen(po) && po['fulfilment_status'] === 'partial',
  closed: (po) => po['state'] === 3,
  cancelled: (po) => po['state'] === 1,
  paid: (po) => po['state'] === 4,
}

/** The only PO list. It has no search and no filter on the external number (section 8). */
function listPos(state: ProcurifyState): Handler<void> {
  return (call, _context, role, status) => {
    const isRole = ROLES[role]
    const isStatus = STATUSES[status]
    if (isRole === undefined || isStatus === undefined) return notFound()
    const { options } = state
    const hasItem = (po: Row, test: (item: Row) => boolean): boolean => itemsOf(state, po).some(test)
    const filters: Record<string, Filter> = {
      pref_vendor: equals('pref_vendor'),
      purchase_order: equals('procurify_PO'),
      purchaser: equals('purchaser'),
      currency: equals('purchased_currency'),
      requester: (po, value) => hasItem(po, (item) => String(orderOf(state, item)?.['user']) === value),
      total_0: (po, value) => Number(po['total']) >= Number(value),
      total_1: (po, value) => Number(po['total']) <= Number(value),
      ...dayRange('date', 'date', options),
      ...dayRange('modified_date', 'last_modified', options),
      ...dayRange('promise_date', 'promise_date', options),
    }
    const all = state.data['purchase-orders'].visible().reverse()
    const rows = applyFilters(
      all.filter((po) => isRole(po) && isStatus(po)),
      call.query,
      filters,
    )
    return page(rows, (po) => renderPo(state, po), call, options, { counts: countsOf(all) })
  }
}

/** Numbers beside the tabs of the web page; they come with every list (section 2). */
function countsOf(pos: readonly Row[]): Row {
  const count = (role: string): Row => {
    const mine = pos.filter((po) => ROLES[role]?.(po))
    const numbers = Object.entries(STATUSES).map(([status, test]) => [status, mine.filter(test).length])
    return { ...Object.fromEntries(numbers), page: 1 } as Row
  }
  return { purchased: count('purchased'), receivable: count('receivable') }
}

/** What the detail has besides its lines. */
const DETAIL_ONLY: Row = {
  shipping_method: null,
  payment_term: null,
  shipping_term: null,
  creditcard: null,
  creditcard_is_editable: false,
  custom_fields: [],
  cost_details: null,
}

/** By internal number, or by uuid with or without dashes. */
function readPo(state: ProcurifyState): Handler<void> {
  return (_call, _context, id) => {
    const pos = state.data['purchase-orders']
    const po = pos.getVisible(id) ?? pos.find((row) => bare(row['uuid']) === bare(id))
    if (po === undefined) return notFound()
    const lines = itemsOf(state, po).map((item) => renderLine(state, item, po))
    return one({ ...renderPo(state, po), ...DETAIL_ONLY, order_items: lines }, 200, {
      can_edit: isOpen(po),
      can_delete: false,
    })
  }
}

/** A uuid without dashes: both spellings occur in real answers (section 2). */
function bare(uuid: unknown): string {
  return textOf(uuid).replaceAll('-', '').toLowerCase()
}

/** The lines on a PO; they may come from several requisitions. */
function itemsOf(state: ProcurifyState, po: Row): Row[] {
  return state.data['order-items'].where('purchase_order', po['procurify_PO'])
}

/** The requisition a line came from. */
function orderOf(state: ProcurifyState, item: Row): Row | undefined {
  return state.data.orders.get(textOf(item['orderNum']))
}

/** Both addresses of a PO have the same eight members under two prefixes. */
const BUYER = ['buyer', 'receiver'] as const

/** PurchaseOrderListItem. */
function renderPo(state: ProcurifyState, po: Row): Row {
  const { data, options } = state
  const location = data.locations.get(textOf(po['_branch']))
  const address = membersOf(location?.['primary_billing_address'])
  const addresses = BUYER.flatMap((who) => [
    [`${who}_name`, textOf(location?.['name'])],
    [`${who}_contact`, ''],
    [`${who}_addressLineOne`, textOf(address['addressLineOne'])],
    [`${who}_postalCode`, textOf(address['postalCode'])],
    [`${who}_city`, textOf(address['city'])],
    [`${who}_country`, textOf(address['country'])],
    [`${who}_address`, address],
  ])
  const vendor = vendorNested(data, po['pref_vendor'])
  const dates = ['date', 'last_modified', 'promise_date'] as const
  return {
    ...po,
    ...Object.fromEntries(dates.map((name) => [name, withOffset(po[name], options.utcOffsetMinutes)])),
    number: po['PO_Num'] ?? `PF${textOf(po['procurify_PO'])}`,
    purchaser: userSummary(data, po['purchaser']),
    ...(Object.fromEntries(addresses) as Row),
    pref_vendor: vendor,
    vendor_name: vendor?.['name'] ?? null,
    payment_terms: '',
    shipping_terms: '',
    shipping_method: '',
    subtotal: po['total'],
    freight: '0.00',
    tax: { type: 'amount', value: 0 },
    discount: { type: 'amount', value: 0 },
    other: '0.00',
    comment: null,
    purchased_currency: currencySummary(data, po['purchased_currency']),
    purchased_currency_rate: '1.000000',
    item_count: itemsOf(state, po).length,
    most_recent_version: po['version'],
    has_blanket_order_items: false,
    expiry_date: null,
    contract: null,
    closed_date: null,
    recorded_date: null,
  }
}

/** PurchaseOrderLine: quantities are JSON numbers here, and the order's uuid comes without dashes (section 2). */
function renderLine(state: ProcurifyState, item: Row, po: Row): Row {
  const { data } = state
  const order = orderOf(state, item)
  const account = data.accounts.get(textOf(item['account']))
  return {
    ...renderItem(item, state.options),
    account: account === undefined ? null : nestedAccount(data, account),
    quantity: Number(item['quantity']),
    approved_quantity: Number(item['approved_quantity']),
    receivedPassQty: Number(item['receivedPassQty']),
    receivedFailQty: Number(item['receivedFailQty']),
    currency: currencySummary(data, item['currency']),
    pref_vendor: vendorNested(data, item['pref_vendor']),
    purchaser: userSummary(data, item['purchaser']),
    requester: userRef(data, order?.['user']),
    custom_fields: customFieldsOf(state, item),
    date_required: order?.['dateRequired'],
    order_status: order?.['status'],
    order_uuid: bare(order?.['uuid']),
    purchase_order_number: po['PO_Num'],
    purchase_order_uuid: po['uuid'],
    purchased_currency_rate: '1.000000',
    recurrence: null,
    attachments: [],
    taxes: [],
    approval_history: [],
    approved_total_cost: totalOf([{ price: textOf(item['price']), quantity: textOf(item['quantity']) }]),
  }
}

/** Custom fields come out here and nowhere before: the item list does not have them (section 6). */
function customFieldsOf(state: ProcurifyState, item: Row): Row[] {
  const sent = Array.isArray(item['_custom_fields']) ? (item['_custom_fields'] as unknown[]) : []
  return sent.map(membersOf).map((field, index) => ({
    id: Number(item['id']) * 100 + index,
    value: field['custom_field_value'],
    field: state.data['custom-fields'].find((row) => row['name'] === field['custom_field_name']) ?? null,
  }))
}

/** Pagination sits at the top level here, unlike everywhere else (section 2). */
function listReceipts(state: ProcurifyState): Handler<void> {
  return (call) => {
    const rows = applyFilters(state.data.receipts.visible(), call.query, { order_item: equals('order_item') })
    const { envelope, ...reply } = page(rows, (row) => renderReceipt(state, row), call, state.options)
    return envelope === undefined ? reply : { ...reply, envelope: membersOf(envelope['metadata']) }
  }
}

/** ReceiptItem. */
function renderReceipt(state: ProcurifyState, row: Row): Row {
  const { pass_quantity, fail_quantity, created_at } = row
  return {
    ...row,
    created_at: withOffset(created_at, state.options.utcOffsetMinutes),
    is_edited: false,
    created_by: userRef(state.data, row['created_by']),
    total_quantity: addQuantities(textOf(pass_quantity), textOf(fail_quantity)),
    received_at: textOf(created_at).slice(0, 10),
  }
}

const RECEIPT: Shape = {
  order_item: { check: integer, required: true },
  pass_quantity: { check: decimal(10, 5), required: true },
  fail_quantity: { check: decimal(10, 5), required: true },
}

/** Not idempotent: each call is goods received again. The answer is the bare object. */
function receive(state: ProcurifyState): Handler<void> {
  return (call) => {
    const given = membersOf(call.body)
    const problems = checkShape(given, RECEIPT)
    const { 'order-items': items, 'purchase-orders': pos, receipts } = state.data
    const item = items.get(textOf(given['order_item']))
    const po = pos.get(textOf(item?.['purchase_order']))
    if (problems.length === 0 && po === undefined) {
      problems.push({ path: ['order_item'], message: 'Not on a purchase order.', code: 'INVALID' })
    }
    if (item === undefined || po === undefined || problems.length > 0) return refuse(problems, state.options.errorStyle)
    const pass = withDecimals(textOf(given['pass_quantity']), 5)
    const fail = withDecimals(textOf(given['fail_quantity']), 5)
    const row = receipts.add({
      order_item: item['id'],
      pass_quantity: pass,
      fail_quantity: fail,
      created_by: state.ownerId,
    })
    // Over-receipt is not refused: nothing is documented, and people do it (section 11).
    const received = addQuantities(textOf(item['receivedPassQty']), pass)
    const isFull = isAtLeast(received, textOf(item['quantity']))
    const failed = addQuantities(textOf(item['receivedFailQty']), fail)
    items.edit(textOf(item['id']), { receivedPassQty: received, receivedFailQty: failed, status: isFull ? 3 : 5 })
    const allFull = itemsOf(state, po).every((line) => line['status'] === 3)
    pos.edit(textOf(po['procurify_PO']), { fulfilment_status: allFull ? 'full' : 'partial' })
    return {
      status: 201,
      json: renderReceipt(state, row),
      effect: { collection: 'receipts', id: textOf(row['id']), kind: 'create' },
    }
  }
}
