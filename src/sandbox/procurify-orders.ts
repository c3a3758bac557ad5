import { publicRow } from './collection.js'
import { textOf, type Handler, type Route, type Row } from './exchange.js'
import { totalOf } from './decimals.js'
import {
  anyOf,
  applyFilters,
  contains,
  dayRange,
  equals,
  isTrue,
  page,
  withOffset,
  type Filter,
} from './procurify-page.js'
import type { ProcurifyOptions, ProcurifyState } from './procurify.js'
import { currencySummary, departmentSummary, renderLocation, userSummary } from './procurify-render.js'

/** Requisitions after submission, and their lines (procurify.md section 7). Read only, newest first. */
export function orderRoutes(state: ProcurifyState): Route<void>[] {
  const items = listItems(state)
  return [
    { method: 'GET', path: '/api/v2/global/orders/', handle: listOrders(state) },
    { method: 'GET', path: '/api/v3/order-items/', handle: items },
    { method: 'GET', path: '/api/v2/global/order_items/', handle: items },
  ]
}

/** No filter knows the uuid: to find a requisition by it, a client narrows by requester and day (section 6). */
function listOrders(state: ProcurifyState): Handler<void> {
  return (call) => {
    const { options, lifecycle, data } = state
    const hasItem = (order: Row, test: (item: Row) => boolean): boolean => lifecycle.itemsOf(order).some(test)
    const filters: Record<string, Filter> = {
      branch: equals('branch'),
      location: equals('branch'),
      department: equals('department'),
      requester: equals('user'),
      order: equals('num'),
      status: equals('status'),
      search: (order, value) =>
        order['num'] === Number(value) || hasItem(order, (item) => textOf(item['name']).includes(value)),
      pref_vendor: (order, value) => hasItem(order, (item) => String(item['pref_vendor']) === value),
      account_code: (order, value) => hasItem(order, (item) => codeOf(state, item) === value),
      ...dayRange('date', 'date', options),
      ...dayRange('modified_date', 'dateModified', options),
      ...dayRange('required_date', 'dateRequired', options),
    }
    const rows = applyFilters(data.orders.visible().reverse(), call.query, filters)
    return page(rows, (row) => renderOrder(state, row), call, options)
  }
}

/** Id of the account code a line is charged to. */
function codeOf(state: ProcurifyState, item: Row): string {
  return String(state.data.accounts.get(String(item['account']))?.['account_code'])
}

/** Order: no lines and no custom fields, dates with the tenant's offset. */
function renderOrder(state: ProcurifyState, row: Row): Row {
  const { data, options } = state
  const items = state.lifecycle.itemsOf(row)
  const total = totalOf(items.map((item) => ({ price: textOf(item['price']), quantity: textOf(item['quantity']) })))
  const location = data.locations.get(textOf(row['branch']))
  const department = data.departments.get(textOf(row['department']))
  const user = userSummary(data, row['user'])
  const logs = (row['_logs'] as Row[] | undefined) ?? []
  return {
    ...row,
    branch: location === undefined ? null : { ...renderLocation(data, location), localCurrency: location['currency'] },
    user,
    department: department === undefined ? null : departmentSummary(data, department),
    currency: currencySummary(data, row['currency']),
    total_cost_in_base_currency: Number(total),
    logs: logs.map((log, id) => ({
      id,
      user,
      next_approver: null,
      nextApprover: null,
      approval_delegation: null,
      ...log,
    })),
    item_count: items.length,
    ip_address: null,
    description: null,
    date: withOffset(row['date'], options.utcOffsetMinutes),
    dateRequired: withOffset(row['dateRequired'], options.utcOffsetMinutes),
    dateModified: withOffset(row['dateModified'], options.utcOffsetMinutes),
    lineCount: items.length,
    purchasedCount: items.filter((item) => item['purchase_order'] !== null).length,
    totalPrice: total,
    next_approver: null,
    next_approvers: [],
    approval_delegatee: null,
    punchout_group: null,
    punchout_items_rejected: false,
    has_blanket_order_items: false,
  }
}

/** The list in which a client looks for its own lines; both addresses answer the same. */
function listItems(state: ProcurifyState): Handler<void> {
  const filters = itemFilters(state)
  return (call) => {
    const rows = applyFilters(state.data['order-items'].visible().reverse(), call.query, filters)
    return page(rows, (row) => renderItem(row, state.options), call, state.options)
  }
}

/** `name` is exact; many filters are about the order, the account or the PO of a line, so they look through to it. */
function itemFilters(state: ProcurifyState): Record<string, Filter> {
  const { orders, accounts, 'purchase-orders': pos } = state.data
  const through = (find: (item: Row) => Row | undefined, test: Filter): Filter => {
    return (item, value) => {
      const row = find(item)
      return row !== undefined && test(row, value)
    }
  }
  const ofOrder = (test: Filter): Filter => through((item) => orders.get(textOf(item['orderNum'])), test)
  const ofAccount = (test: Filter): Filter => through((item) => accounts.get(textOf(item['account'])), test)
  const ofPo = (test: Filter): Filter => through((item) => pos.get(textOf(item['purchase_order'])), test)
  const dates = (name: string, member: string, of: (test: Filter) => Filter): Record<string, Filter> =>
    Object.fromEntries(Object.entries(dayRange(name, member, state.options)).map(([param, test]) => [param, of(test)]))
  const ofItem = (test: Filter): Filter => test
  return {
    ...Object.fromEntries(
      [
        'account',
        'currency',
        'lineComment',
        'name',
        'num',
        'orderNum',
        'pref_vendor',
        'purchaser',
        'sku',
        'status',
      ].map((member) => [member, equals(member)]),
    ),
    type: equals('type'),
    unit: equals('unit'),
    active: isTrue('active'),
    exclude: (item, value) => !value.split(',').includes(String(item['id'])),
    is_purchased: (item, value) => (item['purchase_order'] !== null) === (value.toLowerCase() === 'true'),
    search: contains('name', 'num', 'vendor'),
    requester: ofOrder(equals('user')),
    orderNum__status: ofOrder(equals('status')),
    branch: ofOrder(equals('branch')),
    location: ofOrder(equals('branch')),
    locations: ofOrder(anyOf('branch')),
    department: ofOrder(equals('department')),
    departments: ofOrder(anyOf('department')),
    account_code: ofAccount(equals('account_code')),
    po_vendor: ofPo(equals('pref_vendor')),
    ...dates('order_created_date', 'date', ofOrder),
    ...dates('last_modified', 'last_modified', ofItem),
    ...dates('approved_datetime', 'approved_datetime', ofItem),
    ...dates('purchased_date', '_purchased_at', ofItem),
    ...dates('po_created_date', 'date', ofPo),
  }
}

/** Dates of an item that are written with the tenant's offset. */
const ITEM_DATES = ['created_at', 'last_modified', 'approved_datetime'] as const

/** OrderItem, as listed: references are ids; custom fields and the order's uuid are not part of it. */
export function renderItem(row: Row, options: ProcurifyOptions): Row {
  const dates = ITEM_DATES.map((name) => [name, withOffset(row[name], options.utcOffsetMinutes)] as const)
  const { price, quantity } = row
  return {
    ...publicRow(row),
    ...Object.fromEntries(dates),
    updated_at: withOffset(row['last_modified'], options.utcOffsetMinutes),
    total_cost: totalOf([{ price: textOf(price), quantity: textOf(quantity) }]),
    blanket: { price, quantity: null, amount: null },
  }
}
