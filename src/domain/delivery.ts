/**
 * What becomes of an intent after each step of its delivery. Pure: (claim, result) -> verdict; the durations of the claim were
 * measured by the database. The rule behind everything: a doubt is cleared by a definite answer only.
 */
import type { HttpNote } from './audit.js'
import type { Wanted } from './decision.js'
import type { Failure, Result } from './failure.js'
import type { StreamName } from './record.js'

/** An intent claimed for one attempt. */
export interface Claim {
  readonly intentId: number
  readonly claimNo: number
  readonly sourceId: string
  readonly sourceKey: string | null
  readonly sourceHash: string | null
  /** Never replaced while a try is in doubt: it is what that try sent. */
  readonly wanted: Wanted
  readonly attempt: number
  /** A former try started and never finished: look first, send only when absence is proved. */
  readonly inDoubt: boolean
  /** How long ago the try in doubt began, and how long ago a complete look-up first did not find it (null = not yet). */
  readonly unresolvedForMs: number
  readonly absentForMs: number | null
  readonly replayOf: number | null
  /** Planned by the run that claims it; else what the plan was made of may have changed since. */
  readonly isOwnPlan: boolean
  /** Milliseconds this claim is good for, from the moment it was granted. */
  readonly goodForMs: number
}

/** What the target shows of a record of ours. */
export interface Found {
  readonly targetId: string
  readonly targetKey: string | null
  /** Does the object already hold what the doubtful attempt (or the wanted change) asked for? */
  readonly matches: boolean
  /** The write that must have made it, for the audit row of a recovered try. */
  readonly http: HttpNote | null
  /** Set when the object found must not be taken: the code and sentence to park with. */
  readonly refuse: { readonly code: string; readonly message: string } | null
}

export type LookUp =
  | { readonly kind: 'found'; readonly found: Found }
  /** `complete`: the answer also contained a record we know exists. Absence from anything less is no fact. */
  | { readonly kind: 'absent'; readonly complete: boolean }

/** The target's answer to a write that took effect. */
export interface Delivered {
  readonly targetId: string
  readonly targetKey: string | null
  readonly http: HttpNote
}

export type Settled =
  /** The target has it. `wanted` is what it holds; null = it is ours but holds something else: plan it anew. */
  | {
      readonly kind: 'done'
      readonly action: 'create' | 'update' | 'adopt'
      readonly targetId: string
      readonly targetKey: string | null
      readonly wanted: Wanted | null
      readonly code: 'recovered' | null
      readonly http: HttpNote | null
    }
  /** Due again in `inMs`. `doubt` says whether a try may have reached the target. */
  | { readonly kind: 'retry'; readonly inMs: number; readonly doubt: 'none' | 'kept'; readonly failure: Failure | null }
  /** A complete look-up did not find it: remembered, to be looked for once more after the grace time. */
  | { readonly kind: 'absent'; readonly inMs: number }
  /**
   * Nothing was executed, because the target offers no such write or the plan is outdated: the intent ends, and the record is planned
   * anew in the light of that.
   */
  | { readonly kind: 'withdrawn'; readonly code: string; readonly message: string; readonly http: HttpNote | null }
  | {
      readonly kind: 'dead'
      readonly code: string
      readonly message: string
      readonly doubt: 'none' | 'kept'
      readonly http: HttpNote | null
    }

/** A claim, and what became of it. */
export interface Delivery {
  readonly claim: Claim
  readonly verdict: Settled
}

const MAX_BACKOFF_MS = 15 * 60_000

/** Exponential, from one second; the whole quarter of an hour after ten tries. */
export function backoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.max(0, attempt - 1))
}

/** After the look that comes before every creation. `send` = it is not there, go ahead. */
export function afterLookFirst(claim: Claim, result: Result<LookUp>): Settled | 'send' {
  if (!result.ok) return afterFailedLook(claim, result, 'none')
  if (result.value.kind === 'absent') return 'send'
  return adopt(claim, result.value.found, claim.wanted, null)
}

/** After a look-up for a record in doubt. Absence counts when two complete look-ups, the grace time apart, agree. */
export function afterLookUp(claim: Claim, result: Result<LookUp>, graceMs: number): Settled | 'send' {
  if (!result.ok) return afterFailedLook(claim, result, 'kept')
  const look = result.value
  const tried = claim.wanted
  if (look.kind === 'found' && (look.found.matches || tried.action === 'create' || look.found.refuse !== null)) {
    return adopt(claim, look.found, tried, 'recovered')
  }
  const isComplete = look.kind === 'found' || look.complete
  if (!isComplete) {
    if (claim.unresolvedForMs < graceMs)
      return { kind: 'retry', inMs: graceMs - claim.unresolvedForMs, doubt: 'kept', failure: null }
    const message =
      'It is not known whether the last try reached the target, and the look-up could not be proved complete.'
    return { kind: 'dead', code: 'in_doubt', message, doubt: 'kept', http: null }
  }
  if (claim.absentForMs === null) return { kind: 'absent', inMs: graceMs }
  if (claim.absentForMs < graceMs)
    return { kind: 'retry', inMs: graceMs - claim.absentForMs, doubt: 'kept', failure: null }
  return 'send'
}

/** Between two looks of one push: others are delivered and settled meanwhile. */
const ONCE_MORE_MS = 1_000

/**
 * What a first look could not prove absent is looked for once more before a person is asked: a record that the same push delivers or
 * finds meanwhile is a witness for it.
 */
export function lookOnceMore(verdict: Settled): Settled {
  const isUnproved = verdict.kind === 'dead' && verdict.doubt === 'kept'
  return isUnproved ? { kind: 'retry', inMs: ONCE_MORE_MS, doubt: 'kept', failure: null } : verdict
}

/** After the write itself. */
export function afterSend(claim: Claim, result: Result<Delivered>): Settled {
  if (result.ok) {
    const { targetId, targetKey, http } = result.value
    return { kind: 'done', action: claim.wanted.action, targetId, targetKey, wanted: claim.wanted, code: null, http }
  }
  if (result.kind === 'unknown') return { kind: 'retry', inMs: 0, doubt: 'kept', failure: result }
  if (PLANNED_ANEW.has(result.code)) {
    const { code, message, http } = result
    return { kind: 'withdrawn', code, message, http }
  }
  if (result.kind === 'permanent') {
    const isGone = result.code === 'not_found' && claim.wanted.targetId !== null
    return {
      kind: 'dead',
      code: isGone ? 'target_gone' : result.code,
      message: result.message,
      doubt: 'none',
      http: result.http,
    }
  }
  return { kind: 'retry', inMs: retryInMs(claim, result), doubt: 'none', failure: result }
}

/** The object found is another record's already: one object belongs to one record, and a person decides whose it is. */
export function afterCollision(stream: StreamName): Settled {
  const message = 'The object found there is already linked to another Plex record.'
  return { kind: 'dead', code: TAKEN[stream], message, doubt: 'none', http: null }
}

const TAKEN: Readonly<Record<StreamName, string>> = {
  suppliers: 'vendor_relink',
  pos: 'requisition_ambiguous',
  invoices: 'bill_ambiguous',
  ...{ locations: 'pair_taken', departments: 'pair_taken', accounts: 'pair_taken' },
}

/** What no further try of the same plan can change. */
const PLANNED_ANEW: ReadonlySet<string> = new Set(['bill_drafts_not_offered', 'plan_outdated'])

function afterFailedLook(claim: Claim, failure: Failure, doubt: 'none' | 'kept'): Settled {
  if (failure.kind === 'permanent' && doubt === 'none') {
    return { kind: 'dead', code: failure.code, message: failure.message, doubt, http: failure.http }
  }
  return { kind: 'retry', inMs: retryInMs(claim, failure), doubt, failure }
}

/** The pacer already makes everybody wait out a Retry-After; the record itself only needs a floor. */
function retryInMs(claim: Claim, failure: Failure): number {
  if (failure.kind === 'auth' || failure.kind === 'stop') return 0
  return Math.max(failure.retryAfterMs ?? 0, backoffMs(claim.attempt))
}

function adopt(claim: Claim, found: Found, tried: Wanted, code: 'recovered' | null): Settled {
  if (found.refuse !== null) return { kind: 'dead', ...found.refuse, doubt: 'none', http: null }
  const action = tried.action === 'update' ? 'update' : 'adopt'
  const { targetId, targetKey, matches } = found
  return {
    kind: 'done',
    action,
    targetId,
    targetKey,
    wanted: matches ? tried : null,
    code,
    http: claim.inDoubt ? found.http : null,
  }
}
