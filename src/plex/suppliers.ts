/** The suppliers of Plex: windows of the list, and each one with its main address and e-mail addresses. */
import { contentHash } from '../domain/content-hash.js'
import type { Detail } from '../domain/decision.js'
import type { Failure, Result } from '../domain/failure.js'
import type { Json, Note, Touched } from '../domain/record.js'
import type { SupplierAddress as Address, SupplierDetail } from '../domain/supplier.js'
import type { Http } from '../http.js'
import { encode } from '../http-text.js'
import type { Source } from '../ports.js'
import {
  canSlice,
  eachOf,
  makeWindowList,
  NOT_MAPPED,
  readRecord,
  readRows,
  toTouched,
  type DateFilter,
} from './resource.js'
import { Contact, parseRecord, Supplier, SupplierAddress } from './schema.js'

export interface SupplierSourceOptions {
  readonly dateFilter: DateFilter
  /** False = addresses are not asked for. */
  readonly addresses: boolean
  /** Suppliers read at a time. */
  readonly concurrency: number
}

const PATH = '/mdm/v1/suppliers'
const CONTACTS = '/mdm/v1/contacts'

/** One pass over the suppliers: what it learns about unreadable resources holds until its end. */
export function makeSupplierSource(http: Http, options: SupplierSourceOptions): Source<SupplierDetail> {
  const readAddress = options.addresses ? addressReader(http) : () => Promise.resolve(UNREADABLE)
  const readEmails = emailReader(http)
  const readOne = async (note: Note, emails: Emails): Promise<Result<Detail<SupplierDetail>>> => {
    if (note.rejection !== null) return rejected(note, note.rejection)
    const row = note.record === null ? await readRecord(http, PATH, note.sourceId) : succeed(note.record)
    if (!row.ok) return row.kind === 'auth' ? row : failed(note, row)
    if (row.value === null) return succeed({ kind: 'gone', note })
    const parsed = parseRecord(Supplier, 'supplier', row.value)
    if (!parsed.ok) return rejected(note, parsed.why)
    const address = await readAddress(note.sourceId)
    if (!address.ok) return failed(note, address)
    if (!emails.ok) return failed(note, emails)
    const record = { supplier: parsed.record, address: address.value, emails: emails.value(note.sourceId) }
    return succeed({ kind: 'record', note, record, hash: contentHash(record as unknown as Json) })
  }

  return {
    canSlice: canSlice(options.dateFilter),
    list: makeWindowList(http, PATH, options.dateFilter, toRow),
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
      return refused ?? succeed(details)
    },
    probe: async (sourceId) => {
      const row = await readRecord(http, PATH, sourceId)
      return row.ok ? succeed(row.value === null ? null : toRow(row.value)) : row
    },
  }
}

function toRow(row: Json): Touched {
  return toTouched(row, parseRecord(Supplier, 'supplier', row), (supplier) => supplier.code)
}

function succeed<T>(value: T): Result<T> {
  return { ok: true, value }
}

function rejected(note: Note, message: string): Result<Detail<SupplierDetail>> {
  return succeed({ kind: 'rejected', note, code: 'record_unreadable', message })
}

/** The failure of one record does not fail the others; a refused login does (the caller sorts that out). */
function failed(note: Note, failure: Failure): Result<Detail<SupplierDetail>> {
  return succeed({ kind: 'failed', note, failure })
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
    const answer = await readRows(http, `${PATH}/${encode(sourceId)}/addresses`)
    if (answer.ok) {
      misses = Number.NEGATIVE_INFINITY
      return succeed(mainOf(answer.value))
    }
    // A missing role is missing for all; a 404 may also be about this one supplier.
    if (answer.kind === 'auth' || answer.code === NOT_MAPPED) misses = Number.POSITIVE_INFINITY
    else if (answer.code === 'not_found') misses += 1
    else return answer
    return UNREADABLE
  }
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
      const isForAll = listed.kind === 'auth' || listed.code === NOT_MAPPED
      if (!isForAll && listed.code !== 'not_found') return listed
      // "Not found" for one supplier may mean that this one has no contacts.
      if (isForAll || sourceIds.length > 1) all = 'unreadable'
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
