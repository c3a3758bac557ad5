import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import type { Failure, Result } from '../../src/domain/failure.js'
import { apiKeyAuth, type ClientDeps } from '../../src/http-auth.js'
import { makeHttp, type CallCounts, type Http, type HttpOptions } from '../../src/http.js'
import { Secret } from '../../src/domain/secret.js'
import type { Clock, Pacer, Reporter } from '../../src/ports.js'
import { openPacer } from '../../src/store/budget.js'
import { openVault } from '../../src/store/vault.js'
import type { TestDatabase } from './database.js'

interface Seen {
  readonly method: string
  /** Path with query, as it came over the wire. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface TestServer {
  readonly url: string
  readonly seen: Seen[]
  /** How the next requests are answered; `turn` counts from 1. */
  answer: (response: ServerResponse, request: Seen, turn: number) => void
  close(): Promise<void>
}

/** A real HTTP server on loopback whose answers each test chooses. */
export async function startServer(): Promise<TestServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      seen.push(one)
      self.answer(response, one, seen.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: (response) => json(response, {}),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return self
}

export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
}

export interface TestClock extends Clock {
  readonly slept: number[]
}

/** A clock that does not make tests wait: sleeping moves it, and the budget's past in the database, by the time asked for. */
export function makeClock(database: TestDatabase): TestClock {
  const slept: number[] = []
  let ahead = 0
  return {
    slept,
    now: () => performance.now() + ahead,
    wallMs: () => Date.now() + ahead,
    sleep: async (ms) => {
      slept.push(ms)
      ahead += ms
      await sql`
        update budget set not_before = not_before - ${ms}::float8 * interval '1 millisecond',
          seconds = array(select unnest(seconds) - ceil(${ms}::float8 / 1000)::int)`.execute(database.db)
    },
  }
}

const silent: Reporter = { progress: () => undefined, log: () => undefined }

export interface Rig {
  readonly http: Http
  readonly counts: CallCounts
  readonly clock: TestClock
  readonly pacer: Pacer
  readonly stop: AbortController
  readonly options: HttpOptions
}

let rigs = 0

/** An Http on the server with a budget of its own in the database; no deadline and an API key unless told otherwise. */
export function makeRig(
  server: TestServer,
  database: TestDatabase,
  changes: Partial<HttpOptions> & { perMinute?: number; maxTimeouts?: number | null; clock?: TestClock } = {},
): Rig {
  rigs += 1
  const { perMinute = 1000, maxTimeouts = 3, clock = makeClock(database), ...rest } = changes
  const pacer = openPacer(database.db, { name: `rig-${rigs}`, perMinute, maxTimeouts, coolDownMs: 900_000, clock })
  const stop = new AbortController()
  const options: HttpOptions = {
    system: 'procurify',
    baseUrl: server.url,
    headers: { 'x-procurify-client': 'api' },
    userAgent: 'ml-connector/test',
    auth: apiKeyAuth({ 'x-key': new Secret('k-secret-123') }),
    ...{ pacer, clock, timeoutMs: 10_000, deadlineAt: () => Infinity, signal: stop.signal, reporter: silent },
    counts: { requests: 0, throttled: 0, retried: 0 },
    ...rest,
  }
  return { http: makeHttp(options), counts: options.counts, clock, pacer, stop, options }
}

/** What a client needs besides its settings: a budget, a clock, a vault that keeps nothing. */
export function makeDeps(
  database: TestDatabase,
  credentials: ClientDeps['credentials'],
  changes: Partial<ClientDeps> = {},
): ClientDeps & { readonly clock: TestClock } {
  rigs += 1
  const clock = makeClock(database)
  return {
    credentials,
    vault: openVault(database.db, `deps-${rigs}`, []),
    version: 'test',
    pacer: openPacer(database.db, {
      name: `deps-${rigs}`,
      perMinute: 10_000,
      maxTimeouts: null,
      coolDownMs: 1000,
      clock,
    }),
    ...{ timeoutMs: 10_000, deadlineAt: () => Infinity, signal: new AbortController().signal, reporter: silent },
    counts: { requests: 0, throttled: 0, retried: 0 },
    ...changes,
    clock,
  }
}

/** The value of a result that must be a success. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.kind} ${result.code}: ${result.message}`)
  return result.value
}

/** The failure of a result that must be one. */
export function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('expected a failure')
  return result
}
