/** The command tree. Every command brings its flags and examples; what it does is imported when it runs. */
import { Command, Option } from 'commander'
import type { Io } from './io.js'
import { defineAlign } from './commands/align.js'
import { defineAudit } from './commands/audit.js'
import { defineCheck } from './commands/check.js'
import { defineCompletion } from './commands/completion.js'
import { defineCredentials } from './commands/credentials.js'
import { defineDemo } from './commands/demo.js'
import { defineExplain } from './commands/explain.js'
import { defineMigrate } from './commands/migrate.js'
import { defineLink } from './commands/link.js'
import { definePause } from './commands/pause.js'
import { defineReconcile } from './commands/reconcile.js'
import { defineReplay } from './commands/replay.js'
import { defineSandbox } from './commands/sandbox.js'
import { defineSchedule } from './commands/schedule.js'
import { defineStatus } from './commands/status.js'
import { defineSync } from './commands/sync.js'
import { readVersion } from './version.js'

/** Options every command takes, before or after its name. */
interface GlobalOptions {
  readonly envFile?: string
  readonly connection?: string
  readonly color: boolean
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error'
}

/** What is left of a command when it is over. */
export interface Exit {
  code: number
  /** The run that was under way, for a bug report. */
  runId?: string
}

/** What a command's action gets: the world it may touch, and where its exit code goes. */
export interface Context {
  readonly io: Io
  readonly exit: Exit
  readonly global: () => GlobalOptions
  /** The command line without its values: stored with the run. */
  readonly version: string
}

export function buildProgram(io: Io, exit: Exit): { readonly program: Command; readonly context: Context } {
  const program = new Command('ml-connector')
  const version = readVersion()
  const context: Context = { io, exit, version, global: () => program.opts<GlobalOptions>() }
  program
    .description('Keeps Plex (manufacturing ERP) and Procurify (procurement) in step: one bounded pass per run.')
    .version(version)
    .option('--env-file <file>', 'read settings from this file (default: .env, if there is one)')
    .option('--connection <name>', 'use this Plex + Procurify pair (default: CONNECTION, or "default")')
    .option('--no-color', 'plain text')
    .addOption(new Option('--log-level <level>', 'what goes to stderr').choices(['debug', 'info', 'warn', 'error']))
    .showHelpAfterError('(add --help for the options and examples)')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  const definitions = [
    defineSync,
    defineAlign,
    defineReplay,
    defineLink,
    definePause,
    defineAudit,
    defineStatus,
    defineReconcile,
    defineCheck,
    defineCredentials,
    defineMigrate,
    defineExplain,
    defineSchedule,
    defineSandbox,
    defineDemo,
    defineCompletion,
  ]
  for (const define of definitions) define(program, context)
  return { program, context }
}

const EXAMPLES = `
Examples:
  ml-connector demo                         a first look: everything on this machine, nothing to configure
  ml-connector check                        what is missing before the first run, in the order to fix it
  ml-connector sync suppliers --dry-run     what a run would change, field by field
  ml-connector audit show --record ACME     the story of one record

Exit codes: 0 done, 1 bug, 2 usage or settings, 3 a record was parked for a person, 4 not finished (run again),
5 login or role refused, 6 another run holds the stream, 7 safety stop.
`
