/** (argv, io) -> exit code. Every way the program can end passes through here. */
import { CommanderError } from 'commander'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES, USAGE_EXIT_CODE } from '../domain/outcome.js'
import { BrokenRun } from './broken-run.js'
import type { Io } from './io.js'
import { buildProgram, type Exit } from './program.js'

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const exit: Exit = { code: 0 }
  const { program, context } = buildProgram(io, exit)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exit.code
  } catch (thrown) {
    const wantsJson = argv.includes('--json')
    const run = thrown instanceof BrokenRun ? thrown : null
    const error = run === null ? thrown : run.cause
    if (error instanceof CommanderError) return reportUsage(io, error, wantsJson)
    if (error instanceof ConfigError) return reportMistakes(io, error, wantsJson)
    const { isDatabaseTrouble, refusalOf } = await import('./state.js')
    const refusal = refusalOf(error)
    if (refusal !== null) return reportMistakes(io, refusal, wantsJson)
    if (isDatabaseTrouble(error)) return await reportDatabase(io, error, wantsJson, run)
    const { makeReport, tellReport } = await import('./bug-report.js')
    const report = await makeReport(context, program, argv, error)
    io.err(tellReport(report))
    if (wantsJson) await printBroken(io, 'failed', { code: 'bug', message: report.error }, run, { report })
    return EXIT_CODES.failed
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

/** Whoever reads the documents of runs gets one of these too, whatever broke it off. */
async function printBroken(
  io: Io,
  outcome: 'failed' | 'interrupted',
  problem: { code: string; message: string },
  run: BrokenRun | null,
  more: object = {},
): Promise<void> {
  if (run === null) return printError(io, EXIT_CODES[outcome], problem.code, [problem.message], more)
  const { toBrokenJson } = await import('./result.js')
  io.out(`${JSON.stringify({ ...toBrokenJson(run, outcome, problem), ...more })}\n`)
}

function printError(io: Io, exitCode: number, code: string, messages: readonly string[], more: object = {}): void {
  const problems = messages.map((message) => ({ code, message }))
  io.out(`${JSON.stringify({ schema: 'ml-connector/error@1', exit_code: exitCode, problems, ...more })}\n`)
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // A connection URL in a driver's message may hold a password.
  return text.replace(/\b(postgres(?:ql)?:\/\/[^:@/\s]*):[^@\s]*@/g, '$1:***@')
}
