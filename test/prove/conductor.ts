/**
 * Lets passes of one process run as if they were processes of their own, one step at a time: a step ends where a pass wants the
 * database or sleeps. There it may be killed (nothing of it ever runs again, its transactions are rolled back), cut off, or held
 * for as long as the schedule says. Everything a pass does to the world has such a point right before it: each request is preceded
 * by a booking in the shared call budget.
 */
import type { Clock } from '../../src/ports.js'
import type { Dice } from './dice.js'
import { realSetTimeout, type SimTime } from './sim-time.js'

/** Statements by which a pass crosses from one state of its books to the next: faults are aimed at what comes right after. */
const CROSSINGS = {
  watermark: 'insert into watermark',
  plan: 'insert into intent',
  claim: 'insert into attempt',
  settle: 'with settled as',
} as const

type Crossing = keyof typeof CROSSINGS

/** What happens to a pass before its n-th statement, counted from its first, or from the first of that kind. */
export interface Fate {
  readonly at: number
  readonly from: Crossing | null
  /** `cut`: the connection goes before the statement took effect, or after it; `gone` = and so do all later ones. */
  readonly kind: 'kill' | 'hold' | 'cut-before' | 'cut-after' | 'gone'
}

export interface Statement {
  readonly text: string
  /** Whose transaction it belongs to, if any: a pass may have several connections. */
  readonly session: object
  /** Is a transaction open before it? */
  readonly inTransaction: boolean
  readonly execute: () => Promise<unknown>
  /** The connection is lost: what is open is rolled back. */
  readonly drop: () => Promise<void>
}

interface Waiting {
  readonly actor: Actor
  readonly statement: Statement
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Sleeper {
  readonly actor: Actor
  readonly at: number
  readonly isBackground: boolean
  readonly wake: () => void
}

/** One pass under the conductor. */
export interface Actor {
  readonly name: string
  readonly fate: Fate | null
  /** What the pass sleeps by. The lease's keeper and the ledger have signals of their own: nobody waits for them. */
  readonly signal: AbortSignal
  state: 'alive' | 'held' | 'dead' | 'ended'
  /** Statements so far, and those from the crossing its fate is counted from. */
  steps: number
  crossed: number
  isFateMet: boolean
  /** Requests on the wire whose answers were not read to their end. */
  underWay: number
  readonly onDeath: () => void
}

/** Asked anew: an actor may die while it is waited for. */
function isDead({ state }: Actor): boolean {
  return state === 'dead'
}

export function connectionError(): Error {
  return Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
}

/** The statements are few and come again and again. */
const beginnings = new Map<string, string>()

function beginningOf(text: string): string {
  const beginning = beginnings.get(text) ?? text.slice(0, 200).replace(/\s+/g, ' ').trim().slice(0, 60)
  beginnings.set(text, beginning)
  return beginning
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
/** Only where the order of events is not ours to tell: several requests of one pass under way. */
const WATCHDOG_MS = 10
/** Whoever has more statements to make may have nothing else to do before these are answered. */
const PATIENCE_MS = 1
/** The longest schedules need some 2,000 statements: whoever makes so many goes round in circles. */
const MOST_STATEMENTS = 50_000
/** So does who sleeps again and again and makes none: a pass ticks twice a second, of simulated time, while it delivers. */
const MOST_WAKES = 20_000

export class Conductor {
  readonly #time: SimTime
  readonly #dice: Dice
  readonly #tellTime: () => void
  readonly #waiting: Waiting[] = []
  readonly #sleepers = new Set<Sleeper>()
  readonly #actors = new Set<Actor>()
  #running: Actor | null = null
  /** Whose turn it was last: what is sent meanwhile is this one's. */
  #latest: Actor | null = null
  #inTransaction: { readonly actor: Actor; readonly session: object; readonly drop: Statement['drop'] } | null = null
  #isBusy = false
  #turn = 0
  /** What every pass did with the database, in order. */
  readonly trace: string[] = []
  #wakes = 0
  #isWokenBesides = false
  #isOver = false
  #tellRunaway = (): void => undefined
  /** Resolves when there is no end in sight; nobody gets any further then. */
  readonly runaway = new Promise<void>((resolve) => (this.#tellRunaway = resolve))

  constructor(time: SimTime, dice: Dice, tellTime: () => void) {
    this.#time = time
    this.#dice = dice
    this.#tellTime = tellTime
  }

  enter(actor: Actor): void {
    this.#actors.add(actor)
    this.#running = actor
    this.#latest = actor
  }

  /** A request goes on the wire; call the answer when it is over. */
  sent(): () => void {
    const actor = this.#latest
    if (actor === null) return () => undefined
    actor.underWay += 1
    return () => {
      actor.underWay -= 1
      this.#schedule()
    }
  }

  /** The pass ended by itself. */
  leave(actor: Actor): void {
    if (actor.state === 'alive') actor.state = 'ended'
    this.#forget(actor)
  }

  /** Nothing of it runs from here on. */
  kill(actor: Actor): void {
    if (actor.state === 'dead' || actor.state === 'ended') return
    actor.state = 'dead'
    const lost = this.#waiting.filter((one) => one.actor === actor)
    for (const one of lost) void one.statement.drop()
    this.#forget(actor)
    actor.onDeath()
  }

  release(actor: Actor): void {
    if (actor.state !== 'held') return
    actor.state = 'alive'
    this.#schedule()
  }

  isHeld(actor: Actor): boolean {
    return actor.state === 'held'
  }

  async step(actor: Actor, statement: Statement): Promise<unknown> {
    if (actor.state === 'dead') return statement.drop().then(() => never())
    if (this.trace.length >= MOST_STATEMENTS) this.#giveUp()
    if (this.#isOver) return never()
    actor.steps += 1
    this.trace.push(`${actor.name} ${actor.steps} ${beginningOf(statement.text)}`)
    const { fate } = actor
    const from = fate?.from ?? null
    if (actor.crossed > 0 || from === null || statement.text.trimStart().startsWith(CROSSINGS[from])) actor.crossed += 1
    const isDue = fate !== null && !actor.isFateMet && actor.crossed >= fate.at
    if (isDue && fate.kind === 'kill') {
      actor.isFateMet = true
      await statement.drop()
      this.kill(actor)
      return never()
    }
    // A process that stops inside a transaction keeps its locks: that belongs to the proof with real processes.
    if (isDue && fate.kind === 'hold' && !statement.inTransaction && this.#inTransaction?.actor !== actor) {
      actor.isFateMet = true
      actor.state = 'held'
      actor.onDeath()
    }
    if (isDue && (fate.kind === 'cut-before' || fate.kind === 'gone')) {
      actor.isFateMet = fate.kind !== 'gone'
      await statement.drop()
      this.#settleTransaction(actor, statement, true)
      throw connectionError()
    }
    const done = new Promise<unknown>((resolve, reject) => this.#waiting.push({ actor, statement, resolve, reject }))
    this.#yield(actor)
    const value = await done
    if (isDue && fate.kind === 'cut-after') {
      actor.isFateMet = true
      await statement.drop()
      this.#settleTransaction(actor, statement, true)
      throw connectionError()
    }
    return value
  }

  clockOf(actor: Actor, skewMs: number): Clock {
    return {
      now: () => this.#time.now(),
      wallMs: () => this.#time.now() + skewMs,
      sleep: (ms, signal) => this.#sleep(actor, ms, signal),
    }
  }

  #sleep(actor: Actor, ms: number, signal?: AbortSignal): Promise<void> {
    if (actor.state === 'dead') return never()
    if (signal?.aborted === true) return Promise.resolve()
    const isBackground = signal !== actor.signal
    return new Promise((resolve) => {
      const onAbort = (): void => {
        if (this.#sleepers.delete(sleeper)) resolve()
      }
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const sleeper = { actor, isBackground, at: Math.ceil(this.#time.now() + ms), wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', onAbort, { once: true })
      // Whoever was woken for that alone has had its turn.
      if (!isBackground || this.#isWokenBesides) this.#yield(actor)
    })
  }

  #giveUp(): void {
    this.#isOver = true
    this.#tellRunaway()
  }

  #forget(actor: Actor): void {
    this.#actors.delete(actor)
    for (const sleeper of this.#sleepers) if (sleeper.actor === actor) this.#sleepers.delete(sleeper)
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1)
      if (this.#waiting[at]?.actor === actor) this.#waiting.splice(at, 1)
    const open = this.#inTransaction
    if (open?.actor === actor) {
      this.#inTransaction = null
      this.#time.isNews = true
      void open.drop()
    }
    this.#yield(actor)
  }

  #yield(actor: Actor): void {
    if (this.#running === actor) this.#running = null
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isBusy || this.#running !== null) return
    const open = this.#waiting.filter(
      ({ actor, statement: { session } }) =>
        actor.state === 'alive' && (this.#inTransaction === null || this.#inTransaction.session === session),
    )
    if (open.length > 0) {
      const actors = [...new Set(open.map(({ actor }) => actor))]
      const actor = actors.length === 1 ? actors[0] : this.#dice.pick(actors)
      const next = open.find((one) => one.actor === actor)
      if (next !== undefined) void this.#grant(next)
      return
    }
    if (this.#inTransaction === null) this.#wakeNext()
  }

  /** Everybody waits: time passes until the first of them wakes. */
  #wakeNext(): void {
    // An answer takes no time but what the simulators say: nobody sleeps on while one is on its way.
    if ([...this.#actors].some(({ state, underWay }) => state === 'alive' && underWay > 0)) return
    const live = [...this.#sleepers].filter(({ actor }) => actor.state === 'alive')
    if (!live.some(({ isBackground }) => !isBackground)) return
    const first = live.sort((a, b) => a.at - b.at)[0]
    this.#wakes += 1
    if (this.#wakes > MOST_WAKES) this.#giveUp()
    if (first === undefined || this.#isOver) return
    this.#time.advanceTo(first.at)
    this.#sleepers.delete(first)
    this.#run(first.actor)
    this.#isWokenBesides = first.isBackground
    first.wake()
  }

  /** The actor has the turn until it comes back with its next statement, sleeps or ends. */
  #run(actor: Actor): void {
    this.#running = actor
    this.#latest = actor
    this.#turn += 1
    this.#isWokenBesides = false
    const turn = this.#turn
    const patience = this.#waiting.some((one) => one.actor === actor) ? PATIENCE_MS : WATCHDOG_MS
    realSetTimeout(() => {
      if (this.#turn !== turn || this.#running !== actor) return
      this.#running = null
      this.#schedule()
    }, patience)
  }

  async #grant(next: Waiting): Promise<void> {
    const { actor, statement } = next
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    this.#isBusy = true
    this.#wakes = 0
    try {
      if (this.#time.isNews) this.#tellTime()
      const value = await statement.execute()
      // Killed meanwhile, at another statement of the same pass.
      if (isDead(actor)) return await this.#letGo(statement)
      this.#settleTransaction(actor, statement, false)
      this.#isBusy = false
      this.#run(actor)
      next.resolve(value)
    } catch (error) {
      this.#settleTransaction(actor, statement, false)
      this.#isBusy = false
      this.#run(actor)
      next.reject(error)
    }
  }

  /** What a dead process has open, the server rolls back. */
  async #letGo(statement: Statement): Promise<void> {
    await statement.drop()
    this.#isBusy = false
    this.#schedule()
  }

  #settleTransaction(actor: Actor, { text, session, drop }: Statement, isLost: boolean): void {
    const word = text.trimStart().slice(0, 8).toLowerCase()
    const isEnd = word.startsWith('commit') || word.startsWith('rollback')
    if (!isLost && word.startsWith('begin')) this.#inTransaction = { actor, session, drop }
    else if (this.#inTransaction?.session === session && (isLost || isEnd)) this.#inTransaction = null
    // The clock is a setting, and what was set in a transaction is undone with it.
    if (isLost || word.startsWith('rollback')) this.#time.isNews = true
    // Somebody may have waited for the end of that transaction, and whoever lost it may have nothing left to ask.
    if (isLost) setImmediate(() => this.#schedule())
  }
}
