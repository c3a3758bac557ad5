/** Everything the CLI knows of the process it runs in, handed in by `bin`. */
import type { ReadStream, WriteStream } from 'node:tty'

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The result: a table for a person, or exactly one JSON document. */
  out(text: string): void
  /** After much output: waits until whoever reads it has taken it. */
  drained(): Promise<void>
  /** Logs and progress. */
  err(text: string): void
  readonly isOutTerminal: boolean
  readonly isErrTerminal: boolean
  readonly columns: number
  readStdin(): Promise<string>
  /** Asks on the terminal without echo; null when there is no terminal. */
  askSecret(question: string): Promise<string | null>
  readonly signal: AbortSignal
  readonly user: string
  readonly host: string
  /** Node's version and the platform, for bug reports. */
  readonly runtime: string
}

export interface ProcessParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: () => ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
  readonly signal: AbortSignal
  readonly user: string
  readonly host: string
  readonly runtime: string
}

export function terminalIo(parts: ProcessParts): Io {
  const { env, stdin, stdout, stderr, signal, user, host, runtime } = parts
  return {
    env,
    signal,
    user,
    host,
    runtime,
    out: (text) => void stdout.write(text),
    drained: () => (stdout.writableNeedDrain ? untilDrained(stdout) : Promise.resolve()),
    err: (text) => void stderr.write(text),
    isOutTerminal: stdout.isTTY,
    isErrTerminal: stderr.isTTY,
    columns: stdout.isTTY ? stdout.columns : 80,
    readStdin: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of stdin()) chunks.push(Buffer.from(chunk as Uint8Array))
      return Buffer.concat(chunks).toString('utf8')
    },
    askSecret: async (question) => {
      const input = stdin()
      if (!input.isTTY) return null
      const { createInterface } = await import('node:readline/promises')
      const { Writable } = await import('node:stream')
      // The terminal would echo what readline writes: it gets an output that swallows everything.
      const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
      const prompt = createInterface({ input, output: silent, terminal: true })
      stderr.write(question)
      try {
        return await prompt.question('', { signal })
      } finally {
        prompt.close()
        stderr.write('\n')
      }
    },
  }
}

/** Also when the reader went away. */
function untilDrained(stream: WriteStream): Promise<void> {
  const events = ['drain', 'error', 'close']
  return new Promise((resolve) => {
    const end = (): void => {
      for (const event of events) stream.off(event, end)
      resolve()
    }
    for (const event of events) stream.on(event, end)
  })
}
