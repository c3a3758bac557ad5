/** The status of all streams on one screen. */
import { cleanLine } from '../domain/text.js'
import type { Context } from './program.js'
import { tellFindings } from './render.js'
import type { StatusJson, StreamJson, Trouble } from './status.js'
import { columnsOf, paint, table, wrap, type Style } from './table.js'

const HEAD = ['stream', 'ran', 'ended', 'lag', 'linked', 'queued', 'waiting', 'parked', 'doubt']

/** Lists without dates: they have no position to tell. */
const READ_WHOLE = ['locations', 'accounts']

export function printStatus(context: Context, status: StatusJson): void {
  const { io } = context
  const style = paint(io, context.global().color)
  const { streams, problems } = status
  const title = `Connection ${status.connection}, ${status.at.slice(0, 16).replace('T', ' ')} UTC`
  const lines = [
    ...status.paused.map(tellPause),
    ...streams.flatMap(waitingLines),
    ...streams
      .filter(({ stream }) => !READ_WHOLE.includes(stream))
      .map(({ stream, watermark }) => `${stream}: read up to ${watermark ?? 'nothing yet'}`),
    ...(status.findings === null ? [] : [`invoices: ${tellFindings(status.findings)}`]),
    `calls in the last minute: ${status.calls.length === 0 ? 'none yet' : status.calls.map(tellCalls).join('; ')}`,
    `database: ${Math.ceil(status.database_bytes / 1e6)} MB`,
  ]
  io.out(`${style.bold(title)}\n\n${table(io, style, HEAD, streams.map(toCells))}\n\n`)
  for (const line of lines.flatMap((text) => wrap(text, columnsOf(io)))) io.out(`${line}\n`)
  io.out(
    problems.length === 0 ? `\n${style.good('Nothing needs a person.')}\n` : `\n${style.warn('Needs a person:')}\n`,
  )
  for (const problem of problems) io.out(tellTrouble(problem, style, columnsOf(io)))
}

function toCells(stream: StreamJson): string[] {
  const { last_run: run, lag_seconds: lag } = stream
  const ended = run === null ? 'never ran' : (run.outcome ?? (run.running ? 'running' : 'killed'))
  return [
    ...[stream.stream, run === null ? '-' : tellAge(run.ago_seconds), ended, lag === null ? '-' : tellAge(lag)],
    ...[stream.linked, stream.noted + stream.pending, stream.waiting, stream.parked, stream.in_doubt].map(String),
  ]
}

function waitingLines({ stream, waiting_by_code: reasons }: StreamJson): string[] {
  return reasons.map(({ code, count, oldest_seconds: age, examples }) => {
    return cleanLine(`${stream}: ${count} waiting (${code}), the oldest for ${tellAge(age)}: ${examples.join(', ')}`)
  })
}

function tellPause({ stream, source_id: id, source_key: key, reason, by, at }: StatusJson['paused'][number]): string {
  const what = id === null ? stream : `${stream} ${key ?? id}`
  return cleanLine(`${what}: paused by ${by} since ${at.slice(0, 16).replace('T', ' ')} UTC: ${reason}`)
}

function tellCalls({
  system,
  used_last_minute: used,
  per_minute: limit,
  learned_limit: learned,
  left,
  ...rest
}: StatusJson['calls'][number]): string {
  const lesson = learned === null ? '' : ` (a throttle taught ${learned})`
  const pause =
    rest.cool_down_until === null
      ? ''
      : `, nobody calls before ${rest.cool_down_until.slice(11, 16)} UTC: ${rest.reason ?? 'cool-down'}`
  return cleanLine(`${system} ${used} of ${limit}${lesson}, ${left} left${pause}`)
}

function tellTrouble({ stream, code, message, next }: Trouble, style: Style, width: number): string {
  const [first = '', ...rest] = wrap(cleanLine(`${code} (${stream}): ${message}`), width)
  // The code is the first word, so it is whole on the first line.
  const lines = [first.replace(code, style.bold(code)), ...rest]
  return `${lines.join('\n')}\n  next: ${next}\n`
}

/** An age in the unit a person would use. A stamp a little ahead of the database's clock is now. */
function tellAge(seconds: number): string {
  const age = Math.max(0, seconds)
  if (age < 90) return `${Math.round(age)} s`
  if (age < 90 * 60) return `${Math.round(age / 60)} min`
  return age < 48 * 3600 ? `${Math.round(age / 3600)} h` : `${Math.round(age / 86_400)} days`
}
