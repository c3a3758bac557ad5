/** What is printed when this program fails by its own fault: enough to find the fault, and nothing that is secret. */
import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readEnvFile, type EnvFile } from '../config.js'
import { describeGiven } from '../env.js'
import { redact } from '../http-text.js'
import { readHead } from '../store/journal.js'
import type { Context } from './program.js'
import { openState, readConfig } from './state.js'
import { systemClock } from './wire.js'

/** As `--json` prints it. All of it is text that was made or cleaned here: no values of options or settings. */
export interface BugReport {
  readonly version: string
  readonly runtime: string
  /** Commands and names of options, as typed. */
  readonly command: string
  /** Names of the settings that are set. */
  readonly settings: readonly string[]
  readonly run_id: string | null
  /** `SEQ:HASH` of the last row of the journal; null = it could not be read. */
  readonly audit_head: string | null
  readonly error: string
  readonly stack: readonly string[]
}

/** Never throws: what cannot be told is left out. */
export async function makeReport(
  context: Context,
  program: Command,
  argv: readonly string[],
  error: unknown,
): Promise<BugReport> {
  const { io, version, exit } = context
  const { names, secrets } = describeGiven(io.env, envFileOf(context))
  return {
    ...{ version, runtime: io.runtime, command: withoutValues(program, argv), settings: names },
    run_id: exit.runId ?? null,
    audit_head: await lastHead(context),
    error: redact(nameOf(error), secrets).slice(0, MAX_MESSAGE),
    stack: stackOf(error).map((line) => redact(line, secrets)),
  }
}

const MAX_MESSAGE = 500
const MAX_FRAMES = 16

export function tellReport(report: BugReport): string {
  const lines = [
    'ml-connector: this is a bug in the program. Nothing was left half done: run again when it is mended.',
    'Please open an issue with these lines; they hold no secrets:',
    `  version   ${report.version}`,
    `  runtime   ${report.runtime}`,
    `  command   ${report.command}`,
    `  settings  ${report.settings.join(' ')}`,
    `  run       ${report.run_id ?? 'none'}`,
    `  journal   ${report.audit_head ?? 'not readable'}`,
    `  error     ${report.error}`,
    ...report.stack.map((line) => `    ${line}`),
  ]
  return `${lines.join('\n')}\n`
}

function envFileOf({ global }: Context): EnvFile | null {
  try {
    return readEnvFile(global().envFile ?? null)
  } catch {
    return null
  }
}

/** Only words of the command tree: the rest may be names of suppliers, or a secret in the wrong place. */
function withoutValues(program: Command, argv: readonly string[]): string {
  let command = program
  const known: string[] = []
  for (const word of argv) {
    const [name = ''] = word.split('=', 1)
    const below = command.commands.find((one) => one.name() === word)
    const options = [...program.options, ...command.options]
    if (below !== undefined) {
      command = below
      known.push(word)
    } else if (options.some(({ short, long }) => name === short || name === long)) known.push(name)
  }
  return known.join(' ')
}

const PATIENCE_MS = 3_000

/** Whoever looks into the matter sees how far the journal had come. */
async function lastHead(context: Context): Promise<string | null> {
  try {
    const config = readConfig(context)
    const { db, close } = await openState(config, 'bug report')
    const head = readHead(db, config.connection).finally(close)
    return await Promise.race([head, systemClock.sleep(PATIENCE_MS).then(() => null)])
  } catch {
    return null
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `${error.name}: ${error.message}${code}`
}

/** What stands before the parts of a path that are the same everywhere. */
const FOLDERS = [/(?:file:\/\/)?\/[^\s()]*\/(?=dist\/(?:src|bin)\/)/, /(?:file:\/\/)?\/[^\s()]*\/(?=node_modules\/)/]

/** The frames, without the message above them, and without the folder the program is installed in. */
function stackOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '))
    .slice(0, MAX_FRAMES)
    .map((line) => `${line}${sourceOf(line)}`)
    .map((line) => FOLDERS.reduce((text, folder) => text.replace(folder, ''), line))
}

/**
 * The file of `src` that a frame comes from: the build puts many into one and leaves their names above them (`// src/http.ts`).
 * So no source maps need to be shipped, or loaded, for a report that we can follow.
 */
function sourceOf(frame: string): string {
  const [, file = '', line = '0'] = /(\/[^\s()]*\/dist\/bin\/[^\s():]+):(\d+):\d+/.exec(frame) ?? []
  if (!existsSync(file)) return ''
  const above = readFileSync(file, 'utf8').split('\n').slice(0, Number(line))
  const name = above.reverse().find((text) => /^\/\/ (src|bin|node_modules)\/\S+$/.test(text))
  return name === undefined ? '' : ` of ${name.slice('// '.length)}`
}
