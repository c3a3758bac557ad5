import { randomUUID } from 'node:crypto'
import { publicRow } from './collection.js'
import { membersOf, type Handler, type Reply, type Route, type Row } from './exchange.js'
import type { PlexData, PlexState } from './plex.js'
import { argumentInvalid, isUuid, resourceNotFound } from './plex-list.js'

/** The only enumerated values of the whole Plex contract. */
const CATEGORIES = ['Asset', 'Equity', 'Expense', 'Liability', 'Revenue']

/** Writes to the chart of accounts, the one Plex resource that may be written (contract section 11). */
export function accountRoutes(state: PlexState): Route<PlexData>[] {
  const path = '/mdm/v1/chart-of-accounts'
  return [
    { method: 'POST', path, handle: create(state) },
    { method: 'PUT', path: `${path}/:id`, handle: update },
    { method: 'POST', path: `${path}/:id/activate`, handle: setActive(state, true) },
    { method: 'POST', path: `${path}/:id/deactivate`, handle: setActive(state, false) },
  ]
}

/** The caller may choose the id; number and name are unique, so a blind repeat of a creation is refused with 400. */
function create(state: PlexState): Handler<PlexData> {
  return (call, data) => {
    const given = membersOf(call.body)
    const id = given['id'] ?? randomUUID()
    if (typeof id !== 'string' || !isUuid(id)) return argumentInvalid('id')
    // All mistakes at once, as the `errors` list of the contract allows.
    const wrong = [
      ...textProblems(given, ['accountNumber', 'name']),
      ...categoryProblems(given),
      ...(data.accounts.get(id.toLowerCase()) === undefined ? [] : ['id is in use']),
      ...['accountNumber', 'name']
        .filter((member) => isTaken(data, member, given[member]))
        .map((m) => `${m} is in use`),
    ]
    if (wrong.length > 0) return validationFailed(wrong)
    const row = data.accounts.add(
      {
        id: id.toLowerCase(),
        accountNumber: given['accountNumber'],
        name: given['name'],
        categoryType: given['categoryType'],
        active: true,
        inactiveDate: null,
        modifiedBy: null,
      },
      { hiddenForMs: state.options.hiddenForMs },
    )
    return written(201, row, 'create')
  }
}

/** Only name and category can change; an account number in the body is ignored. */
const update: Handler<PlexData> = (call, data, id) => {
  const row = isUuid(id) ? data.accounts.get(id.toLowerCase()) : undefined
  if (!isUuid(id)) return argumentInvalid('id')
  if (row === undefined) return resourceNotFound()
  const given = membersOf(call.body)
  const wrong = [...textProblems(given, ['name']), ...categoryProblems(given)]
  if (given['name'] !== row['name'] && isTaken(data, 'name', given['name'])) wrong.push('name is in use')
  if (wrong.length > 0) return validationFailed(wrong)
  data.accounts.edit(id.toLowerCase(), { name: given['name'], categoryType: given['categoryType'] })
  return written(200, row, 'update')
}

/** The date of deactivation goes with the flag; activating again clears it. */
function setActive(state: PlexState, active: boolean): Handler<PlexData> {
  return (_call, data, id) => {
    if (!isUuid(id)) return argumentInvalid('id')
    const row = data.accounts.edit(id.toLowerCase(), { active, inactiveDate: active ? null : state.timestamp() })
    return row === undefined ? resourceNotFound() : written(200, row, 'update')
  }
}

/** The record after a write, and the note for the log that it took place. */
function written(status: number, row: Row, kind: 'create' | 'update'): Reply {
  return { status, json: publicRow(row), effect: { collection: 'accounts', id: String(row['id']), kind } }
}

/** Compared exactly: nothing is known of Plex folding case here. */
function isTaken(data: PlexData, member: string, value: unknown): boolean {
  return data.accounts.find((row) => row[member] === value) !== undefined
}

function textProblems(given: Row, members: readonly string[]): string[] {
  return members
    .filter((name) => typeof given[name] !== 'string' || given[name] === '')
    .map((name) => `${name} is required`)
}

function categoryProblems(given: Row): string[] {
  return CATEGORIES.includes(String(given['categoryType']))
    ? []
    : [`categoryType must be one of ${CATEGORIES.join(', ')}`]
}

/** One code for the whole, one entry in `errors` for each mistake (section 9). */
function validationFailed(messages: readonly string[]): Reply {
  const errors = messages.map((message) => ({ code: 'ARGUMENT_INVALID', message }))
  return { status: 400, json: { code: 'REQUEST_VALIDATION_FAILED', message: 'The request is not valid.', errors } }
}
