import { membersOf, type Handler, type Reply, type Route, type Row } from './exchange.js'
import { checkShape, flag, integer, integers, list, object, oneOf, refuse, text } from './procurify-checks.js'
import type { Problem, Shape } from './procurify-checks.js'
import { anyOf, applyFilters, contains, equals, isTrue, notFound, one, page, type Filter } from './procurify-page.js'
import type { ProcurifyData, ProcurifyState } from './procurify.js'
import { accountBudget, renderDepartment, renderLocation, renderUser, userSummary } from './procurify-render.js'

/** Users, currencies, locations, departments, account codes, accounts and custom fields (procurify.md section 9). */
export function referenceRoutes(state: ProcurifyState): Route<void>[] {
  const get = (path: string, handle: Handler<void>): Route<void> => ({ method: 'GET', path, handle })
  const post = (path: string, handle: Handler<void>): Route<void> => ({ method: 'POST', path, handle })
  const put = (path: string, handle: Handler<void>): Route<void> => ({ method: 'PUT', path, handle })
  return [
    get(
      '/api/v3/users/',
      listOf(state, 'users', USER_FILTERS, (row) => renderUser(state.data, row)),
    ),
    get('/api/v3/users/me/', () => one(renderMe(state))),
    get(
      '/api/v2/currencies/',
      listOf(state, 'currencies', CURRENCY_FILTERS, (row) => row),
    ),
    get(
      '/api/v2/locations/',
      listOf(state, 'locations', LOCATION_FILTERS, (row) => renderLocation(state.data, row)),
    ),
    post('/api/v2/locations/', createLocation(state)),
    get('/api/v2/locations/:id/', (_call, _context, id) => {
      const row = state.data.locations.getVisible(id)
      return row === undefined ? notFound() : one(renderLocation(state.data, row))
    }),
    get(
      '/api/v3/departments/',
      listOf(state, 'departments', DEPARTMENT_FILTERS, (row) => renderDepartment(state.data, row)),
    ),
    post('/api/v3/departments/', writeDepartment(state)),
    put('/api/v3/departments/:id/', writeDepartment(state)),
    get(
      '/api/v3/account-codes/',
      listOf(state, 'account-codes', CODE_FILTERS, (row) => renderCode(state.data, row)),
    ),
    post('/api/v3/account-codes/', createCode(state)),
    put('/api/v3/account-codes/:id/', updateCode(state)),
    get('/api/v3/accounts/', listAccounts(state)),
    get(
      '/api/v3/custom-fields/order-items/',
      listOf(state, 'custom-fields', FIELD_FILTERS, (row) => row),
    ),
  ]
}

const USER_FILTERS: Record<string, Filter> = {
  is_active: isTrue('is_active'),
  search: contains('firstName', 'lastName', 'email'),
}
const CURRENCY_FILTERS: Record<string, Filter> = {
  active: isTrue('active'),
  base: isTrue('base'),
  name: equals('name'),
  search: contains('name', 'description'),
}
const LOCATION_FILTERS: Record<string, Filter> = {
  active: isTrue('active'),
  headquarter: isTrue('headquarter'),
  search: contains('name'),
}
const DEPARTMENT_FILTERS: Record<string, Filter> = {
  branch: equals('branch'),
  locations: anyOf('branch'),
  search: contains('name'),
}
const CODE_FILTERS: Record<string, Filter> = {
  active: isTrue('active'),
  code: equals('code'),
  search: contains('code', 'description'),
}
const FIELD_FILTERS: Record<string, Filter> = {
  field_type: equals('field_type'),
  meta__is_active: isTrue('is_active'),
}

/** A paged list of one collection; parameters without a filter here are ignored. */
function listOf(
  state: ProcurifyState,
  name: keyof ProcurifyData,
  filters: Record<string, Filter>,
  render: (row: Row) => Row,
): Handler<void> {
  return (call) => page(applyFilters(state.data[name].visible(), call.query, filters), render, call, state.options)
}

/** Filters by location need the department of each account, so they look through to it. */
function listAccounts(state: ProcurifyState): Handler<void> {
  const filters: Record<string, Filter> = {
    id: equals('id'),
    account_code: anyOf('account_code'),
    department: equals('department'),
    departments: anyOf('department'),
    active: isTrue('active'),
    locations: (row, value) =>
      value.split(',').includes(String(state.data.departments.get(String(row['department']))?.['branch'])),
  }
  return listOf(state, 'accounts', filters, (row) => renderAccount(state.data, row))
}

/** Account: as nested elsewhere, but with code and department in full and all amounts as texts. */
function renderAccount(data: ProcurifyData, row: Row): Row {
  const code = data['account-codes'].get(String(row['account_code']))
  const department = data.departments.get(String(row['department']))
  return {
    ...accountBudget(row),
    id: row['id'],
    account_code: code === undefined ? null : renderCode(data, code),
    department: department === undefined ? null : renderDepartment(data, department),
    budget_used_approved: '0.00',
    budget_used_purchased: '0.00',
  }
}

/** AccountCode; the count says how many departments may use it. */
function renderCode(data: ProcurifyData, row: Row): Row {
  const code = String(row['code'])
  return {
    ...row,
    code_length: code.length,
    applied_accounts_count: data.accounts.where('account_code', row['id']).length,
  }
}

/** The caller. `id` (profile) and `user` (account behind it) differ; requester filters want `id`. */
function renderMe(state: ProcurifyState): Row {
  const owner = state.owner
  return {
    ...userSummary(state.data, owner['id']),
    uuid: owner['_uuid'] ?? null,
    approval_delegatee: null,
    domains: { active: true, procurify_domains: [{ subdomain: 'sandbox', name: 'Sandbox tenant' }] },
    systemaccess_cache: { flattened: ['create_order', 'manage_vendors', 'view_all_orders'] },
    is_approval_delegatee: false,
    pending_invite: false,
    role: owner['_role'] ?? 7,
  }
}

/** AddressWrite. */
const ADDRESS: Shape = {
  name: { check: text(150), required: true },
  addressLineOne: { check: text(300), required: true },
  city: { check: text(50), required: true },
  postalCode: { check: text(20), required: true },
  country: { check: text(80), required: true },
  state_province: { check: text(40) },
}

/** LocationCreate; the currency is taken to be its code, as its type suggests. */
const LOCATION: Shape = {
  name: { check: text(150, 1), required: true },
  currency: { check: text(10, 1), required: true },
  phoneOne: { check: text(20), required: true },
  primary_billing_address: { check: object, required: true },
  primary_shipping_address: { check: object, required: true },
  shipping_addresses: { check: list, required: true },
  email: { check: text(254), nullable: true },
  external_id: { check: text(100), nullable: true },
  active: { check: flag },
}

/** Locations can be made but not changed: there is no PUT (section 9). */
function createLocation(state: ProcurifyState): Handler<void> {
  return (call) => {
    const given = membersOf(call.body)
    const problems = [
      ...checkShape(given, LOCATION),
      ...['primary_billing_address', 'primary_shipping_address'].flatMap((name) =>
        checkShape(given[name], ADDRESS, { at: [name] }),
      ),
      ...nameTaken(state.data.locations.find((row) => row['name'] === given['name'])),
    ]
    const currency = state.data.currencies.find((row) => row['name'] === given['currency'])
    if (currency === undefined) problems.push(doesNotExist('currency', given['currency']))
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    const row = state.data.locations.add(
      { ...LOCATION_DEFAULTS, ...pick(given, LOCATION), currency: currency?.['id'] },
      { hiddenForMs: state.options.hiddenForMs },
    )
    return created('locations', row, renderLocation(state.data, row))
  }
}

/** What a location has when the body does not say. */
const LOCATION_DEFAULTS: Row = { active: true, headquarter: false, external_id: null, locationTimezone: null }

/** DepartmentWrite. */
const DEPARTMENT: Shape = {
  branch: { check: integer, required: true },
  name: { check: text(150, 1), required: true },
  external_id: { check: text(100), nullable: true },
  active: { check: flag },
}

/** POST and PUT alike; the pair of location and name is unique (section 5). */
function writeDepartment(state: ProcurifyState): Handler<void> {
  return (call, _context, id) => {
    const { departments, locations } = state.data
    const self = id === '' ? undefined : departments.get(id)
    if (id !== '' && self === undefined) return notFound()
    const given = membersOf(call.body)
    const twin = departments.find((row) => row['name'] === given['name'] && row['branch'] === given['branch'])
    const problems = [...checkShape(given, DEPARTMENT), ...(twin === self ? [] : nameTaken(twin))]
    if (locations.get(String(given['branch'])) === undefined) problems.push(doesNotExist('branch', given['branch']))
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    if (self !== undefined) {
      departments.edit(id, pick(given, DEPARTMENT))
      return updated('departments', self, renderDepartment(state.data, self))
    }
    const row = departments.add(
      { active: true, external_id: null, punchout_email: null, ...pick(given, DEPARTMENT) },
      { hiddenForMs: state.options.hiddenForMs },
    )
    return created('departments', row, renderDepartment(state.data, row))
  }
}

/** AccountCodeUpdate; creation has `departments` besides. */
const CODE: Shape = {
  code: { check: text(50, 1), required: true },
  description: { check: text(200, 1), required: true },
  account_type: { check: oneOf(0, 1, 2, 3, 4, 5) },
  parent: { check: integer, nullable: true },
}

/** Creation is the only moment at which departments can be linked: each link becomes an account (section 9). */
function createCode(state: ProcurifyState): Handler<void> {
  return (call) => {
    const given = membersOf(call.body)
    const problems = [
      ...checkShape(given, { ...CODE, departments: { check: integers } }),
      ...nameTaken(
        state.data['account-codes'].find((row) => row['code'] === given['code']),
        'code',
      ),
    ]
    const departments = Array.isArray(given['departments']) ? (given['departments'] as unknown[]) : []
    for (const id of departments) {
      if (state.data.departments.get(String(id)) === undefined) problems.push(doesNotExist('departments', id))
    }
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    const row = state.data['account-codes'].add(
      { account_type: 2, active: true, parent: null, ...pick(given, CODE) },
      { hiddenForMs: state.options.hiddenForMs },
    )
    for (const department of departments) {
      state.data.accounts.add({ account_code: row['id'], department, active: true, budget: '0.00' })
    }
    return created('account-codes', row, renderCode(state.data, row))
  }
}

/** Neither departments nor the active flag can be changed through the API (section 9). */
function updateCode(state: ProcurifyState): Handler<void> {
  return (call, _context, id) => {
    const codes = state.data['account-codes']
    const row = codes.get(id)
    if (row === undefined) return notFound()
    const given = membersOf(call.body)
    const twin = codes.find((other) => other['code'] === given['code'])
    const problems = [...checkShape(given, CODE), ...(twin === row ? [] : nameTaken(twin, 'code'))]
    if (problems.length > 0) return refuse(problems, state.options.errorStyle)
    codes.edit(id, pick(given, CODE))
    return updated('account-codes', row, renderCode(state.data, row))
  }
}

/** The members a shape knows; the others of a body change nothing. */
function pick(given: Row, shape: Shape): Row {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name in shape))
}

/** 201 with the record, noted as an effect. */
function created(collection: keyof ProcurifyData, row: Row, answer: Row): Reply {
  return { ...one(answer, 201), effect: { collection, id: String(row['id']), kind: 'create' } }
}

/** 200 with the record, noted as an effect. */
function updated(collection: keyof ProcurifyData, row: Row, answer: Row): Reply {
  return { ...one(answer), effect: { collection, id: String(row['id']), kind: 'update' } }
}

/** No problem when there is no twin. */
function nameTaken(twin: Row | undefined, member = 'name'): Problem[] {
  return twin === undefined
    ? []
    : [{ path: [member], message: `This ${member} already exists.`, code: 'ALREADY_EXISTS' }]
}

/** A reference to nothing. */
function doesNotExist(member: string, value: unknown): Problem {
  return { path: [member], message: `"${String(value)}" does not exist.`, code: 'DOES_NOT_EXIST' }
}
