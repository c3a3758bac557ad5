import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { publicRow } from './collection.js'
import { toJsonText, type Reply, type Row } from './exchange.js'

/** How an answer is spoilt on its way out. */
export interface Delivery {
  /** `cut` = half of the body, then the socket is destroyed; `half` = half of the text as if it were all of it. */
  readonly spoil?: 'cut' | 'half'
  /** Pause between chunks, which are then small. */
  readonly chunkMs?: number
}

/** Rows are gathered to this size before they go out: one write per row would be slower by far. */
const CHUNK_CHARS = 64 * 1024
/** How many pieces a slow answer is cut into, whatever its size: enough to see a reader wait between them. */
const SLOW_CHUNKS = 8

/**
 * Writes an answer and ends it. A short body has a content length; a longer list goes out in chunks as it is made, held
 * back while the client does not read.
 */
export async function deliver(res: ServerResponse, reply: Reply, delivery: Delivery = {}): Promise<void> {
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8', ...reply.headers }
  if (delivery.spoil !== undefined || delivery.chunkMs !== undefined) {
    await deliverSpoilt(res, reply, headers, delivery)
    return
  }
  // One piece look-ahead tells a short body, which gets a content length, from one that is sent in chunks.
  const pieces = piecesOf(reply)
  const first = pieces.next()
  const second = first.done === true ? first : pieces.next()
  if (second.done === true) {
    const text = first.done === true ? '' : first.value
    res.writeHead(reply.status, { ...headers, 'content-length': String(Buffer.byteLength(text)) }).end(text)
    return
  }
  res.writeHead(reply.status, headers)
  res.write(first.value)
  if (!(await write(res, second.value))) return
  for (const piece of pieces) if (!(await write(res, piece))) return
  res.end()
}

/** Spoilt answers know their whole length first, since what they promise is part of the fault. */
async function deliverSpoilt(
  res: ServerResponse,
  reply: Reply,
  headers: Record<string, string>,
  { spoil, chunkMs }: Delivery,
): Promise<void> {
  const whole = Buffer.from([...piecesOf(reply)].join(''))
  const half = whole.subarray(0, Math.floor(whole.length / 2))
  // Well-formed HTTP around a text that ends in the middle: only the JSON parser can notice.
  if (spoil === 'half') {
    res.writeHead(reply.status, { ...headers, 'content-length': String(half.length) }).end(half)
    return
  }
  res.writeHead(reply.status, { ...headers, 'content-length': String(whole.length) })
  if (spoil === 'cut') {
    // Destroyed only once the half is out, else the client might see no headers at all.
    res.write(half, () => res.socket?.destroy())
    return
  }
  const step = Math.max(1, Math.ceil(whole.length / SLOW_CHUNKS))
  for (let at = 0; at < whole.length; at += step) {
    if (at > 0) await sleep(chunkMs ?? 0)
    if (!(await write(res, whole.subarray(at, at + step)))) return
  }
  res.end()
}

/** Sends rows until the client hangs up, to test that a reader limits the size of what it accepts. */
export async function flood(res: ServerResponse): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
  // Complete records, so that a reader that works record by record is kept busy as well.
  const filler = `{"id":"00000000-0000-0000-0000-000000000000","note":"${'x'.repeat(16 * 1024)}"},`
  if (!(await write(res, `[${filler}`))) return
  while (await write(res, filler)) await sleep(0)
}

/** False when the client is gone. Waits while the client does not read. */
async function write(res: ServerResponse, piece: string | Buffer): Promise<boolean> {
  if (res.destroyed || res.socket === null || res.socket.destroyed) return false
  if (res.write(piece)) return true
  await new Promise<void>((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go)
      resolve()
    }
    res.on('drain', go).on('close', go)
  })
  return !res.destroyed
}

/** The body in pieces of about 64 KB. */
function* piecesOf(reply: Reply): Generator<string, void> {
  if (reply.rows === undefined) {
    if (reply.text !== undefined) yield reply.text
    else if (reply.json !== undefined) yield toJsonText(reply.json)
    return
  }
  if (reply.render !== undefined) {
    yield reply.render(reply.rows)
    return
  }
  let piece = reply.envelope === undefined ? '[' : `${toJsonText(reply.envelope).slice(0, -1)},"data":[`
  let separator = ''
  for (const row of reply.rows) {
    piece += separator + toJsonText(publicRow(row as Row))
    separator = ','
    if (piece.length >= CHUNK_CHARS) {
      yield piece
      piece = ''
    }
  }
  yield `${piece}${reply.envelope === undefined ? ']' : ']}'}`
}
