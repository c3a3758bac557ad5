/**
 * Parked records tried again: the same plan and the same push as in a sync, over chosen records read from the source now.
 * Needs no lease, as nothing is polled: claims and link versions alone keep two replays and a sync apart.
 */
import type { Planned, Replay } from '../domain/decision.js'
import { worstOutcome } from '../domain/outcome.js'
import { recordIdOf } from '../domain/record.js'
import { CATEGORIES, type Counts } from '../domain/tally.js'
import { chosenNotebook, freshNotebook } from './notebook.js'
import { isOver, isPaused, type Pass, type PlanLine } from './pass.js'
import { planNotes } from './plan.js'
import { push } from './push.js'
import { supplyNeeds, type PassResult } from './run.js'

const NO_LEASES = new Map<never, never>()

/** The pass of one stream with the parked records to try. Never empty. */
export type ReplayPass = Pass & Required<Pick<Pass, 'replays'>>

export interface ReplayResult extends PassResult {
  /** Dry run: every decision, with the stream it is of. */
  readonly items: readonly { readonly stream: string; readonly item: Planned }[]
}

/** Streams in the order given: what comes later may need what came before. A refused login ends the whole. */
export async function runReplay(passes: readonly ReplayPass[], command: string): Promise<ReplayResult> {
  const [first] = passes
  if (first === undefined || first.options.dryRun) return workAll(passes)
  const { store, runId } = first
  await store.openRun({ id: runId, command, stream: 'replay' })
  try {
    const result = await workAll(passes)
    const { outcome, counts } = result
    await store.closeRun(runId, outcome, { counts }, NO_LEASES)
    return result
  } catch (error) {
    // Close what can still be closed; the error itself is the caller's.
    await store.closeRun(runId, 'failed', null, NO_LEASES).catch(() => undefined)
    throw error
  }
}

interface Preview {
  readonly lines: readonly PlanLine[]
  readonly items: ReplayResult['items']
  readonly hash: string | null
}

async function workAll(passes: readonly ReplayPass[]): Promise<ReplayResult> {
  const previews: Preview[] = []
  for (const pass of passes) {
    // A pass whose login was refused has ended before it began.
    if (pass.tally.outcome() !== 'done' || isOver(pass) || (await isPaused(pass))) continue
    const { options, stream } = pass
    if (options.dryRun) {
      const { lines, items, hash } = await planNotes(pass, notebookOf(pass))
      previews.push({ lines: [...lines], items: items.map((item) => ({ stream: stream.name, item })), hash })
    } else await work(pass)
    if (pass.tally.outcome() === 'refused') break
  }
  return merge(passes, previews)
}

/** Doubtful records go back with what was sent then; the rest is planned anew. */
async function work(pass: ReplayPass): Promise<void> {
  const { store, stream, replays } = pass
  const doubtful = new Set(await store.putBackDoubtful(stream.name, pass.runId, replays))
  const recordIds = recordsOf(pass).filter((id) => !doubtful.has(id))
  const planned = await planNotes(pass, notebookOf(pass, recordIds))
  if (!planned.goOn) return
  await push(pass, recordsOf(pass))
  if (!(await supplyNeeds(pass, planned.waitsFor))) return
  await store.noteWaiting(stream.name, stream.scope)
  // What waits was put back already: now it is planned like anything else.
  const second = { ...pass, replays: new Map<string, Replay>() }
  const again = await planNotes(second, chosenNotebook(store, stream.name, recordIds))
  if (again.goOn) await push(pass, recordsOf(pass))
}

function notebookOf(pass: ReplayPass, recordIds: readonly string[] = recordsOf(pass)) {
  return freshNotebook(pass.stream, recordIds, pass.settings.concurrency)
}

function recordsOf({ replays }: ReplayPass): string[] {
  return [...new Set([...replays.keys()].map(recordIdOf))]
}

function merge(passes: readonly ReplayPass[], previews: readonly Preview[]): ReplayResult {
  const tallies = passes.map(({ tally }) => tally)
  const counts = tallies.map((tally) => tally.counts())
  const total = (name: keyof Counts): number => counts.reduce((sum, one) => sum + one[name], 0)
  const stopHash = tallies.find((tally) => tally.stopHash !== null)?.stopHash ?? null
  return {
    outcome: worstOutcome(tallies.map((tally) => tally.outcome())),
    window: { from: null, to: null },
    counts: Object.fromEntries((['read', ...CATEGORIES] as const).map((name) => [name, total(name)])) as Counts,
    problems: tallies.flatMap(({ problems }) => problems),
    leftOut: tallies.flatMap(({ leftOut }) => leftOut),
    plan: previews.flatMap(({ lines }) => [...lines]),
    planHash: stopHash ?? previews.find(({ lines }) => lines.length > 0)?.hash ?? null,
    items: previews.flatMap(({ items }) => items),
  }
}
