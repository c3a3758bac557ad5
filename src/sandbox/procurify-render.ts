import { publicRow } from './collection.js'
import type { Row } from './exchange.js'
import type { ProcurifyData } from './procurify.js'

/*
 * Records are stored with ids; answers nest whole objects, and often a shorter form of them. These are the forms, named
 * after the schemas of procurify.openapi.yaml. A reference to a removed record becomes null.
 */

/** LocationRef. */
function locationRef(data: ProcurifyData, id: unknown): Row | null {
  const row = data.locations.get(String(id))
  return row === undefined ? null : { id: row['id'], name: row['name'], headquarter: row['headquarter'] ?? false }
}

/** Department, as listed. */
export function renderDepartment(data: ProcurifyData, row: Row): Row {
  return { ...row, branch: locationRef(data, row['branch']), is_active_for_account_code: true }
}

/** DepartmentSummary, as nested in users, orders and accounts. */
export function departmentSummary(data: ProcurifyData, row: Row): Row {
  const branch = data.locations.get(String(row['branch']))
  return { ...row, branch: branch === undefined ? null : { id: branch['id'], name: branch['name'] } }
}

/** Location with its currency in full. */
export function renderLocation(data: ProcurifyData, row: Row): Row {
  return {
    url: null,
    logo: '',
    fax: null,
    email: null,
    language: 1,
    legal_entity: null,
    ...row,
    currency: data.currencies.get(String(row['currency'])) ?? null,
    department_count: data.departments.where('branch', row['id']).length,
  }
}

/** User, as listed: location and role are objects here. */
export function renderUser(data: ProcurifyData, row: Row): Row {
  const department = data.departments.get(String(row['department']))
  const location = department === undefined ? null : locationRef(data, department['branch'])
  return {
    ...publicRow(row),
    department: department === undefined ? null : { id: department['id'], name: department['name'], location },
    location,
    profile_image: null,
    role: { id: row['_role'], name: row['_role'] === 7 ? 'Superuser' : 'User', type: row['_role'] },
    approval_delegatee: null,
    pending_approvals_count: { order: 0, expense: 0, travel: 0, bill: 0, payment: 0 },
  }
}

/** What every form of an account says about its budget. */
export function accountBudget(row: Row): Row {
  return {
    start_datetime: null,
    end_datetime: null,
    budget: row['budget'] ?? '0.00',
    balance_approved: '0.00',
    balance_purchased: '0.00',
    active: row['active'],
  }
}

/** AccountNested: one account code paired with one department. */
export function nestedAccount(data: ProcurifyData, row: Row): Row {
  const department = data.departments.get(String(row['department']))
  return {
    ...accountBudget(row),
    id: row['id'],
    account_code: data['account-codes'].get(String(row['account_code'])) ?? null,
    department: department === undefined ? null : departmentSummary(data, department),
    warning_indicator: false,
    budget_used_approved: 0,
    budget_used_purchased: 0,
  }
}

/** CurrencySummary. */
export function currencySummary(data: ProcurifyData, id: unknown): Row | null {
  const row = data.currencies.get(String(id))
  return row === undefined ? null : { id: row['id'], name: row['name'], rate: row['rate'], base: row['base'] }
}

export function currencyFull(data: ProcurifyData, id: unknown): Row | null {
  return data.currencies.get(String(id)) ?? null
}

/** UserRef. */
export function userRef(data: ProcurifyData, id: unknown): Row | null {
  const row = data.users.get(String(id))
  if (row === undefined) return null
  return {
    id: row['id'],
    firstName: row['firstName'],
    lastName: row['lastName'],
    email: row['email'],
    profile_image: null,
  }
}

/** UserSummary: the person with a short department. */
export function userSummary(data: ProcurifyData, id: unknown): Row | null {
  const row = data.users.get(String(id))
  if (row === undefined) return null
  const department = data.departments.get(String(row['department']))
  const summary = department === undefined ? null : departmentSummary(data, department)
  return { ...publicRow(row), department: summary, profile_image: null }
}

/** VendorNested, as in POs and bills: the score is a number here, and the external id is part of it. */
export function vendorNested(data: ProcurifyData, id: unknown): Row | null {
  const row = data.vendors.get(String(id))
  if (row === undefined) return null
  const score = row['overall_score']
  return { ...publicRow(row), overall_score: typeof score === 'string' ? Number(score) : null }
}

/** CurrencyRef. */
export function currencyRef(data: ProcurifyData, id: unknown): Row | null {
  const row = data.currencies.get(String(id))
  return row === undefined ? null : { id: row['id'], name: row['name'], rate: row['rate'] }
}
