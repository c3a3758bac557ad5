import type { Config } from '../config.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { FINDINGS, type Finding } from '../domain/match-invoice.js'
import { adviceFor } from '../domain/problems.js'
import type { System } from '../domain/record.js'
import { countFindings } from '../store/bills.js'
import {
  readOverview,
  type BudgetOverview,
  type OpenGroup,
  type Overview,
  type StreamOverview,
} from '../store/overview.js'
import type { StatusFlags } from './commands/status.js'
import type { Context } from './program.js'
import { withState } from './state.js'
import { printStatus } from './status-text.js'

const HOUR_SEC = 3600
/** Longer than this needs a person (spec section 2, status). */
const LONGEST_WAIT_SEC = 3 * 24 * HOUR_SEC
const LONGEST_DOUBT_SEC = HOUR_SEC
const LONGEST_UNFINISHED_SEC = 24 * HOUR_SEC

export interface Trouble {
  readonly code: string
  readonly stream: string
  readonly message: string
  readonly advice: string
  /** The command to begin with. */
  readonly next: string
}

/** `status`: from the database alone. Exit 3 = somebody has to look; each trouble names the next command. */
export function showStatus(context: Context, flags: StatusFlags): Promise<number> {
  return withState(context, 'status', async ({ config, database }) => {
    const { connection } = config
    const [overview, found] = await Promise.all([
      readOverview(database.db, connection),
      countFindings(database.db, connection),
    ])
    const status = toStatus(config, overview, found)
    if (flags.json === true) context.io.out(`${JSON.stringify(status)}\n`)
    else printStatus(context, status)
    return status.exit_code
  })
}

export type StatusJson = ReturnType<typeof toStatus>
export type StreamJson = ReturnType<typeof toStream>

function toStatus(
  config: Config,
  { at, streams, budgets, databaseBytes, pauses }: Overview,
  found: ReadonlyMap<Finding, number>,
) {
  const paused = new Set(pauses.flatMap(({ stream, sourceId }) => (sourceId === null ? [stream] : [])))
  // A stream on hold does not run: that is what was asked for.
  const problems = streams.flatMap(findTroubles).filter(({ code, stream }) => code !== 'not_run' || !paused.has(stream))
  return {
    schema: 'ml-connector/status@1',
    exit_code: problems.length === 0 ? EXIT_CODES.done : EXIT_CODES.partial,
    connection: config.connection,
    at,
    streams: streams.map((one) => toStream(one, paused.has(one.stream))),
    paused: pauses.map(toPause),
    findings: found.size === 0 ? null : toFindings(found),
    calls: budgets.map((budget) => toCalls(budget, config)),
    database_bytes: databaseBytes,
    problems,
  }
}

function toStream({ stream, watermark, lagSeconds, lastRun, linked, noted, open }: StreamOverview, paused: boolean) {
  const ofState = (state: OpenGroup['state']): OpenGroup[] => open.filter((group) => group.state === state)
  const [waiting, parked, pending, inDoubt] = [
    ofState('waiting'),
    ofState('parked'),
    ofState('pending'),
    ofState('in_doubt'),
  ]
  return {
    stream,
    watermark,
    lag_seconds: lagSeconds === null ? null : Math.round(lagSeconds),
    last_run:
      lastRun === null
        ? null
        : {
            run_id: lastRun.runId,
            command: lastRun.command,
            started_at: lastRun.startedAt,
            finished_at: lastRun.finishedAt,
            outcome: lastRun.outcome,
            exit_code: lastRun.exitCode,
            duration_ms: lastRun.durationMs,
            ago_seconds: Math.round(lastRun.agoSeconds),
            running: lastRun.isRunning,
          },
    linked,
    noted,
    pending: countOf(pending),
    in_doubt: countOf(inDoubt),
    in_doubt_oldest_seconds: oldestOf(inDoubt),
    waiting: countOf(waiting),
    waiting_oldest_seconds: oldestOf(waiting),
    waiting_by_code: waiting.map(toReason),
    parked: countOf(parked),
    parked_by_code: parked.map(toReason),
    paused,
  }
}

/** What `sync invoices` found out, as of its last run. */
function toFindings(found: ReadonlyMap<Finding, number>): Record<Finding, number> {
  return Object.fromEntries(FINDINGS.map((name) => [name, found.get(name) ?? 0])) as Record<Finding, number>
}

/** `source_id` null = the whole stream. */
function toPause({ stream, sourceId, sourceKey, reason, by, at }: Overview['pauses'][number]) {
  return { stream, source_id: sourceId, source_key: sourceKey, reason, by, at }
}

function countOf(groups: readonly OpenGroup[]): number {
  return groups.reduce((total, { count }) => total + count, 0)
}

function oldestOf(groups: readonly OpenGroup[]): number | null {
  return groups.length === 0 ? null : Math.round(Math.max(...groups.map(({ oldestSeconds }) => oldestSeconds)))
}

function toReason({ code, count, oldestSeconds, examples }: OpenGroup) {
  return { code: code ?? 'unknown', count, oldest_seconds: Math.round(oldestSeconds), examples }
}

/** `left` is what a run could call right now; the budget itself gives more as its minute passes. */
function toCalls(budget: BudgetOverview, config: Config) {
  const { system, login, usedLastMinute, learnedLimit, coolDownUntil, reason, timeoutsInARow } = budget
  const perMinute = perMinuteOf(system, config)
  const limit = Math.min(perMinute, learnedLimit ?? perMinute)
  return {
    system,
    login,
    per_minute: perMinute,
    learned_limit: learnedLimit,
    used_last_minute: usedLastMinute,
    left: coolDownUntil === null ? Math.max(0, limit - usedLastMinute) : 0,
    cool_down_until: coolDownUntil,
    reason,
    timeouts_in_a_row: timeoutsInARow,
  }
}

function perMinuteOf(system: System, config: Config): number {
  return config[system].callsPerMinute
}

/** Streams that are no command of their own. */
const REFDATA = new Set(['locations', 'departments', 'accounts'])

function findTroubles({ stream, open, unfinishedSeconds, lastRun }: StreamOverview): Trouble[] {
  const command = lastRun?.command ?? (REFDATA.has(stream) ? 'align refdata' : `sync ${stream}`)
  const ofGroups = open.flatMap((group) => troubleOf(stream, command, group))
  if (unfinishedSeconds === null || unfinishedSeconds <= LONGEST_UNFINISHED_SEC) return ofGroups
  const message = `No run was finished for ${Math.floor(unfinishedSeconds / HOUR_SEC)} hours.`
  return [
    ...ofGroups,
    { code: 'not_run', stream, message, advice: adviceFor('not_run'), next: `ml-connector ${command}` },
  ]
}

function troubleOf(
  stream: string,
  command: string,
  { state, code, count, oldestSeconds, examples }: OpenGroup,
): Trouble[] {
  const reason = code ?? 'unknown'
  const about = { stream, advice: adviceFor(reason) }
  const others = count - examples.length
  const names = `${examples.join(', ')}${others > 0 ? ` and ${others} more` : ''}`
  switch (state) {
    case 'parked':
      return [
        {
          ...about,
          code: reason,
          message: `${count} parked for a person: ${names}.`,
          next: `ml-connector audit show --stream ${stream} --code ${reason}`,
        },
      ]
    case 'waiting': {
      if (oldestSeconds <= LONGEST_WAIT_SEC) return []
      const message = `${count} waiting (${reason}), the oldest for ${Math.floor(oldestSeconds / HOUR_SEC / 24)} days: ${names}.`
      return [{ ...about, code: 'waits_long', message, next: `ml-connector explain ${reason}` }]
    }
    case 'in_doubt': {
      if (oldestSeconds <= LONGEST_DOUBT_SEC) return []
      const message = `${count} sent with an unknown outcome, the oldest ${Math.floor(oldestSeconds / HOUR_SEC)} hours ago: ${names}.`
      return [
        {
          code: 'in_doubt',
          stream,
          message,
          advice: 'The next run looks for them in Procurify and settles them.',
          next: `ml-connector ${command}`,
        },
      ]
    }
    case 'pending':
      return []
  }
}
