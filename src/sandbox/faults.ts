import type { Call, System } from './exchange.js'

/** What a fault does to the request it hits. "Effect" = a write really takes place in the simulated system. */
const FAULT_KINDS = [
  'status', // answers `status` instead, no effect; body by `body` / `text`
  'throttle', // 429 or 503 with Retry-After as told by `retryAfter`, no effect
  'unauthorized', // 401 in the system's own words, no effect
  'forbidden', // 403 likewise
  'html', // 200 with a login page, no effect
  'redirect', // 302 to `location`, no effect
  'broken-json', // effect, then 200 with JSON text cut in half and a right content length
  'slow', // effect, then `ms` of silence, then chunks `chunkMs` apart
  'cut-before', // connection dropped, no effect
  'cut-after', // effect, then connection dropped without an answer
  'cut-body', // effect, headers and half of the body, then connection dropped
  'timeout-before', // no effect, never an answer
  'timeout-after', // effect, never an answer
  'status-after', // effect, then `status` (504)
  'late-effect', // `status` (504) at once; the effect comes `ms` later, or on `land` when there is no `ms`
  'ignore-filter', // date filters (or the parameters in `params`) are ignored
  'empty', // a list without rows
  'short', // a list cut to `rows` rows, its count too
  'duplicate-page', // page n answers the rows of page n-1
  'expire-token', // all tokens given out so far are invalid from now on, this request included
  'huge', // a body that never ends
  'data-source-error', // SOAP: 200 with Error true and the message in `text`, no effect
  'data-source-output', // SOAP: 200 with a failing output parameter and the message in `text`, no effect
  'soap-fault', // SOAP: 500 with a fault; `text` is its reason, no effect
] as const

const RETRY_AFTER = ['seconds', 'date', 'absent', 'text'] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Bodies a faulty answer may carry; `plex` and the four Procurify styles are the ones clients must tell apart. */
export type FaultBody = 'plex' | 'errorsMap' | 'nonField' | 'drf' | 'detail' | 'empty' | 'html'

/** When to misbehave, and how. Members that a kind does not use are ignored. */
export interface FaultRule {
  readonly id?: string
  readonly system: System
  readonly kind: FaultKind
  readonly method?: string
  /** A prefix when it begins with `/`, else a regular expression. */
  readonly path?: string
  /** Text that must occur in the decoded query or in the body. */
  readonly match?: string
  /** How many requests it hits (1; -1 = for ever), after letting `after` matching ones pass (0). */
  readonly times?: number
  readonly after?: number
  readonly status?: number
  readonly body?: FaultBody
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** `throttle`: form of the waiting time (`seconds`), and its length in seconds (1). */
  readonly retryAfter?: (typeof RETRY_AFTER)[number]
  readonly seconds?: number
  readonly ms?: number
  readonly chunkMs?: number
  readonly rows?: number
  readonly location?: string
  readonly params?: readonly string[]
}

/** A rule that is switched on, with what it has done so far. */
export interface Fault extends FaultRule {
  readonly id: string
  hits: number
  passed: number
}

/** The faults that are switched on. The first rule that fits a request hits it; rules do not add up. */
export class Faults {
  readonly #rules: Fault[] = []
  #n = 0

  /** Switches a fault on and answers its id. */
  add(rule: FaultRule): string {
    this.#n += 1
    const id = rule.id ?? `fault-${this.#n}`
    this.#rules.push({ ...rule, id, hits: 0, passed: 0 })
    return id
  }

  /** The rules that are on, used-up ones included: `hits` tells whether a test has reached its fault. */
  list(): readonly Fault[] {
    return this.#rules
  }

  /** Switches one fault off, or all of them. */
  clear(id?: string): void {
    for (let i = this.#rules.length - 1; i >= 0; i -= 1) {
      if (id === undefined || this.#rules[i]?.id === id) this.#rules.splice(i, 1)
    }
  }

  /** The fault that hits this request, already counted. */
  take(system: System, call: Call): Fault | undefined {
    for (const rule of this.#rules) {
      const times = rule.times ?? 1
      if ((times >= 0 && rule.hits >= times) || !fits(rule, system, call)) continue
      // A rule that lets a request pass does not stop later rules from hitting it.
      if (rule.passed < (rule.after ?? 0)) {
        rule.passed += 1
        continue
      }
      rule.hits += 1
      return rule
    }
    return undefined
  }
}

/** All conditions a rule names must hold; one that is left out holds always. */
function fits(rule: FaultRule, system: System, call: Call): boolean {
  if (rule.system !== system) return false
  if (rule.method !== undefined && rule.method.toUpperCase() !== call.method) return false
  if (rule.path !== undefined && !fitsPath(rule.path, call.path)) return false
  return rule.match === undefined || searchableText(call).includes(rule.match)
}

/** A prefix covers the records below a list as well; a pattern with `$` leaves them out. */
function fitsPath(wanted: string, path: string): boolean {
  return wanted.startsWith('/') ? path.startsWith(wanted) : new RegExp(wanted).test(path)
}

/** Query with its escapes undone, then the body as it came. */
function searchableText(call: Call): string {
  const query = [...call.query].map(([name, value]) => `${name}=${value}`).join('&')
  return `${query}\n${call.text}`
}

/** What is wrong with a rule that came over HTTP, or undefined. */
export function faultProblem(rule: Partial<Record<keyof FaultRule, unknown>>): string | undefined {
  if (rule.system !== 'plex' && rule.system !== 'procurify') return 'system must be plex or procurify'
  if (!(FAULT_KINDS as readonly unknown[]).includes(rule.kind)) return `kind must be one of ${FAULT_KINDS.join(', ')}`
  if (rule.retryAfter !== undefined && !(RETRY_AFTER as readonly unknown[]).includes(rule.retryAfter))
    return `retryAfter must be one of ${RETRY_AFTER.join(', ')}; the length is told by seconds`
  if (typeof rule.path === 'string' && !rule.path.startsWith('/')) {
    try {
      new RegExp(rule.path)
    } catch {
      return 'path must begin with / or be a regular expression'
    }
  }
  return undefined
}
