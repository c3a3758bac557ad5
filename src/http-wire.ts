/**
 * One try on the wire: its turn in the shared budget, what its answer means for the budget, and when it is made again.
 */
import { constants } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Readable } from 'node:stream'
import axios, { type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import axiosRetry from 'axios-retry'
import { Bug } from './domain/errors.js'
import type { Failure, Result } from './domain/failure.js'
import { readProblem, Trouble, type Exchange } from './http-exchange.js'
import { dateOf, headerOf, patienceMs, problemText, redirectHost, requestIdOf } from './http-text.js'
import type { Answer, HttpOptions } from './http.js'

declare module 'axios' {
  interface AxiosRequestConfig {
    exchange?: Exchange
  }
}

/**
 * Sends exchanges, one after another or side by side, over connections that are kept. Errors of axios stay in here:
 * they hold the login. Throws only what the pacer or a consumer of items throws.
 */
export function makeWire(options: HttpOptions): (exchange: Exchange) => Promise<Result<Answer>> {
  const client = makeClient(options)
  return async (exchange) => {
    const { method, url, headers, body, maxBytes } = exchange.spec
    try {
      const limits = { maxBodyLength: maxBytes }
      await client.request({ method, url, headers, data: body, ...limits, ...proxyFor(url), exchange })
    } catch (error) {
      if (error instanceof Trouble) return error.failure
      throw error
    } finally {
      exchange.end()
    }
    const { value, status, dateMs, requestId, note } = exchange
    return { ok: true, value: { value, status: status ?? 0, dateMs, requestId, http: note } }
  }
}

/** A proxy from the environment is for the world outside: it could not reach our loopback. */
function proxyFor(url: string): { proxy?: false } {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname) ? { proxy: false } : {}
}

/**
 * Idle connections are closed before the other side does: a write on a dying connection would be in doubt for nothing.
 */
const IDLE_SOCKET_MS = 4_000
const TRIES = 4

function makeClient(options: HttpOptions): AxiosInstance {
  // As axios sets it for each request: with another value, each call costs eight more calls of the system.
  const agent = { keepAlive: true, keepAliveMsecs: 60_000, timeout: IDLE_SOCKET_MS }
  // For this system only: some old servers cannot renegotiate safely, and OpenSSL refuses them since version 3.
  const legacy = options.legacyTls === true ? { secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT } : {}
  const client = axios.create({
    headers: { accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': options.userAgent },
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent({ ...agent, ...legacy }),
    // Bodies are read by ourselves: size, time and cuts are then judged in one place, for lists and single answers
    // alike.
    responseType: 'stream',
    decompress: true,
    maxRedirects: 0,
    validateStatus: () => true,
    transformRequest: (data: unknown) => data,
    transformResponse: (data: unknown) => data,
  })
  const wire = new Wire(options)
  client.interceptors.request.use((config) => wire.takeTurn(config))
  client.interceptors.response.use(
    (response: AxiosResponse<Readable>) => wire.read(response),
    (error: unknown) => wire.fail(error),
  )
  // The defaults of axios-retry would repeat writes after a lost connection, and at once.
  axiosRetry(client, {
    retries: TRIES - 1,
    retryCondition: (error: unknown) => error instanceof Trouble && error.mayRepeat,
    retryDelay: () => 0,
    onRetry: (attempt, error: unknown) => wire.backOff(attempt, error),
  })
  return client
}

const BASE_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 60_000
/** A longer cool-down is for the next run to find over: a pass that sleeps through it holds its stream for nothing. */
const LONGEST_PAUSE_MS = 120_000
/** Longer waits are cut up, so that a changed budget or deadline is noticed. */
const MAX_SLEEP_MS = 60_000

class Wire {
  /** A timeout may be counted from earlier passes: the first answer clears it, later ones need not ask. */
  #mayHaveTimeouts = true

  constructor(private readonly options: HttpOptions) {}

  /** Waits until the shared budget grants this request; the last thing before the wire. */
  async takeTurn(config: InternalAxiosRequestConfig): Promise<InternalAxiosRequestConfig> {
    const { pacer, clock, signal, deadlineAt, counts } = this.options
    const exchange = exchangeOf(config)
    for (;;) {
      if (signal.aborted) throw exchange.stopped('interrupted', 'was not sent: the run was told to stop')
      const { waitMs, reason } = await pacer.take()
      const leftMs = Math.min(deadlineAt(), exchange.spec.sendBefore) - clock.now()
      if (waitMs >= leftMs || waitMs > LONGEST_PAUSE_MS) throw exchange.tooLate(waitMs, reason)
      if (waitMs <= 0) break
      this.options.reporter.log('debug', 'waiting_for_budget', { system: this.options.system, waitMs, reason })
      await clock.sleep(Math.min(waitMs, MAX_SLEEP_MS), signal)
    }
    counts.requests += 1
    config.signal = exchange.begin(config)
    return config
  }

  /** An answer with a status: its body read, or Trouble. */
  async read(response: AxiosResponse<Readable>): Promise<AxiosResponse> {
    const exchange = exchangeOf(response.config)
    const { status, data: body } = response
    exchange.status = status
    exchange.requestId = requestIdOf(response.headers)
    exchange.dateMs = dateOf(response.headers)
    try {
      if (exchange.spec.isAnswer(status)) exchange.value = await exchange.spec.consume(body, exchange, exchange.dateMs)
      else throw await this.refusal(response, exchange)
    } catch (error) {
      // A body may also say in its own words that something timed out on the other side.
      const isOurs = exchange.isExpired && error instanceof Trouble && error.failure.code === 'timed_out'
      throw isOurs ? await this.timeout(exchange) : error
    } finally {
      exchange.end()
    }
    await this.noteAnswer(exchange)
    return response
  }

  /** Any status but 2xx. Patience asked for becomes everybody's: the pacer holds every process back. */
  private async refusal(response: AxiosResponse<Readable>, exchange: Exchange): Promise<Trouble> {
    const { pacer, clock, counts, reporter, system } = this.options
    const { status } = response
    const body = await readProblem(response.data, exchange)
    const said =
      status >= 300 && status < 400
        ? redirectHost(response.headers, exchange.spec.url)
        : problemText(body, exchange.spec.secrets)
    const waitMs = patienceMs(
      status,
      headerOf(response.headers, 'retry-after'),
      said,
      exchange.dateMs ?? clock.wallMs(),
    )
    if (status === 429) {
      counts.throttled += 1
      await pacer.throttled()
    }
    if (waitMs !== null) await pacer.coolDown(waitMs, `${exchange.spec.system} asked for a pause`)
    if (status === 429 || waitMs !== null) {
      reporter.log('warn', 'throttled', { system, status, waitMs })
    }
    await this.noteAnswer(exchange)
    return exchange.trouble({ status, networkCode: null, body: 'fine' }, said, waitMs)
  }

  /** No status line came. Errors that are not the network's (the pacer's database, a bug) pass through. */
  async fail(error: unknown): Promise<never> {
    if (!axios.isAxiosError(error) || error.config?.exchange === undefined) throw error
    const { exchange } = error.config
    exchange.end()
    if (exchange.isExpired) throw await this.timeout(exchange)
    if (exchange.isInterrupted) throw exchange.stopped('interrupted', 'was interrupted')
    throw exchange.trouble({ status: null, networkCode: error.code ?? null, body: 'fine' })
  }

  /**
   * Timeouts in a row are counted over all processes; at the limit nobody calls for a while (contracts/procurify.md
   * section 1).
   */
  private async timeout(exchange: Exchange): Promise<Trouble> {
    this.#mayHaveTimeouts = true
    const { inARow, stop } = await this.options.pacer.timedOut()
    const trouble = exchange.trouble({ status: null, networkCode: 'ETIMEDOUT', body: 'fine' })
    if (!stop) return trouble
    const kind = exchange.spec.isWrite ? ('unknown' as const) : ('stop' as const)
    const message = `${trouble.failure.message}; ${inARow} timeouts in a row, so calls pause`
    const failure: Failure = { ...trouble.failure, kind, code: 'too_many_timeouts', message }
    return new Trouble(failure, false, exchange.config)
  }

  private async noteAnswer(exchange: Exchange): Promise<void> {
    const { reporter, pacer, system } = this.options
    const { method, path, status, request_id } = exchange.note
    reporter.log('debug', 'http', { system, method, path, status, request_id })
    if (!this.#mayHaveTimeouts || exchange.spec.isLogin) return
    this.#mayHaveTimeouts = false
    await pacer.answered()
  }

  /**
   * Before a repetition: exponential with jitter, unless the other side said how long; then the pacer makes us wait.
   */
  async backOff(attempt: number, error: unknown): Promise<void> {
    if (!(error instanceof Trouble)) throw new Bug('Only trouble is repeated.')
    const { clock, deadlineAt, signal, counts } = this.options
    if (error.failure.retryAfterMs === null) {
      const fullMs = Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (attempt - 1))
      const waitMs = fullMs * (0.5 + Math.random() / 2)
      if (clock.now() + waitMs >= deadlineAt()) throw error
      await clock.sleep(waitMs, signal)
    }
    counts.retried += 1
  }
}

function exchangeOf(config: InternalAxiosRequestConfig): Exchange {
  if (config.exchange === undefined) throw new Bug('A request without its exchange.')
  return config.exchange
}
