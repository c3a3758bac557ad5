/**
 * The words of HTTP, pure: how a query is written, how long the other side asks us to wait, what its error bodies say.
 */
import { parseExact } from './domain/json-text.js'
import type { Json } from './domain/record.js'

/** Several values repeat the parameter; undefined leaves it out. */
export type Query = Record<string, string | readonly string[] | undefined>

/**
 * `?a=1&b=2`, or nothing. Everything outside the unreserved characters is percent-encoded, also `+`, `:` and blanks:
 * Plex answers a wrongly encoded value with no rows and no error (contracts/plex.md section 5).
 */
export function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return []
    const values = typeof value === 'string' ? [value] : value
    return values.map((one) => `${encode(name)}=${encode(one)}`)
  })
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** One segment of a path. A lone surrogate, which no URL can carry, becomes the replacement character. */
export function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
}

/** A wait longer than this is a mistake of the other side, and would overflow timers. */
const MAX_PATIENCE_MS = 24 * 60 * 60_000

/**
 * Milliseconds the other side wants us to stay away, or null when it does not say: `Retry-After` as seconds or as a
 * date (against the answer's own `Date`), else "N seconds" in the error text (contracts/plex.md section 8). Only 429
 * and 503 ask for patience.
 */
export function patienceMs(
  status: number,
  header: string | null,
  problem: string,
  answeredAtMs: number,
): number | null {
  if (status !== 429 && status !== 503) return null
  const asked = fromHeader(header?.trim() ?? '', answeredAtMs) ?? fromWords(problem)
  return asked === null || asked <= 0 ? null : Math.min(asked, MAX_PATIENCE_MS)
}

function fromHeader(header: string, answeredAtMs: number): number | null {
  if (header === '') return null
  if (/^\d+(\.\d+)?$/.test(header)) return Math.ceil(Number(header) * 1000)
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : at - answeredAtMs
}

function fromWords(problem: string): number | null {
  const match = /(\d{1,9})\s*(?:seconds?|secs?|s)\b/i.exec(problem)
  return match === null ? null : Number(match[1]) * 1000
}

export function isHtml(text: string): boolean {
  return /^\s*</.test(text)
}

const MAX_PROBLEM_LENGTH = 300

/**
 * What an error body says, in one line of at most 300 characters; '' when it says nothing. Understands Plex's `{code,
 * message, errors}`, Procurify's `errors` map, `detail`, `message`, lists by field and nested lists (contracts/plex.md
 * section 9, procurify.md section 3).
 */
export function problemText(body: string, secrets: readonly string[]): string {
  const said = isHtml(body) ? titleOf(body) : fromJson(body)
  return redact(said, secrets).slice(0, MAX_PROBLEM_LENGTH)
}

function fromJson(body: string): string {
  try {
    return [...new Set(sentences(parseExact(body), ''))].join('; ')
  } catch {
    return body
  }
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim() ?? ''
  return title === '' ? 'an HTML page' : `an HTML page, ${title}`
}

/** Members that hold sentences but are no field of the record sent. */
const NO_FIELD = new Set([
  ...['errors', 'error', 'error_description', 'detail', 'message', 'messages', 'description'],
  ...['non_field_errors', '__all__', 'null'],
])
const NO_SENTENCE = new Set(['code', 'status', 'statusCode', 'success', 'metadata', 'data', 'timestamp', 'path'])

function sentences(value: Json, field: string): string[] {
  if (value === null || value === '' || typeof value === 'boolean') return []
  if (typeof value !== 'object') return [field === '' ? String(value) : `${field}: ${value}`]
  if (isList(value)) {
    // Objects in a list belong to the lines sent: they are counted from one, as people do.
    return value.flatMap((item, index) =>
      sentences(item, isLine(item) && field !== '' ? `${field} ${index + 1}` : field),
    )
  }
  const { code, message } = value
  const isPlexStyle = field === '' && typeof code === 'string' && typeof message === 'string'
  if (isPlexStyle) return [`${code}: ${message}`, ...sentences(value['errors'] ?? null, '')]
  return Object.entries(value).flatMap(([name, member]) => {
    if (member === undefined || NO_SENTENCE.has(name)) return []
    return sentences(member, NO_FIELD.has(name) ? field : `${field} ${name}`.trim())
  })
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isLine(value: Json): boolean {
  return typeof value === 'object' && value !== null && !isList(value) && !('message' in value)
}

/**
 * One line without control characters, secrets, e-mail addresses or query strings: it goes into logs and audit rows.
 */
export function redact(text: string, secrets: readonly string[]): string {
  const hidden = secrets.reduce((line, secret) => (secret.length < 6 ? line : line.replaceAll(secret, '***')), text)
  return hidden
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/[^\s"'<>(),;:@]+@[^\s"'<>(),;:@]+\.[^\s"'<>(),;:@]+/g, '***@***')
    .replace(/(https?:\/\/[^\s"'<>?]+)\?[^\s"'<>]*/gi, '$1?***')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
}

// ------------------------------------------------------------------------------------------------ headers of an answer

type Headers = Readonly<Record<string, unknown>>

export function headerOf(headers: Headers, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' ? value : null
}

/** The answer's `Date` in epoch milliseconds, or null. */
export function dateOf(headers: Headers): number | null {
  const ms = Date.parse(headerOf(headers, 'date') ?? '')
  return Number.isNaN(ms) ? null : ms
}

/** What the other side's support asks for (contracts/procurify.md section 3), or null. */
export function requestIdOf(headers: Headers): string | null {
  const names = ['x-request-id', 'x-procurify-request-id', 'x-correlation-id', 'request-id']
  const id = names.map((name) => headerOf(headers, name)).find((value) => value !== null) ?? null
  return id === null ? null : redact(id, []).slice(0, 100)
}

/** Where a redirect leads: the host only, the rest may hold anything. */
export function redirectHost(headers: Headers, url: string): string {
  const location = headerOf(headers, 'location')
  return location !== null && URL.canParse(location, url) ? new URL(location, url).host : 'an unknown place'
}
