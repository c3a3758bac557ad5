/**
 * The only way out to Plex and Procurify: every request is paced, timed, counted and limited in size; reads are
 * repeated, writes never; and whatever goes wrong comes back as a Failure.
 */
import type { HttpNote } from './domain/audit.js'
import type { Result } from './domain/failure.js'
import type { Json, System } from './domain/record.js'
import type { Auth } from './http-auth.js'
import { Exchange, readItems, readJson, readWith, type Reading, type Spec } from './http-exchange.js'
import { queryText, type Query } from './http-text.js'
import { makeWire } from './http-wire.js'
import type { Clock, Pacer, Reporter } from './ports.js'

/** Calls of one run to one system; every request on the wire counts, token calls too. */
export interface CallCounts {
  requests: number
  throttled: number
  retried: number
}

export interface HttpOptions {
  readonly system: System
  /** No trailing slash. */
  readonly baseUrl: string
  /** Sent with every call but those for a token. */
  readonly headers: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly auth: Auth
  readonly pacer: Pacer
  readonly clock: Clock
  readonly timeoutMs: number
  /** Largest answer in bytes, decompressed (default 64 MB). */
  readonly maxBytes?: number
  /** The same for streamed lists (default 512 MB). */
  readonly maxListBytes?: number
  /** Clock ms at which the pass ends: nothing is sent, and nothing waited for, beyond it. */
  readonly deadlineAt: () => number
  readonly signal: AbortSignal
  readonly reporter: Reporter
  readonly counts: CallCounts
  /** Accept servers that only know the old TLS renegotiation. */
  readonly legacyTls?: boolean
}

/** A read that has to be put as a POST with a text body, as SOAP does. */
interface Question<T> {
  /** What is asked, for messages: shown behind the path of the address. */
  readonly label: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Judges the body of a 2xx answer, and of a 400 or 500: a SOAP fault comes with one of these. */
  readonly read: (text: string, status: number) => Reading<T>
}

export interface Answer {
  /** Numbers are text, as the sender wrote them. Null also for an empty body of a write. */
  readonly value: Json
  readonly status: number
  /** The answer's `Date` header, epoch milliseconds. */
  readonly dateMs: number | null
  readonly requestId: string | null
  readonly http: HttpNote
}

export interface Http {
  get(path: string, query?: Query): Promise<Result<Answer>>
  /**
   * A top-level JSON array in groups of at most 500 items, with backpressure. A call that broke off is repeated only
   * while nothing was handed on; a failure may come after some groups.
   */
  stream(
    path: string,
    query: Query,
    onItems: (items: Json[], dateMs: number | null) => Promise<void>,
  ): Promise<Result<{ readonly items: number }>>
  /** Asks at the base address itself. Repeated like any read, so it is for questions only. */
  ask<T>(question: Question<T>): Promise<Result<{ readonly value: T; readonly dateMs: number | null }>>
  /** One try, whatever happens; only a 401 (nothing was executed) is answered by a new login and a second try. */
  write(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    body: Json,
    options?: { readonly sendBefore?: number },
  ): Promise<Result<Answer>>
}

/**
 * Asks for a token: paced and counted like any call, repeated like a read. Given to `Auth`, which has no wire of its
 * own.
 */
export type TokenCall = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  secrets: readonly string[],
) => Promise<Result<Answer>>

const MAX_BYTES = 64_000_000
const MAX_LIST_BYTES = 512_000_000

type Consumer = Pick<Spec, 'consume' | 'maxBytes' | 'signal' | 'isAnswer'>
type Request = Pick<Spec, 'method' | 'path' | 'body' | 'isWrite' | 'isLogin'> &
  Consumer & { query: Query; sendBefore: number; url?: string; headers?: Readonly<Record<string, string>> }

/** See `HttpOptions`; throws only what the pacer, the vault or a consumer of items throws. */
export function makeHttp(options: HttpOptions): Http {
  const { baseUrl, auth, signal, clock } = options
  const name = options.system === 'plex' ? 'Plex' : 'Procurify'
  const wire = makeWire(options)
  const maxBytes = options.maxBytes ?? MAX_BYTES
  const reading = {
    isWrite: false,
    isLogin: false,
    sendBefore: Infinity,
    signal,
    maxBytes,
    consume: readJson,
    isAnswer: isSuccess,
  }
  const writing = { ...reading, isWrite: true, signal: null }
  const common = { system: name, timeoutMs: options.timeoutMs }

  const tokenCall: TokenCall = (url, headers, body, secrets) => {
    const path = new URL(url).pathname
    return wire(
      new Exchange({ ...common, ...reading, isLogin: true, method: 'POST', url, path, headers, body, secrets }),
    )
  }
  const attempt = async (
    { query, ...request }: Request,
    login: Readonly<Record<string, string>>,
  ): Promise<Result<Answer>> => {
    const url = request.url ?? `${baseUrl}${request.path}${queryText(query)}`
    const type: Record<string, string> = request.body === null ? {} : { 'content-type': 'application/json' }
    const headers = { ...type, ...request.headers, ...options.headers, ...login }
    return wire(new Exchange({ ...common, ...request, url, headers, secrets: secretsOf(login) }))
  }
  /** A 401 was not executed, whatever the method: once, it is worth a new login. */
  const call = async (request: Request): Promise<Result<Answer>> => {
    const login = await auth.headers(tokenCall)
    if (!login.ok) return login
    const first = await attempt(request, login.value)
    if (first.ok || first.status !== 401) return first
    const renewed = await auth.renew(tokenCall, login.value)
    if (!renewed.ok) return renewed
    return renewed.value === null ? first : attempt(request, renewed.value)
  }
  return {
    get: (path, query = {}) => call({ ...reading, method: 'GET', path, query, body: null }),
    stream: async (path, query, onItems) => {
      const checkTime = (exchange: Exchange): void => {
        if (clock.now() >= options.deadlineAt()) throw exchange.stopped('out_of_time', 'was not read to its end')
      }
      const consume = readItems(onItems, checkTime)
      const listed = await call({
        ...{ ...reading, method: 'GET', path, query, body: null, consume },
        maxBytes: options.maxListBytes ?? MAX_LIST_BYTES,
      })
      return listed.ok ? { ok: true, value: { items: Number(listed.value.value) } } : listed
    },
    ask: async <T>({ label, headers, body, read }: Question<T>) => {
      const kept: { value?: T } = {}
      const consume = readWith(read, (value) => (kept.value = value))
      const isAnswer = (status: number): boolean => isSuccess(status) || status === 400 || status === 500
      const path = `${new URL(baseUrl).pathname} (${label})`
      const request = { ...reading, method: 'POST', path, url: baseUrl, query: {}, headers, body, consume } as const
      const answer = await call({ ...request, isAnswer })
      // The consumer kept a value, or there would be no success.
      return answer.ok ? { ok: true, value: { value: kept.value as T, dateMs: answer.value.dateMs } } : answer
    },
    write: (method, path, body, { sendBefore = Infinity } = {}) =>
      call({ method, path, query: {}, body: JSON.stringify(body), ...writing, sendBefore }),
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** The values of the login headers and the token inside them; of a Basic login the password as well. */
function secretsOf(login: Readonly<Record<string, string>>): string[] {
  return Object.values(login).flatMap((value) => {
    const token = value.split(' ').at(-1) ?? value
    if (!value.startsWith('Basic ')) return [value, token]
    const [, ...password] = Buffer.from(token, 'base64').toString('utf8').split(':')
    return [value, token, password.join(':')]
  })
}
