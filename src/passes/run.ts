/** One run of one stream. Read this first: everything else is a step of it. */
import type { Counts, Problem } from '../domain/tally.js'

import type { RunOutcome } from '../domain/outcome.js'
import type { Json } from '../domain/record.js'
import type { Lease, Outlet } from '../ports.js'
import { follow } from './follow.js'
import { chosenNotebook, storeNotebook, type Notebook } from './notebook.js'
import { makeNews } from './news.js'
import { isPaused, type Pass, type PlanLines } from './pass.js'
import { planNotes, type PlanResult } from './plan.js'
import { poll } from './poll.js'
import { neededIds, preview } from './preview.js'
import { push } from './push.js'

export interface PassResult {
  readonly outcome: RunOutcome
  readonly window: { readonly from: string | null; readonly to: string | null }
  readonly counts: Counts
  readonly problems: readonly Problem[]
  /** Why records were left out. */
  readonly leftOut?: readonly Problem[]
  readonly plan: PlanLines
  readonly planHash: string | null
}

/** Takes the lease, polls, plans, pushes, and closes the run row whatever happened. */
export async function runPass(pass: Pass, command: string): Promise<PassResult> {
  const { store, stream, runId, tally } = pass
  if (await isPaused(pass)) return toResult(pass, { from: null, to: null }, null)
  if (pass.options.dryRun) {
    const { polled, planned } = await preview(pass)
    return toResult(pass, polled, planned)
  }
  const lease = await store.takeLease(stream.name, runId)
  if ('holder' in lease) {
    tally.end('busy')
    tally.problem(
      'lease_held',
      `${lease.holder} holds the stream ${stream.name} until ${lease.expiresAt} at the latest.`,
    )
    return toResult(pass, { from: null, to: null }, null)
  }
  const keeper = keepLease(pass, lease)
  try {
    await store.openRun({ id: runId, command, stream: stream.name })
    const result = await work(pass, storeNotebook(store, stream.name, lease))
    await close(pass, lease, result.outcome, toSummary(result))
    return result
  } catch (error) {
    // Close what can still be closed; the error itself is the caller's.
    await close(pass, lease, 'failed', null).catch((second: unknown) => {
      pass.reporter.log('warn', 'run_not_closed', { reason: String(second) })
    })
    throw error
  } finally {
    await keeper.stop()
  }
}

async function close({ store, stream, runId }: Pass, lease: Lease, outcome: RunOutcome, result: Json): Promise<void> {
  await store.closeRun(runId, outcome, result, new Map([[stream.name, lease]]))
}

/** A record adopted with other content, or one whose dependency came, needs a second round; more would be a loop. */
const MAX_ROUNDS = 3

async function work(pass: Pass, notebook: Notebook): Promise<PassResult> {
  const { store, stream } = pass
  const polled = await poll(pass, notebook)
  if (!polled.goOn) {
    // A source that is down keeps nobody from delivering what was planned before.
    if (polled.mayPush) await push(pass, null)
    return toResult(pass, polled, null)
  }
  if (pass.follower !== null) await follow(pass, pass.follower)
  await store.noteWaiting(stream.name, stream.scope)
  const first = await planAndPush(pass, notebook)
  let { planned } = first
  // Most passes end here.
  if (planned.noted === 0 && first.delivered === 0) return toResult(pass, polled, planned)
  let mayBeLeft = true
  for (let round = 1; round < MAX_ROUNDS && planned.goOn && pass.tally.outcome() !== 'refused'; round += 1) {
    if (await supplyNeeds(pass, planned.waitsFor)) await store.noteWaiting(stream.name, stream.scope)
    if (pass.options.limit !== null) break
    mayBeLeft = (await notebook.page(0, 1)).length > 0
    if (!mayBeLeft) break
    planned = (await planAndPush(pass, notebook)).planned
  }
  if (mayBeLeft && (await store.countNotes(stream.name)) > 0) pass.tally.end('interrupted')
  return toResult(pass, polled, planned)
}

/** What a first load plans is sent while the rest is still being planned; else nothing is sent before the whole plan is known. */
async function planAndPush(pass: Pass, notebook: Notebook): Promise<{ planned: PlanResult; delivered: number }> {
  const news = makeNews()
  const planning = planNotes(pass, notebook, news.tell).finally(news.end)
  const pushing = news.next().then((isStored) => (isStored ? push(pass, null, news) : null))
  // What is in flight is awaited also when the other one failed.
  await Promise.allSettled([planning, pushing])
  const planned = await planning
  const delivered = await pushing
  return { planned, delivered: delivered ?? (planned.goOn ? await push(pass, null) : 0) }
}

/** Delivers what records of this stream wait for, through the very stream it belongs to. True = of some it is known now what becomes. */
export async function supplyNeeds(pass: Pass, waitsFor: PlanResult['waitsFor']): Promise<boolean> {
  let isSupplied = false
  for (const [kind, needed] of Object.entries(pass.needs)) {
    const ids = [...neededIds(waitsFor, kind).keys()]
    if (ids.length === 0) continue
    const told = new Set((await pass.store.parked(needed.stream.name)).keys())
    if (await deliverChosen(needed, ids)) isSupplied = true
    pass.tally.absorb(needed.tally, told)
  }
  return isSupplied
}

/**
 * Plans and delivers some records of a stream as they are in the source now. Needs no lease: nothing is polled, and the claims
 * alone keep rivals apart. True = one has its object now, by this run or another, or it is known why it gets none.
 */
async function deliverChosen(pass: Pass, sourceIds: readonly string[]): Promise<boolean> {
  const { store, stream } = pass
  await store.noteIds(stream.name, sourceIds)
  const planned = await planNotes(pass, chosenNotebook(store, stream.name, sourceIds))
  if (planned.goOn) await push(pass, sourceIds)
  const links = await store.links(stream.name, sourceIds)
  return [...links.values()].some(({ targetId, skipCode }) => targetId !== null || skipCode !== null)
}

function toResult(
  pass: Pass,
  window: { from: string | null; to: string | null },
  planned: PlanResult | null,
): PassResult {
  const { tally } = pass
  return {
    outcome: tally.outcome(),
    window: { from: window.from, to: window.to },
    counts: tally.counts(),
    problems: tally.problems,
    leftOut: tally.leftOut,
    plan: planned?.lines ?? [],
    planHash: planned?.hash ?? tally.stopHash,
  }
}

function toSummary({ counts, window, problems }: PassResult): Json {
  const codes = [...new Set(problems.map((problem) => problem.code))]
  return { counts, window, codes }
}

/** Renews the lease while the run lives; a run that dies blocks nobody for longer than the lease. */
export function keepLease(pass: Pass<Outlet>, lease: Lease): { stop(): Promise<void> } {
  const over = new AbortController()
  const beat = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await pass.clock.sleep(pass.settings.leaseMs / 3, over.signal)
      if (!over.signal.aborted) await pass.store.renewLease(pass.stream.name, lease)
    }
  }
  const beating = beat().catch((error: unknown) => {
    pass.reporter.log('warn', 'lease_not_renewed', { reason: String(error) })
  })
  return {
    stop: () => {
      over.abort()
      // A renewal under way is awaited: the database is about to be closed.
      return beating
    },
  }
}
