/** Long output: in pieces, and no faster than it is read. */
import { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { describe, expect, it } from 'vitest'
import { terminalIo, type Io } from '../../src/cli/io.js'
import { outPieces } from '../../src/cli/text.js'

const PIECE = 'x'.repeat(70_000)

/** The program's output to a reader who takes a piece only when told to. */
function slowly() {
  const taken: (() => void)[] = []
  const stdout = new Writable({ highWaterMark: 1_000, write: (_chunk, _encoding, done) => void taken.push(done) })
  stdout.on('error', () => undefined)
  const io: Io = terminalIo({
    ...{ env: {}, stdin: () => process.stdin, stderr: process.stderr, signal: new AbortController().signal },
    ...{ stdout: stdout as unknown as WriteStream, user: 'cron', host: 'erp', runtime: 'node' },
  })
  return { io, stdout, taken }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('long output', () => {
  it('waits for whoever reads it, instead of holding all of it', async () => {
    const { io, taken } = slowly()
    let made = 0
    const pieces = function* () {
      for (; made < 3; made += 1) yield PIECE
    }
    const printed = outPieces(io, pieces())
    await turn()
    expect(made).toBe(0)
    for (const done of [1, 2, 3]) {
      taken.shift()?.()
      await turn()
      expect(made).toBe(done)
    }
    await printed
  })

  it('ends when the reader has gone away, and leaves no listener behind', async () => {
    const { io, stdout } = slowly()
    const before = stdout.eventNames().map((name) => stdout.listenerCount(name))
    const printed = outPieces(io, [PIECE])
    await turn()
    const gone = new Promise((resolve) => stdout.once('close', resolve))
    stdout.destroy(new Error('EPIPE'))
    await printed
    await gone
    expect(stdout.eventNames().map((name) => stdout.listenerCount(name))).toEqual(before)
  })
})
