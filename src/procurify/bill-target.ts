/**
 * Draft bills: the one thing about bills that is ever written, and only where the tenant's API takes it. A bill is never edited,
 * approved or paid here. Found again by vendor and number, compared here (contracts/procurify.md section 10).
 */
import type { Claim, Delivered, Found, LookUp } from '../domain/delivery.js'
import { Bug } from '../domain/errors.js'
import type { Failure, Result } from '../domain/failure.js'
import { matchKey, readInvoiceState, toBillState, type InvoiceState } from '../domain/invoice-state.js'
import { isLiveBill, type Bill } from '../domain/invoice.js'
import { normalizeUuid } from '../domain/requisition.js'
import { shiftStamp } from '../domain/window.js'
import type { Http } from '../http.js'
import type { InvoiceBooks } from '../ports-invoices.js'
import type { Clock, Target } from '../ports.js'
import { BILLS, readBills } from './bills.js'
import { dataOf, membersOf, readPages, unexpected } from './client.js'
import { makeScans } from './scans.js'
import * as schema from './schema.js'

export interface BillTargetOptions {
  readonly pageSize: number
  readonly zone: string
  readonly clock: Clock
  readonly books: Pick<InvoiceBooks, 'newestBills'>
  /** A bill was made, or one of ours found again. */
  readonly onMade: (id: string) => void
  /** Procurify says that it makes no bills: to be remembered. */
  readonly onRefused: (answer: string) => Promise<void>
}

const DAY_MS = 86_400_000
/** Our clock and Procurify's may differ, and a listing may be late. */
const MARGIN_MS = DAY_MS
/** Bills known to exist that a complete list of late changes must show, one of them at least. */
const WITNESSES = 5

export function makeBillTarget(http: Http, options: BillTargetOptions): Target {
  const { pageSize, zone, clock, books, onMade, onRefused } = options
  const reach = { from: null as string | null }
  const scans = makeScans(() => readBills(http, { modifiedFrom: reach.from }, pageSize), { clock, recentMs: 0 })
  const refused = { by: null as Failure | null }
  const tell = (seen: LookUp): Result<LookUp> => {
    if (seen.kind === 'found') onMade(seen.found.targetId)
    return ok(seen)
  }
  return {
    // A person may have entered it a moment ago, or another installation; its day was typed from the same paper.
    lookFirst: async (claim) => {
      const { vendor, facts } = stateOf(claim)
      const days = { dayFrom: moveDay(facts.day, -1), dayTo: moveDay(facts.day, 1) }
      const bills = await readBills(http, { vendorId: vendor, ...days }, pageSize)
      return bills.ok ? tell(lookAmong(bills.value, claim, zone, false)) : bills
    },
    // The list of what changed since before the try shows the bill if there is one, and is proved by bills known to be in it.
    lookUp: async (claim) => {
      const known = await books.newestBills(WITNESSES)
      const tried = new Date(clock.wallMs() - claim.unresolvedForMs).toISOString()
      const oldest = [tried, ...known.flatMap(({ state }) => state.modified_at ?? [])].sort()[0] ?? tried
      const from = shiftStamp(oldest, -MARGIN_MS)
      if (reach.from === null || (from ?? '') < reach.from) {
        reach.from = from
        scans.doubt()
      }
      const bills = await scans.fresh()
      if (!bills.ok) return bills
      const seen = new Set(bills.value.map(({ id }) => id))
      const isComplete = known.some(({ id }) => seen.has(id))
      return tell(lookAmong(bills.value, claim, zone, isComplete))
    },
    send: async (claim, sendBefore) => {
      if (refused.by !== null) return refused.by
      const sent = await send(http, claim, sendBefore)
      scans.doubt()
      if (sent.ok) onMade(sent.value.targetId)
      if (sent.ok || !NOT_OFFERED.has(sent.status ?? 0)) return sent
      refused.by = { ...sent, kind: 'permanent', code: 'bill_drafts_not_offered' }
      await onRefused(sent.message)
      return refused.by
    },
  }
}

/** The address is unknown, or takes no POST. */
const NOT_OFFERED = new Set([404, 405])

function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

function stateOf({ wanted }: Claim): InvoiceState {
  const state = readInvoiceState(wanted.draft)
  if (state === null || state.vendor === null)
    throw new Bug('A bill would be drafted of an invoice that was not judged.')
  return state
}

function moveDay(day: string | null, days: number): string | null {
  return day === null ? null : new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)
}

/** Bills that were there before the draft was planned belong to other invoices. */
function lookAmong(bills: readonly Bill[], claim: Claim, zone: string, complete: boolean): LookUp {
  const { vendor, facts, known = [] } = stateOf(claim)
  const wanted = matchKey(vendor, facts.number)
  const ours = bills.filter(
    (bill) => isLiveBill(bill) && !known.includes(bill.id) && matchKey(bill.vendorId, bill.number) === wanted,
  )
  const [bill, ...others] = ours
  if (bill === undefined) return { kind: 'absent', complete }
  const { day, total } = toBillState(bill, zone)
  const http = { method: 'POST', path: BILLS, status: null, request_id: null }
  const found: Found = {
    ...{ targetId: bill.id, targetKey: bill.number, http, refuse: null },
    matches: total === facts.total && day === facts.day,
  }
  if (others.length === 0) return { kind: 'found', found }
  const names = ours.map(({ id }) => id.slice(0, 8)).join(', ')
  const message = `Several new bills of Procurify carry the number ${facts.number} of this vendor: ${names}.`
  return { kind: 'found', found: { ...found, refuse: { code: 'bill_ambiguous', message } } }
}

async function send(http: Http, { wanted }: Claim, sendBefore: number): Promise<Result<Delivered>> {
  if (wanted.payload === null || wanted.action !== 'create') throw new Bug('Bills are drafted and never changed.')
  const answer = await http.write('POST', BILLS, wanted.payload, { sendBefore })
  if (!answer.ok) return answer
  const { uuid } = membersOf(dataOf(answer.value.value))
  // It took effect, but what it made is not known: that is for a look-up to find out.
  if (typeof uuid !== 'string' || uuid === '') return { ...unexpected(answer.value, 'a uuid'), kind: 'unknown' }
  return ok({ targetId: normalizeUuid(uuid), targetKey: wanted.targetKey, http: answer.value.http })
}

/** Procurify's ids of currencies by code: bills name them by id. */
export async function readCurrencyIds(http: Http, pageSize: number): Promise<Result<ReadonlyMap<string, string>>> {
  const ids = new Map<string, string>()
  const read = await readPages(http, '/api/v2/currencies/', {}, pageSize, (rows) => {
    for (const { id, name } of schema.readable(schema.CurrencyId, rows))
      if (name !== null) ids.set(name.trim().toUpperCase(), id)
  })
  return read.ok ? ok(ids) : read
}
