/**
 * The AP invoices of Plex with their lines, which are embedded (contracts/plex.md section 11). Lists are sliced by time to stay near
 * 1,000 invoices a call, and a slice that was too much is cut in halves (section 7).
 */
import { contentHash } from '../domain/content-hash.js'
import type { Detail } from '../domain/decision.js'
import { Bug } from '../domain/errors.js'
import { mayBeTooMuch, type Result } from '../domain/failure.js'
import type { Invoice } from '../domain/invoice.js'
import type { Json, Note, Touched } from '../domain/record.js'
import { cutSlice, FIRST_SLICE_MS, lengthMs, nextSpanMs, SHORTEST_SLICE_MS, type Range } from '../domain/slices.js'
import { shiftStamp, type SourceWindow } from '../domain/window.js'
import type { Http } from '../http.js'
import type { Query } from '../http-text.js'
import type { Clock, ListOutcome, Source } from '../ports.js'
import { canSlice, eachOf, makeWindowList, readRecord, toTouched, type DateFilter } from './resource.js'
import * as schema from './schema.js'

export interface InvoiceSourceOptions {
  readonly dateFilter: DateFilter
  /** Invoices read by id at a time. */
  readonly concurrency: number
  /** Where an open range is reckoned to end. */
  readonly clock: Pick<Clock, 'wallMs'>
}

const PATH = '/accounting/v1/ap-invoices'

type OnRows = (rows: Touched[], answeredAtMs: number | null) => Promise<void>

/**
 * The invoices as a source of a pass; `list` serves any reader that wants a range of modified or created dates without holding it
 * (null = everything, in one call). Each row's `record` is an invoice for `toInvoice`.
 */
export function makeInvoiceSource(http: Http, options: InvoiceSourceOptions): Source<Invoice> {
  const list = makeWindowList(http, PATH, options.dateFilter, toTouchedInvoice)
  return {
    canSlice: canSlice(options.dateFilter),
    list: async (window, onBatch) => {
      const from = window?.from ?? null
      if (canSlice(options.dateFilter) && window !== null && from !== null) {
        return listSlices({ from, to: window.to }, (slice) => list({ ...window, ...slice }, onBatch), options.clock)
      }
      const listed = await list(window, onBatch)
      return listed.ok || !mayBeTooMuch(listed) ? listed : listByDay(list, window, onBatch, options.clock)
    },
    read: async (notes) => {
      const details: Detail<Invoice>[] = []
      const refused = await eachOf(notes, options.concurrency, async (note, place) => {
        const one = await readOne(http, note)
        if (one.kind === 'failed' && one.failure.kind === 'auth') return one.failure
        details[place] = one
        return null
      })
      return refused ?? { ok: true, value: details }
    },
    probe: async (invoiceId) => {
      const row = await readRecord(http, PATH, invoiceId)
      return row.ok ? { ok: true, value: row.value === null ? null : toTouchedInvoice(row.value) } : row
    },
  }
}

/** The invoice in the record of a row or a note; null = it is none of ours. */
export function toInvoice(record: Json): Invoice | null {
  const parsed = parseInvoice(record)
  return parsed.ok ? parsed.record : null
}

/** Slice after slice; each tells how long the next may be. A failed one is asked again at half its length, never at the same. */
async function listSlices(
  range: Range,
  ask: (slice: Range) => Promise<Result<ListOutcome>>,
  clock: Pick<Clock, 'wallMs'>,
): Promise<Result<ListOutcome>> {
  const total = { rows: 0, outside: 0 }
  let spanMs = FIRST_SLICE_MS
  let left: Range | null = range
  while (left !== null) {
    const { slice, rest } = cutSlice(left, spanMs, clock.wallMs())
    const listed = await ask(slice)
    const length = lengthMs(slice, clock.wallMs())
    if (!listed.ok) {
      if (!mayBeTooMuch(listed) || length <= SHORTEST_SLICE_MS) return listed
      spanMs = length / 2
      continue
    }
    total.rows += listed.value.rows
    total.outside += listed.value.outside
    spanMs = nextSpanMs(spanMs, listed.value.rows + listed.value.outside)
    left = rest
  }
  return { ok: true, value: total }
}

/** Invoices are entered some time after their date. */
const ENTRY_MS = 90 * 86_400_000

/**
 * With a lower end alone a window cannot be cut, but dates of invoices have both ends in every profile: everything before a start, then
 * slices from there on. Only for a list that was too much in one piece, as an invoice without a date is in none of them.
 */
async function listByDay(
  list: (window: SourceWindow | null, onBatch: OnRows, also: Query) => Promise<Result<ListOutcome>>,
  window: SourceWindow | null,
  onBatch: OnRows,
  clock: Pick<Clock, 'wallMs'>,
): Promise<Result<ListOutcome>> {
  const start = shiftStamp(window?.from ?? new Date(clock.wallMs()).toISOString(), -ENTRY_MS)
  if (start === null) throw new Bug('A window of invoices begins at no instant.')
  const older = await list(window, onBatch, { transactionDateEnd: start })
  if (!older.ok) return older
  const ask = ({ from, to }: Range) =>
    list(window, onBatch, { transactionDateBegin: from, transactionDateEnd: to ?? undefined })
  const newer = await listSlices({ from: start, to: null }, ask, clock)
  if (!newer.ok) return newer
  return {
    ok: true,
    value: { rows: older.value.rows + newer.value.rows, outside: older.value.outside + newer.value.outside },
  }
}

function toTouchedInvoice(row: Json): Touched {
  return toTouched(row, parseInvoice(row), ({ invoiceNumber }) => invoiceNumber)
}

function parseInvoice(row: Json): schema.Parsed<Invoice> {
  return schema.parseRecord(schema.Invoice, 'invoice', row)
}

/** The invoice the window showed, else the one Plex shows when asked by id. */
async function readOne(http: Http, note: Note): Promise<Detail<Invoice>> {
  if (note.rejection !== null) return rejected(note, note.rejection)
  const row =
    note.record === null ? await readRecord(http, PATH, note.sourceId) : ({ ok: true, value: note.record } as const)
  if (!row.ok) return { kind: 'failed', note, failure: row }
  if (row.value === null) return { kind: 'gone', note }
  const parsed = parseInvoice(row.value)
  if (!parsed.ok) return rejected(note, parsed.why)
  return { kind: 'record', note, record: parsed.record, hash: contentHash(parsed.record as unknown as Json) }
}

function rejected(note: Note, message: string): Detail<Invoice> {
  return { kind: 'rejected', note, code: 'record_unreadable', message }
}
