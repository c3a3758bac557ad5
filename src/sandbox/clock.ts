const TICKS_PER_MS = 10_000n

/**
 * The time both simulated systems live in: real time plus a settable offset.
 *
 * Stamps are counted in ticks of 100 ns, the grain of Plex, and every stamp is later than the one before it even when
 * the clock was set back: two edits share a stamp only where a caller asks for the last one again (a tie).
 */
export class SandboxClock {
  #offsetMs = 0
  #lastTick = 0n

  /** Milliseconds since 1970, as the simulated systems see it. */
  now(): number {
    return Date.now() + this.#offsetMs
  }

  advance(ms: number): void {
    this.#offsetMs += ms
  }

  /** Sets the clock to an instant (ISO text or ms); it goes on running from there. */
  set(at: string | number): void {
    this.#offsetMs = new Date(at).getTime() - Date.now()
  }

  /** Real time again, and no stamp given out yet: for a world that starts anew. */
  reset(): void {
    this.#offsetMs = 0
    this.#lastTick = 0n
  }

  /** A new stamp with seven fractional digits, as Plex writes it: `2026-03-04T09:10:11.1234567Z`. */
  tick(): string {
    this.#next(1n)
    return textOfTick(this.#lastTick)
  }

  /** The stamp given out last, for edits that shall share it. */
  lastTick(): string {
    return this.#lastTick === 0n ? this.tick() : textOfTick(this.#lastTick)
  }

  /** A new stamp with six fractional digits, as Procurify writes it. */
  micro(): string {
    this.#next(10n)
    return `${textOfTick(this.#lastTick).slice(0, -2)}Z`
  }

  lastMicro(): string {
    return this.#lastTick === 0n ? this.micro() : `${this.lastTick().slice(0, -2)}Z`
  }

  /** Moves to the next free multiple of `grain` ticks. */
  #next(grain: bigint): void {
    const now = BigInt(Math.floor(this.now())) * TICKS_PER_MS
    const next = now > this.#lastTick ? now : this.#lastTick + 1n
    this.#lastTick = ((next + grain - 1n) / grain) * grain
  }
}

/** ISO text with seven fractional digits of a count of 100 ns ticks since 1970. */
function textOfTick(tick: bigint): string {
  const wholeMs = new Date(Number(tick / TICKS_PER_MS)).toISOString().slice(0, -1)
  return `${wholeMs}${String(tick % TICKS_PER_MS).padStart(4, '0')}Z`
}
