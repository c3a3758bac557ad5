/** Changed bills as a feed of the invoices stream: each is kept, and touches the invoices of its vendor and number. */
import { contentHash } from '../domain/content-hash.js'
import type { Result } from '../domain/failure.js'
import type { Bill } from '../domain/invoice.js'
import { toBillState, type BillState } from '../domain/invoice-state.js'
import { isInside, stampKey, type SourceWindow } from '../domain/window.js'
import type { Http } from '../http.js'
import type { InvoiceBooks } from '../ports-invoices.js'
import type { Feed, FeedRow, ListOutcome } from '../ports.js'
import { readBill, streamBills } from './bills.js'

export interface BillFeedOptions {
  readonly pageSize: number
  /** Zone of the plant, for days that are written as instants. */
  readonly zone: string
  /** A whole list reaches back to here. */
  readonly floor: string
  readonly books: Pick<InvoiceBooks, 'ownersOf' | 'unseenBills' | 'newestBills'>
  /** Every bill as it is read, for whoever plans without storing. */
  readonly onBill: (id: string, state: BillState) => void
}

/** Bills that a whole list did not show are asked for one by one, at most so many a pass: an empty answer is not a fact. */
const MAX_PROBES = 25
const MAX_WITNESSES = 5

export function makeBillFeed(http: Http, options: BillFeedOptions): Feed {
  const { zone, floor } = options
  return {
    name: 'bills',
    system: 'Procurify',
    canSlice: true,
    // Rows have no date of creation to filter by.
    isModifiedOnly: true,
    isWholeOnFull: true,
    floor,
    list: (window, onBatch) => listBills(http, window ?? { by: 'modified', from: floor, to: null }, onBatch, options),
    probe: async (id) => {
      const bill = await readBill(http, id)
      if (!bill.ok) return bill
      return { ok: true, value: bill.value === null ? null : toRow(bill.value.id, toBillState(bill.value, zone), null) }
    },
  }
}

async function listBills(
  http: Http,
  window: SourceWindow,
  onBatch: Parameters<Feed['list']>[1],
  options: BillFeedOptions,
): Promise<Result<ListOutcome>> {
  const { books, zone, floor, pageSize } = options
  const outcome = { rows: 0, outside: 0 }
  const isWhole = window.from === floor && window.to === null
  const seen: string[] = []
  const filter = { modifiedFrom: toStamp(window.from), modifiedTo: toStamp(window.to) }
  const listed = await streamBills(http, filter, pageSize, async ({ bills, answeredAtMs }) => {
    const inside = bills.filter(({ modifiedAt }) => isInside({ modifiedAt, createdAt: null }, window))
    outcome.rows += inside.length
    outcome.outside += bills.length - inside.length
    if (isWhole) seen.push(...inside.map(({ id }) => id))
    const rows = await toRows(inside, options)
    if (rows.length > 0) await onBatch(rows, answeredAtMs)
  })
  if (!listed.ok) return listed
  // Not even the bill that was changed last came back: it was deleted, or nothing can be seen here any more. Others tell which.
  const isEmpty = outcome.rows + outcome.outside === 0
  const doubtful = isWhole
    ? await books.unseenBills(seen, toStamp(floor) ?? floor, MAX_PROBES)
    : isEmpty
      ? await books.newestBills(MAX_WITNESSES)
      : []
  for (const { id, state } of doubtful) {
    const bill = await readBill(http, id)
    if (!bill.ok) return bill
    if (bill.value !== null) outcome.rows += 1
    const now = bill.value === null ? { ...state, gone: true } : toBillState(bill.value, zone)
    options.onBill(id, now)
    const owners = await books.ownersOf([{ id, matchKey: now.match_key }])
    await onBatch(toFeedRows(id, now, owners.get(id)), null)
  }
  return { ok: true, value: outcome }
}

function toStamp(stamp: string | null): string | null {
  return stamp === null ? null : (stampKey(stamp) ?? stamp)
}

async function toRows(bills: readonly Bill[], { books, zone, onBill }: BillFeedOptions): Promise<FeedRow[]> {
  const states = bills.map((bill) => ({ id: bill.id, state: toBillState(bill, zone) }))
  states.forEach(({ id, state }) => onBill(id, state))
  const owners = await books.ownersOf(states.map(({ id, state }) => ({ id, matchKey: state.match_key })))
  return states.flatMap(({ id, state }) => toFeedRows(id, state, owners.get(id)))
}

/** One row for each invoice it concerns; at least one, so that the bill is kept. */
function toFeedRows(id: string, state: BillState, owners: readonly string[] = []): FeedRow[] {
  return owners.length === 0 ? [toRow(id, state, null)] : owners.map((owner) => toRow(id, state, owner))
}

function toRow(id: string, state: BillState, owner: string | null): FeedRow {
  const kept = { modifiedAt: state.modified_at, createdAt: null, record: null, rejection: null, kept: state }
  return { sourceId: id, sourceKey: state.number, hash: contentHash(state), owner, ...kept }
}
