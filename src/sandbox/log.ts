import type { Effect, System } from './exchange.js'

/** One request as it arrived and what became of it. Holds no secret: bodies and queries are redacted before. */
export interface LogEntry {
  readonly n: number
  /** Sandbox time, ISO text. */
  readonly at: string
  /** Real milliseconds since 1970: what call budgets are judged by, as moving the sandbox clock must not matter. */
  readonly ms: number
  readonly system: System
  readonly method: string
  /** Without the optional `/api` prefix of Plex. */
  readonly path: string
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly headers: {
    /** Scheme only (`Bearer`), or `Api-Key` for the key header. */
    readonly authorization: string | null
    readonly pcn: string | null
    readonly client: string | null
    readonly userAgent: string | null
  }
  readonly connection: number
  body: unknown
  /** Status sent; null while there is none, and for ever when the connection was cut instead. */
  status: number | null
  effect: Effect | null
  fault?: string
}

/** Every request to both systems, in order of arrival. */
export class RequestLog {
  readonly entries: LogEntry[] = []
  #n = 0

  /** Appends an entry and numbers it. The caller fills in body, status and effect as they become known. */
  open(entry: Omit<LogEntry, 'n'>): LogEntry {
    this.#n += 1
    const numbered = { n: this.#n, ...entry }
    this.entries.push(numbered)
    return numbered
  }

  /** Writes that took effect, oldest first. */
  effects(system?: System): { readonly entry: LogEntry; readonly effect: Effect }[] {
    return this.entries.flatMap((entry) =>
      entry.effect !== null && (system === undefined || entry.system === system)
        ? [{ entry, effect: entry.effect }]
        : [],
    )
  }

  /** Empties the log; numbers go on, so entries of two looks can be told apart. */
  clear(): void {
    this.entries.length = 0
  }
}

/** The largest number of requests to a system inside any 60 seconds (half-open, real time). */
export function maxPerMinute(entries: readonly LogEntry[], system: System): number {
  const times = entries.filter((entry) => entry.system === system).map((entry) => entry.ms)
  let most = 0
  let first = 0
  times.forEach((time, last) => {
    // Both ends of the window only ever move forward, so this is one walk however long the log is.
    while ((times[first] ?? time) <= time - 60_000) first += 1
    most = Math.max(most, last - first + 1)
  })
  return most
}

/** By name, since a value gives no hint. Better a harmless member hidden than a secret shown. */
const SECRET_NAME = /secret|password|api[-_]?key|token|assertion/i

/** The same value with every member whose name promises a secret replaced by `***`. */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, SECRET_NAME.test(name) ? '***' : redacted(member)]),
  )
}

/** Query parameters by name, repeated ones in order, secrets removed. */
export function loggedQuery(query: URLSearchParams): Record<string, string[]> {
  const byName: Record<string, string[]> = {}
  for (const [name, value] of query) (byName[name] ??= []).push(SECRET_NAME.test(name) ? '***' : value)
  return byName
}
