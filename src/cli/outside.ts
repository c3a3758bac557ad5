/** What others watch a run by: a dead-man ping, and a textfile for the Prometheus node exporter. Neither ever fails a run. */
import { rename, writeFile } from 'node:fs/promises'
import type { Config } from '../config.js'
import type { Reporter } from '../ports.js'
import type { RunJson } from './result.js'

const PING_TIMEOUT_MS = 5_000

/** `/start` before, nothing added on success, `/<exit code>` otherwise. */
export async function ping({ heartbeatUrl }: Config, what: 'start' | number, reporter: Reporter): Promise<void> {
  if (heartbeatUrl === null) return
  const url = what === 0 ? heartbeatUrl : `${heartbeatUrl.replace(/\/$/, '')}/${what}`
  try {
    await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PING_TIMEOUT_MS) })
  } catch (error) {
    reporter.log('warn', 'heartbeat_failed', { reason: error instanceof Error ? error.message : 'unknown' })
  }
}

/** Written beside and renamed: the exporter never reads half a file. One file a command and connection is the operator's choice. */
export async function writeMetrics({ metricsFile }: Config, run: RunJson, reporter: Reporter): Promise<void> {
  if (metricsFile === null || run.dry_run) return
  try {
    const draft = `${metricsFile}.${run.run_id}.tmp`
    await writeFile(draft, toMetrics(run), { mode: 0o644 })
    await rename(draft, metricsFile)
  } catch (error) {
    reporter.log('warn', 'metrics_not_written', { reason: error instanceof Error ? error.message : 'unknown' })
  }
}

export function toMetrics(run: RunJson): string {
  const labels = `command="${escape(run.command)}",connection="${escape(run.connection)}"`
  const line = (name: string, value: number, more = ''): string => `ml_connector_${name}{${labels}${more}} ${value}\n`
  const finished = Date.parse(run.finished_at) / 1000
  const isSuccess = run.exit_code === 0 || run.exit_code === 3
  return [
    line('last_run_timestamp_seconds', finished),
    isSuccess ? line('last_success_timestamp_seconds', finished) : '',
    line('run_duration_seconds', run.duration_ms / 1000),
    line('exit_code', run.exit_code),
    ...Object.entries(run.counts).map(([count, value]) => line('records', value, `,count="${count}"`)),
    ...Object.entries(run.calls).flatMap(([system, calls]) =>
      Object.entries(calls).map(([kind, value]) =>
        line('calls', value as number, `,system="${system}",kind="${kind}"`),
      ),
    ),
  ].join('')
}

function escape(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}
