/** Bearer tokens of one simulated system, by the sandbox's own time: advancing the clock ends them. */
import { randomBytes } from 'node:crypto'
import type { SandboxClock } from './clock.js'

export class Tokens {
  /** Token -> when it ends, in sandbox ms. */
  readonly #ends = new Map<string, number>()
  readonly #clock: SandboxClock
  readonly #lifeMs: () => number

  constructor(clock: SandboxClock, lifeMs: () => number) {
    this.#clock = clock
    this.#lifeMs = lifeMs
  }

  /** A new one; tests take one directly to save the call. */
  issue(): string {
    const token = randomBytes(24).toString('base64url')
    this.#ends.set(token, this.#clock.now() + this.#lifeMs())
    return token
  }

  isValid(token: string): boolean {
    return (this.#ends.get(token) ?? 0) > this.#clock.now()
  }

  /** Ends all at once, as a restart of the identity service would. */
  expire(): void {
    this.#ends.clear()
  }
}
