/** One call over all its tries: its timer, the reading of its body, and the failure it ends in. */
import type { Readable } from 'node:stream'
import type { HttpNote } from './domain/audit.js'
import { classify, type Failure, type Outcome } from './domain/failure.js'
import { makeSplitter } from './domain/json-array.js'
import { parseExact } from './domain/json-text.js'
import type { Json } from './domain/record.js'
import { isHtml, problemText, redact } from './http-text.js'

export interface Spec {
  /** For people: `Plex`, `Procurify`. */
  readonly system: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly url: string
  /** The path without its query, as it may be shown. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** A write may have taken effect although no answer came; a token call, though a POST, is no write. */
  readonly isWrite: boolean
  /** A call for a token: that it is answered says nothing about how busy the API is. */
  readonly isLogin: boolean
  /** Clock ms; nothing goes on the wire later. */
  readonly sendBefore: number
  /** Texts that must not come back in a message. */
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Ends a read at once. Never given for a write: what is on the wire is awaited. */
  readonly signal: AbortSignal | null
  /** Statuses whose body is an answer to be read: 2xx, and those of a SOAP fault where it is asked in SOAP. */
  readonly isAnswer: (status: number) => boolean
  readonly consume: Consume
}

/**
 * Reads the body of a 2xx answer. Throws Trouble; anything else it throws is a consumer's and passes through untouched.
 */
export type Consume = (body: Readable, exchange: Exchange, dateMs: number | null) => Promise<Json>

/** A try that brought nothing usable. Thrown inside the HTTP files only: the callers see its failure. */
export class Trouble extends Error {
  /** `config` lets axios-retry repeat the request; never printed, it holds the login. */
  constructor(
    readonly failure: Failure,
    readonly mayRepeat: boolean,
    readonly config: unknown,
  ) {
    super(failure.message)
  }
}

export class Exchange {
  /** The config of the present try. */
  config: unknown = undefined
  status: number | null = null
  requestId: string | null = null
  value: Json = null
  dateMs: number | null = null
  /** Items were handed on: repeating the call would hand them on twice. */
  hasDelivered = false
  isExpired = false
  #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined
  readonly #onInterrupt = (): void => this.#controller.abort()

  constructor(readonly spec: Spec) {}

  /** Starts the timer of a try; the signal ends it when time is up or a read is interrupted. */
  begin(config: unknown): AbortSignal {
    this.end()
    this.config = config
    this.status = null
    this.requestId = null
    this.isExpired = false
    this.#controller = new AbortController()
    this.spec.signal?.addEventListener('abort', this.#onInterrupt, { once: true })
    this.startTimer()
    return this.#controller.signal
  }

  end(): void {
    this.stopTimer()
    this.spec.signal?.removeEventListener('abort', this.#onInterrupt)
  }

  startTimer(): void {
    this.stopTimer()
    this.#timer = setTimeout(() => {
      this.isExpired = true
      this.#controller.abort()
    }, this.spec.timeoutMs)
  }

  stopTimer(): void {
    clearTimeout(this.#timer)
  }

  get isInterrupted(): boolean {
    return this.spec.signal?.aborted === true
  }

  get note(): HttpNote {
    const { method, path } = this.spec
    return { method, path, status: this.status, request_id: this.requestId }
  }

  /** What a bad outcome comes to; `said` is what the other side or the reader of its body had to say. */
  trouble(outcome: Omit<Outcome, 'isWrite'>, said = '', retryAfterMs: number | null = null): Trouble {
    const { isWrite } = this.spec
    const { kind, code } = classify({ ...outcome, isWrite })
    const message = `${this.title} ${describe(outcome, code, said, this.spec)}`
    const failure: Failure = { ok: false, kind, code, message, status: this.status, http: this.note, retryAfterMs }
    // A timed-out request is never repeated at the same size: the caller asks for less.
    const mayRepeat = !isWrite && !this.hasDelivered && REPEATED.has(code) && !NOT_REPEATED.has(this.status ?? 0)
    return new Trouble(failure, mayRepeat, this.config)
  }

  /** Not sent, or given up, for a reason of our own. */
  stopped(code: string, why: string, retryAfterMs: number | null = null): Trouble {
    const message = `${this.title} ${why}`
    return new Trouble(
      { ok: false, kind: 'stop', code, message, status: null, http: null, retryAfterMs },
      false,
      this.config,
    )
  }

  /** The budget lets it go only after the pass, or our claim of the record, has ended. */
  tooLate(waitMs: number, reason: string | null): Trouble {
    if (waitMs <= 0) return this.stopped('out_of_time', 'was not sent: there is not enough time left')
    const wait = `for another ${Math.ceil(waitMs / 1000)} s`
    if (reason === null)
      return this.stopped('out_of_time', `was not sent: the calls of this minute are used up, ${wait}`, waitMs)
    return this.stopped('cooling_down', `was not sent: ${reason}, ${wait}`, waitMs)
  }

  /** The call arrived and was refused in the words of its body, whatever the status says. */
  refused({ kind, code, said }: Pick<Failure, 'kind' | 'code'> & { readonly said: string }): Trouble {
    const message = `${this.title} answered ${this.status}: ${redact(said, this.spec.secrets).slice(0, MAX_SAID)}`
    const failure: Failure = {
      ...{ ok: false, kind, code, message, status: this.status, http: this.note, retryAfterMs: null },
    }
    return new Trouble(failure, false, this.config)
  }

  /** A 2xx body that cannot be used. */
  unusable(body: Outcome['body'], said: string): Trouble {
    return this.trouble({ status: this.status, networkCode: null, body }, redact(said, this.spec.secrets))
  }

  private get title(): string {
    return `${this.spec.system} ${this.spec.method} ${this.spec.path}`
  }

  /**
   * The chunks of a body, up to the size limit. With `pausing` the timer runs only while we wait for the other side, so
   * that a slow consumer is no timeout and a long list may take as long as it keeps coming.
   */
  async *chunks(body: Readable, pausing: boolean): AsyncGenerator<Buffer> {
    const source = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
    let bytes = 0
    try {
      for (;;) {
        if (pausing) this.startTimer()
        const next = await source.next().catch((error: unknown) => {
          throw this.cut(error)
        })
        if (pausing) this.stopTimer()
        if (next.done === true) return
        bytes += next.value.length
        if (bytes > this.spec.maxBytes) throw this.unusable('too-large', '')
        yield next.value
      }
    } finally {
      body.destroy()
    }
  }

  /** The body broke off: because time was up, because we were told to stop, or by itself. */
  private cut(error: unknown): Trouble {
    if (this.isExpired) return this.trouble({ status: null, networkCode: 'ETIMEDOUT', body: 'cut' })
    if (this.isInterrupted) return this.stopped('interrupted', 'was interrupted')
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'cut'
    return this.unusable('cut', code)
  }
}

/** One line of a message; what the other side wrote may be a page. */
const MAX_SAID = 300

/** Codes a read is repeated for; the statuses say which `server_error`s are not worth it (plex.md section 8). */
const REPEATED = new Set(['unreachable', 'connection_lost', 'throttled', 'server_error', 'broken_answer'])
const NOT_REPEATED = new Set([408, 501, 505])

function describe(outcome: Omit<Outcome, 'isWrite'>, code: string, said: string, spec: Spec): string {
  const { status, networkCode } = outcome
  const detail = said === '' ? '' : `: ${said}`
  if (code === 'timed_out') return `did not answer within ${Math.round(spec.timeoutMs / 100) / 10} s`
  if (code === 'unreachable') return `could not be reached (${networkCode})`
  if (code === 'connection_lost') return `lost the connection before an answer came (${networkCode ?? 'closed'})`
  if (code === 'answer_too_large') return `answered with more than ${Math.round(spec.maxBytes / 1e6)} MB`
  if (code === 'html_answer') return `answered ${status} with a web page instead of data${detail}`
  if (code === 'broken_answer') return `answered ${status} with an unreadable body${detail}`
  if (code === 'redirected') return `answered ${status}, a redirect to ${said}, which is not followed`
  return `answered ${status}${detail}`
}

/**
 * A whole JSON body, numbers as text. No body at all is null for a write (reopening a PO answers so), broken for a
 * read.
 */
export const readJson: Consume = async (body, exchange) => {
  const chunks: Buffer[] = []
  for await (const chunk of exchange.chunks(body, false)) chunks.push(chunk)
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  if (text.trim() === '' && exchange.spec.isWrite) return null
  return parse(text, exchange)
}

/** What a text body comes to. `unread` = it is not what was asked for: its status decides, as for any other call. */
export type Reading<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'unusable'; readonly body: 'html' | 'broken'; readonly said: string }
  | { readonly kind: 'refused'; readonly failure: Pick<Failure, 'kind' | 'code'> & { readonly said: string } }
  | { readonly kind: 'unread' }

/** A whole body as text, judged by `read`; its value goes to `keep`. */
export function readWith<T>(read: (text: string, status: number) => Reading<T>, keep: (value: T) => void): Consume {
  return async (body, exchange) => {
    const chunks: Buffer[] = []
    for await (const chunk of exchange.chunks(body, false)) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const status = exchange.status ?? 0
    const reading = read(text, status)
    switch (reading.kind) {
      case 'value':
        keep(reading.value)
        return null
      case 'unusable':
        throw exchange.unusable(reading.body, reading.said)
      case 'refused':
        throw exchange.refused(reading.failure)
      case 'unread':
        throw exchange.trouble({ status, networkCode: null, body: 'broken' }, problemText(text, exchange.spec.secrets))
    }
  }
}

/** Any other body: never fails, it only makes a message longer. */
export async function readProblem(body: Readable, exchange: Exchange): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of exchange.chunks(body, false)) chunks.push(chunk)
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, 100_000)
}

/** Items are handed on in groups of at most this many. */
const BATCH = 500

/** A top-level array, item by item; answers how many there were (as text, like every number). */
export function readItems(
  onItems: (items: Json[], dateMs: number | null) => Promise<void>,
  checkTime: (exchange: Exchange) => void,
): Consume {
  return async (body, exchange, dateMs) => {
    const splitter = makeSplitter()
    let batch: Json[] = []
    let items = 0
    const deliver = async (): Promise<void> => {
      exchange.hasDelivered = true
      items += batch.length
      const full = batch
      batch = []
      await onItems(full, dateMs)
    }
    let isFirst = true
    for await (const chunk of exchange.chunks(body, true)) {
      if (isFirst && isHtml(chunk.toString('latin1', 0, 200))) throw exchange.unusable('html', '')
      isFirst = false
      for (const text of splitter.push(chunk)) {
        batch.push(parse(text, exchange))
        if (batch.length === BATCH) await deliver()
      }
      checkTime(exchange)
    }
    const fault = splitter.end()
    if (fault !== null) throw exchange.unusable('broken', fault)
    if (batch.length > 0) await deliver()
    return String(items)
  }
}

function parse(text: string, exchange: Exchange): Json {
  try {
    return parseExact(text)
  } catch {
    throw exchange.unusable(isHtml(text) ? 'html' : 'broken', text.trim() === '' ? 'the answer is empty' : '')
  }
}
