import { membersOf, type Handler, type Reply, type Route, type Row } from './exchange.js'
import {
  checkShape,
  decimal,
  emails,
  flag,
  integer,
  object,
  oneOf,
  refuse,
  text,
  type Problem,
  type Shape,
} from './procurify-checks.js'
import { applyFilters, contains, equals, notFound, one, page, type Filter } from './procurify-page.js'
import type { ProcurifyState } from './procurify.js'

/** The single system vendor that holds free-text names. */
export const OTHER_TYPE = 1

const PATH = '/api/v3/vendors/'

/** Vendor endpoints (procurify.md section 4), the bare list and the grouped ones a community tool uses. */
export function vendorRoutes(state: ProcurifyState): Route<void>[] {
  return [
    { method: 'GET', path: PATH, handle: (call) => list(state, call, bareList(state)) },
    { method: 'POST', path: PATH, handle: create(state) },
    ...Object.entries(GROUPS).map(([group, isMember]) => ({
      method: 'GET',
      path: `${PATH}${group}/`,
      handle: ((call) => list(state, call, isMember)) satisfies Handler<void>,
    })),
    { method: 'GET', path: `${PATH}:id/`, handle: read(state) },
    { method: 'PUT', path: `${PATH}:id/`, handle: write(state, 'PUT') },
    { method: 'PATCH', path: `${PATH}:id/`, handle: write(state, 'PATCH') },
  ]
}

/** Whether inactive vendors are in the bare list is undocumented, hence an option. */
function bareList(state: ProcurifyState): (row: Row) => boolean {
  return (row) => state.options.listInactive || row['active'] === true
}

/** Active, and of one of these types. */
const isActive = (row: Row, ...types: readonly number[]): boolean =>
  row['active'] === true && types.includes(Number(row['type']))

/** Last word of a grouped path, and who is in it. */
const GROUPS: Readonly<Record<string, (row: Row) => boolean>> = {
  all: () => true,
  default: (row) => isActive(row, 3),
  preferred: (row) => isActive(row, 3),
  purchasable: (row) => isActive(row, 3, 4),
  requestable: (row) => isActive(row, OTHER_TYPE, 3),
  other: (row) => isActive(row, OTHER_TYPE),
  credit_card_providers: (row) => isActive(row, 6),
}

/** Words of `type__in`, by type number. */
const TYPE_WORDS = ['', 'other', 'amazon_punchout', 'preferred', 'regular', 'employee', 'cc_provider', 'checkout']

/** No filter on change date or active flag exists (section 4): finding changes means reading all. */
const FILTERS: Record<string, Filter> = {
  external_id: equals('external_id'),
  name: equals('name'),
  search: contains('name', 'external_id', 'contact'),
  type: equals('type'),
  type__in: (row, value) => value.split(',').includes(TYPE_WORDS[Number(row['type'])] ?? ''),
  exclude_other: (row, value) => value.toLowerCase() !== 'true' || row['type'] !== OTHER_TYPE,
}

/** Stored order, in which the OTHER vendor comes first. */
function list(state: ProcurifyState, call: Parameters<Handler<void>>[0], isMember: (row: Row) => boolean): Reply {
  const rows = applyFilters(state.data.vendors.visible().filter(isMember), call.query, FILTERS)
  return page(rows, (row) => row, call, state.options)
}

/** One vendor by its number. */
function read(state: ProcurifyState): Handler<void> {
  return (_call, _context, id) => {
    const row = state.data.vendors.getVisible(id)
    return row === undefined ? notFound() : one({ ...detail(row), performance: null })
  }
}

/** Members and limits of VendorCreate in procurify.openapi.yaml; only types 2, 3, 4, 6 and 7 can be written. */
const VENDOR: Shape = {
  name: { check: text(150, 1), required: true },
  type: { check: oneOf(2, 3, 4, 6, 7), required: true },
  email: { check: emails, required: true },
  overall_score: { check: decimal(2, 3), required: true, nullable: true },
  active: { check: flag },
  addressLineOne: { check: text(300), nullable: true },
  addressLineTwo: { check: text(300), nullable: true },
  postalCode: { check: text(20), nullable: true },
  city: { check: text(50), nullable: true },
  state_province: { check: text(40), nullable: true },
  country: { check: text(80), nullable: true },
  phoneOne: { check: text(20), nullable: true },
  phoneTwo: { check: text(20), nullable: true },
  fax: { check: text(20), nullable: true },
  comments: { check: text(10_000), nullable: true },
  contact: { check: text(50), nullable: true },
  url: { check: text(200), nullable: true },
  external_id: { check: text(100), nullable: true },
  currency: { check: integer, nullable: true },
  tax: { check: integer, nullable: true },
  payment_term_ref: { check: object, nullable: true },
  shipping_term_ref: { check: object, nullable: true },
  payment_method_ref: { check: object, nullable: true },
  shipping_method_ref: { check: object, nullable: true },
  default_payment_method: { check: integer, nullable: true },
  is_1099_eligible: { check: flag, nullable: true },
  is_auto_email_po_enabled: { check: flag },
  po_pdf_labels: { check: text(200) },
  email_configurations: { check: object },
}

/** A vendor with every member of the list shape; what is not given has the value of a fresh one. */
export function vendorRow(given: Row): Row {
  return {
    name: '',
    active: true,
    addressLineOne: null,
    addressLineTwo: null,
    postalCode: null,
    city: null,
    state_province: null,
    country: null,
    phoneOne: null,
    phoneTwo: null,
    fax: null,
    email: [],
    comments: null,
    contact: null,
    url: null,
    external_id: null,
    currency: null,
    payment_term_ref: null,
    shipping_term_ref: null,
    payment_method_ref: null,
    shipping_method_ref: null,
    payment_methods: [],
    tax: null,
    type: 3,
    default_payment_method: null,
    creditcards: [],
    is_1099_eligible: null,
    overall_score: null,
    is_auto_email_po_enabled: false,
    po_pdf_labels: '',
    email_configurations: {},
    ...given,
  }
}

/** A vendor is always new: nothing recognises a repeated call unless the tenant insists on unique names. */
function create(state: ProcurifyState): Handler<void> {
  return (call) => {
    const given = writable(call.body)
    const problems = [...checkShape(call.body, VENDOR), ...storedProblems(state, given, undefined)]
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    const row = state.data.vendors.add(vendorRow({ id: state.data.vendors.nextId(), ...given }), {
      hiddenForMs: state.options.hiddenForMs,
    })
    return {
      ...one({ ...detail(row), performance: null }, 201),
      effect: { collection: 'vendors', id: String(row['id']), kind: 'create' },
    }
  }
}

/** An empty PATCH is a write too: it moves `dateModified` (section 4). Hidden vendors can be written by id. */
function write(state: ProcurifyState, method: 'PUT' | 'PATCH'): Handler<void> {
  return (call, _context, id) => {
    const row = state.data.vendors.get(id)
    if (row === undefined) return notFound()
    const given = writable(call.body)
    const problems = [
      ...checkShape(call.body, VENDOR, { partial: method === 'PATCH' }),
      ...storedProblems(state, given, row),
    ]
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    state.data.vendors.edit(id, given)
    const answer = method === 'PUT' ? afterPut(row) : row
    return { ...one(answer), effect: { collection: 'vendors', id: String(row['id']), kind: 'update' } }
  }
}

/** Only members that the contract lists: ids, dates and unknown members of a body change nothing. */
function writable(body: unknown): Row {
  return Object.fromEntries(Object.entries(membersOf(body)).filter(([name]) => name in VENDOR))
}

/** What depends on stored data: an existing currency, and uniqueness where the switches ask for it. */
function storedProblems(state: ProcurifyState, given: Row, self: Row | undefined): Problem[] {
  const problems: Problem[] = []
  // Inactive ones do not count: deleted vendors keep their name (section 4).
  const isTaken = (member: string): boolean =>
    typeof given[member] === 'string' &&
    state.data.vendors.find((row) => row !== self && row['active'] === true && row[member] === given[member]) !==
      undefined
  const { currency, email } = given
  if (typeof currency === 'number' && state.data.currencies.get(currency) === undefined) {
    problems.push({
      path: ['currency'],
      message: `Invalid pk "${currency}" - object does not exist.`,
      code: 'DOES_NOT_EXIST',
    })
  }
  if (state.options.uniqueVendorNames && isTaken('name')) {
    problems.push({ path: ['name'], message: 'Vendor with this name already exists.', code: 'VENDOR_NAME_EXISTS' })
  }
  if (state.options.uniqueExternalIds && isTaken('external_id')) {
    problems.push({ path: ['external_id'], message: 'This external id is in use.', code: 'EXTERNAL_ID_EXISTS' })
  }
  if (!state.options.emptyVendorEmail && Array.isArray(email) && email.length === 0) {
    problems.push({ path: ['email'], message: 'This list may not be empty.', code: 'EMPTY' })
  }
  return problems
}

/** As answered to GET by id and POST: the score is a number here, a text in lists. */
function detail(row: Row): Row {
  const score = row['overall_score']
  return { ...row, overall_score: typeof score === 'string' ? Number(score) : null }
}

/** As answered to PUT: terms are bare ids here, objects elsewhere. */
function afterPut(row: Row): Row {
  const terms = ['payment_term_ref', 'shipping_term_ref', 'payment_method_ref', 'shipping_method_ref']
  return { ...detail(row), ...Object.fromEntries(terms.map((name) => [name, membersOf(row[name])['id'] ?? null])) }
}
