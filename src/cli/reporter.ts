/** Progress and log lines on stderr: a bar and words on a terminal, JSON lines otherwise. */
import type { Json } from '../domain/record.js'
import type { Reporter } from '../ports.js'
import type { Io } from './io.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

/** A terminal shows progress instead of info lines; a log keeps them. */
export function makeReporter(
  io: Io,
  options: { level: Level | undefined; quiet: boolean; runId: string | null },
): Reporter & { clear(): void } {
  const least = LEVELS.indexOf(options.level ?? (options.quiet ? 'error' : io.isErrTerminal ? 'warn' : 'info'))
  const ofRun = options.runId === null ? {} : { run_id: options.runId }
  const bar = io.isErrTerminal && !options.quiet ? progressLine(io) : null
  const log = (level: Level, event: string, fields: Record<string, Json> = {}): void => {
    if (LEVELS.indexOf(level) < least) return
    bar?.clear()
    if (io.isErrTerminal) io.err(`${level}: ${event.replaceAll('_', ' ')}${inWords(fields)}\n`)
    else io.err(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...ofRun, ...fields })}\n`)
  }
  return {
    log,
    progress: (step, done, total) => bar?.show(step, done, total),
    clear: () => bar?.clear(),
  }
}

function inWords(fields: Record<string, Json>): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}

const BAR_WIDTH = 30
const REDRAW_MS = 80

/** One line, redrawn in place; a bar where the total is known, a count where it is not. */
function progressLine(io: Io): { show(step: string, done: number, total: number | null): void; clear(): void } {
  let isShown = false
  let drawnAt = 0
  let lastStep = ''
  return {
    show: (step, done, total) => {
      const isDue = Date.now() - drawnAt >= REDRAW_MS || step !== lastStep || done === total
      if (!isDue) return
      drawnAt = Date.now()
      lastStep = step
      const filled = total === null || total === 0 ? 0 : Math.min(BAR_WIDTH, Math.round((done / total) * BAR_WIDTH))
      const bar = total === null ? '' : `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] `
      io.err(`\r\u001b[K${step.padEnd(10)} ${bar}${done}${total === null ? '' : ` of ${total}`}`)
      isShown = true
    },
    clear: () => {
      if (isShown) io.err('\r\u001b[K')
      isShown = false
    },
  }
}
