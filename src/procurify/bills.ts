/** The bills of Procurify: lists of them, and one whole (contracts/procurify.md section 10). Bills are never written to here. */
import type { Result } from '../domain/failure.js'
import type { Bill, BillDetail } from '../domain/invoice.js'
import type { Json } from '../domain/record.js'
import { normalizeUuid } from '../domain/requisition.js'
import type { Http } from '../http.js'
import { encode, type Query } from '../http-text.js'
import { dataOf, readPages, unexpected } from './client.js'
import * as schema from './schema.js'

export const BILLS = '/api/v3/ap/bills/'

/** Which bills are wanted; what is left out is not asked for. Procurify ignores filters it does not know: look at the rows as well. */
export interface BillFilter {
  /** Instants of the last change, both ends included. */
  readonly modifiedFrom?: string | null
  readonly modifiedTo?: string | null
  readonly vendorId?: string | null
  /** Calendar days (`2026-03-01`) of the invoice date. */
  readonly dayFrom?: string | null
  readonly dayTo?: string | null
}

export interface BillPage {
  readonly bills: readonly Bill[]
  /** Rows that could not be read: without a uuid, which is the only key. */
  readonly unreadable: readonly Json[]
  /** The answer's `Date`, epoch milliseconds. */
  readonly answeredAtMs: number | null
}

/** Streams bills page by page, each bill once, with backpressure. */
export async function streamBills(
  http: Http,
  filter: BillFilter,
  pageSize: number,
  onPage: (page: BillPage) => void | Promise<void>,
): Promise<Result<{ readonly rows: number }>> {
  return readPages(http, BILLS, toQuery(filter), pageSize, (rows, answeredAtMs) => {
    const bills: Bill[] = []
    const unreadable: Json[] = []
    for (const row of rows) {
      const parsed = schema.Bill.safeParse(row)
      if (parsed.success) bills.push(parsed.data)
      else unreadable.push(row)
    }
    return onPage({ bills, unreadable, answeredAtMs })
  })
}

/** All of a short list. */
export async function readBills(http: Http, filter: BillFilter, pageSize: number): Promise<Result<Bill[]>> {
  const all: Bill[] = []
  const read = await streamBills(http, filter, pageSize, ({ bills }) => void all.push(...bills))
  return read.ok ? { ok: true, value: all } : read
}

function toQuery({ modifiedFrom, modifiedTo, vendorId, dayFrom, dayTo }: BillFilter): Query {
  return {
    last_modified_datetime_0: modifiedFrom ?? undefined,
    last_modified_datetime_1: modifiedTo ?? undefined,
    vendor: vendorId ?? undefined,
    invoice_date_0: dayFrom ?? undefined,
    invoice_date_1: dayTo ?? undefined,
  }
}

/** One bill with its lines' POs; null = Procurify does not show it. */
export async function readBill(http: Http, id: string): Promise<Result<BillDetail | null>> {
  const answer = await http.get(`/api/v2/ap/bills/${encode(dashed(id))}/`)
  if (!answer.ok) return answer.code === 'not_found' ? { ok: true, value: null } : answer
  const parsed = schema.BillDetail.safeParse(dataOf(answer.value.value))
  return parsed.success ? { ok: true, value: parsed.data } : unexpected(answer.value, 'a bill')
}

/** In an address a uuid is written with dashes, as Procurify's own links do. */
function dashed(id: string): string {
  return normalizeUuid(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
