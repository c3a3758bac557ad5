import { randomUUID } from 'node:crypto'
import { membersOf, textOf, type Handler, type Reply, type Route, type Row } from './exchange.js'
import { checkShape, day, decimal, list, refuse, text, type Problem, type Shape } from './procurify-checks.js'
import { withDecimals } from './decimals.js'
import { one } from './procurify-page.js'
import type { ProcurifyState } from './procurify.js'
import { OTHER_TYPE } from './procurify-vendors.js'

/** Creation of requisitions (procurify.md section 5): the one way to put demand in, and it cannot be undone. */
export function requisitionRoutes(state: ProcurifyState): Route<void>[] {
  return [{ method: 'POST', path: '/api/v3/requisitions/', handle: create(state) }]
}

/** RequisitionCreate. Names have no maximum there; these limits only keep nonsense out. */
const REQUISITION: Shape = {
  required_date: { check: day, required: true },
  location_name: { check: text(1000, 1), required: true },
  department_name: { check: text(1000, 1), required: true },
  line_items: { check: list, required: true },
}

/** RequisitionLine: amounts are texts, all members are required, even an empty list of custom fields. */
const LINE: Shape = {
  item_name: { check: text(255, 1), required: true },
  vendor_name: { check: text(1000, 1), required: true },
  account_code: { check: text(1000, 1), required: true },
  unit_price: { check: decimal(13, 8), required: true },
  quantity: { check: decimal(10, 5), required: true },
  unit: { check: text(30, 1), required: true },
  currency_code: { check: text(1000, 1), required: true },
  custom_fields: { check: list, required: true },
}

/** RequisitionCustomField: the value is a text whatever the type of the field. */
const CUSTOM_FIELD: Shape = {
  custom_field_name: { check: text(1000, 1), required: true },
  custom_field_value: { check: text(5000, 1), required: true },
}

/** A line with its names looked up. */
interface ResolvedLine {
  readonly given: Row
  readonly vendor: Row
  readonly account: Row
  readonly currency: Row
}

function create(state: ProcurifyState): Handler<void> {
  return (call) => submitRequisition(state, call.body, { uuid: randomUUID(), userId: state.ownerId })
}

/**
 * Stores a requisition of a user as pending, or answers the 400. The answer holds only the uuid, and a repeated call is
 * a second requisition. All names are exact, case included; a department is meant together with its location.
 */
export function submitRequisition(
  state: ProcurifyState,
  body: unknown,
  by: { readonly uuid: string; readonly userId: number },
): Reply {
  const given = membersOf(body)
  const lines = (Array.isArray(given['line_items']) ? (given['line_items'] as unknown[]) : []).map(membersOf)
  // Form first, names second: a name of the wrong type cannot be looked up.
  const malformed = [...checkShape(given, REQUISITION), ...lines.flatMap(lineProblems)]
  if (Array.isArray(given['line_items']) && lines.length === 0) {
    malformed.push({ path: ['line_items'], message: 'This list may not be empty.', code: 'EMPTY' })
  }
  if (malformed.length > 0) return refuse(malformed, state.options.errorStyle)

  const problems: Problem[] = []
  const place = resolvePlace(state, given, problems)
  const resolved = lines.map((line, index) => resolveLine(state, line, index, place?.department, problems))
  if (problems.length > 0 || place === undefined) return refuse(problems, state.options.errorStyle)
  const found = resolved.filter((line) => line !== undefined)
  store(state, { ...by, requiredDate: textOf(given['required_date']), place, lines: found })
  return { ...one({ uuid: by.uuid }, 201), effect: { collection: 'requisitions', id: by.uuid, kind: 'create' } }
}

/** What is wrong with the form of a line, before any name is looked up. */
function lineProblems(line: Row, index: number): Problem[] {
  const at = ['line_items', index]
  const fields = Array.isArray(line['custom_fields']) ? (line['custom_fields'] as unknown[]) : []
  return [
    ...checkShape(line, LINE, { at }),
    ...fields.flatMap((field) => checkShape(field, CUSTOM_FIELD, { at: [...at, 'custom_fields'] })),
  ]
}

/** Where a requisition is for. */
interface Place {
  readonly location: Row
  readonly department: Row
}

/** Department names repeat across locations, so the location comes first (section 5). */
function resolvePlace(state: ProcurifyState, given: Row, problems: Problem[]): Place | undefined {
  const location = state.data.locations.find((row) => row['name'] === given['location_name'] && row['active'] === true)
  if (location === undefined) {
    problems.push(unknownName(['location_name'], 'Location', given['location_name']))
    return undefined
  }
  const department = state.data.departments.find(
    (row) => row['name'] === given['department_name'] && row['branch'] === location['id'] && row['active'] === true,
  )
  if (department === undefined) {
    problems.push(unknownName(['department_name'], 'Department', given['department_name']))
    return undefined
  }
  return { location, department }
}

/** Every wrong name of a line is reported, with the line's position in the path. */
function resolveLine(
  state: ProcurifyState,
  line: Row,
  index: number,
  department: Row | undefined,
  problems: Problem[],
): ResolvedLine | undefined {
  const at = (member: string): Problem['path'] => ['line_items', index, member]
  const vendor = resolveVendor(state, line['vendor_name'])
  if (vendor === undefined) problems.push(unknownName(at('vendor_name'), 'Vendor', line['vendor_name']))
  const currency = state.data.currencies.find((row) => row['name'] === line['currency_code'] && row['active'] === true)
  if (currency === undefined) problems.push(unknownName(at('currency_code'), 'Currency', line['currency_code']))
  const code = state.data['account-codes'].find((row) => row['code'] === line['account_code'] && row['active'] === true)
  if (code === undefined) problems.push(unknownName(at('account_code'), 'Account code', line['account_code']))
  // Code and department meet in an account; without one the line cannot be charged (section 5).
  const account =
    code &&
    state.data.accounts
      .where('account_code', code['id'])
      .find((row) => row['department'] === department?.['id'] && row['active'] === true)
  if (code !== undefined && department !== undefined && account === undefined) {
    const message = `Account code "${textOf(code['code'])}" is not linked to the department.`
    problems.push({ path: at('account_code'), message, code: 'ACCOUNT_NOT_LINKED' })
  }
  problems.push(...customFieldProblems(state, line, index))
  if (vendor === undefined || currency === undefined || account === undefined) return undefined
  return { given: line, vendor, account, currency }
}

/** Only what is offered to requesters: active vendors of type 3, and OTHER. Of two with one name the older wins. */
function resolveVendor(state: ProcurifyState, name: unknown): Row | undefined {
  const { vendors } = state.data
  const named = vendors.find(
    (row) => row['name'] === name && row['active'] === true && (row['type'] === 3 || row['type'] === OTHER_TYPE),
  )
  if (named !== undefined || state.options.unknownVendor === 'refuse') return named
  return vendors.find((row) => row['type'] === OTHER_TYPE)
}

/** Fields are found by name, and only active ones; a mandatory one must be on every line (section 9). */
function customFieldProblems(state: ProcurifyState, line: Row, index: number): Problem[] {
  const sent = (line['custom_fields'] as unknown[]).map((field) => membersOf(field)['custom_field_name'])
  const known = state.data['custom-fields'].all().filter((field) => field['is_active'] === true)
  const path = ['line_items', index, 'custom_fields']
  return [
    ...sent
      .filter((name) => !known.some((field) => field['name'] === name))
      .map((name) => unknownName(path, 'Custom field', name)),
    ...known
      .filter((field) => field['is_required'] === true && !sent.includes(field['name']))
      .map((field) => ({ path, message: `"${textOf(field['name'])}" is required.`, code: 'REQUIRED' })),
  ]
}

/** A name that leads nowhere; the value is repeated, as it is what a person must correct. */
function unknownName(path: Problem['path'], what: string, name: unknown): Problem {
  return { path, message: `${what} "${textOf(name)}" does not exist.`, code: 'DOES_NOT_EXIST' }
}

/** A checked requisition, ready to be stored. */
interface Submission {
  readonly uuid: string
  readonly userId: number
  readonly requiredDate: string
  readonly place: Place
  readonly lines: readonly ResolvedLine[]
}

/** The order and its items, pending; both may stay hidden for a while. */
function store(state: ProcurifyState, { uuid, userId, requiredDate, place, lines }: Submission): void {
  const { orders, 'order-items': items } = state.data
  const hidden = { hiddenForMs: state.options.hiddenForMs }
  const date = state.timestamp()
  const order = orders.add(
    {
      num: orders.nextId(),
      uuid,
      branch: place.location['id'],
      department: place.department['id'],
      user: userId,
      currency: lines[0]?.currency['id'],
      date,
      dateRequired: `${requiredDate}T00:00:00Z`,
      status: 0,
      denial_reason: null,
      denial_comment: null,
      _logs: [{ action: 0, dateTime: date }],
    },
    hidden,
  )
  lines.forEach((line, index) => items.add(itemRow(line, index, order), hidden))
}

/** Members of a listed order item that are not about this line: those of a fresh one. */
const FRESH_ITEM: Row = {
  PO: [],
  PO_line_num: 0,
  active: true,
  approved_currency_rate: null,
  approved_datetime: null,
  approved_price: null,
  approved_quantity: null,
  attachments: '',
  catalog_item: null,
  dateInvoiced: null,
  external_id: '',
  hot: false,
  is_active: true,
  item_attachments: [],
  lineComment: null,
  po_note: '',
  po_version: 0,
  purchase_order: null,
  purchaser: null,
  receive_method: 0,
  receivedFailQty: '0.00000',
  receivedPassQty: '0.00000',
  shipping_amount: null,
  sku: '',
  // Not spelled out while approval is pending (contract section 5).
  status: null,
  tax_amount: null,
  type: 0,
}

function itemRow({ given, vendor, account, currency }: ResolvedLine, index: number, order: Row): Row {
  const isOther = vendor['type'] === OTHER_TYPE
  return {
    ...FRESH_ITEM,
    name: given['item_name'],
    num: `${textOf(order['num'])}-${index + 1}`,
    orderNum: order['num'],
    order_number: order['num'],
    pref_vendor: vendor['id'],
    // The free text of OTHER holds a hundred characters only (contract section 5).
    vendor: isOther ? textOf(given['vendor_name']).slice(0, 100) : vendor['name'],
    account: account['id'],
    accountCode: given['account_code'],
    currency: currency['id'],
    price: withDecimals(textOf(given['unit_price']), 8),
    quantity: withDecimals(textOf(given['quantity']), 5),
    unit: given['unit'],
    created_at: order['date'],
    last_modified: order['date'],
    _custom_fields: given['custom_fields'],
  }
}
