/**
 * Hands requests to the simulators without a socket: most of what a schedule costs would be the kernel's and the HTTP parser's work.
 * The program's HTTP client and the simulators are the real ones up to `http.request`; what a cut connection looks like on both
 * sides is as Node shows it. Every few schedules use sockets all the same (see `Schedule`).
 */
import { EventEmitter } from 'node:events'
import http, { type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Sandbox } from '../../src/sandbox/sandbox.js'

type Handle = Sandbox['plex']['handle']
type Headers = Readonly<Record<string, unknown>>

const { request: byConnection } = http

/** Requests take the way they always take, whatever a schedule that hangs has left behind. */
export function answerByConnection(): () => void {
  Object.assign(http, { request: byConnection })
  return () => undefined
}

/** Until what it answers is called, requests of this process go to the simulators directly; all others fail. */
export function answerInProcess({ plex, procurify }: Sandbox): () => void {
  const handlers = new Map([plex, procurify].map(({ url, handle }) => [new URL(url).port, handle]))
  const direct = (options: RequestOptions, onResponse: (response: Readable) => void): Asking => {
    const handle = handlers.get(String(options.port))
    if (handle === undefined) throw new Error(`Nobody is asked at ${options.hostname}:${options.port}.`)
    return new Asking(options, handle, onResponse)
  }
  Object.assign(http, { request: direct })
  return () => void Object.assign(http, { request: byConnection })
}

function lowerCased(headers: Headers): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function hungUp(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' })
}

/** The client's side: as much of a ClientRequest as axios uses. */
class Asking extends EventEmitter {
  destroyed = false
  readonly #options: RequestOptions
  readonly #handle: Handle
  readonly #body: Buffer[] = []
  readonly #answer: Answering

  constructor(options: RequestOptions, handle: Handle, onResponse: (response: Readable) => void) {
    super()
    this.#options = options
    this.#handle = handle
    this.#answer = new Answering(this)
    this.once('response', onResponse)
  }

  setTimeout(): this {
    return this
  }

  write(piece: string): void {
    this.#body.push(Buffer.from(piece))
  }

  end(): void {
    setImmediate(() => {
      if (this.destroyed) return
      const { method = 'GET', path: url, headers, hostname, port } = this.#options
      const asked = Object.assign(Readable.from(this.#body), {
        ...{ method, url, socket: this.#answer.socket },
        headers: { ...lowerCased((headers ?? {}) as Headers), host: `${hostname}:${port}` },
      })
      this.#handle(asked as unknown as IncomingMessage, this.#answer as unknown as ServerResponse)
    })
  }

  /** The client gives up. */
  destroy(error: Error = hungUp('socket hang up')): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.#answer.break()
    if (!this.#answer.isBegun) setImmediate(() => this.emit('error', error))
    this.#closeSoon()
    return this
  }

  close(): void {
    this.destroy()
  }

  /** The answer was read to its end, or broke off. */
  over(): void {
    this.destroyed = true
    this.#closeSoon()
  }

  #closeSoon(): void {
    setImmediate(() => this.emit('close'))
  }
}

/** The server's side: as much of a ServerResponse as the simulators use. */
class Answering {
  readonly socket = { destroyed: false, destroy: (): void => this.#cut() }
  destroyed = false
  sendDate = false
  readonly #asking: Asking
  readonly #headers: Record<string, unknown> = {}
  #response: Readable | null = null

  constructor(asking: Asking) {
    this.#asking = asking
  }

  get isBegun(): boolean {
    return this.#response !== null
  }

  setHeader(name: string, value: unknown): void {
    this.#headers[name.toLowerCase()] = value
  }

  writeHead(statusCode: number, headers: Headers): this {
    const response = Object.assign(new Readable({ read: () => undefined }), {
      ...{ statusCode, statusMessage: http.STATUS_CODES[statusCode] },
      headers: { ...this.#headers, ...lowerCased(headers) },
    })
    this.#response = response
    response.once('close', () => this.#asking.over())
    this.#asking.emit('response', response)
    return this
  }

  write(piece: string | Buffer, onSent?: () => void): boolean {
    this.#response?.push(Buffer.from(piece))
    if (onSent !== undefined) setImmediate(onSent)
    return true
  }

  end(piece?: string | Buffer): void {
    if (piece !== undefined && piece.length > 0) this.write(piece)
    this.#response?.push(null)
  }

  /** Nobody listens any more. */
  break(): void {
    this.destroyed = true
    this.socket.destroyed = true
    this.#response?.destroy(hungUp('aborted'))
  }

  #cut(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.socket.destroyed = true
    if (this.#response === null) this.#asking.destroy()
    else this.#response.destroy(hungUp('aborted'))
  }
}
