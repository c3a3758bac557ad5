/** A finished pass as users see it: the JSON document of spec section 2, and the same for people. */
import type { Finding } from '../domain/match-invoice.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { adviceFor } from '../domain/problems.js'
import { CATEGORIES, type Counts, type Problem } from '../domain/tally.js'
import type { PassResult } from '../passes/run.js'
import type { BrokenRun } from './broken-run.js'

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
  /** Null = not known: the database is gone. */
  readonly auditHead: string | null
  readonly calls: { readonly plex: CallCounts; readonly procurify: CallCounts }
  /** Records that were left out are told as well: for programs, and for people who ask with --verbose. */
  readonly isComplete?: boolean
  /** Invoices of each finding, as of the end of the run. */
  readonly findings?: Readonly<Record<Finding, number>>
}

export function toRunJson(facts: RunFacts, result: PassResult) {
  const { outcome, counts, window } = result
  const problems = facts.isComplete === true ? [...result.problems, ...(result.leftOut ?? [])] : result.problems
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
    ...(facts.findings === undefined ? {} : { findings: facts.findings }),
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

/** The text of the document, in pieces: a plan of a hundred thousand lines is never held at once. */
export function* jsonPieces(run: RunJson): Iterable<string> {
  let before = '{'
  for (const [name, value] of Object.entries(run)) {
    if (value === undefined) continue
    yield `${before}${JSON.stringify(name)}:`
    if (name === 'plan') yield* listPieces(run.plan ?? [])
    else yield JSON.stringify(value)
    before = ','
  }
  yield '}'
}

function* listPieces(items: Iterable<unknown>): Iterable<string> {
  let before = '['
  for (const item of items) {
    yield before + JSON.stringify(item)
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** A run that broke off, as the document of a run. What it did up to then is in the journal, whose head is not known here. */
export function toBrokenJson(
  { run }: BrokenRun,
  outcome: 'failed' | 'interrupted',
  problem: Pick<Problem, 'code' | 'message'>,
): RunJson {
  const counts = { read: 0, ...Object.fromEntries(CATEGORIES.map((name) => [name, 0])) } as Counts
  const problems = [{ ...problem, stream: '', source_id: null, source_key: null, advice: adviceFor(problem.code) }]
  const nothing = { outcome, counts, problems, window: { from: null, to: null }, plan: [], planHash: null }
  return toRunJson({ ...run, finishedAt: new Date(), auditHead: null }, nothing)
}
