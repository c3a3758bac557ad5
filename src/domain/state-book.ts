/**
 * One small number for each of very many records, in some 14 bytes each where a Map of ids takes over 100: a first load may touch
 * a million. Records are told apart by 53 bits of hash, so one in a million runs of a million records counts one record less.
 */
export class StateBook {
  #keys = new Float64Array(1024)
  #states = new Uint8Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** 0 = the record has no state. */
  get(id: string): number {
    return this.#states[this.#slotOf(hashOf(id))] ?? 0
  }

  /** `state` from 1 to 255. */
  set(id: string, state: number): void {
    const key = hashOf(id)
    const slot = this.#slotOf(key)
    if (this.#states[slot] === 0) {
      this.#size += 1
      this.#keys[slot] = key
    }
    this.#states[slot] = state
    // Kept at most three quarters full: a search ends soon at an empty slot.
    if (this.#size * 4 > this.#keys.length * 3) this.#grow()
  }

  /** How many records have this state. */
  count(state: number): number {
    return this.#states.reduce((sum, one) => (one === state ? sum + 1 : sum), 0)
  }

  /** The slot of a key, or the empty one where it belongs. */
  #slotOf(key: number): number {
    const last = this.#keys.length - 1
    let slot = key % this.#keys.length
    while (this.#states[slot] !== 0 && this.#keys[slot] !== key) slot = slot === last ? 0 : slot + 1
    return slot
  }

  #grow(): void {
    const [keys, states] = [this.#keys, this.#states]
    this.#keys = new Float64Array(keys.length * 2)
    this.#states = new Uint8Array(keys.length * 2)
    keys.forEach((key, from) => {
      const state = states[from] ?? 0
      if (state === 0) return
      const slot = this.#slotOf(key)
      this.#keys[slot] = key
      this.#states[slot] = state
    })
  }
}

/** 53 bits of two multiplicative hashes over the characters (cyrb53, public domain): quick, and evenly spread. */
function hashOf(id: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
