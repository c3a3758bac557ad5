/** The dead-man ping: whoever watches learns that a run began and how it ended. It never fails a run. */
import type { Config } from '../config.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES, USAGE_EXIT_CODE } from '../domain/outcome.js'
import type { Reporter } from '../ports.js'
import { BrokenRun } from './broken-run.js'
import type { PassFlags } from './commands/sync.js'
import type { Context } from './program.js'
import { makeReporter } from './reporter.js'
import { isDatabaseTrouble, readConfig, refusalOf } from './state.js'

const PING_TIMEOUT_MS = 5_000

/**
 * Pings around one command: `/start`, then nothing added on success, `/<exit code>` otherwise; of a run that could not even
 * begin too. A dry run is nobody's business outside.
 */
export async function withHeartbeat(
  context: Context,
  { dryRun, quiet = false }: PassFlags,
  run: () => Promise<number>,
): Promise<number> {
  const config = readConfig(context)
  if (config.heartbeatUrl === null || dryRun === true) return run()
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet, runId: null })
  await ping(config, 'start', reporter)
  try {
    const code = await run()
    await ping(config, code, reporter)
    return code
  } catch (error) {
    await ping(config, exitCodeOf(error), reporter)
    throw error
  }
}

async function ping({ heartbeatUrl }: Config, what: 'start' | number, reporter: Reporter): Promise<void> {
  if (heartbeatUrl === null) return
  const url = what === 0 ? heartbeatUrl : `${heartbeatUrl.replace(/\/$/, '')}/${what}`
  try {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PING_TIMEOUT_MS) })
    await answer.body?.cancel()
    if (answer.status >= 400) reporter.log('warn', 'heartbeat_refused', { status: answer.status })
  } catch (error) {
    reporter.log('warn', 'heartbeat_failed', { reason: error instanceof Error ? error.message : 'unknown' })
  }
}

/** As main.ts ends for such an error. */
function exitCodeOf(thrown: unknown): number {
  const error = thrown instanceof BrokenRun ? thrown.cause : thrown
  if (error instanceof ConfigError || refusalOf(error) !== null) return USAGE_EXIT_CODE
  return isDatabaseTrouble(error) ? EXIT_CODES.interrupted : EXIT_CODES.failed
}
