/** Who was told to stay away, and for how long: what requests are judged by afterwards. */
import type { Fault } from '../../src/sandbox/faults.js'
import type { System } from '../../src/sandbox/exchange.js'
import { MINUTE, TIMEOUT_MS } from './schedule.js'

/** PROCURIFY_MAX_TIMEOUTS, and how long it is left alone then. */
const MAX_TIMEOUTS = 3
const COOL_DOWN_MS = 15 * MINUTE

/** On the clock of the two systems. */
interface Pause {
  readonly system: System
  readonly from: number
  readonly until: number
}

export class Pauses {
  /** Asked for by an answer that a pass lived to tell the others of. */
  readonly all: Pause[] = []
  /** Every process under way lives to its end. */
  isCalm = false
  readonly #timeouts: number[] = []

  /** What a `Retry-After` asks for; and three calls in a row without any answer, after which Procurify is to be left alone. */
  note(system: System, fault: Fault | undefined, from: number): void {
    const asks = fault?.kind === 'throttle' && fault.retryAfter !== 'absent'
    if (asks && this.isCalm) this.all.push({ system, from, until: from + 1000 * (fault.seconds ?? 1) })
    if (system === 'plex') return
    // Whoever dies in between counts nothing, and half an answer may count or not.
    if (fault?.kind.startsWith('timeout') !== true || !this.isCalm) return void this.#timeouts.splice(0)
    this.#timeouts.push(from + TIMEOUT_MS)
    if (this.#timeouts.length < MAX_TIMEOUTS) return
    this.#timeouts.splice(0)
    this.all.push({ system, from: from + TIMEOUT_MS, until: from + TIMEOUT_MS + COOL_DOWN_MS })
  }
}
