import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { deliver, flood, type Delivery } from './answer.js'
import type { SandboxClock } from './clock.js'
import type { Faults } from './faults.js'
import { loggedQuery, redacted, type LogEntry, type RequestLog } from './log.js'
import { actOut } from './misbehave.js'
import type { Call, Reply, System } from './exchange.js'

/** Everything both simulated systems share: one time, one log, one list of faults. */
export interface World {
  readonly clock: SandboxClock
  readonly log: RequestLog
  readonly faults: Faults
  readonly pending: PendingEffects
}

/** One simulated system, as the server needs it. */
export interface Simulator {
  readonly system: System
  /** Takes optional prefixes off a path. */
  readonly normalize: (path: string) => string
  /**
   * Lets a request to the API in or refuses it now; what it answers and changes happens when the result is called. Two
   * steps, because a write that lands late was let in when it arrived, whatever became of its token since.
   */
  readonly admit: (call: Call) => () => Reply
  /** Answers a request below `/_sandbox/`. */
  readonly control: (call: Call) => Reply
  readonly expireTokens: () => void
}

/** A listening server. */
export interface RunningServer {
  readonly url: string
  /** Receives a request as if it had come by a connection. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void
  readonly close: () => Promise<void>
}

/** Writes that were answered with an error before they happened, and are still to happen. */
export class PendingEffects {
  readonly #waiting = new Map<() => void, NodeJS.Timeout | undefined>()

  get size(): number {
    return this.#waiting.size
  }

  /** Runs an effect after `ms` of real time, or never by itself when there is no `ms`. */
  add(run: () => void, ms: number | undefined): void {
    const timer = ms === undefined ? undefined : setTimeout(() => this.#land(run), ms).unref()
    this.#waiting.set(run, timer)
  }

  /** Makes everything pending happen now, in order of arrival; answers how many. */
  landAll(): number {
    const runs = [...this.#waiting.keys()]
    for (const run of runs) this.#land(run)
    return runs.length
  }

  clear(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer)
    this.#waiting.clear()
  }

  /** Deleting first makes landing happen once, whether by timer or on command. */
  #land(run: () => void): void {
    clearTimeout(this.#waiting.get(run))
    if (this.#waiting.delete(run)) run()
  }
}

/** Starts a simulator on a loopback port (0 = any free one). Rejects when the port is taken. */
export async function startServer(
  simulator: Simulator,
  world: World,
  host: string,
  port: number,
): Promise<RunningServer> {
  const connections = new WeakMap<Socket, number>()
  let connectionCount = 0
  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    void receive(simulator, world, req, res, connections.get(req.socket) ?? 0).catch(() => res.socket?.destroy())
  }
  const server = createServer(handle)
  server.on('connection', (socket: Socket) => {
    connectionCount += 1
    connections.set(socket, connectionCount)
    // A client that gives up in the middle of an answer is an ordinary case here, not an error of ours.
    socket.on('error', () => socket.destroy())
  })
  // Longer than any client keeps a socket: an idle close racing with a request would be a fault nobody asked for.
  server.keepAliveTimeout = 120_000
  server.requestTimeout = 0
  await listen(server, host, port)
  const { port: actual } = server.address() as AddressInfo
  return { url: `http://${host}:${actual}`, handle, close: () => close(server) }
}

/** Rejects on a taken port instead of crashing the process by an unhandled event. */
function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Also ends the requests that a fault left waiting for ever. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** One request from its first byte to its last: control call, or API call with its place in the log. */
async function receive(
  simulator: Simulator,
  world: World,
  req: IncomingMessage,
  res: ServerResponse,
  connection: number,
): Promise<void> {
  // Our own Date header, on every answer: clients take the server's time from it.
  res.sendDate = false
  res.setHeader('Date', new Date(world.clock.now()).toUTCString())
  const origin = `http://${req.headers.host ?? 'localhost'}`
  const url = new URL(req.url ?? '/', origin)
  if (url.pathname.startsWith('/_sandbox/')) {
    const text = await readBody(req)
    // JSON whatever its type is called: `curl -d` calls it a form.
    const call = { ...toCall(req, url, url.pathname, text, origin), body: parseBody('', text) }
    await deliver(
      res,
      guarded(() => simulator.control(call)),
    )
    return
  }
  const path = simulator.normalize(url.pathname)
  // Logged before the body is read: order of arrival is what the numbers mean.
  const entry = world.log.open(entryOf(simulator.system, world.clock, req, path, url.searchParams, connection))
  const call = toCall(req, url, path, await readBody(req), origin)
  entry.body = call.body === undefined ? call.text || undefined : redacted(call.body)
  await answer(simulator, world, call, entry, res)
}

/** Lets the simulator answer, or the fault that hits this request. */
async function answer(
  simulator: Simulator,
  world: World,
  call: Call,
  entry: LogEntry,
  res: ServerResponse,
): Promise<void> {
  const admit = (asked: Call): (() => Reply) => {
    const run = simulator.admit(asked)
    return () => {
      const reply = guarded(run)
      if (reply.effect !== undefined) entry.effect = reply.effect
      return reply
    }
  }
  const perform = (asked: Call = call): Reply => admit(asked)()
  const send = async (reply: Reply, delivery?: Delivery): Promise<void> => {
    if (res.destroyed) return
    entry.status = reply.status
    await deliver(res, reply, delivery)
  }
  const fault = world.faults.take(simulator.system, call)
  if (fault === undefined) return send(perform())
  entry.fault = fault.kind
  return actOut(fault, {
    system: simulator.system,
    call,
    nowMs: world.clock.now(),
    perform,
    send,
    drop: () => res.socket?.destroy(),
    flood: () => {
      entry.status = 200
      return flood(res)
    },
    expireTokens: simulator.expireTokens,
    postpone: (ms) => world.pending.add(admit(call), ms),
  })
}

/** A mistake in the sandbox itself must be seen as one, not as a fault of the simulated system. */
function guarded(run: () => Reply): Reply {
  try {
    return run()
  } catch (error) {
    return {
      status: 500,
      json: { sandbox_error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    }
  }
}

/** The whole body as text. */
async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** The request as routes and faults see it. */
function toCall(req: IncomingMessage, url: URL, path: string, text: string, origin: string): Call {
  const type = req.headers['content-type'] ?? ''
  return {
    method: req.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: req.headers,
    body: parseBody(type, text),
    text,
    origin,
  }
}

/** Forms become an object of texts; JSON that cannot be read is undefined, and the route decides. */
function parseBody(contentType: string, text: string): unknown {
  if (text === '') return undefined
  if (contentType.includes('x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What is known when a request arrives. Of credentials only the scheme is kept. */
function entryOf(
  system: System,
  clock: SandboxClock,
  req: IncomingMessage,
  path: string,
  query: URLSearchParams,
  connection: number,
): Omit<LogEntry, 'n'> {
  const header = (name: string): string | null => req.headers[name]?.toString() ?? null
  const scheme = header('authorization')?.split(' ')[0] ?? null
  return {
    at: new Date(clock.now()).toISOString(),
    ms: Date.now(),
    system,
    method: req.method ?? 'GET',
    path,
    query: loggedQuery(query),
    headers: {
      authorization: scheme ?? (header('x-plex-connect-api-key') === null ? null : 'Api-Key'),
      pcn: header('x-plex-connect-customer-id'),
      client: header('x-procurify-client'),
      userAgent: header('user-agent'),
    },
    connection,
    body: undefined,
    status: null,
    effect: null,
  }
}
