/**
 * A textfile for the Prometheus node exporter (METRICS_FILE): how the last run of each command ended, and how the records of
 * each stream stand. One file serves all commands and connections of a host. It never fails a run.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { readOverview, type OpenGroup, type StreamOverview } from '../store/overview.js'
import type { Reporter } from '../ports.js'
import type { RunJson } from './result.js'
import type { World } from './wire.js'

/** Name without the prefix -> what it says. The order is that of the file. */
const METRICS = {
  last_run_timestamp_seconds: 'When the last run of this command ended.',
  last_success_timestamp_seconds: 'When the last run ended that was done (exit code 0 or 3).',
  run_duration_seconds: 'How long the last run took.',
  exit_code: 'Exit code of the last run.',
  records: 'Records of the last run, by what became of them.',
  calls: 'Calls of the last run to each system; throttled and retried ones are among the requests.',
  open_records: 'Records that are not settled, by stream, state (waiting, parked, pending, in_doubt) and problem code.',
  open_oldest_seconds: 'Age of the oldest record in that state when this was written.',
  lag_seconds: 'How far the watermark of the stream lay back when this was written.',
} as const
type Metric = keyof typeof METRICS

const PREFIX = 'ml_connector_'
type Sample = readonly [name: Metric, labels: Readonly<Record<string, string>>, value: number]

/** Written beside and renamed: the exporter never reads half a file. A dry run leaves no trace. */
export async function writeMetrics(
  { config: { metricsFile: file, connection }, database }: Pick<World, 'config' | 'database'>,
  run: RunJson,
  reporter: Reporter,
): Promise<void> {
  if (file === null || run.dry_run) return
  const draft = `${file}.${run.run_id}.tmp`
  try {
    const { streams } = await readOverview(database.db, connection)
    await writeFile(draft, toMetrics(run, streams, await readBefore(file)), { mode: 0o644 })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    reporter.log('warn', 'metrics_not_written', { reason: error instanceof Error ? error.message : 'unknown' })
  }
}

async function readBefore(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    // The first run of this host, or a file that cannot be read: then writing says so.
    return ''
  }
}

/**
 * The new file: the samples of this run, and of the former file those of other commands and connections. The last success
 * stays when this run was none, or an alert on its age would go quiet just when it is wanted.
 */
function toMetrics(run: RunJson, streams: readonly StreamOverview[], before: string): string {
  const samples = [...runSamples(run), ...streams.flatMap((stream) => streamSamples(run.connection, stream))]
  const fresh = samples.map(([name, labels, value]) => ({ name, line: `${PREFIX}${name}{${tell(labels)}} ${value}` }))
  const kept = before.split('\n').flatMap((line) => keepLine(line, run) ?? [])
  const all = [...kept, ...fresh]
  return (Object.keys(METRICS) as Metric[])
    .flatMap((name) => {
      // Every line of a metric in one group: the format wants it so.
      const lines = all.filter((one) => one.name === name).map(({ line }) => line)
      const head = [`# HELP ${PREFIX}${name} ${METRICS[name]}`, `# TYPE ${PREFIX}${name} gauge`]
      return lines.length === 0 ? [] : [...head, ...lines]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function keepLine(line: string, run: RunJson): { readonly name: Metric; readonly line: string } | null {
  const [, name = '', labels = ''] = /^ml_connector_([a-z_]+)\{(.*)\} [-+.\deE]+$/.exec(line) ?? []
  if (!Object.hasOwn(METRICS, name)) return null
  const isOfConnection = labels.includes(tell({ connection: run.connection }))
  const isOfCommand = labels.includes(tell({ command: run.command })) || labels.startsWith('stream=')
  const isStale = isOfConnection && isOfCommand
  const isLastSuccess = name === 'last_success_timestamp_seconds' && !isSuccess(run)
  return isStale && !isLastSuccess ? null : { name: name as Metric, line }
}

function isSuccess({ exit_code: code }: RunJson): boolean {
  return code === 0 || code === 3
}

function runSamples(run: RunJson): Sample[] {
  const of = { command: run.command, connection: run.connection }
  const finished = Date.parse(run.finished_at) / 1000
  const success: Sample[] = isSuccess(run) ? [['last_success_timestamp_seconds', of, finished]] : []
  return [
    ['last_run_timestamp_seconds', of, finished],
    ...success,
    ['run_duration_seconds', of, run.duration_ms / 1000],
    ['exit_code', of, run.exit_code],
    ...Object.entries(run.counts).map(([count, value]): Sample => ['records', { ...of, count }, value]),
    ...Object.entries(run.calls).flatMap(([system, calls]) =>
      Object.entries(calls).map(([kind, value]): Sample => ['calls', { ...of, system, kind }, value as number]),
    ),
  ]
}

const STATES: readonly OpenGroup['state'][] = ['waiting', 'parked', 'pending', 'in_doubt']

/** Zeros are told too: an alert on something that is gone must end. */
function streamSamples(connection: string, { stream, open, lagSeconds }: StreamOverview): Sample[] {
  const of = { stream, connection }
  const groups = STATES.flatMap((state): Sample[] => {
    const found = open.filter((group) => group.state === state)
    const counts = found.length === 0 ? [{ code: null, count: 0 }] : found
    const oldest = Math.max(0, ...found.map(({ oldestSeconds }) => oldestSeconds))
    return [
      ...counts.map(({ code, count }): Sample => ['open_records', { ...of, state, code: code ?? '' }, count]),
      ['open_oldest_seconds', { ...of, state }, Math.round(oldest)],
    ]
  })
  const lag: Sample[] = lagSeconds === null ? [] : [['lag_seconds', of, Math.round(lagSeconds)]]
  return [...groups, ...lag]
}

function tell(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(',')
}

function escape(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}
