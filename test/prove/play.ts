/** Plays a schedule: the real program over real simulators and a real database, on simulated time. */
import { randomUUID } from 'node:crypto'
import type { Config } from '../../src/config.js'
import { isDatabaseTrouble } from '../../src/cli/state.js'
import { assembleWorld } from '../../src/cli/wire.js'
import type { PassResult } from '../../src/passes/run.js'
import type { Reporter } from '../../src/ports.js'
import { Faults } from '../../src/sandbox/faults.js'
import { RequestLog } from '../../src/sandbox/log.js'
import type { Sandbox } from '../../src/sandbox/sandbox.js'
import { Conductor, type Actor, type Fate } from './conductor.js'
import { Dice } from './dice.js'
import { answerByConnection, answerInProcess } from './in-process.js'
import { Pauses } from './pauses.js'
import { COMMANDS, configFor, makeIo, perform } from './perform.js'
import { GRACE_MS, MINUTE, TIMEOUT_MS, type PassStep, type ProofStream, type Schedule, type Step } from './schedule.js'
import { ProofSource } from './source.js'
import { rule, SimTime, tapRequests } from './sim-time.js'
import type { ProofState, Snapshot } from './state.js'

/** One request takes this long, by the simulated clock. */
const LATENCY_MS = 20
const START = Date.parse('2026-06-02T08:00:00Z')

/** How one pass ended: its result, or null when it was killed; `error` when it threw. */
export interface Ending {
  readonly name: string
  readonly result: PassResult | null
  readonly error: unknown
  readonly head: string | null
}

export class Play {
  readonly time = new SimTime(START)
  readonly conductor: Conductor
  readonly endings: Ending[] = []
  readonly logs: string[] = []
  /** Watermark by stream, oldest first; forgotten when the database is restored. */
  readonly marks = new Map<string, string[]>()
  /** Heads of the chain that runs printed since the last restore. */
  heads: string[] = []
  readonly pauses = new Pauses()
  /** Requests logged before the database was last restored or lost: their audit rows may be gone. */
  forgottenUntil = 0
  readonly connection: string
  readonly config: Config
  #snapshot: Snapshot | null = null
  #passes = 0
  #traced = 0
  #zombies: { actor: Actor; ended: Promise<void> }[] = []
  #wakesAtWrite = false
  /** The last alignment had nothing left to do: nobody changes reference data after that. */
  #isAligned = false
  readonly source: ProofSource
  readonly pcn: string
  killed = 0

  constructor(
    readonly schedule: Schedule,
    readonly sandbox: Sandbox,
    readonly state: ProofState,
    connection: string,
  ) {
    this.connection = connection
    this.source = new ProofSource(sandbox)
    this.pcn = sandbox.plex.state.login.pcn
    this.conductor = new Conductor(this.time, new Dice(schedule.seed ^ 0x5eed), () => state.tell(this.time))
    this.config = configFor(schedule, sandbox.env, connection)
  }

  /** Plays every step, then lets everything come to rest. */
  async play(): Promise<void> {
    const undo = rule(this.time, chanceOf(this.schedule.seed))
    const unplug = this.schedule.usesSockets ? answerByConnection() : answerInProcess(this.sandbox)
    const untap = tapRequests(() => this.conductor.sent())
    try {
      this.#prepare()
      this.state.forgetBudgets()
      for (const step of this.schedule.steps) await this.#take(step)
      await this.#comeToRest()
    } finally {
      untap()
      unplug()
      undo()
    }
  }

  #prepare(): void {
    const { sandbox, time, schedule } = this
    const { setting } = schedule
    sandbox.reset()
    sandbox.clock.now = () => time.now() + setting.remoteSkewMs
    sandbox.plex.state.options.tokenSeconds = schedule.tokenSeconds
    Object.assign(sandbox.procurify.state.options, {
      draftBills: true,
      hiddenForMs: setting.hiddenMs,
      listInactive: setting.listsInactive,
      // A vendor that is not known is refused, or taken for free text.
      unknownVendor: schedule.seed % 2 === 0 ? 'refuse' : 'other',
      maxPageSize: 100,
    })
    const { faults, log } = sandbox
    const take = Faults.prototype.take.bind(faults)
    faults.take = (system, call) => {
      const fault = take(system, call)
      this.pauses.note(system, fault, sandbox.clock.now())
      // Nobody answers: time passes until the program gives up.
      if (fault?.kind.startsWith('timeout') === true) setImmediate(() => this.time.pass(TIMEOUT_MS))
      return fault
    }
    const open = RequestLog.prototype.open.bind(log)
    log.open = (entry) => {
      const opened = open(entry)
      this.time.pass(LATENCY_MS)
      const isWrite = entry.system === 'procurify' && entry.method !== 'GET' && !entry.path.includes('oauth')
      if (isWrite && this.#wakesAtWrite) for (const { actor } of this.#zombies) this.conductor.release(actor)
      return opened
    }
    this.source.begin(setting)
    this.time.pass(MINUTE)
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'pass':
        return this.#pass(step)
      case 'supplier':
        return this.source.changeSupplier(step)
      case 'order':
        return this.source.changeOrder(step)
      case 'invoice':
        return this.source.changeInvoice(step)
      case 'bill':
        return this.source.beBilled(step)
      case 'people':
        return this.source.beDecided(step)
      case 'wait':
        return this.time.pass(step.ms)
      case 'wake':
        return this.#wake()
      case 'land':
        return void this.sandbox.pending.landAll()
      case 'save':
        this.#snapshot = await this.state.save(this.connection)
        return
      case 'restore':
        return this.#restore(this.#snapshot)
      case 'lose':
        return this.#restore(null)
    }
  }

  /** Bringing a backup back takes longer than anything under way lasts. */
  async #restore(snapshot: Snapshot | null): Promise<void> {
    this.time.pass(2 * GRACE_MS)
    this.sandbox.pending.landAll()
    for (const { actor } of this.#zombies.splice(0)) this.conductor.kill(actor)
    await this.state.restore(this.connection, snapshot)
    this.marks.clear()
    this.heads = []
    this.#isAligned = false
    this.forgottenUntil = this.sandbox.log.entries.at(-1)?.n ?? 0
  }

  async #wake(): Promise<void> {
    for (const { actor, ended } of this.#zombies.splice(0)) {
      this.conductor.release(actor)
      await ended
    }
  }

  async #pass(step: PassStep): Promise<void> {
    const { faults } = this.sandbox
    for (const fault of step.faults) faults.add(fault)
    const first = { ...step, name: `pass ${this.#passes + 1}` }
    const all = [first, ...step.rivals.map((fate, at) => ({ ...first, fate, name: `${first.name} rival ${at + 1}` }))]
    this.#passes += 1
    const sleepers = step.wakes ? [...this.#zombies] : []
    this.pauses.isCalm = all.every(({ fate }) => fate === null) && sleepers.length === 0
    this.#wakesAtWrite = step.wakes
    const ended = await Promise.all(all.map((one) => this.#start(one)))
    this.#wakesAtWrite = false
    if (step.stream === 'align')
      this.#isAligned = step.limit === null && ended.some((one) => one?.result?.outcome === 'done')
    // Whoever was woken goes on to its end.
    const woken = sleepers.filter(({ actor }) => !this.conductor.isHeld(actor))
    await Promise.all(woken.map(({ ended }) => ended))
    this.#zombies = this.#zombies.filter((one) => !woken.includes(one))
    faults.clear()
    await this.#noteMarks()
  }

  /** Resolves when the pass has ended, was killed, or is held. */
  async #start({ stream, fate, name, limit, full, deadlineMs }: PassStep & { name: string }): Promise<Ending | null> {
    let stop = (): void => undefined
    const stopped = new Promise<null>((resolve) => (stop = () => resolve(null)))
    const actor = this.#makeActor(name, fate, () => stop())
    this.conductor.enter(actor)
    const ended = this.#run(actor, { stream, limit, full, deadlineMs }).then(
      ({ result, head }): Ending => ({ name, result, head, error: null }),
      (error: unknown): Ending => ({ name, result: null, head: null, error }),
    )
    const over = ended.then((ending) => {
      this.conductor.leave(actor)
      this.endings.push(ending)
      if (ending.head !== null) this.heads.push(ending.head)
      return ending
    })
    const first = await Promise.race([over, stopped])
    if (actor.state === 'dead') this.killed += 1
    if (first === null && this.conductor.isHeld(actor)) {
      this.#zombies.push({ actor, ended: over.then(() => undefined) })
    }
    return first
  }

  #makeActor(name: string, fate: Fate | null, onDeath: () => void): Actor {
    return {
      name,
      fate,
      signal: new AbortController().signal,
      state: 'alive',
      steps: 0,
      crossed: 0,
      isFateMet: false,
      underWay: 0,
      onDeath,
    }
  }

  async #run(
    actor: Actor,
    { stream, limit, full, deadlineMs }: Pick<PassStep, 'stream' | 'limit' | 'full' | 'deadlineMs'>,
  ): Promise<{ result: PassResult; head: string }> {
    const { config, conductor, schedule } = this
    const runId = randomUUID()
    const io = makeIo(actor.signal)
    const reporter = this.#makeReporter()
    const world = await assembleWorld({ io, version: 'proof' }, config, this.state.databaseFor(actor, conductor), {
      ...{ command: COMMANDS[stream], runId, reporter, write: true, deadlineMs },
      clock: conductor.clockOf(actor, schedule.setting.hostSkewMs),
    })
    const result = await perform({ stream, limit, full }, world, { io, runId, reporter })
    return { result, head: await world.store.auditHead() }
  }

  #makeReporter(): Reporter {
    return {
      progress: () => undefined,
      log: (level, event, fields) => void this.logs.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`),
    }
  }

  async #noteMarks(): Promise<void> {
    const { trace } = this.conductor
    const isMoved = trace.slice(this.#traced).some((line) => line.includes('insert into watermark'))
    this.#traced = trace.length
    if (!isMoved) return
    const rows = await this.state.rows<{ stream: string; position: string | null }>(
      'select stream, position from watermark where connection = $1',
      [this.connection],
    )
    for (const { stream, position } of rows) {
      if (position !== null) this.marks.set(stream, [...(this.marks.get(stream) ?? []), position])
    }
  }

  // ---- coming to rest

  /** Faults are off, what is late has landed, everybody woke up; cron goes on until nothing changes any more. */
  async #comeToRest(): Promise<void> {
    const { sandbox } = this
    sandbox.faults.clear()
    sandbox.pending.landAll()
    this.time.pass(20 * MINUTE)
    await this.#wake()
    let isReplayed = false
    let streams = this.#restingStreams()
    for (let round = 1; round <= MOST_ROUNDS; round += 1) {
      const { isOver, isStill, hasAligned } = await this.#goRound(streams, round)
      if (hasAligned) streams = streams.filter((stream) => stream !== 'align')
      // What was made in this round and is not visible yet may be what something else waits for.
      const isPatient = this.schedule.isThorough || (this.schedule.setting.hiddenMs > 0 && streams.length > 1)
      if (!isOver || (isPatient && !isStill)) continue
      if (isReplayed || !(await this.#isParked())) return
      // What was refused meanwhile is for a person, who tries it once more.
      isReplayed = true
      await this.#start({ ...QUIET, stream: 'replay', name: 'last replay' })
    }
    this.isRestless = true
  }

  #restingStreams(): readonly ProofStream[] {
    const { setting, invoicing, isThorough } = this.schedule
    const needsAlign = setting.orders > 0 && (isThorough || !this.#isAligned)
    const wanted = { align: needsAlign, suppliers: true, pos: setting.orders > 0, invoices: invoicing !== 'none' }
    return (['align', 'suppliers', 'pos', 'invoices'] as const).filter((stream) => wanted[stream])
  }

  async #goRound(
    streams: readonly ProofStream[],
    round: number,
  ): Promise<{ isOver: boolean; isStill: boolean; hasAligned: boolean }> {
    const before = this.sandbox.log.effects().length
    const outcomes = new Map<ProofStream, string | undefined>()
    for (const stream of streams) {
      this.time.pass(20 * MINUTE)
      const ending = await this.#start({ ...QUIET, stream, name: `last ${stream} ${round}` })
      outcomes.set(stream, ending?.result?.outcome)
      await this.#noteMarks()
    }
    return {
      isOver: [...outcomes.values()].every((one) => one === 'done' || (one === 'partial' && round > 2)),
      isStill: this.sandbox.log.effects().length === before,
      hasAligned: outcomes.get('align') === 'done' && !this.schedule.isThorough,
    }
  }

  async #isParked(): Promise<boolean> {
    const rows = await this.state.rows(`select from intent where connection = $1 and state = 'dead' limit 1`, [
      this.connection,
    ])
    return rows.length > 0
  }

  isRestless = false
}

const MOST_ROUNDS = 10
const QUIET: PassStep = {
  ...{ do: 'pass', stream: 'suppliers', faults: [], fate: null, rivals: [], limit: null, full: false, wakes: false },
  deadlineMs: 15 * MINUTE,
}

/** Some of the program's waits are random; they come from the seed as well. */
function chanceOf(seed: number): () => number {
  const dice = new Dice(seed ^ 0x0dd5)
  return () => dice.next()
}

export function isTrouble(error: unknown): boolean {
  return isDatabaseTrouble(error)
}
