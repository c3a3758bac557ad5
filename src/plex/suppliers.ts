/** The suppliers of Plex: windows of the list, and each one with its main address and e-mail addresses. */
import { contentHash } from '../domain/content-hash.js'
import type { Detail } from '../domain/decision.js'
import type { Failure, Result } from '../domain/failure.js'
import type { Json, Note, Touched } from '../domain/record.js'
import type { SupplierAddress as Address, Supplier as PlexSupplier, SupplierDetail } from '../domain/supplier.js'
import { isInside, stampKey, type SourceWindow } from '../domain/window.js'
import type { Answer, Http } from '../http.js'
import { encode, type Query } from '../http-text.js'
import type { ListOutcome, Source } from '../ports.js'
import { Contact, parseRecord, Supplier, SupplierAddress } from './schema.js'

export interface SupplierSourceOptions {
  /** Which filter the tenant's API knows (contracts/plex.md section 1). */
  readonly dateFilter: 'modifiedDate' | 'modified_date'
  /** False = addresses are not asked for. */
  readonly addresses: boolean
  /** Suppliers read at a time. */
  readonly concurrency: number
}

const PATH = '/mdm/v1/suppliers'
const CONTACTS = '/mdm/v1/contacts'
/** Ids of our own for rows without one: they can be parked and shown, and never exist in Plex. */
const NO_ID = 'unreadable:'

/** One pass over the suppliers: what it learns about unreadable resources holds until its end. */
export function makeSupplierSource(http: Http, options: SupplierSourceOptions): Source<SupplierDetail> {
  const readAddress = options.addresses ? addressReader(http) : () => Promise.resolve(UNREADABLE)
  const readEmails = emailReader(http)
  let hasListed = false

  const list: Source<SupplierDetail>['list'] = async (window, onBatch) => {
    const outcome = { rows: 0, outside: 0 }
    const listed = await http.stream(PATH, windowQuery(window, options.dateFilter), async (items, answeredAtMs) => {
      const touched = items.map(toTouched)
      const inside = window === null ? touched : touched.filter((row) => isInside(row, window))
      outcome.rows += inside.length
      outcome.outside += touched.length - inside.length
      if (inside.length > 0) await onBatch(inside, answeredAtMs)
    })
    // Some resources answer "no match" with 404; that is only believed of a route that has worked (contracts/plex.md section 9).
    const isNoMatch = !listed.ok && listed.code === 'not_found' && hasListed
    hasListed ||= listed.ok
    return listed.ok || isNoMatch ? { ok: true, value: outcome satisfies ListOutcome } : listed
  }

  const readOne = async (note: Note, emails: Emails): Promise<Result<Detail<SupplierDetail>>> => {
    if (note.rejection !== null) return rejected(note, note.rejection)
    const row = await rowOf(http, note)
    if (!row.ok) return row.kind === 'auth' ? row : failed(note, row)
    if (row.value === null) return { ok: true, value: { kind: 'gone', note } }
    const parsed = parseRecord(Supplier, 'supplier', row.value)
    if (!parsed.ok) return rejected(note, parsed.why)
    const address = await readAddress(note.sourceId)
    if (!address.ok) return failed(note, address)
    if (!emails.ok) return failed(note, emails)
    const record = { supplier: parsed.record, address: address.value, emails: emails.value(note.sourceId) }
    return { ok: true, value: { kind: 'record', note, record, hash: contentHash(record as unknown as Json) } }
  }

  return {
    // A lower bound alone cannot be halved: both halves would be answered with the same rows.
    canSlice: options.dateFilter === 'modifiedDate',
    list,
    read: async (notes) => {
      const readable = notes.filter((note) => note.rejection === null).map((note) => note.sourceId)
      const emails = readable.length === 0 ? noEmails : await readEmails(readable)
      const details: Detail<SupplierDetail>[] = []
      const refused = await eachOf(notes, options.concurrency, async (note, place) => {
        const detail = await readOne(note, emails)
        if (!detail.ok) return detail
        details[place] = detail.value
        return null
      })
      return refused ?? { ok: true, value: details }
    },
    probe: async (sourceId) => {
      const row = await getOne(http, sourceId)
      return row.ok ? { ok: true, value: row.value === null ? null : toTouched(row.value) } : row
    },
  }
}

/** Runs `work` on every item, some at a time; ends with the first failure it answers. */
async function eachOf<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, place: number) => Promise<Failure | null>,
): Promise<Failure | null> {
  const queue = items.entries()
  const end = { failure: null as Failure | null }
  const worker = async (): Promise<void> => {
    for (const [place, item] of queue) {
      if (end.failure !== null) return
      end.failure ??= await work(item, place)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker))
  return end.failure
}

function rejected(note: Note, message: string): Result<Detail<SupplierDetail>> {
  return { ok: true, value: { kind: 'rejected', note, code: 'record_unreadable', message } }
}

/** The failure of one record does not fail the others; a refused login does (the caller sorts that out). */
function failed(note: Note, failure: Failure): Result<Detail<SupplierDetail>> {
  return { ok: true, value: { kind: 'failed', note, failure } }
}

// -------------------------------------------------------------------------------------------------- the supplier itself

/** Dates go out as UTC with `Z`: anything else is answered 400 (contracts/plex.md section 4). */
function windowQuery(window: SourceWindow | null, style: SupplierSourceOptions['dateFilter']): Query {
  if (window === null) return {}
  const from = instant(window.from)
  if (style === 'modified_date') return { [`${window.by}_date`]: from }
  return { [`${window.by}DateBegin`]: from, [`${window.by}DateEnd`]: instant(window.to) }
}

function instant(stamp: string | null): string | undefined {
  return stamp === null ? undefined : (stampKey(stamp) ?? stamp)
}

function toTouched(row: Json): Touched {
  const parsed = parseRecord(Supplier, 'supplier', row)
  if (!parsed.ok) return unreadable(row, parsed.why)
  const record: PlexSupplier = parsed.record
  return {
    ...{ sourceId: record.id, sourceKey: record.code, modifiedAt: record.modifiedDate, createdAt: record.createdDate },
    ...{ hash: contentHash({ ...record }), record: { ...record }, rejection: null },
  }
}

function unreadable(row: Json, rejection: string): Touched {
  const hash = contentHash(row)
  const named = parseRecord(Supplier.pick({ id: true }), 'supplier', row)
  const sourceId = named.ok ? named.record.id : `${NO_ID}${hash.slice(0, 16)}`
  return { sourceId, sourceKey: null, modifiedAt: null, createdAt: null, hash, record: null, rejection }
}

/** What the window showed, else what Plex shows when asked by id; null = it does not exist. */
async function rowOf(http: Http, note: Note): Promise<Result<Json>> {
  if (note.record !== null) return { ok: true, value: note.record }
  return note.sourceId.startsWith(NO_ID) ? { ok: true, value: null } : getOne(http, note.sourceId)
}

async function getOne(http: Http, sourceId: string): Promise<Result<Json>> {
  const answer = await http.get(`${PATH}/${encode(sourceId)}`)
  if (answer.ok) return { ok: true, value: answer.value.value }
  return answer.code === 'not_found' ? { ok: true, value: null } : answer
}

// ---------------------------------------------------------------------------------------------- addresses and e-mails

/** undefined = could not be read: then nothing is decided about it. */
const UNREADABLE = { ok: true, value: undefined } as const
/** So many suppliers in a row answered 404, and none otherwise: this tenant has no such route. */
const GIVE_UP_AFTER = 20

/** The main address of a supplier; null = it has none. */
function addressReader(http: Http): (sourceId: string) => Promise<Result<Address | null | undefined>> {
  let misses = 0
  return async (sourceId) => {
    if (misses >= GIVE_UP_AFTER) return UNREADABLE
    const answer = await http.get(`${PATH}/${encode(sourceId)}/addresses`)
    if (answer.ok) {
      misses = Number.NEGATIVE_INFINITY
      return { ok: true, value: mainOf(rowsOf(answer.value)) }
    }
    // A missing role is missing for all; a 404 may also be about this one supplier.
    if (answer.kind === 'auth') misses = Number.POSITIVE_INFINITY
    else if (answer.code === 'not_found') misses += 1
    else return answer
    return UNREADABLE
  }
}

function rowsOf({ value }: Answer): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

/** The one marked as main, else the first by code. Addresses that cannot be read do not count. */
function mainOf(rows: readonly Json[]): Address | null {
  const addresses = rows.flatMap((row) => {
    const parsed = parseRecord(SupplierAddress, 'address', row)
    return parsed.ok ? [parsed.record] : []
  })
  const order = ({ main, code, id }: Address): string => `${main ? 0 : 1}${code === null ? 1 : 0}${code ?? ''}\n${id}`
  return addresses.sort((a, b) => (order(a) < order(b) ? -1 : 1))[0] ?? null
}

type Emails = Result<(sourceId: string) => readonly string[] | undefined>

const noEmails: Emails = { ok: true, value: () => undefined }

/** The e-mail addresses of contacts by supplier: asked for by id when one is wanted, else all of them, once a pass. */
function emailReader(http: Http): (sourceIds: readonly string[]) => Promise<Emails> {
  let all: Map<string, string[]> | 'unreadable' | null = null
  const lookIn = (found: ReadonlyMap<string, string[]>): Emails => ({ ok: true, value: (id) => found.get(id) ?? [] })
  return async (sourceIds) => {
    if (all === 'unreadable') return noEmails
    if (all !== null) return lookIn(all)
    const [only] = sourceIds
    const query = sourceIds.length === 1 ? { supplierId: only } : {}
    const found = new Map<string, string[]>()
    const listed = await http.stream(CONTACTS, query, (items) => {
      for (const item of items) addEmail(found, item)
      return Promise.resolve()
    })
    if (!listed.ok) {
      if (listed.kind !== 'auth' && listed.code !== 'not_found') return listed
      all = 'unreadable'
      return noEmails
    }
    if (sourceIds.length > 1) all = found
    return lookIn(found)
  }
}

function addEmail(found: Map<string, string[]>, row: Json): void {
  const parsed = parseRecord(Contact, 'contact', row)
  if (!parsed.ok || parsed.record.supplierId === null || parsed.record.email === null) return
  const { supplierId, email } = parsed.record
  found.set(supplierId, [...(found.get(supplierId) ?? []), email.trim()])
}
