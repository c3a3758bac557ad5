import type { AuditRow } from '../domain/audit.js'
import { ConfigError } from '../domain/errors.js'
import { cleanLine } from '../domain/text.js'
import { openJournal } from '../store/journal.js'
import { findRuns } from '../store/overview.js'
import { shortRun, tellRow, tellWhat } from './audit-story.js'
import { LARGEST_LIMIT, SHOWN, type AuditShowFlags } from './commands/audit.js'
import { toCsv } from './csv.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'
import { columnsOf, paint, table, wrap } from './table.js'

/** Prints the rows that fit: JSON, CSV, sentences for one record, else a table. None is exit 0 and a plain sentence. */
export function showAudit(context: Context, flags: AuditShowFlags): Promise<number> {
  return withState(context, 'audit show', async (state) => {
    const isForPeople = flags.json !== true && flags.csv !== true
    const limit = flags.limit ?? (isForPeople ? SHOWN : LARGEST_LIMIT)
    const rows = (await readRows(state, flags, limit)).map(inOrder)
    const { io } = context
    if (flags.json === true) io.out(`${JSON.stringify({ schema: 'ml-connector/audit@1', rows })}\n`)
    else if (flags.csv === true) io.out(toCsv(CSV_HEAD, rows.map(flatten)))
    else if (rows.length === 0) io.out('No row of the journal fits.\n')
    else io.out(flags.record === undefined ? asTable(context, rows) : asStories(context, rows))
    // A document that was cut without a word would be taken for the whole.
    if (rows.length === limit && (isForPeople || flags.limit === undefined)) {
      const more = limit < LARGEST_LIMIT ? '--limit shows more' : '--since and --until show others'
      const note = `These are the newest ${limit} rows that fit; ${more}.\n`
      if (isForPeople) io.out(note)
      else io.err(`ml-connector: ${note}`)
    }
    return 0
  })
}

async function readRows(
  { config, database: { db } }: State,
  flags: AuditShowFlags,
  limit: number,
): Promise<AuditRow[]> {
  const { record, stream, run, action, outcome, code, since, until } = flags
  const runId = run === undefined ? undefined : await resolveRun(db, config.connection, run)
  if (runId === null) return []
  const given = { record, stream, runId, action, outcome, code, since, until }
  const filter = { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), limit }
  return openJournal(db, config.connection).rows(filter)
}

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The run that begins so; null = there is none. */
async function resolveRun(db: State['database']['db'], connection: string, start: string): Promise<string | null> {
  if (WHOLE_ID.test(start)) return start
  const found = await findRuns(db, connection, start)
  if (found.length > 1)
    throw new ConfigError(`Several runs begin with ${start}: ${found.join(', ')}. Give more digits.`)
  return found[0] ?? null
}

/** The members of spec section 2, in its order: jsonb keeps none. Nothing is left out of the inner ones, or the hash would not fit. */
export function inOrder(row: AuditRow): AuditRow {
  const { seq, at, run_id, connection, stream, source_id, source_key, target_id, action, outcome, attempt } = row
  const { code, message, source_hash, replay_of, prev_hash, hash } = row
  const actor = ordered(row.actor, 'user', 'host', 'requester', 'version', 'settings')
  const changes = row.changes.map((change) => ordered(change, 'field', 'from', 'to'))
  const http = row.http && ordered(row.http, 'method', 'path', 'status', 'request_id')
  return {
    ...{ seq, at, run_id, connection, actor, stream, source_id, source_key, target_id, action, outcome, attempt },
    ...{ code, message, changes, http, source_hash, replay_of, prev_hash, hash },
  }
}

function ordered<T extends object>(value: T, ...names: (keyof T)[]): T {
  const first = names.filter((name) => name in value).map((name) => [name, value[name]])
  return { ...Object.fromEntries(first), ...value } as T
}

const CSV_HEAD = [
  ...['seq', 'at', 'run_id', 'connection', 'actor_user', 'actor_host', 'actor_requester', 'actor_version'],
  ...['actor_settings', 'stream', 'source_id', 'source_key', 'target_id', 'action', 'outcome', 'attempt', 'code'],
  ...['message', 'changes', 'http_method', 'http_path', 'http_status', 'http_request_id', 'source_hash', 'replay_of'],
  ...['prev_hash', 'hash'],
]

/** In the order of CSV_HEAD; the changes, a list, as JSON text. */
function flatten(row: AuditRow): (string | number | null)[] {
  const { actor, http } = row
  return [
    ...[row.seq, row.at, row.run_id, row.connection, actor.user, actor.host, actor.requester, actor.version],
    ...[actor.settings, row.stream, row.source_id, row.source_key, row.target_id, row.action, row.outcome, row.attempt],
    ...[row.code, row.message, row.changes.length === 0 ? null : JSON.stringify(row.changes)],
    ...[http?.method ?? null, http?.path ?? null, http?.status ?? null, http?.request_id ?? null],
    ...[row.source_hash, row.replay_of, row.prev_hash, row.hash],
  ]
}

function asTable(context: Context, rows: readonly AuditRow[]): string {
  const { io } = context
  const cells = rows.map((row) => [
    row.at.slice(0, 16).replace('T', ' '),
    row.source_key ?? row.source_id ?? row.stream,
    tellWhat(row),
    shortRun(row.run_id),
  ])
  return `${table(io, paint(io, context.global().color), ['UTC', 'record', 'what happened', 'run'], cells)}\n`
}

/** A key may belong to several records (streams, or two suppliers of one code): each gets its own story. */
function asStories(context: Context, rows: readonly AuditRow[]): string {
  const { io } = context
  const style = paint(io, context.global().color)
  const stories = new Map<string, AuditRow[]>()
  for (const row of rows) {
    const record = `${row.stream} ${row.source_id ?? ''}`
    const story = stories.get(record)
    if (story === undefined) stories.set(record, [row])
    else story.push(row)
  }
  const told = [...stories.values()].map((story) => [
    style.bold(titleOf(story)),
    ...story.flatMap((row) => lay(io, row)),
  ])
  return `${told.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function titleOf(story: readonly AuditRow[]): string {
  const last = story.at(-1)
  const names = [last?.source_key, last?.source_id].filter((name) => name != null && name !== '')
  return cleanLine(`${names.length === 0 ? 'The journal' : names.join(', ')} (${last?.stream})`)
}

const INDENT = ' '.repeat(22)

/** One row, one sentence: wrapped for a person, one line for grep. */
function lay(io: Context['io'], row: AuditRow): string[] {
  const [when, what] = tellRow(row)
  if (!io.isOutTerminal) return [`${when}  ${what}`]
  return wrap(what, columnsOf(io) - INDENT.length).map((line, at) => (at === 0 ? `${when}  ${line}` : INDENT + line))
}
