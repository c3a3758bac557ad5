import type { IncomingHttpHeaders } from 'node:http'

/** Which of the two simulated systems a request, a fault or a log entry belongs to. */
export type System = 'plex' | 'procurify'

/**
 * One stored record. Loose on purpose: real answers have absent, null and extra members, and all of them must have
 * a place here. Members beginning with `_` are ours (for example the parent of an address) and are never sent.
 */
export type Row = Record<string, unknown>

/** A write that really happened, which is what exactly-once tests judge by: never the status a client saw. */
export interface Effect {
  readonly collection: string
  readonly id: string
  readonly kind: 'create' | 'update'
}

/** One request as the routes see it. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON or form fields; undefined when there is no body or it is not readable as either. */
  readonly body: unknown
  readonly text: string
  /** `http://host:port` as the client addressed us, for absolute links. */
  readonly origin: string
}

/** One answer before it is written. Exactly one of `json`, `rows`, `text` is set; none of them = empty body. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** A list; written row by row so that tens of megabytes never exist as one string. */
  readonly rows?: readonly unknown[]
  /** How rows are written where they are no JSON: all at once. */
  readonly render?: (rows: readonly unknown[]) => string
  /** Members that go before `data`; without it the rows are a bare array. */
  readonly envelope?: Row
  readonly text?: string
  readonly effect?: Effect
}

/** Handlers get the ids of the path in order; a missing one is the empty string. */
export type Handler<Context> = (call: Call, context: Context, id: string, childId: string) => Reply

export interface Route<Context> {
  readonly method: string
  /** Path with `:name` for one segment, for example `/mdm/v1/suppliers/:id`. */
  readonly path: string
  readonly handle: Handler<Context>
}

interface CompiledRoute<Context> extends Route<Context> {
  readonly pattern: RegExp
}

/** Finds the handler of a path. Routes are tried in order, so literal paths go before `:id` ones. */
export class Router<Context> {
  readonly #routes: readonly CompiledRoute<Context>[]

  constructor(routes: readonly Route<Context>[]) {
    this.#routes = routes.map((route) => ({
      ...route,
      pattern: new RegExp(`^${route.path.replace(/:[a-zA-Z]+/g, '([^/]+)')}$`),
    }))
  }

  /** The reply of the matching route; `method` when only other methods are offered there, `path` when nothing is. */
  run(call: Call, context: Context): Reply | 'method' | 'path' {
    let pathKnown = false
    for (const route of this.#routes) {
      const found = route.pattern.exec(call.path)
      if (found === null) continue
      if (route.method !== call.method) {
        pathKnown = true
        continue
      }
      return route.handle(call, context, decode(found[1]), decode(found[2]))
    }
    return pathKnown ? 'method' : 'path'
  }
}

/** A segment that is not valid percent-encoding is kept as it came: the handler then finds no such record. */
function decode(segment: string | undefined): string {
  try {
    return decodeURIComponent(segment ?? '')
  } catch {
    return segment ?? ''
  }
}

/** The members of an object body; anything else has none. */
export function membersOf(value: unknown): Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {}
}

/** A text, number or boolean as text; anything else, null included, as the empty text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A number with an exact spelling (`1.10`, `0.1000000000`), which a JavaScript number would lose on the way out. */
export class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** A marker that `toJsonText` turns back into a bare literal; U+0000 occurs in no real answer. */
  toJSON(): string {
    return `\u0000${this.text}`
  }
}

/** JSON text of a value, with every `NumberText` written as its own literal. */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value)
  return text.includes('"\\u0000') ? text.replace(/"\\u0000(-?[0-9.eE+-]+)"/g, '$1') : text
}
