/** What one pass works with, and the questions every step of it asks: is there time, did somebody say stop? */
import type { Planned, Replay } from '../domain/decision.js'
import type { Failure } from '../domain/failure.js'
import type { RunOutcome } from '../domain/outcome.js'
import type { Follower } from './follow.js'
import type { Tally } from '../domain/tally.js'
import type { Clock, Outlet, Paused, Reporter, Store, Stream } from '../ports.js'

interface PassSettings {
  readonly overlapMs: number
  readonly concurrency: number
  readonly timeoutMs: number
  readonly leaseMs: number
  readonly graceMs: number
  readonly maxChanges: number
}

interface PassOptions {
  readonly dryRun: boolean
  /** Noted records worked on; null = all. */
  readonly limit: number | null
  /** The plan hash a safety stop printed. */
  readonly confirm: string | null
  readonly since: string | null
  readonly full: boolean
}

export interface Pass<S extends Outlet = Stream> {
  readonly runId: string
  readonly stream: S
  readonly store: Store
  readonly clock: Clock
  readonly reporter: Reporter
  readonly settings: PassSettings
  readonly options: PassOptions
  readonly tally: Tally
  /** Passes of streams this one depends on, by the word before the colon in what a record waits for (`supplier:<id>`). */
  readonly needs: Readonly<Record<string, Pass>>
  /** Set for a replay: by source id, the journal row (seq) that parked it; null = that row is not there any more. */
  readonly replays?: ReadonlyMap<string, Replay>
  /** What became of linked records in the target; null = the stream ends with the write. */
  readonly follower: Follower | null
  /** Clock milliseconds at which the pass must have ended. */
  readonly deadlineAt: number
  readonly signal: AbortSignal
}

/** All that it takes to know whether there is time left, and to say that there was none. */
export type Patience = Pick<Pass<Outlet>, 'tally' | 'signal' | 'clock' | 'deadlineAt'>

/** Has the pass to end here? Says so in the tally, once. */
export function isOver(pass: Patience): boolean {
  if (pass.signal.aborted)
    return endEarly(pass, 'interrupted', 'The run was told to stop; what was in flight is settled.')
  if (pass.clock.now() < pass.deadlineAt) return false
  return endEarly(pass, 'out_of_time', 'The deadline was reached; the rest stays for the next run.')
}

function endEarly(pass: Pick<Patience, 'tally'>, code: string, message: string): true {
  pass.tally.end('interrupted')
  pass.tally.problem(code, message)
  return true
}

/** Has a person put the whole stream on hold? Says so; that is no trouble, so the pass may end as `done`. */
export async function isPaused(pass: Pass<Outlet>): Promise<boolean> {
  return tellPaused(pass, await pass.store.paused(pass.stream.name))
}

export function tellPaused({ stream, tally }: Pass<Outlet>, { stream: reason }: Paused): boolean {
  if (reason !== null) tally.problem('paused', `The stream ${stream.name} is paused: ${reason}`)
  return reason !== null
}

/** A failed call that ends the pass: by which exit, and in which words. */
export function endByFailure(pass: Pick<Patience, 'tally'>, failure: Failure): void {
  pass.tally.end(outcomeOf(failure))
  pass.tally.problem(failure.code, failure.message)
}

export function outcomeOf(failure: Failure): RunOutcome {
  return failure.kind === 'auth' ? 'refused' : 'interrupted'
}

/** A stop for safety; the hash allows exactly this one with --confirm. */
export interface SafetyStop {
  readonly code: string
  readonly message: string
  readonly hash: string
}

/** True = a person allowed exactly this. */
export function isConfirmed(pass: Pass<Outlet>, stop: SafetyStop): boolean {
  const { confirm } = pass.options
  if (confirm === stop.hash) return true
  pass.tally.end('stopped')
  pass.tally.stopHash = stop.hash
  pass.tally.problem(stop.code, `${stop.message} To go on all the same: --confirm ${stop.hash}`)
  if (confirm !== null) {
    pass.tally.problem('plan_changed', `--confirm ${confirm} belongs to another plan; this one is ${stop.hash}.`)
  }
  return false
}

/** One line of a dry run's plan. */
export interface PlanLine {
  readonly stream: string
  readonly source_id: string
  readonly source_key: string | null
  readonly action: string
  readonly target_id: string | null
  readonly changes: readonly { field: string; from: unknown; to: unknown }[]
}

/** Read line by line, for there may be a hundred thousand. */
export type PlanLines = Iterable<PlanLine> & { readonly length: number }

export function toPlanLine(stream: string, { sourceId, sourceKey, decision }: Planned): PlanLine | null {
  if (decision.kind !== 'send') return null
  const { action, targetId, changes } = decision.wanted
  return { stream, source_id: sourceId, source_key: sourceKey, action, target_id: targetId, changes }
}
