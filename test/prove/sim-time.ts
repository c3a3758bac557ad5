/**
 * The one clock of a schedule. It stands still while the program computes and moves when somebody waits: so leases, grace times
 * and cool-downs of a quarter of an hour cost nothing, and the same seed always meets the same instants. The state database reads
 * it through functions of its own (state.ts), the simulators and the pass through the members below.
 */
import http from 'node:http'

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Shorter timers belong to the machinery (streams, test runner) and stay real. */
const VIRTUAL_FROM_MS = 500

type SetTimer = typeof globalThis.setTimeout
type ClearTimer = typeof globalThis.clearTimeout

export const realSetTimeout: SetTimer = globalThis.setTimeout
const realClearTimeout: ClearTimer = globalThis.clearTimeout
const realRandom = Math.random

export class SimTime {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()
  /** True until somebody told the database what time it is. */
  isNews = true

  constructor(startMs: number) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  at(at: number, run: () => void): Timer {
    this.#order += 1
    // Whole milliseconds: as much as the database is told.
    const timer = { at: Math.ceil(at), order: this.#order, run }
    this.#timers.add(timer)
    return timer
  }

  cancel(timer: Timer): void {
    this.#timers.delete(timer)
  }

  pass(ms: number): void {
    this.advanceTo(this.#now + ms)
  }

  /** Timers that come due meanwhile fire in order, each at its own instant. */
  advanceTo(until: number): void {
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#set(Math.max(this.#now, due.at))
      due.run()
    }
    this.#set(Math.max(this.#now, Math.ceil(until)))
  }

  #set(now: number): void {
    if (now === this.#now) return
    this.#now = now
    this.isNews = true
  }
}

/**
 * Puts the timers of this process that are long enough to be the program's own (time limits of requests, late effects of the
 * simulators) on simulated time, and chance on `next`; answers how to undo it.
 */
export function rule(time: SimTime, next: () => number): () => void {
  const set = ((run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    if ((ms ?? 0) < VIRTUAL_FROM_MS) return realSetTimeout(run, ms, ...args)
    return new VirtualTimer(time, ms ?? 0, () => run(...args))
  }) as SetTimer
  const clear = ((timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.close()
    else realClearTimeout(timer as Parameters<ClearTimer>[0])
  }) as ClearTimer
  globalThis.setTimeout = set
  globalThis.clearTimeout = clear
  Math.random = next
  return () => {
    globalThis.setTimeout = realSetTimeout
    globalThis.clearTimeout = realClearTimeout
    Math.random = realRandom
  }
}

/** Tells of every request of this process as it is sent, and when its answer was read to the end; answers how to undo it. */
export function tapRequests(onSent: () => () => void): () => void {
  const request = http.request.bind(http)
  const tapped = (...given: Parameters<typeof http.request>): http.ClientRequest => {
    const sent = request(...given)
    const onOver = onSent()
    // Whoever read the answer goes on first.
    sent.once('close', () => setImmediate(onOver))
    return sent
  }
  Object.assign(http, { request: tapped })
  return () => void Object.assign(http, { request })
}

/** As much of a NodeJS.Timeout as anybody here uses. */
class VirtualTimer {
  readonly #time: SimTime
  readonly #timer: Timer

  constructor(time: SimTime, ms: number, run: () => void) {
    this.#time = time
    this.#timer = time.at(time.now() + ms, run)
  }

  unref(): this {
    return this
  }

  ref(): this {
    return this
  }

  close(): this {
    this.#time.cancel(this.#timer)
    return this
  }
}
