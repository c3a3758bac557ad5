/** The reference data of Procurify that requisitions name: places, accounts, currencies, vendors, one custom field. */
import type { Result } from '../domain/failure.js'
import type { AlignedDepartment, AlignedLocation } from '../domain/order.js'
import type { Json } from '../domain/record.js'
import type { Vendor } from '../domain/supplier.js'
import type { Http } from '../http.js'
import type { Query } from '../http-text.js'
import { readPages } from './client.js'
import * as schema from './schema.js'
import { readVendors } from './vendors.js'

export interface OrderReferenceOptions {
  readonly pageSize: number
  /** Name of the order-item custom field that takes the Plex order number; null = none, and none is asked for. */
  readonly customField: string | null
}

/** Procurify's half of what planning orders must know. Active records only; ids are text. */
export interface OrderReference {
  readonly departments: readonly Pick<AlignedDepartment, 'id' | 'name' | 'locationId'>[]
  readonly locations: readonly Pick<AlignedLocation, 'id' | 'name'>[]
  /** `code|department id` of every account. */
  readonly accountPairs: ReadonlySet<string>
  /** Names, which are the codes: USD. */
  readonly currencies: ReadonlySet<string>
  readonly customFieldExists: boolean
  /** Every one, whatever its type or state. */
  readonly vendors: readonly Vendor[]
}

/** Reads it all, list after list (contracts/procurify.md sections 4 and 9). The first failure ends it: half of it is no use. */
export async function readOrderReference(http: Http, options: OrderReferenceOptions): Promise<Result<OrderReference>> {
  const { pageSize } = options
  const locations = await readRows(http, '/api/v2/locations/', pageSize, { active: 'true' })
  if (!locations.ok) return locations
  const departments = await readRows(http, '/api/v3/departments/', pageSize)
  if (!departments.ok) return departments
  const accountPairs = await readAccountPairs(http, pageSize)
  if (!accountPairs.ok) return accountPairs
  const currencies = await readRows(http, '/api/v2/currencies/', pageSize)
  if (!currencies.ok) return currencies
  const customFieldExists = await hasCustomField(http, options)
  if (!customFieldExists.ok) return customFieldExists
  const vendors = await readVendors(http, pageSize)
  if (!vendors.ok) return vendors
  const value = {
    locations: activePlaces(locations.value).map(({ id, name }) => ({ id, name })),
    departments: activePlaces(departments.value).flatMap(({ id, name, locationId }) =>
      locationId === null ? [] : [{ id, name, locationId }],
    ),
    accountPairs: accountPairs.value,
    currencies: new Set(activeNames(currencies.value)),
    customFieldExists: customFieldExists.value,
    vendors: vendors.value,
  }
  return { ok: true, value }
}

async function readRows(http: Http, path: string, pageSize: number, query: Query = {}): Promise<Result<Json[]>> {
  const rows: Json[] = []
  const read = await readPages(http, path, query, pageSize, (page) => void rows.push(...page))
  return read.ok ? { ok: true, value: rows } : read
}

/** Unknown filters are ignored there, so what is active is looked at here as well. */
function activePlaces(rows: readonly Json[]): { id: string; name: string; locationId: string | null }[] {
  return schema
    .readable(schema.Place, rows)
    .flatMap(({ id, name, active, branch, location }) =>
      active && name !== null ? [{ id, name, locationId: branch ?? location }] : [],
    )
}

function activeNames(rows: readonly Json[]): string[] {
  return schema
    .readable(schema.Named, rows)
    .flatMap(({ name, active, is_active }) => (active && is_active && name !== null ? [name] : []))
}

/** The list of codes is read only where accounts do not hold their code in full. */
async function readAccountPairs(http: Http, pageSize: number): Promise<Result<ReadonlySet<string>>> {
  const rows = await readRows(http, '/api/v3/accounts/', pageSize, { active: 'true' })
  if (!rows.ok) return rows
  const accounts = schema.readable(schema.Account, rows.value).filter(({ active }) => active)
  const needsCodes = accounts.some(({ account_code: { codeId } }) => codeId !== null)
  const codes = needsCodes ? await readRows(http, '/api/v3/account-codes/', pageSize) : { ok: true as const, value: [] }
  if (!codes.ok) return codes
  const codeOf = new Map(schema.readable(schema.AccountCode, codes.value).map(({ id, code }) => [id, code]))
  const pairs = accounts.flatMap(({ account_code: { code, codeId }, department }) => {
    // A text that is no id of a code is the code itself.
    const written = code ?? codeOf.get(codeId ?? '') ?? codeId
    return written === null || department === null ? [] : [`${written}|${department}`]
  })
  return { ok: true, value: new Set(pairs) }
}

/** Requisitions name the field, so it must be written exactly so (contracts/procurify.md section 5). */
async function hasCustomField(http: Http, { customField, pageSize }: OrderReferenceOptions): Promise<Result<boolean>> {
  if (customField === null) return { ok: true, value: false }
  const fields = await readRows(http, '/api/v3/custom-fields/order-items/', pageSize, { meta__is_active: 'true' })
  return fields.ok ? { ok: true, value: activeNames(fields.value).includes(customField) } : fields
}
