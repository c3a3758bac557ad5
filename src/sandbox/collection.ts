import type { Row } from './exchange.js'
import type { SandboxClock } from './clock.js'

/** How an edit is stamped: `now` = a new stamp, `tie` = the stamp given out last, `keep` = the record's stamps stay. */
export type Stamp = 'now' | 'tie' | 'keep'

export interface CollectionOptions {
  /** Member that names a record; several fall through in order. */
  readonly key?: string
  /** Members looked up often (`poId` of releases), each kept as a map from value to records. */
  readonly indexes?: readonly string[]
  /** Member set at creation, and member moved by each edit; neither when the resource has no such date. */
  readonly created?: string
  readonly modified?: string
  /** First whole-number key (1). Different for each resource, so that mixing up two kinds of ids shows at once. */
  readonly firstId?: number
  /** `micro` = six fractional digits (Procurify), otherwise seven (Plex). */
  readonly grain?: 'tick' | 'micro'
}

/** The records of one resource, in the order they were added, found by key in constant time. */
export class Collection {
  readonly key: string
  readonly #clock: SandboxClock
  readonly #options: CollectionOptions
  readonly #rows = new Map<string, Row>()
  readonly #visibleFrom = new Map<string, number>()
  readonly #indexes = new Map<string, Map<string, Set<Row>>>()
  #largestId = 0

  constructor(clock: SandboxClock, options: CollectionOptions = {}) {
    this.#clock = clock
    this.#options = options
    this.key = options.key ?? 'id'
    for (const member of options.indexes ?? []) this.#indexes.set(member, new Map())
  }

  /** Number of records, hidden ones included. */
  get size(): number {
    return this.#rows.size
  }

  /** The key of a record as text: numbers and texts name the same record. */
  keyOf(row: Row): string {
    return String(row[this.key])
  }

  /** Every record, also those the API does not show yet. */
  all(): Row[] {
    return [...this.#rows.values()]
  }

  /** The record whether or not the API shows it: writes by id reach a hidden one too. */
  get(id: string | number): Row | undefined {
    return this.#rows.get(String(id))
  }

  /** First record that satisfies `test`, in order of creation. */
  find(test: (row: Row) => boolean): Row | undefined {
    for (const row of this.#rows.values()) if (test(row)) return row
    return undefined
  }

  /** Records whose member has this value; by index where there is one. */
  where(member: string, value: unknown): Row[] {
    const index = this.#indexes.get(member)
    if (index !== undefined) return [...(index.get(String(value)) ?? [])]
    return this.all().filter((row) => String(row[member]) === String(value))
  }

  /** Whether `where` on this member is a look-up instead of a walk. */
  hasIndex(member: string): boolean {
    return this.#indexes.has(member)
  }

  /** False while a fresh record is still hidden from the API (delayed visibility, in sandbox time). */
  isVisible(row: Row): boolean {
    const from = this.#visibleFrom.get(this.keyOf(row))
    return from === undefined || from <= this.#clock.now()
  }

  /** What lists show: all records but those still hidden. */
  visible(): Row[] {
    return this.#visibleFrom.size === 0 ? this.all() : this.all().filter((row) => this.isVisible(row))
  }

  /** The record if the API shows it. */
  getVisible(id: string | number): Row | undefined {
    const row = this.get(id)
    return row !== undefined && this.isVisible(row) ? row : undefined
  }

  /**
   * Adds or replaces a record. Dates that the record does not carry are stamped; a member given as null stays null,
   * since "never edited" is a case of its own.
   */
  add(given: Row, options: { readonly hiddenForMs?: number } = {}): Row {
    const row = { ...given }
    const { created, modified } = this.#options
    if (row[this.key] === undefined) row[this.key] = this.nextId()
    if (created !== undefined && row[created] === undefined) row[created] = this.#stamp('now')
    if (modified !== undefined && row[modified] === undefined) {
      row[modified] = created === undefined ? this.#stamp('now') : row[created]
    }
    return this.seed(row, options)
  }

  /** Stores a copy of a record exactly as given, absent members included; answers the stored one. */
  seed(given: Row, options: { readonly hiddenForMs?: number } = {}): Row {
    const row = { ...given }
    const id = this.keyOf(row)
    const old = this.#rows.get(id)
    if (old !== undefined) this.#unindex(old)
    this.#rows.set(id, row)
    this.#largestId = Math.max(this.#largestId, Number(id) || 0)
    this.#index(row)
    const hiddenForMs = options.hiddenForMs ?? 0
    if (hiddenForMs > 0) this.#visibleFrom.set(id, this.#clock.now() + hiddenForMs)
    return row
  }

  /** Changes members of a record (undefined removes one) and stamps it; undefined when there is no such record. */
  edit(id: string | number, changes: Row, stamp: Stamp = 'now'): Row | undefined {
    const row = this.get(id)
    if (row === undefined) return undefined
    // Taken out of the indexes under the old values, put back under the new ones.
    this.#unindex(row)
    for (const [member, value] of Object.entries(changes)) {
      if (value === undefined) delete row[member]
      else row[member] = value
    }
    const { modified } = this.#options
    if (modified !== undefined && stamp !== 'keep' && changes[modified] === undefined)
      row[modified] = this.#stamp(stamp)
    this.#index(row)
    return row
  }

  /** Takes a record away without a trace, as deletes in Plex leave no tombstone. False when there was none. */
  remove(id: string | number): boolean {
    const row = this.get(id)
    if (row === undefined) return false
    this.#unindex(row)
    this.#visibleFrom.delete(String(id))
    return this.#rows.delete(String(id))
  }

  /** No records, and whole-number keys start again. */
  clear(): void {
    this.#rows.clear()
    this.#visibleFrom.clear()
    this.#largestId = 0
    for (const index of this.#indexes.values()) index.clear()
  }

  /** What the next created record gets as its whole-number key: never one that was used before. */
  nextId(): number {
    return Math.max(this.#largestId + 1, this.#options.firstId ?? 1)
  }

  #stamp(stamp: 'now' | 'tie'): string {
    if (this.#options.grain === 'micro') return stamp === 'tie' ? this.#clock.lastMicro() : this.#clock.micro()
    return stamp === 'tie' ? this.#clock.lastTick() : this.#clock.tick()
  }

  #index(row: Row): void {
    for (const [member, index] of this.#indexes) {
      const value = String(row[member])
      const rows = index.get(value)
      if (rows === undefined) index.set(value, new Set([row]))
      else rows.add(row)
    }
  }

  #unindex(row: Row): void {
    for (const [member, index] of this.#indexes) index.get(String(row[member]))?.delete(row)
  }
}

/** The record as it is sent: without our own `_` members. */
export function publicRow(row: Row): Row {
  for (const member in row) {
    if (member.startsWith('_')) {
      return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('_')))
    }
  }
  return row
}
