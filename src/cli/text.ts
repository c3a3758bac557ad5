import type { Io } from './io.js'

/** Foreign text on one line of a terminal: control characters could move the cursor or colour what follows. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}

/** Written some at a time. */
const PIECE_LENGTH = 64 * 1024

/** Text that is long and comes in pieces, no faster than it is read. */
export async function outPieces(io: Pick<Io, 'out' | 'drained'>, pieces: Iterable<string>): Promise<void> {
  let text = ''
  for (const piece of pieces) {
    text += piece
    if (text.length < PIECE_LENGTH) continue
    io.out(text)
    text = ''
    await io.drained()
  }
  io.out(text)
}
