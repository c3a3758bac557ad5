import type { HttpNote } from './audit.js'

/**
 * A call that did not work, in the only terms the rest of the program decides by.
 *   transient  not executed, or a read: try again later      permanent  executed and refused: the same request never works
 *   auth       login, role or tenant refused: stop the pass  unknown    a write that may have taken effect
 *   stop       not even tried: cool-down, deadline or signal
 */
export interface Failure {
  readonly ok: false
  readonly kind: 'transient' | 'permanent' | 'auth' | 'unknown' | 'stop'
  /** A code of the catalogue (problems.ts). */
  readonly code: string
  /** One redacted sentence with system, method, path and what came back. */
  readonly message: string
  readonly status: number | null
  /** The call, for the audit row; null when nothing was sent. */
  readonly http: HttpNote | null
  /** The other side asked for this much patience. */
  readonly retryAfterMs: number | null
}

interface Success<T> {
  readonly ok: true
  readonly value: T
}

const TOO_MUCH = new Set(['timed_out', 'server_error', 'connection_lost', 'broken_answer', 'answer_too_large'])

/** Failures of a list that a smaller question may avoid. What was not even tried is none of them. */
export function mayBeTooMuch({ kind, code }: Failure): boolean {
  return kind !== 'stop' && TOO_MUCH.has(code)
}

/** Expected trouble is a returned value, never a thrown one. */
export type Result<T> = Success<T> | Failure

/** What is known of one call that brought no usable answer. */
export interface Outcome {
  readonly isWrite: boolean
  /** Null when no status line arrived. */
  readonly status: number | null
  /** Node's or axios's error code: ECONNREFUSED, ETIMEDOUT, ... */
  readonly networkCode: string | null
  /** What is wrong with a 2xx body, if the status alone looked fine. */
  readonly body: 'fine' | 'html' | 'broken' | 'too-large' | 'cut'
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])
/** Mostly from connecting; but an established connection whose network goes away can end with these as well. */
const NO_ROUTE = new Set(['EHOSTUNREACH', 'ENETUNREACH'])
const TIMED_OUT = new Set(['ETIMEDOUT', 'ECONNABORTED', 'ESOCKETTIMEDOUT'])

/**
 * The one place that says what a bad outcome means. The default for a write is `unknown`: a wrong guess there
 * costs a look-up, a wrong guess the other way costs a duplicate.
 */
export function classify(outcome: Outcome): Pick<Failure, 'kind' | 'code'> {
  const { isWrite, status, networkCode } = outcome
  const unsure = isWrite ? 'unknown' : 'transient'
  if (status === null) {
    if (networkCode !== null && isNeverSent(networkCode)) return { kind: 'transient', code: 'unreachable' }
    if (networkCode !== null && NO_ROUTE.has(networkCode)) return { kind: unsure, code: 'unreachable' }
    if (networkCode !== null && TIMED_OUT.has(networkCode)) return { kind: unsure, code: 'timed_out' }
    if (outcome.body === 'too-large') return { kind: isWrite ? 'unknown' : 'permanent', code: 'answer_too_large' }
    return { kind: unsure, code: 'connection_lost' }
  }
  if (status === 401) return { kind: 'auth', code: 'login_refused' }
  if (status === 403) return { kind: 'auth', code: 'role_missing' }
  if (status === 429) return { kind: 'transient', code: 'throttled' }
  if (status === 408 || status >= 500) return { kind: unsure, code: 'server_error' }
  if (status >= 400) return { kind: 'permanent', code: status === 404 ? 'not_found' : 'refused_by_target' }
  if (status >= 300) return { kind: 'permanent', code: 'redirected' }
  return classifyBody(outcome)
}

/** A 2xx whose body cannot be used: the write most likely happened, the read certainly did not bring anything. */
function classifyBody({ isWrite, body }: Outcome): Pick<Failure, 'kind' | 'code'> {
  if (body === 'too-large') return { kind: isWrite ? 'unknown' : 'permanent', code: 'answer_too_large' }
  if (body === 'html') return { kind: isWrite ? 'unknown' : 'transient', code: 'html_answer' }
  return { kind: isWrite ? 'unknown' : 'transient', code: 'broken_answer' }
}

/** What OpenSSL and Node call a certificate they do not accept: no request is sent before it is. */
const BAD_CERTIFICATE = /^CERT_|^ERR_TLS_CERT|^UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED/

/** Trouble before the first byte of the request left: nothing can have taken effect. */
function isNeverSent(networkCode: string): boolean {
  return NEVER_SENT.has(networkCode) || BAD_CERTIFICATE.test(networkCode)
}
