import { randomUUID } from 'node:crypto'
import { membersOf, textOf, type Handler, type Route, type Row } from './exchange.js'
import { checkShape, integer, list, refuse, text, type Shape } from './procurify-checks.js'
import { totalOf } from './decimals.js'
import {
  applyFilters,
  dayRange,
  equals,
  instantRange,
  notFound,
  one,
  page,
  withOffset,
  type Filter,
} from './procurify-page.js'
import type { ProcurifyState } from './procurify.js'
import { currencyFull, currencyRef, nestedAccount, userRef, userSummary, vendorNested } from './procurify-render.js'

const PATH = '/api/v3/ap/bills/'

/** Bills (procurify.md section 10): read only in the published API; the draft POST exists only by switch. */
export function billRoutes(state: ProcurifyState): Route<void>[] {
  return [
    { method: 'GET', path: PATH, handle: listBills(state) },
    { method: 'POST', path: PATH, handle: createDraft(state) },
    { method: 'GET', path: '/api/v2/ap/bills/:id/', handle: readBill(state) },
  ]
}

/** Bills carry the rights of the caller in their metadata (section 2). */
const PERMISSIONS = { can_edit: true, can_delete: false, can_approve: false }

/** There is no filter on status or on the invoice number; `vendor[]` may be repeated. */
function listBills(state: ProcurifyState): Handler<void> {
  return (call) => {
    const { options, data } = state
    const vendorIds = call.query.getAll('vendor[]')
    const filters: Record<string, Filter> = {
      ...Object.fromEntries(
        ['vendor', 'currency', 'creator', 'user', 'type', 'group'].map((name) => [name, equals(name)]),
      ),
      has_posting_date: (row, value) => (row['gl_post_date'] !== null) === (value.toLowerCase() === 'true'),
      search: (row, value) =>
        [row['invoice_number'], data.vendors.get(textOf(row['vendor']))?.['name']].some((cell) =>
          textOf(cell).toLowerCase().includes(value.toLowerCase()),
        ),
      ...instantRange('last_modified_datetime', 'last_modified_datetime'),
      ...dayRange('modified_date', 'last_modified_datetime', options),
      ...plainDays('invoice_date'),
      ...plainDays('due_date'),
      ...plainDays('gl_post_date'),
    }
    const all = data.bills.visible().reverse()
    const mine = vendorIds.length === 0 ? all : all.filter((row) => vendorIds.includes(textOf(row['vendor'])))
    const rows = applyFilters(mine, call.query, filters)
    return page(rows, (row) => renderListed(state, row), call, options, {
      permissions: PERMISSIONS,
      summary: summaryOf(rows),
    })
  }
}

/** Invoice dates are calendar days without a zone, both ends included. */
function plainDays(member: string): Record<string, Filter> {
  const dayOf = (row: Row): string => textOf(row[member])
  return {
    [`${member}_0`]: (row, value) => dayOf(row) !== '' && dayOf(row) >= value,
    [`${member}_1`]: (row, value) => dayOf(row) !== '' && dayOf(row) <= value,
  }
}

/** Sum over all pages, as JSON number; of no use once currencies are mixed, which it says itself. */
function summaryOf(rows: readonly Row[]): Row {
  return {
    has_multiple_currency: new Set(rows.map((row) => row['currency'])).size > 1,
    total_cost: rows.reduce((sum, row) => sum + Number(row['total_cost_with_tax']), 0),
  }
}

/** Members that lists leave out. */
const DETAIL_ONLY = ['note', 'payment_terms', '_items']

/** BillListItem: vendor without its external id, dates as calendar days, amounts as JSON numbers. */
function renderListed(state: ProcurifyState, row: Row): Row {
  const vendor = state.data.vendors.get(textOf(row['vendor']))
  return {
    ...Object.fromEntries(Object.entries(row).filter(([name]) => !DETAIL_ONLY.includes(name))),
    currency: currencyRef(state.data, row['currency']),
    vendor: vendor === undefined ? null : { id: vendor['id'], name: vendor['name'] },
    items: linesOf(row).map((line) => line['id']),
    user: userRef(state.data, row['user']),
    creator: userRef(state.data, row['creator']),
    invoice_total: row['total_cost_with_tax'],
    invoice_uuid: row['uuid'],
    invoice_created: false,
    past_due: false,
    approver: null,
    next_approver_choices: null,
  }
}

/** Lines live inside their bill; they have no list of their own here. */
function linesOf(row: Row): Row[] {
  return (row['_items'] as Row[] | undefined) ?? []
}

/** By uuid, with or without dashes; the number in the UI is no key. */
function readBill(state: ProcurifyState): Handler<void> {
  return (_call, _context, id) => {
    const wanted = id.replaceAll('-', '').toLowerCase()
    const row = state.data.bills.visible().find((bill) => textOf(bill['uuid']).replaceAll('-', '') === wanted)
    if (row === undefined) return notFound()
    return one(renderBill(state, row), 200, { permissions: PERMISSIONS, summary: summaryOf([row]) })
  }
}

/** Bill: whole vendor, costs, items with the PO and account they belong to, dates as instants of local midnight. */
function renderBill(state: ProcurifyState, row: Row): Row {
  const { data, options } = state
  const midnight = (date: unknown): unknown => (textOf(date) === '' ? null : `${textOf(date)}T00:00:00${offset}`)
  // Only the zone part of any instant written with the tenant's offset.
  const offset = textOf(withOffset('2000-01-01T00:00:00Z', options.utcOffsetMinutes)).slice(19)
  const net = totalOf(
    linesOf(row).map((line) => ({ price: textOf(line['unit_cost']), quantity: textOf(line['quantity']) })),
  )
  const currency = currencyFull(data, row['currency'])
  const vendor = vendorNested(data, row['vendor'])
  // A bill may be put together from several POs; each is named once.
  const pos = new Map(
    linesOf(row)
      .flatMap((line) => poOf(state, line))
      .map((po) => [po.id, po]),
  )
  return {
    ...row,
    user: userSummary(data, row['user']),
    creator: userSummary(data, row['creator']),
    vendor,
    currency,
    items: linesOf(row).map((line) => renderBillItem(state, row, line)),
    costs: [],
    invoice_attachments: [],
    bill_statuses: [
      {
        id: 1,
        user: userSummary(data, row['user']),
        date: row['last_modified_datetime'],
        status: row['status'],
        bill: row['id'],
      },
    ],
    comments: [],
    subtotal_cost: Number(net),
    total_cost: Number(net),
    tax_amount: row['tax_amount'] ?? 0,
    shipping_amount: row['shipping_amount'] ?? 0,
    converted_total_cost: row['total_cost_with_tax'],
    invoice_total: row['total_cost_with_tax'],
    invoice_uuid: row['uuid'],
    vendor_name: textOf(vendor?.['name']),
    invoice_date: midnight(row['invoice_date']),
    due_date: midnight(row['due_date']),
    gl_post_date: midnight(row['gl_post_date']),
    bill_payment: null,
    added_purchase_orders: [...pos.values()].map((po) => ({
      ...po,
      currency: textOf(currency?.['name']),
      total_amount: net,
    })),
    active: true,
  }
}

/** The PO a line was billed from, if any: none or one element. */
function poOf(state: ProcurifyState, line: Row): { id: number; number: string; uuid: string }[] {
  const po = state.data['purchase-orders'].get(textOf(line['po']))
  return po === undefined
    ? []
    : [{ id: Number(po['procurify_PO']), number: textOf(po['PO_Num']), uuid: textOf(po['uuid']) }]
}

/** BillItem: amounts are JSON numbers, while the allocation to an account repeats them as text. */
function renderBillItem(state: ProcurifyState, bill: Row, line: Row): Row {
  const account = state.data.accounts.get(textOf(line['account']))
  const price = textOf(line['unit_cost'])
  const quantity = textOf(line['quantity'])
  const amount = totalOf([{ price, quantity }])
  const currency = currencyFull(state.data, bill['currency'])
  return {
    id: line['id'],
    bill: bill['id'],
    orderitem: null,
    expense: null,
    creditcard_item: null,
    vendor: vendorNested(state.data, bill['vendor']),
    description: line['description'],
    po: poOf(state, line)[0] ?? null,
    unit: line['unit'] ?? 'ea',
    quantity,
    currency,
    unit_cost: Number(price),
    total_cost: Number(amount),
    total_cost_with_tax: Number(amount),
    cost_allocations:
      account === undefined ? [] : [{ id: line['id'], budget: nestedAccount(state.data, account), amount, currency }],
    custom_fields: [],
    type: 'order',
  }
}

/** Members a community tool found writable, and the lines of the old draft call; nothing here is documented. */
const DRAFT: Shape = {
  vendor: { check: integer, required: true },
  invoice_number: { check: text(50, 1), required: true },
  invoice_date: { check: text(40, 1), required: true },
  currency: { check: integer, required: true },
  due_date: { check: text(40), nullable: true },
  gl_post_date: { check: text(40), nullable: true },
  note: { check: text(5000) },
  items: { check: list },
}

/** Each line: `description`, `quantity`, `unit_cost` (decimal texts), `account` (id). A repeat is a second bill. */
function createDraft(state: ProcurifyState): Handler<void> {
  return (call) => {
    if (!state.options.draftBills) return { status: 405, json: { detail: 'Method "POST" not allowed.' } }
    const given = membersOf(call.body)
    const problems = checkShape(given, DRAFT)
    for (const [member, collection] of [
      ['vendor', 'vendors'],
      ['currency', 'currencies'],
    ] as const) {
      if (problems.length === 0 && state.data[collection].get(textOf(given[member])) === undefined) {
        problems.push({ path: [member], message: 'Object does not exist.', code: 'DOES_NOT_EXIST' })
      }
    }
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    const lines = (Array.isArray(given['items']) ? (given['items'] as unknown[]) : []).map(membersOf)
    const id = state.data.bills.size + 1
    const row = state.data.bills.add(
      billRow({
        ...Object.fromEntries(Object.keys(DRAFT).map((name) => [name, given[name] ?? null])),
        id,
        uuid: randomUUID(),
        invoice_date: textOf(given['invoice_date']).slice(0, 10),
        user: state.ownerId,
        creator: state.ownerId,
        items: lines,
      }),
      { hiddenForMs: state.options.hiddenForMs },
    )
    return {
      ...one(renderBill(state, row), 201),
      effect: { collection: 'bills', id: textOf(row['uuid']), kind: 'create' },
    }
  }
}

/** A bill as stored. `items` are its lines; the total is theirs unless it is given (tax, rounding, freight). */
export function billRow(given: Row): Row {
  const { items, ...own } = given
  const lines = ((items as Row[] | undefined) ?? []).map((line, index): Row => ({
    id: Number(given['id']) * 1000 + index,
    ...line,
  }))
  const total = totalOf(lines.map((line) => ({ price: textOf(line['unit_cost']), quantity: textOf(line['quantity']) })))
  return {
    status: 0,
    version: 1,
    locked: false,
    type: 0,
    group: null,
    due_date: null,
    gl_post_date: null,
    submitted_date: null,
    payment_terms: '',
    note: '',
    total_cost_with_tax: Number(total),
    ...own,
    _items: lines,
  }
}
