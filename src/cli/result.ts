/** A finished pass as users see it: the JSON document of spec section 2, and the same for people. */
import { EXIT_CODES } from '../domain/outcome.js'
import type { PassResult } from '../passes/run.js'

export interface CallCounts {
  readonly requests: number
  readonly throttled: number
  readonly retried: number
}

export interface RunFacts {
  readonly runId: string
  readonly command: string
  readonly connection: string
  readonly dryRun: boolean
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly auditHead: string
  readonly calls: { readonly plex: CallCounts; readonly procurify: CallCounts }
}

export function toRunJson(facts: RunFacts, result: PassResult) {
  const { outcome, counts, window, problems } = result
  return {
    schema: 'ml-connector/run@1',
    run_id: facts.runId,
    command: facts.command,
    connection: facts.connection,
    dry_run: facts.dryRun,
    outcome,
    exit_code: EXIT_CODES[outcome],
    started_at: facts.startedAt.toISOString(),
    finished_at: facts.finishedAt.toISOString(),
    duration_ms: facts.finishedAt.getTime() - facts.startedAt.getTime(),
    audit_head: facts.auditHead,
    window,
    counts,
    calls: facts.calls,
    ...(facts.dryRun ? { plan: result.plan } : {}),
    ...(result.planHash === null ? {} : { plan_hash: result.planHash }),
    problems,
  }
}
export type RunJson = ReturnType<typeof toRunJson>

/** For people who see the plan elsewhere. */
export function withoutPlan(run: RunJson): RunJson {
  const copy = { ...run }
  delete copy.plan
  return copy
}
