/** How a finished pass is shown: JSON, a table for a person, one line for cron, or nothing when all is well. */
import { FINDINGS } from '../domain/match-invoice.js'
import { CATEGORIES, type Problem } from '../domain/tally.js'
import { worstOutcome, type RunOutcome } from '../domain/outcome.js'
import type { PlanLines } from '../passes/pass.js'
import type { PassFlags } from './commands/sync.js'
import type { Context } from './program.js'
import { jsonPieces, type RunJson } from './result.js'
import { oneLine, outPieces } from './text.js'

/** Outcomes that need nobody: `--quiet` says nothing about them. */
const QUIET_OUTCOMES: readonly RunOutcome[] = ['done', 'interrupted', 'busy']
/** Mail from cron stays readable. */
const MAX_QUIET_LINES = 15
/** Of each problem code; the records behind one code read much alike. */
const MAX_RECORDS_SHOWN = 3

export async function printRun(context: Context, flags: PassFlags, run: RunJson): Promise<void> {
  const { io } = context
  if (flags.json === true) {
    await outPieces(io, jsonPieces(run))
    return io.out('\n')
  }
  if (flags.quiet === true) return printQuietly(context, [run])
  if (run.findings !== undefined) io.out(`${tellFindings(run.findings)}\n`)
  if (!io.isOutTerminal && !run.dry_run && run.problems.length === 0) return io.out(`${summaryLine(run)}\n`)
  const { columnsOf, paint, table, wrap } = await import('./table.js')
  const style = paint(io, context.global().color)
  io.out(`${style.bold(summaryLine(run))}\n`)
  if (run.counts.read > 0 && io.isOutTerminal) io.out(`${table(io, style, ['records', 'count'], countRows(run))}\n`)
  if (run.plan !== undefined) await outPieces(io, planPieces(run.plan))
  if (run.plan_hash !== undefined) io.out(`plan hash ${run.plan_hash}\n`)
  const most = flags.verbose === true ? run.problems.length : MAX_RECORDS_SHOWN
  for (const [code, problems] of byCode(run.problems)) {
    io.out(`${style.warn(code)}${problems.length > 1 ? ` (${problems.length})` : ''}\n`)
    for (const line of problemLines(problems, most)) io.out(`  ${wrap(line, columnsOf(io) - 4).join('\n    ')}\n`)
  }
}

function byCode(problems: readonly Problem[]): Map<string, Problem[]> {
  const groups = new Map<string, Problem[]>()
  for (const problem of problems) groups.set(problem.code, [...(groups.get(problem.code) ?? []), problem])
  return groups
}

/** What happened to each record, and once what to do. */
function problemLines(problems: readonly Problem[], most: number): string[] {
  const hidden = problems.length - most
  const more = hidden > 0 ? [`... and ${hidden} more: --verbose shows all`] : []
  const advice = [...new Set(problems.map((problem) => problem.advice))].map((text) => `-> ${text}`)
  return [...problems.slice(0, most).map(recordText), ...more, ...advice]
}

/** What the finance team wants to know first: the work that is left for people. */
export function tellFindings(findings: NonNullable<RunJson['findings']>): string {
  const missing = findings.missing_in_procurify
  const what = missing === 1 ? '1 bill must be entered by hand' : `${missing} bills must be entered by hand`
  const others = FINDINGS.filter((name) => name !== 'missing_in_procurify' && findings[name] > 0)
  const rest = others.map((name) => `${findings[name]} ${name.replaceAll('_', ' ')}`)
  return `${what} in Procurify${rest.length === 0 ? '' : ` (${rest.join(', ')})`}.`
}

/** Everything cron needs in one line. */
function summaryLine(run: RunJson): string {
  const { counts, calls } = run
  const parts = CATEGORIES.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name.replace('_', ' ')}`)
  const what = parts.length === 0 ? 'nothing to do' : parts.join(', ')
  const sent = calls.plex.requests + calls.procurify.requests
  const kind = run.dry_run ? `${run.command} (dry run)` : run.command
  const perChange = changedOf(run) === 0 ? '' : `, ${(sent / changedOf(run)).toFixed(1)} a changed record`
  return `${kind}: ${run.outcome} (${run.exit_code}) - ${counts.read} read, ${what}; ${sent} calls${perChange}; ${(run.duration_ms / 1000).toFixed(1)} s; head ${shortHead(run.audit_head)}`
}

function changedOf({ counts, dry_run }: RunJson): number {
  return dry_run ? 0 : counts.created + counts.updated + counts.adopted
}

/** The whole head is in --json and in `audit verify`; here it is for the eye. */
function shortHead(head: string | null): string {
  return head === null ? 'not known' : head.slice(0, head.indexOf(':') + 13)
}

function countRows({ counts }: RunJson): string[][] {
  const rows = CATEGORIES.filter((name) => counts[name] > 0).map((name) => [
    name.replace('_', ' '),
    String(counts[name]),
  ])
  return [['read', String(counts.read)], ...rows]
}

function* planPieces(plan: PlanLines): Iterable<string> {
  if (plan.length === 0) yield 'Nothing would be changed.\n'
  for (const { action, source_key, source_id, target_id, changes } of plan) {
    yield `${action} ${oneLine(source_key ?? source_id)}${target_id === null ? '' : ` -> ${target_id}`}\n`
    for (const { field, from, to } of changes) yield `    ${field}: ${show(from)} -> ${show(to)}\n`
  }
}

function show(value: unknown): string {
  return value === undefined || value === null
    ? '(none)'
    : oneLine(typeof value === 'string' ? `"${value}"` : JSON.stringify(value))
}

function problemText(problem: Problem): string {
  return `${recordText(problem)} ${problem.advice}`
}

function recordText({ source_key, source_id, message }: Problem): string {
  const record = source_key ?? source_id
  return `${record === null ? '' : `${oneLine(record)}: `}${oneLine(message)}`
}

/** Nothing at all, or what a mail from cron needs: which run, which record, what to do next. */
export function printQuietly({ io }: Context, runs: readonly RunJson[]): void {
  const loud = runs.filter(({ outcome }) => !QUIET_OUTCOMES.includes(outcome))
  if (loud.length > 0) io.out(`${quietLines(loud).join('\n')}\n`)
}

function quietLines(runs: readonly RunJson[]): string[] {
  const problems = runs.flatMap((run) => run.problems.map((problem) => `${problem.code}: ${problemText(problem)}`))
  const room = MAX_QUIET_LINES - runs.length - 1
  const shown = problems.length <= room ? problems : problems.slice(0, room - 1)
  const more = problems.length - shown.length
  return [...runs.map(summaryLine), ...shown, ...(more === 0 ? [] : [`... and ${more} more`]), nextLine(runs)]
}

/** Of several runs the worst says where to begin. */
function nextLine(runs: readonly RunJson[]): string {
  const worst = worstOutcome(runs.map(({ outcome }) => outcome))
  const stopped = runs.find(({ outcome }) => outcome === 'stopped')
  if (worst === 'stopped' && stopped !== undefined) return `Next: ml-connector ${stopped.command} --dry-run`
  return worst === 'partial' ? 'Next: ml-connector status' : 'Next: ml-connector check'
}
