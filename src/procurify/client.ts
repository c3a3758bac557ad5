/**
 * Calls to Procurify: how they log in, and how its lists are read to their end (contracts/procurify.md sections 1 and
 * 2).
 */
import type { Failure, Result } from '../domain/failure.js'
import type { Json } from '../domain/record.js'
import { loginFingerprint, needLogin, oauthAuth, type ClientDeps } from '../http-auth.js'
import { makeHttp, type Answer, type Http } from '../http.js'
import type { Query } from '../http-text.js'

export interface ProcurifySettings {
  /** No trailing slash. */
  readonly baseUrl: string
  /** Value of `X-Procurify-Client`, required on every call. */
  readonly clientHeader: string
}

const AUDIENCE = 'https://api.procurify.com/'
/** Used where the answer does not say. */
const TOKEN_LIFE_SEC = 86_400

/** An Http for Procurify. Throws ConfigError when the client id or secret is missing. */
export function makeProcurify({ baseUrl, clientHeader }: ProcurifySettings, deps: ClientDeps): Http {
  const { credentials, vault, clock, version } = deps
  return makeHttp({
    ...deps,
    system: 'procurify',
    baseUrl,
    headers: { 'X-Procurify-Client': clientHeader },
    userAgent: `ml-connector/${version}`,
    auth: oauthAuth({
      ...needLogin('procurify', credentials, ['clientId', 'clientSecret']),
      // No trailing slash, unlike every path below /api.
      ...{ system: 'procurify', tokenUrl: `${baseUrl}/oauth/token`, vault, clock },
      style: 'json',
      extra: { audience: AUDIENCE },
      defaultLifeSec: TOKEN_LIFE_SEC,
      fingerprint: loginFingerprint(baseUrl, credentials),
    }),
  })
}

// --------------------------------------------------------------------------------------------------------------- lists

/**
 * Reads a list page by page and hands on each row once (by `id`, else `uuid`). Pages are counted here: the links in the
 * answers lead to odd hosts. A page that times out is asked for again in smaller pages, never at the same size. When
 * fewer rows came than the list says it has (rows moved between pages, or a page was answered twice) it is read once
 * more; then it is as it is.
 */
export async function readPages(
  http: Http,
  path: string,
  query: Query,
  pageSize: number,
  onRows: (rows: readonly Json[], answeredAtMs: number | null) => void | Promise<void>,
): Promise<Result<{ readonly rows: number }>> {
  const seen = new Set<string>()
  let handed = 0
  const take = async ({ rows, dateMs }: Page): Promise<void> => {
    const fresh = withoutSeen(rows, seen)
    handed += fresh.length
    await onRows(fresh, dateMs)
  }
  const first = await readOnce(http, path, query, pageSize, take)
  if (!first.ok) return first
  if (first.value !== null && handed < first.value) {
    const again = await readOnce(http, path, query, pageSize, take)
    if (!again.ok) return again
  }
  return { ok: true, value: { rows: handed } }
}

/** Pages in a row without a new row: the server does not turn the pages. */
const MAX_STALLED_PAGES = 2

/** Answers how many rows the list says it has, or null. */
async function readOnce(
  http: Http,
  path: string,
  query: Query,
  pageSize: number,
  take: (page: Page) => Promise<void>,
): Promise<Result<number | null>> {
  const seen = new Set<string>()
  let size = pageSize
  let position = 0
  let stalled = 0
  for (;;) {
    const page = await readPage(http, path, { ...query, page: String(position / size + 1), page_size: String(size) })
    if (!page.ok) {
      if (page.code === 'not_found' && position > 0) return { ok: true, value: null }
      const smaller = page.code === 'timed_out' ? smallerPage(size, position) : null
      if (smaller === null) return page
      size = smaller
      continue
    }
    const { rows, hasNext, count, served } = page.value
    stalled = withoutSeen(rows, seen).length === 0 ? stalled + 1 : 0
    await take(page.value)
    if (!hasNext || rows.length === 0) return { ok: true, value: count }
    if (stalled === MAX_STALLED_PAGES) return stuck(path)
    // The server may cap the page size; where it does not say so, its first page shows it.
    size = Math.min(size, served ?? (position === 0 ? rows.length : size))
    position += size
  }
}

/** At most half as large, and such that a page begins where we are; null = it cannot be smaller. */
function smallerPage(size: number, position: number): number | null {
  for (let smaller = Math.floor(size / 2); smaller >= 1; smaller -= 1) if (position % smaller === 0) return smaller
  return null
}

function withoutSeen(rows: readonly Json[], seen: Set<string>): Json[] {
  return rows.filter((row) => {
    const { id, uuid } = membersOf(row)
    const key = id ?? uuid
    if (typeof key !== 'string') return true
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
}

export interface Page {
  readonly rows: readonly Json[]
  readonly hasNext: boolean
  /** Rows of the whole list and page size in force, as the answer says; null = it does not. */
  readonly count: number | null
  readonly served: number | null
  /** The answer's `Date`, epoch milliseconds. */
  readonly dateMs: number | null
}

/**
 * One page. The pagination is under `metadata`, on some lists at the top, in either place also without a member of its own; on some
 * it is missing: then there is one page.
 */
export async function readPage(http: Http, path: string, query: Query): Promise<Result<Page>> {
  const answer = await http.get(path, query)
  if (!answer.ok) return answer
  const { value } = answer.value
  const envelope = membersOf(value)
  const rows = Array.isArray(value) ? value : (envelope['data'] ?? envelope['results'])
  if (!Array.isArray(rows)) return unexpected(answer.value, 'a list')
  const metadata = membersOf(envelope['metadata'])
  const loose = 'next' in metadata || 'num_pages' in metadata ? metadata : envelope
  const pagination = membersOf(metadata['pagination'] ?? envelope['pagination'] ?? loose)
  const { next, count, page_size: served, num_pages: pages, current_page: current } = pagination
  const hasNext = next === undefined ? Number(current) < Number(pages) : next !== null && next !== ''
  const { dateMs } = answer.value
  const paging = { hasNext, count: natural(count), served: natural(served), dateMs }
  return { ok: true, value: { rows: rows as readonly Json[], ...paging } }
}

function natural(value: Json | undefined): number | null {
  const number = Number(value ?? NaN)
  return Number.isInteger(number) && number > 0 ? number : null
}

function stuck(path: string): Failure {
  const message = `Procurify GET ${path} answered page after page with the same rows: the list could not be read.`
  return { ok: false, kind: 'transient', code: 'broken_answer', message, status: 200, http: null, retryAfterMs: null }
}

/** A 2xx answer to a read that does not hold what it should. */
export function unexpected({ http, status }: Answer, wanted: string): Failure {
  const message = `Procurify ${http.method} ${http.path} answered ${status} without ${wanted}.`
  return { ok: false, kind: 'transient', code: 'broken_answer', message, status, http, retryAfterMs: null }
}

/** The members of an object; none of anything else. */
export function membersOf(value: Json | undefined): Readonly<Record<string, Json | undefined>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, Json | undefined>>) : {}
}

/** The one object of an answer, in its envelope or bare. */
export function dataOf(value: Json): Json {
  return membersOf(value)['data'] ?? value
}
