/** What orders refer to by name or id: the statuses the customer set up, and the chart of accounts. */
import type { Failure, Result } from '../domain/failure.js'
import type { OrderStatus, ReleaseStatus } from '../domain/order.js'
import type { Json } from '../domain/record.js'
import type { Http } from '../http.js'
import { NOT_MAPPED, readRows } from './resource.js'
import * as schema from './schema.js'

const ORDER_STATUSES = '/purchasing/v1/purchase-order-statuses'
const RELEASE_STATUSES = '/purchasing/v1/release-statuses'
const ACCOUNTS = '/mdm/v1/chart-of-accounts'

/** Flags of each order status by its name (contracts/plex.md section 10). */
export async function readOrderStatuses(http: Http): Promise<Result<OrderStatus[]>> {
  return readSetup(http, ORDER_STATUSES, (row) => schema.parseRecord(schema.OrderStatus, 'order status', row))
}

/** Flags of each release status by its name: which releases count, and which are still to come. */
export async function readReleaseStatuses(http: Http): Promise<Result<ReleaseStatus[]>> {
  return readSetup(http, RELEASE_STATUSES, (row) => schema.parseRecord(schema.ReleaseStatus, 'release status', row))
}

/** Account numbers by account id, inactive ones too: orders refer to them still. Those without a number are left out. */
export async function readPlexAccounts(http: Http): Promise<Result<ReadonlyMap<string, string>>> {
  const rows = await readRows(http, ACCOUNTS)
  if (!rows.ok) return rows
  const accounts = readable(rows.value, (row) => schema.parseRecord(schema.AccountNumber, 'account', row))
  const numbered = accounts.flatMap(({ id, accountNumber }) =>
    accountNumber === null ? [] : [[id, accountNumber] as const],
  )
  return { ok: true, value: new Map(numbered) }
}

/**
 * Setup tables are never empty: an empty answer is how a missing role looks (contracts/plex.md section 9). Where there is no such
 * list at all, each record brings the flags of its status with it.
 */
async function readSetup<T>(http: Http, path: string, parse: (row: Json) => schema.Parsed<T>): Promise<Result<T[]>> {
  const rows = await readRows(http, path)
  if (!rows.ok) return rows.code === NOT_MAPPED ? { ok: true, value: [] } : rows
  const records = readable(rows.value, parse)
  return records.length === 0 ? withoutRole(path) : { ok: true, value: records }
}

/** A row that cannot be read is left out: what refers to it is then unknown, which planning says of each order. */
function readable<T>(rows: readonly Json[], parse: (row: Json) => schema.Parsed<T>): T[] {
  return rows.flatMap((row) => {
    const parsed = parse(row)
    return parsed.ok ? [parsed.record] : []
  })
}

function withoutRole(path: string): Failure {
  const message = `Plex GET ${path} answered with nothing, which is how a missing role looks: no order can be judged without it.`
  return { ok: false, kind: 'auth', code: 'role_missing', message, status: 200, http: null, retryAfterMs: null }
}
