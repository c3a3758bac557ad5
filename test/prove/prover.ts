/** One schedule from its seed to its verdict; and of one that fails, the shortest part that still does. */
import { execFile } from 'node:child_process'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { judge } from './judge.js'
import { Play } from './play.js'
import { makeSchedule, type Schedule } from './schedule.js'
import { realSetTimeout } from './sim-time.js'
import { ProofState } from './state.js'

export interface Verdict {
  readonly seed: number
  /** Indexes of the steps that were played; null = all of them. */
  readonly kept: readonly number[] | null
  readonly broken: readonly string[]
  readonly passes: number
  readonly killed: number
  readonly requests: number
  readonly statements: number
}

/** Broken so: the schedule did not end, and what it left behind is in this process for good. */
export const ENDLESS = /^(hangs|goes round in circles|dies):/
/** Real time that a schedule may take: a fraction of a second in peace, so one that takes this long hangs. */
const HANG_MS = 100_000
/** Rows of former schedules are in nobody's way, but not for ever. */
const SCHEDULES_PER_DATABASE = 150

export class Prover {
  readonly #serverUrl: string
  readonly #template: string
  readonly #prefix: string
  readonly #core: number | null
  #sandbox: Sandbox | null = null
  #state: ProofState | null = null
  #databases = 0
  #played = 0
  /** The last play, for its story. */
  last: Play | null = null

  /** `prefix`: names of databases that nobody else uses. `core`: see `keepTogether`. */
  constructor(serverUrl: string, template: string, prefix: string, core: number | null = null) {
    this.#serverUrl = serverUrl
    this.#template = template
    this.#prefix = prefix
    this.#core = core
  }

  async prove(seed: number, kept: readonly number[] | null = null): Promise<Verdict> {
    const whole = makeSchedule(seed)
    const schedule = kept === null ? whole : keep(whole, kept)
    const sandbox = (this.#sandbox ??= await startSandbox({ seed: 'empty' }))
    const state = await this.#nextState()
    this.#played += 1
    const play = new Play(schedule, sandbox, state, `proof-${this.#played}`)
    this.last = play
    const played = play.play().then(() => null)
    const stuck = await Promise.race([played, hang(), play.conductor.runaway.then(() => 'goes round in circles')])
    const broken = stuck === null ? (await judge(play)).broken : [`${stuck}: after ${play.conductor.trace.at(-1)}`]
    return {
      ...{ seed, kept, broken },
      passes: play.endings.length + play.killed,
      killed: play.killed,
      requests: sandbox.log.entries.length,
      statements: play.conductor.trace.length,
    }
  }

  /** Leaves out whatever can be left out while the same rule stays broken. */
  async shrink(failed: Verdict): Promise<Verdict> {
    const rules = new Set(failed.broken.map(ruleOf))
    let best = failed
    let kept = failed.kept ?? makeSchedule(failed.seed).steps.map((_, at) => at)
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < kept.length;) {
        const fewer = [...kept.slice(0, start), ...kept.slice(start + size)]
        const verdict = await this.prove(failed.seed, fewer)
        if (verdict.broken.some((one) => rules.has(ruleOf(one)))) {
          best = verdict
          kept = fewer
        } else start += size
      }
    }
    return best
  }

  async close(): Promise<void> {
    await this.#sandbox?.close()
    await this.#state?.close()
  }

  async #nextState(): Promise<ProofState> {
    if (this.#state !== null && this.#played % SCHEDULES_PER_DATABASE !== 0) return this.#state
    await this.#state?.close()
    this.#databases += 1
    this.#state = await ProofState.open(this.#serverUrl, this.#template, `${this.#prefix}_${this.#databases}`)
    if (this.#core !== null) await keepTogether(this.#core, [process.pid, this.#state.serverPid])
    return this.#state
  }
}

/**
 * This process and its server process never work at the same time: on one core neither waits for another core to wake up. It is
 * about speed only (a fifth), so a machine that has no `taskset` goes without.
 */
function keepTogether(core: number, pids: readonly number[]): Promise<void[]> {
  const pin = (pid: number): Promise<void> =>
    new Promise((resolve) => execFile('taskset', ['-a', '-p', '-c', String(core), String(pid)], () => resolve()))
  return Promise.all(pids.map(pin))
}

function keep(schedule: Schedule, kept: readonly number[]): Schedule {
  return { ...schedule, steps: schedule.steps.filter((_, at) => kept.includes(at)) }
}

function ruleOf(broken: string): string {
  return broken.split(':')[0] ?? broken
}

function hang(): Promise<'hangs'> {
  return new Promise((resolve) => realSetTimeout(() => resolve('hangs'), HANG_MS).unref())
}
