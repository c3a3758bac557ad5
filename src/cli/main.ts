/** (argv, io) -> exit code. Every way the program can end passes through here. */
import { CommanderError } from 'commander'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES, USAGE_EXIT_CODE } from '../domain/outcome.js'
import { BrokenRun } from './broken-run.js'
import type { Io } from './io.js'
import { buildProgram } from './program.js'

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const exit = { code: 0 }
  try {
    await buildProgram(io, exit).parseAsync([...argv], { from: 'user' })
    return exit.code
  } catch (thrown) {
    const wantsJson = argv.includes('--json')
    const run = thrown instanceof BrokenRun ? thrown : null
    const error = run === null ? thrown : run.cause
    if (error instanceof CommanderError) return reportUsage(io, error, wantsJson)
    if (error instanceof ConfigError) return reportMistakes(io, error, wantsJson)
    const { refusalOf } = await import('./state.js')
    const refusal = refusalOf(error)
    if (refusal !== null) return reportMistakes(io, refusal, wantsJson)
    const { isDatabaseTrouble } = await import('./wire.js')
    if (isDatabaseTrouble(error)) return await reportDatabase(io, error, wantsJson, run)
    return await reportBug(io, error, argv, wantsJson, run)
  }
}

/** Commander has said it already; help and version are no mistakes. */
function reportUsage(io: Io, error: CommanderError, wantsJson: boolean): number {
  if (error.exitCode === 0) return 0
  if (wantsJson) printError(io, USAGE_EXIT_CODE, 'usage', [error.message])
  return USAGE_EXIT_CODE
}

function reportMistakes(io: Io, error: ConfigError, wantsJson: boolean): number {
  for (const problem of error.problems) io.err(`ml-connector: ${problem}\n`)
  if (wantsJson) printError(io, USAGE_EXIT_CODE, 'usage', error.problems)
  return USAGE_EXIT_CODE
}

async function reportDatabase(io: Io, error: unknown, wantsJson: boolean, run: BrokenRun | null): Promise<number> {
  const message = `The state database cannot be reached: ${messageOf(error)}. Nothing is lost; run again when it is back.`
  io.err(`ml-connector: ${message}\n`)
  if (wantsJson) await printBroken(io, 'interrupted', { code: 'database_unavailable', message }, run)
  return EXIT_CODES.interrupted
}

/** The report holds no settings, no arguments' values and no environment: it can be attached as it is. */
async function reportBug(
  io: Io,
  error: unknown,
  argv: readonly string[],
  wantsJson: boolean,
  run: BrokenRun | null,
): Promise<number> {
  const command = argv.filter((word) => /^-{0,2}[a-z][a-z-]*$/.test(word)).join(' ')
  const lines = [
    'ml-connector: this is a bug in the program. Nothing was left half done: run again when it is mended.',
    'Please open an issue with these lines:',
    `  command   ${command}`,
    `  runtime   ${io.runtime}`,
    `  error     ${messageOf(error)}`,
    ...(error instanceof Error && error.stack !== undefined ? error.stack.split('\n').slice(1, 12) : []),
  ]
  io.err(`${lines.join('\n')}\n`)
  if (wantsJson) await printBroken(io, 'failed', { code: 'bug', message: messageOf(error) }, run)
  return EXIT_CODES.failed
}

/** Whoever reads the documents of runs gets one of these too, whatever broke it off. */
async function printBroken(
  io: Io,
  outcome: 'failed' | 'interrupted',
  problem: { code: string; message: string },
  run: BrokenRun | null,
): Promise<void> {
  if (run === null) return printError(io, EXIT_CODES[outcome], problem.code, [problem.message])
  const { toBrokenJson } = await import('./result.js')
  io.out(`${JSON.stringify(toBrokenJson(run, outcome, problem))}\n`)
}

function printError(io: Io, exitCode: number, code: string, messages: readonly string[]): void {
  const problems = messages.map((message) => ({ code, message }))
  io.out(`${JSON.stringify({ schema: 'ml-connector/error@1', exit_code: exitCode, problems })}\n`)
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // A connection URL in a driver's message may hold a password.
  return text.replace(/\b(postgres(?:ql)?:\/\/[^:@/\s]*):[^@\s]*@/g, '$1:***@')
}
