/**
 * Plex as its REST adapters know it, answered from data sources: the same paths, filters and members, so that streams, schemas and
 * passes are the same for every profile. Reads only.
 */
import type { Failure, Result } from '../../domain/failure.js'
import type { Json } from '../../domain/record.js'
import type { Answer, Http } from '../../http.js'
import { NOT_MAPPED } from '../resource.js'
import { fromId, type PlexRow } from './cells.js'
import type { Block, SoapMap } from './map.js'
import type { BlockName } from './members.js'
import { makePlaceNaming } from './places.js'
import { canAskByIds, inputsByIds, readQuestion, type Asked } from './questions.js'
import { makeRunSource, type OnRows, type RunSource } from './source.js'
import { makeWindowReader } from './windows.js'

export interface ReaderOptions {
  readonly pcn: string
  /** Where an open range is reckoned to end. */
  readonly nowMs: () => number
}

/** One run's view of Plex: what had to be read whole, and what suppliers said of their addresses, holds until its end. */
export function makeSoapReader(http: Http, map: SoapMap, { pcn, nowMs }: ReaderOptions): Http {
  const answer = makeAnswering(makeRunSource(http, map, pcn), map, { pcn, nowMs })
  return {
    ask: (question) => http.ask(question),
    stream: async (path, query, onItems) => {
      const asked = readQuestion(path, query)
      if (asked === null) return notMapped(path)
      let items = 0
      const answered = await answer(asked, async (rows, dateMs) => {
        items += rows.length
        for (let at = 0; at < rows.length; at += BATCH) await onItems(rows.slice(at, at + BATCH), dateMs)
        return null
      })
      return answered.ok ? { ok: true, value: { items } } : answered
    },
    get: async (path, query = {}): Promise<Result<Answer>> => {
      const asked = readQuestion(path, query)
      if (asked?.by !== 'id') return notMapped(path)
      const found = await collect((onRows) => answer(asked, onRows))
      if (!found.ok) return found
      const [value] = found.value
      const note = { method: 'POST', path, status: 200, request_id: null } as const
      if (value !== undefined)
        return { ok: true, value: { value, status: 200, dateMs: null, requestId: null, http: note } }
      const message = `Plex does not show ${path}.`
      return { ok: false, kind: 'permanent', code: 'not_found', message, status: 404, http: note, retryAfterMs: null }
    },
    write: (method, path) => {
      const message = `${method} ${path} was not tried: nothing can be written to Plex over data sources.`
      return Promise.resolve({ ...notMapped(path), code: 'plex_read_only', message })
    },
  }
}

/** As the REST reader hands items on. */
const BATCH = 500

function notMapped(what: string): Failure {
  const message = `PLEX_SOAP_MAP has no block for ${what}.`
  return { ok: false, kind: 'permanent', code: NOT_MAPPED, message, status: null, http: null, retryAfterMs: null }
}

function makeAnswering(run: RunSource, { blocks }: SoapMap, { pcn, nowMs }: ReaderOptions) {
  const readWindow = makeWindowReader(run, pcn, nowMs)
  const readAll = (block: Block, onRows: OnRows) => readWindow(block, null, eachOnce(onRows))
  const readWhole = once((block) => collect((onRows) => readAll(block, onRows)))
  const namePlaces = makePlaceNaming(blocks, readWhole)
  /** Suppliers as windows showed them: their addresses need no call of their own. */
  const suppliers = new Map<string, PlexRow>()

  const readByIds = async (block: Block, by: 'id' | 'parent', ids: readonly string[]): Promise<Result<PlexRow[]>> => {
    const member = by === 'id' ? 'id' : (block.rule.parent ?? 'id')
    const wanted = new Set<Json>(ids)
    const pick = (rows: readonly PlexRow[]): PlexRow[] => rows.filter((row) => wanted.has(row[member] ?? null))
    if (!canAskByIds(block, by)) {
      const whole = await readWhole(block)
      return whole.ok ? { ok: true, value: pick(whole.value) } : whole
    }
    const found: PlexRow[] = []
    for (let at = 0; at < ids.length; at += block.idsPerCall) {
      const keys = ids.slice(at, at + block.idsPerCall).map(fromId)
      const rows = await collect((onRows) => run(block, inputsByIds(block, keys, pcn), onRows))
      if (!rows.ok) return rows
      found.push(...pick(rows.value))
    }
    return { ok: true, value: found }
  }

  /** What belongs into a row and stands elsewhere: names of places, the lines of an invoice. */
  const complete = async (block: Block, rows: readonly PlexRow[]): Promise<Result<PlexRow[]>> => {
    const named = await namePlaces(block, rows)
    const { invoiceLines } = blocks
    if (!named.ok || block.name !== 'invoices' || invoiceLines === undefined) return named
    const ids = named.value.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
    const lines = await readByIds(invoiceLines, 'parent', ids)
    if (!lines.ok) return lines
    const linesOf = new Map<Json, PlexRow[]>(ids.map((id) => [id, []]))
    for (const line of lines.value) linesOf.get(line['invoiceId'] ?? null)?.push(line)
    return { ok: true, value: named.value.map((row) => ({ ...row, lines: linesOf.get(row['id'] ?? null) ?? [] })) }
  }
  const completing =
    (block: Block, onRows: OnRows): OnRows =>
    async (rows, dateMs) => {
      const completed = await complete(block, rows)
      if (!completed.ok) return completed
      if (block.name === 'suppliers') remember(suppliers, completed.value)
      return onRows(completed.value, dateMs)
    }

  /** Addresses and e-mail addresses may stand on the supplier itself, where they have no data source of their own. */
  const answerFromSupplier = async (asked: Asked, onRows: OnRows): Promise<Result<unknown>> => {
    const source = blocks.suppliers
    const members = ON_SUPPLIER[asked.name]
    if (source === undefined || members?.some((member) => source.columns[member] !== undefined) !== true) {
      return notMapped(asked.name)
    }
    const handOn = (rows: readonly PlexRow[]) => onRows(rows.map(asOwnRecord), null)
    if (asked.by === 'window') return readAll(source, handOn)
    const [known] = asked.ids.map((id) => suppliers.get(id))
    const rows =
      known === undefined ? await readByIds(source, 'id', asked.ids) : ({ ok: true, value: [known] } as const)
    return rows.ok ? ((await handOn(rows.value)) ?? rows) : rows
  }

  return async (asked: Asked, onRows: OnRows): Promise<Result<unknown>> => {
    const block = blocks[asked.name]
    if (block === undefined) return answerFromSupplier(asked, onRows)
    if (asked.by === 'window') return readWindow(block, asked.window, completing(block, onRows))
    const rows = await readByIds(block, asked.by, asked.ids)
    return rows.ok ? ((await completing(block, onRows)(rows.value, null)) ?? rows) : rows
  }
}

const ON_SUPPLIER: Readonly<Partial<Record<BlockName, readonly string[]>>> = {
  addresses: ['address', 'city', 'zip', 'state', 'country', 'phone', 'fax'],
  contacts: ['email'],
}

function asOwnRecord(supplier: PlexRow): PlexRow {
  return { ...supplier, supplierId: supplier['id'] ?? null, code: null, main: true }
}

/** The halves of a range that was too much share their boundary: rows of an earlier answer are not handed on again. */
function eachOnce(onRows: OnRows): OnRows {
  const seen = new Set<string>()
  return (rows, dateMs) => {
    const texts = rows.map((row) => JSON.stringify(row))
    const fresh = rows.filter((_, at) => !seen.has(texts[at] ?? ''))
    for (const text of texts) seen.add(text)
    return fresh.length === 0 ? Promise.resolve(null) : onRows(fresh, dateMs)
  }
}

/** Enough for any company; what is beyond it is asked for by id. */
const MAX_SUPPLIERS = 20_000

function remember(suppliers: Map<string, PlexRow>, rows: readonly PlexRow[]): void {
  for (const row of rows) {
    const { id } = row
    if (typeof id === 'string' && suppliers.size < MAX_SUPPLIERS) suppliers.set(id, row)
  }
}

async function collect(run: (onRows: OnRows) => Promise<Result<unknown>>): Promise<Result<PlexRow[]>> {
  const rows: PlexRow[] = []
  const answered = await run((page) => {
    rows.push(...page)
    return Promise.resolve(null)
  })
  return answered.ok ? { ok: true, value: rows } : answered
}

/** Asked for once a run; a failure is asked for again. */
function once<T>(read: (block: Block) => Promise<Result<T>>): (block: Block) => Promise<Result<T>> {
  const answers = new Map<BlockName, Promise<Result<T>>>()
  return async (block) => {
    const answer = answers.get(block.name) ?? read(block)
    answers.set(block.name, answer)
    const result = await answer
    if (!result.ok) answers.delete(block.name)
    return result
  }
}
