#!/usr/bin/env node
/** The executable: argv, env, streams and signals in; exit code out. */
import { setMaxListeners } from 'node:events'
import { hostname, userInfo } from 'node:os'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { main } from '../src/cli/main.js'
import { terminalIo } from '../src/cli/io.js'

// What a pass keeps of a long list is small, what it throws away is not: left to itself, a large heap grows to four times what is kept
// before that is collected. A small one stays as it is, since most passes are over before it would matter.
const LARGE_HEAP = 64_000_000
const watch = setInterval(() => {
  if (getHeapStatistics().total_heap_size < LARGE_HEAP) return
  setFlagsFromString('--heap-growing-percent=25')
  clearInterval(watch)
}, 1_000).unref()

const stop = new AbortController()
// Each read under way listens: as many as SYNC_CONCURRENCY says, which is no leak to warn of.
setMaxListeners(0, stop.signal)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(signal))
// A reader that went away (`| head`) is no error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// Should everything end without an answer, that is no success. Said at the end: commander takes an exit code that is set for its own.
let isAnswered = false
process.on('exit', () => {
  if (!isAnswered) process.exitCode = 1
})
void main(
  process.argv.slice(2),
  terminalIo({
    env: process.env,
    // Opened only when something is read from it.
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    user: userName(),
    host: hostname(),
    runtime: `node ${process.version} on ${process.platform} ${process.arch}`,
  }),
).then((code) => {
  isAnswered = true
  process.exitCode = code
})

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
