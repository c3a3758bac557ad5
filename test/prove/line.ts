/**
 * The one connection that all passes of a schedule share, each with a session of its own on it: the conductor lets one statement
 * through at a time and one transaction, so they would never meet on connections of their own either.
 */
import type pg from 'pg'
import type { Conductor } from './conductor.js'
import { connectionError, type Actor } from './conductor.js'

/** The program's statements are few and come again and again: the server parses and plans each once. */
const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size + 1}`
  names.set(text, name)
  return name
}

/** What pg keeps to itself: the stream that can hold messages back, so that many go out as one. */
interface Corked {
  readonly connection: { readonly stream: { cork(): void; uncork(): void } }
}

/** Its client is in pipeline mode: a query is sent at once, whatever is still to be answered. */
export class Line {
  readonly #client: pg.PoolClient
  readonly #along: { text: string; values: unknown[] }[] = []

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  /** Goes out right before the next query, and costs no round trip of its own. */
  sendAlong(text: string, values: unknown[] = []): void {
    this.#along.push({ text, values })
  }

  query(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const { stream } = (this.#client as unknown as Corked).connection
    stream.cork()
    try {
      for (const one of this.#along.splice(0)) void this.#send(one.text, one.values).catch(() => undefined)
      return this.#send(text, values)
    } finally {
      stream.uncork()
    }
  }

  release(): void {
    this.#client.release()
  }

  #send(text: string, values: unknown[]): Promise<pg.QueryResult> {
    return this.#client.query(values.length === 0 ? { text } : { name: nameOf(text), text, values })
  }
}

/** As much of a pg client as Kysely uses: one session of one pass. */
export class SteppedSession {
  readonly #line: Line
  readonly #actor: Actor
  readonly #conductor: Conductor
  /** `wanted`: said by the pass, but its first statement takes the `begin` along. */
  #transaction: 'none' | 'wanted' | 'open' = 'none'
  #isLost = false

  constructor(line: Line, actor: Actor, conductor: Conductor) {
    this.#line = line
    this.#actor = actor
    this.#conductor = conductor
  }

  async query(text: string, values: unknown[]): Promise<unknown> {
    if (this.#isLost) throw new Error('Client has encountered a connection error and is not queryable')
    return this.#conductor.step(this.#actor, {
      session: this,
      text,
      inTransaction: this.#transaction !== 'none',
      execute: () => this.#execute(text, values),
      drop: () => this.#drop(),
    })
  }

  release(): void {
    // The line is everybody's.
  }

  async #execute(text: string, values: unknown[]): Promise<unknown> {
    if (this.#isLost) throw connectionError()
    const word = text.slice(0, 8).toLowerCase()
    if (word === 'begin') {
      this.#transaction = 'wanted'
      return NOTHING
    }
    const isEnd = word === 'commit' || word === 'rollback'
    const was = this.#transaction
    if (isEnd) this.#transaction = 'none'
    if (isEnd && was !== 'open') return NOTHING
    if (was === 'wanted') {
      this.#line.sendAlong('begin')
      this.#transaction = 'open'
    }
    return this.#line.query(text, values)
  }

  /** What a lost connection has open, the server rolls back. */
  async #drop(): Promise<void> {
    this.#isLost = true
    const isOpen = this.#transaction === 'open'
    this.#transaction = 'none'
    if (isOpen) await this.#line.query('rollback')
  }
}

const NOTHING = { command: '', rowCount: 0, rows: [] }
