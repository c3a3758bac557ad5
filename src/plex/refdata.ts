/** Buildings, GL accounts, and the places that orders name (contracts/plex.md sections 6, 10 and 11). */
import type { Result } from '../domain/failure.js'
import type { Json, Touched } from '../domain/record.js'
import type { OrderPlace, Place } from '../domain/refdata.js'
import type { Http } from '../http.js'
import { encode } from '../http-text.js'
import type { Listed, RefdataSources } from '../ports.js'
import { canSlice, makeWindowList, readRecord, readRows, toTouched, type DateFilter } from './resource.js'
import * as schema from './schema.js'

const ORDERS = '/purchasing/v1/purchase-orders'
export const ACCOUNTS = '/mdm/v1/chart-of-accounts'

/** Lists without a date filter, each one call, and windows of orders. */
export function makePlexRefdata(http: Http, dateFilter: DateFilter, hasDepartments = false): RefdataSources['plex'] {
  const listOrders = makeWindowList(http, ORDERS, dateFilter, toOrderRow)
  return {
    accounts: () => readList(http, ACCOUNTS, (row) => schema.parseRecord(schema.Account, 'GL account', row)),
    buildings: () => readList(http, '/mdm/v1/buildings', (row) => schema.parseRecord(schema.Building, 'building', row)),
    ...(hasDepartments ? { departments: () => readDepartments(http) } : {}),
    canSlice: canSlice(dateFilter),
    orders: (window, onBatch) =>
      listOrders(window, (rows, answeredAtMs) =>
        onBatch(
          rows.flatMap(({ order }) => order ?? []),
          answeredAtMs,
        ),
      ),
    linePlaces: (order) => readLinePlaces(http, order),
    order: async (id) => {
      const row = await readRecord(http, ORDERS, id)
      return row.ok ? { ok: true, value: row.value === null ? null : toOrderRow(row.value).order } : row
    },
  }
}

/** Only data sources have a list of them (contracts/plex.md section 6). Where they belong, only orders say. */
async function readDepartments(http: Http): Promise<Result<Listed<Place>>> {
  const listed = await readList(http, '/mdm/v1/departments', (row) =>
    schema.parseRecord(schema.Department, 'department', row),
  )
  if (!listed.ok) return listed
  const { rows, unreadable } = listed.value
  const places = rows.flatMap(({ name, active }) => (active ? [{ building: null, department: name }] : []))
  return { ok: true, value: { rows: places, unreadable } }
}

/** A short list whole; what cannot be read of it is said. */
export async function readList<T>(
  http: Http,
  path: string,
  parse: (row: Json) => schema.Parsed<T>,
): Promise<Result<Listed<T>>> {
  const rows = await readRows(http, path)
  if (!rows.ok) return rows
  const parsed = rows.value.map(parse)
  return {
    ok: true,
    value: {
      rows: parsed.flatMap((one) => (one.ok ? [one.record] : [])),
      unreadable: parsed.flatMap((one) => (one.ok ? [] : [one.why])),
    },
  }
}

interface OrderRow extends Touched {
  /** Null = it cannot be read; `sync pos` says so of the order itself. */
  readonly order: OrderPlace | null
}

function toOrderRow(row: Json): OrderRow {
  const parsed = schema.parseRecord(schema.Order, 'order', row)
  const touched = toTouched(row, parsed, ({ poNumber }) => poNumber)
  if (!parsed.ok) return { ...touched, order: null }
  const { id, building, department, modifiedDate: modifiedAt, createdDate: createdAt, lineItemCount } = parsed.record
  const lineCount = lineItemCount === null ? null : Number(lineItemCount)
  return { ...touched, order: { id, building, department, modifiedAt, createdAt, lineCount } }
}

/** Lines mostly leave building or department to their order. */
async function readLinePlaces(http: Http, order: OrderPlace): Promise<Result<readonly Place[]>> {
  const rows = await readRows(http, `${ORDERS}/${encode(order.id)}/line-items`)
  // A 404 means that the order is gone, or that it has no lines (contracts/plex.md section 9).
  if (!rows.ok) return rows.code === 'not_found' ? { ok: true, value: [] } : rows
  const places = rows.value.flatMap((row): Place[] => {
    const line = schema.LinePlace.safeParse(row)
    if (!line.success) return []
    return [{ building: line.data.building ?? order.building, department: line.data.department ?? order.department }]
  })
  return { ok: true, value: places }
}
