const DAY_MS = 86_400_000

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000'

/**
 * The one source of variety in the seed: the same start gives the same records in the same order, on every machine.
 * Dates are counted back from `anchor`, so the whole history can be moved without changing anything else.
 */
export class Dice {
  readonly anchorMs: number
  #state: number

  constructor(start: number, anchor: string) {
    this.#state = start
    this.anchorMs = Date.parse(anchor)
  }

  /** A fraction from 0 up to, not including, 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[Math.floor(this.next() * items.length)] ?? items[0]
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A Plex instant some days before the anchor, with a random time of day down to 100 ns. */
  instant(daysAgo: number): string {
    const ms = this.anchorMs - daysAgo * DAY_MS - Math.floor(this.next() * DAY_MS)
    const ticks = String(this.between(0, 9_999)).padStart(4, '0')
    return `${new Date(ms).toISOString().slice(0, -1)}${ticks}Z`
  }

  /** Midnight of the plant (given as UTC hours, 5 or 6 west of Greenwich) some days before the anchor. */
  localMidnight(daysAgo: number): string {
    const day = Math.floor(this.anchorMs / DAY_MS) - daysAgo
    return `${new Date(day * DAY_MS).toISOString().slice(0, 10)}T05:00:00Z`
  }

  /** A Procurify instant: six fractional digits. */
  micro(daysAgo: number): string {
    return `${this.instant(daysAgo).slice(0, -2)}Z`
  }
}

/**
 * The same id for the same words, wherever and in whatever order it is asked for. Four plain 32-bit hashes tell some
 * thousand records apart, and are much faster than a cryptographic one: every test starts from a fresh seed.
 */
export function stableUuid(...words: readonly (string | number)[]): string {
  const text = words.join('\u0000')
  const known = KNOWN_IDS.get(text)
  if (known !== undefined) return known
  const hex = [1, 2, 3, 4].map((salt) => hash32(text, salt).toString(16).padStart(8, '0')).join('')
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  KNOWN_IDS.set(text, id)
  return id
}

/** Ids made so far: the next seed of the same process asks for the same ones. */
const KNOWN_IDS = new Map<string, string>()

/** FNV-1a, started from a salt, with a final mix so that neighbouring numbers look nothing alike. */
function hash32(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1)
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** People behind created and modified ids. */
export const USER_IDS: readonly [string, ...string[]] = [
  stableUuid('user', 'buyer'),
  stableUuid('user', 'planner'),
  stableUuid('user', 'controller'),
]
