/** The purchase orders of Plex: windows of the list, and each one whole, with its lines and their releases. */
import { contentHash } from '../domain/content-hash.js'
import type { Detail } from '../domain/decision.js'
import { Bug } from '../domain/errors.js'
import type { Failure, Result } from '../domain/failure.js'
import { readDecimal } from '../domain/money.js'
import { lacksLines } from '../domain/order-scope.js'
import type { Order, OrderDetail, OrderLine, Release } from '../domain/order.js'
import type { Json, Note, Touched } from '../domain/record.js'
import type { Http } from '../http.js'
import { encode } from '../http-text.js'
import type { Source } from '../ports.js'
import { makeReleaseReader, type ReleaseRows } from './releases.js'
import {
  canSlice,
  eachOf,
  makeWindowList,
  parseRows,
  readRecord,
  readRows,
  toTouched,
  type DateFilter,
} from './resource.js'
import * as schema from './schema.js'

export interface OrderSourceOptions {
  readonly dateFilter: DateFilter
  /** Orders read at a time. */
  readonly concurrency: number
}

const PATH = '/purchasing/v1/purchase-orders'

/**
 * The orders (contracts/plex.md section 10). Read in detail: one call per order for its lines, none where the header counts none,
 * and one call for the releases of a hundred orders. A note that holds a whole order is taken as it is.
 */
export function makeOrderSource(http: Http, options: OrderSourceOptions): Source<OrderDetail> {
  const readReleases = makeReleaseReader(http)
  return {
    canSlice: canSlice(options.dateFilter),
    list: makeWindowList(http, PATH, options.dateFilter, toTouchedOrder),
    read: async (notes) => {
      const opened: Opened[] = []
      const refused = await eachOf(notes, options.concurrency, async (note, place) => {
        const one = await openOrder(http, note)
        if (isRefused(one)) return one.failure
        // By place: answers come as they please, details in the order of their notes.
        opened[place] = one
        return null
      })
      if (refused !== null) return refused
      const asked = opened.flatMap((one) => (one.kind === 'open' && one.lines.length > 0 ? [toAsked(one)] : []))
      const releases = await readReleases(asked)
      const details = opened.map((one) => (one.kind === 'open' ? complete(one, releases) : one))
      return details.find(isRefused)?.failure ?? { ok: true, value: details }
    },
    probe: async (orderId) => {
      const row = await readRecord(http, PATH, orderId)
      return row.ok ? { ok: true, value: row.value === null ? null : toTouchedOrder(row.value) } : row
    },
  }
}

function toTouchedOrder(row: Json): Touched {
  return toTouched(row, parseOrder(row), ({ poNumber }) => poNumber)
}

function parseOrder(row: Json): schema.Parsed<Order> {
  return schema.parseRecord(schema.Order, 'order', row)
}

/** An order whose lines are here and whose releases are still to be read. */
interface Open {
  readonly kind: 'open'
  readonly note: Note
  readonly order: Order
  readonly lines: readonly OrderLine[]
}
type Opened = Open | Detail<OrderDetail>
type Failed = Extract<Opened, { kind: 'failed' }>

/** A refused login concerns all orders alike; any other failure is that of one. */
function isRefused(one: Opened): one is Failed {
  return one.kind === 'failed' && one.failure.kind === 'auth'
}

/** The header is the one the window showed, else the one Plex shows when asked by id. */
async function openOrder(http: Http, note: Note): Promise<Opened> {
  if (note.rejection !== null) return rejected(note, note.rejection)
  const whole = schema.parseRecord(schema.OrderDetail, 'order', note.record)
  // Lines that were missing then may be there by now.
  if (whole.ok && !lacksLines(whole.record)) return toDetail(note, whole.record)
  const row = note.record === null || whole.ok ? await readRecord(http, PATH, note.sourceId) : ok(note.record)
  if (!row.ok) return failed(note, row)
  if (row.value === null) return { kind: 'gone', note }
  const order = parseOrder(row.value)
  if (!order.ok) return rejected(note, order.why)
  return readDecimal(order.record.lineItemCount) === '0'
    ? { kind: 'open', note, order: order.record, lines: [] }
    : openLines(http, note, order.record)
}

/** An order with a line that cannot be read is rejected whole: sent without it, it would be another order. */
async function openLines(http: Http, note: Note, order: Order): Promise<Opened> {
  const rows = await readRows(http, `${PATH}/${encode(order.id)}/line-items`)
  if (!rows.ok) return rows.code === 'not_found' ? openWithoutLines(http, note, order) : failed(note, rows)
  const lines = parseRows(rows.value, (row) => schema.parseRecord(schema.OrderLine, 'order line', row))
  return lines.ok ? { kind: 'open', note, order, lines: lines.record } : rejected(note, lines.why)
}

/** A 404 for the lines means that the order is gone, or that it has no lines (contracts/plex.md section 9). */
async function openWithoutLines(http: Http, note: Note, order: Order): Promise<Opened> {
  const row = await readRecord(http, PATH, order.id)
  if (!row.ok) return failed(note, row)
  return row.value === null ? { kind: 'gone', note } : { kind: 'open', note, order, lines: [] }
}

/** Some releases name their line only. */
function toAsked({ order, lines }: Open): { id: string; lineIds: string[] } {
  return { id: order.id, lineIds: lines.map(({ id }) => id) }
}

/** Likewise with a release: the quantity of its line would be too small. */
function complete({ note, order, lines }: Open, releases: ReleaseRows): Detail<OrderDetail> {
  const rows = lines.length === 0 ? ok([]) : releases.get(order.id)
  if (rows === undefined) throw new Bug(`The releases of order ${order.id} were not asked for.`)
  if (!rows.ok) return failed(note, rows)
  const parsed = parseRows(rows.value, (row) => schema.parseRecord(schema.Release, 'release', row))
  if (!parsed.ok) return rejected(note, parsed.why)
  return toDetail(note, { order, lines: sortById(lines), releases: sortById(parsed.record) })
}

/** Plex promises no order, and the same order read twice must hash alike. */
function sortById<T extends OrderLine | Release>(records: readonly T[]): T[] {
  return [...records].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

function toDetail(note: Note, record: OrderDetail): Detail<OrderDetail> {
  return { kind: 'record', note, record, hash: contentHash(record as unknown as Json) }
}

function rejected(note: Note, message: string): Detail<OrderDetail> {
  return { kind: 'rejected', note, code: 'record_unreadable', message }
}

function failed(note: Note, failure: Failure): Failed {
  return { kind: 'failed', note, failure }
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}
