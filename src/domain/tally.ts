import type { StreamName } from './record.js'
import { worstOutcome, type RunOutcome } from './outcome.js'
import { StateBook } from './state-book.js'

/** Every record read in a pass ends in exactly one of these (spec section 2, Result of a pass). */
export const CATEGORIES = [
  'unchanged',
  'created',
  'updated',
  'adopted',
  'observed',
  'skipped',
  'waiting',
  'parked',
  'pending',
  'in_doubt', // prettier-ignore
] as const
export type Category = (typeof CATEGORIES)[number]
export type Counts = Record<'read' | Category, number>

/** Something a person may want to know of, with what to do about it. */
export interface Problem {
  readonly code: string
  readonly stream: string
  readonly source_id: string | null
  readonly source_key: string | null
  readonly message: string
  readonly advice: string
}

/** A long list of problems helps nobody and is not bounded: the counts tell the rest. */
const MAX_PROBLEMS = 1000

const stateOf = (category: Category): number => CATEGORIES.indexOf(category) + 1
const PENDING = stateOf('pending')
const PARKED = stateOf('parked')

/** What became of the records of one pass. Holds only those that were worked on; unchanged ones are a number. */
export class Tally {
  readonly problems: Problem[] = []
  /** Why records were left out: no trouble, so people are told only when they ask. */
  readonly leftOut: Problem[] = []
  private readonly ends = new Set<RunOutcome>()
  /** By record: the place of its category in CATEGORIES, counted from 1. */
  private readonly worked = new StateBook()
  private unchangedRows = 0
  /** By record: what was told of its waiting. */
  private readonly waits = new Map<string, Problem>()
  /** What --confirm must say to allow the safety stop of this pass. */
  stopHash: string | null = null

  constructor(
    readonly stream: StreamName,
    private readonly adviceFor: (code: string) => string,
  ) {}

  countUnchanged(rows: number): void {
    this.unchangedRows += rows
  }

  /** The last word on a record counts; that nothing is left to do takes nothing back of what was done. */
  mark(sourceId: string, category: Category): void {
    if (category !== 'waiting') this.withdraw(sourceId)
    const before = this.worked.get(sourceId)
    if (category === 'unchanged' && before !== 0 && before !== PENDING) return
    this.worked.set(sourceId, stateOf(category))
    if (category === 'parked') this.ends.add('partial')
  }

  /** A record that waits. What it waited for may come in this very pass: then that it waited is not told. */
  wait(code: string, message: string, record: { sourceId: string; sourceKey: string | null }): void {
    this.withdraw(record.sourceId)
    this.mark(record.sourceId, 'waiting')
    const told = this.tell(this.problems, code, message, record)
    if (told !== null) this.waits.set(record.sourceId, told)
  }

  private withdraw(sourceId: string): void {
    const told = this.waits.get(sourceId)
    if (told === undefined) return
    this.waits.delete(sourceId)
    this.problems.splice(this.problems.indexOf(told), 1)
  }

  /** A record that was touched and has not been decided yet. */
  markTouched(sourceId: string): void {
    if (this.worked.get(sourceId) === 0) this.worked.set(sourceId, PENDING)
  }

  /** A record that is on hold: left out, if it was touched at all. */
  markHeld(sourceId: string): boolean {
    const isTouched = this.worked.get(sourceId) === PENDING
    if (isTouched) this.worked.set(sourceId, stateOf('skipped'))
    return isTouched
  }

  end(outcome: RunOutcome): void {
    this.ends.add(outcome)
  }

  problem(
    code: string,
    message: string,
    record: { sourceId: string | null; sourceKey: string | null } | null = null,
  ): void {
    this.tell(this.problems, code, message, record)
  }

  /** A record that is left out by a rule, with the code of the rule. */
  leaveOut(code: string, message: string, record: { sourceId: string; sourceKey: string | null }): void {
    this.mark(record.sourceId, 'skipped')
    this.tell(this.leftOut, code, message, record)
  }

  /** Answers what it added; null = it was told already, or there is no room. */
  private tell(
    list: Problem[],
    code: string,
    message: string,
    record: { sourceId: string | null; sourceKey: string | null } | null,
  ): Problem | null {
    if (list.length >= MAX_PROBLEMS) return null
    const { sourceId: source_id = null, sourceKey: source_key = null } = record ?? {}
    const isKnown = list.some((one) => one.code === code && one.source_id === source_id && one.message === message)
    if (isKnown) return null
    const problem = { code, stream: this.stream, source_id, source_key, message, advice: this.adviceFor(code) }
    list.push(problem)
    return problem
  }

  /**
   * What befell records that some of ours wait for, in words of their own stream; they are not counted here. `told`: what was parked
   * before, which is no news.
   */
  absorb(other: Tally, told: ReadonlySet<string>): void {
    const isTold = ({ source_id: id }: Problem): boolean => id !== null && told.has(id) && other.isParked(id)
    const news = other.problems.filter((problem) => !isTold(problem) && !this.problems.includes(problem))
    this.problems.push(...news.slice(0, MAX_PROBLEMS - this.problems.length))
    const isParking = news.some(({ source_id: id }) => id !== null && other.isParked(id))
    for (const end of other.ends) if (end !== 'partial' || isParking) this.ends.add(end)
    this.stopHash ??= other.stopHash
  }

  private isParked(sourceId: string): boolean {
    return this.worked.get(sourceId) === PARKED
  }

  counts(): Counts {
    const counts = {
      read: this.unchangedRows + this.worked.size,
      ...Object.fromEntries(CATEGORIES.map((name) => [name, this.worked.count(stateOf(name))])),
    } as Counts
    counts.unchanged += this.unchangedRows
    return counts
  }

  outcome(): RunOutcome {
    return worstOutcome(this.ends)
  }
}
