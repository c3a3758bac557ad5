/** The whole program in this process: arguments and settings in; exit code, stdout and stderr out. */
import { setMaxListeners } from 'node:events'
import { main } from '../../src/cli/main.js'
import type { Io } from '../../src/cli/io.js'

export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CliOptions {
  /** What comes on stdin. */
  readonly stdin?: string
  /** Answers to questions asked without echo, in order (an error = what the prompt throws); left out = there is no terminal. */
  readonly answers?: readonly (string | Error)[]
  /** stdout is a terminal of so many columns; left out = it is a pipe. */
  readonly terminal?: number
}

/** A process without a process. `env` is all it sees of the environment. */
export function makeIo(
  env: Readonly<Record<string, string | undefined>>,
  options: CliOptions = {},
): { io: Io; written: { out: string; err: string } } {
  const written = { out: '', err: '' }
  const answers = [...(options.answers ?? [])]
  const { signal } = new AbortController()
  // As the executable does it.
  setMaxListeners(0, signal)
  const io: Io = {
    env,
    out: (text) => void (written.out += text),
    drained: () => Promise.resolve(),
    err: (text) => void (written.err += text),
    isOutTerminal: options.terminal !== undefined,
    isErrTerminal: false,
    columns: options.terminal ?? 80,
    readStdin: () => Promise.resolve(options.stdin ?? ''),
    askSecret: (question) => {
      written.err += question
      const answer = answers.shift() ?? null
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    signal,
    user: 'tester',
    host: 'testhost',
    runtime: 'node test',
  }
  return { io, written }
}

/** Runs one command line; no `.env` of the working directory gets in. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  options: CliOptions = {},
): Promise<CliResult> {
  const { io, written } = makeIo(env, options)
  const code = await main(['--env-file', '/dev/null', ...args], io)
  return { code, ...written }
}

/** Settings that are complete and lead nowhere: ports 1 and 2 of this machine, where nobody listens. */
export function idleSettings(databaseUrl: string): Record<string, string> {
  return {
    DATABASE_URL: databaseUrl,
    PLEX_PCN: '100001',
    PLEX_BASE_URL: 'http://127.0.0.1:1/api',
    PROCURIFY_BASE_URL: 'http://127.0.0.1:2',
  }
}

/** The same database, as another user of it: query parameters win over what the URL says elsewhere. */
export function asUser(databaseUrl: string, user: string, password: string): string {
  const url = new URL(databaseUrl)
  url.searchParams.set('user', user)
  url.searchParams.set('password', password)
  return url.href
}
