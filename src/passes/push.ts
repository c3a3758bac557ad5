/**
 * Delivers what is due: claim, look, send, settle. Each step's meaning is decided in domain/delivery.ts; here is only
 * their order, and when to stop.
 */
import {
  afterLookFirst,
  afterLookUp,
  afterSend,
  lookOnceMore,
  type Claim,
  type Delivery,
  type Settled,
} from '../domain/delivery.js'
import type { Failure } from '../domain/failure.js'
import type { OpenWork, Outlet } from '../ports.js'
import type { News } from './news.js'
import { endByFailure, isOver, type Pass } from './pass.js'
import { makeLedger, makeSupply } from './push-flow.js'

/** A pass waits at most this long for something to become due (a grace time, a back-off). */
const MAX_PATIENCE_MS = 30_000

/**
 * `sourceIds` null = everything of the stream that is due; else these records with their parts. `news`: of the planning that goes on
 * beside it; null = all is planned. Answers how many deliveries were tried.
 */
export async function push(
  pass: Pass<Outlet>,
  sourceIds: readonly string[] | null,
  news: News | null = null,
): Promise<number> {
  const { store, stream } = pass
  const isPatient = sourceIds === null || pass.replays !== undefined
  const doubts = openDoubts(pass, isPatient)
  const halt = { by: null as Failure | null }
  const patience = { leftMs: MAX_PATIENCE_MS }
  let done = 0
  const look = (): Promise<OpenWork> => store.openWork(stream.name, sourceIds ?? undefined)
  const { pending, inDoubt } = await look()
  // Most passes end here: what a rival plans meanwhile is the rival's to send.
  if (pending + inDoubt === 0 && !(await news?.next())) return 0
  let left: OpenWork | null = null
  while (halt.by === null && !isOver(pass)) {
    const before = done
    left = null
    await deliverDue(pass, sourceIds, doubts, halt, () => {
      done += 1
      const isWhole = news?.isOver ?? true
      pass.reporter.progress('sending', done, isWhole ? Math.max(done, pending + inDoubt, news?.stored ?? 0) : null)
    })
    if (await news?.next()) continue
    left = await look()
    if (done > before && left.nextDueInMs === 0) continue
    if (!isPatient || !(await waitForDue(pass, left, patience))) break
  }
  if (halt.by !== null) endByFailure(pass, halt.by)
  tellLeftovers(pass, left ?? (await look()))
  return done
}

/** Delivers side by side what is due now: claims are fetched ahead of the workers and settled behind them. */
async function deliverDue(
  pass: Pass<Outlet>,
  sourceIds: readonly string[] | null,
  doubts: Doubts,
  halt: { by: Failure | null },
  onDone: () => void,
): Promise<void> {
  const { clock, settings } = pass
  const isEnding = (): boolean => halt.by !== null || pass.signal.aborted || clock.now() >= pass.deadlineAt
  const supply = makeSupply(pass, sourceIds, isEnding)
  const ledger = makeLedger(pass, (deliveries) => settle(pass, deliveries))
  const worker = async (): Promise<void> => {
    for (let next = await supply.next(); next !== null; next = await supply.next()) {
      const { claim, sendBefore } = next
      const startedAt = clock.now()
      const isLeft = isEnding() || startedAt >= sendBefore
      const verdict = isLeft ? RELEASED(claim) : await deliver(pass, claim, sendBefore, doubts)
      if (!isLeft) supply.took(clock.now() - startedAt)
      onDone()
      if (verdict === null) continue
      halt.by ??= stopsThePass(verdict)
      await ledger.add({ claim, verdict })
    }
  }
  try {
    await allOf(Array.from({ length: settings.concurrency }, worker))
  } finally {
    await ledger.close()
  }
}

/** Waits for all of them, also when one fails: what is in flight is awaited. Then throws the first failure. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(works)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** Null = the claim is a rival's by now: nothing may be said about it. */
async function deliver(pass: Pass<Outlet>, claim: Claim, sendBefore: number, doubts: Doubts): Promise<Settled | null> {
  const { store, stream, settings } = pass
  const { target } = stream
  const { witnesses, isFirstLook } = doubts
  // Nothing was ever put on the wire for it, so there is no doubt either: a run that died in between left only its claim.
  if (claim.wanted.payload === null && claim.wanted.targetId !== null)
    return adoptUnwritten(claim, claim.wanted.targetId)
  if (claim.inDoubt) {
    const verdict = afterLookUp(claim, await target.lookUp(claim, await witnesses()), settings.graceMs)
    if (verdict !== 'send') return isFirstLook(claim) ? lookOnceMore(verdict) : verdict
    if (!(await store.arm(claim))) return null
  } else if (claim.wanted.action === 'create') {
    const verdict = afterLookFirst(claim, await target.lookFirst(claim))
    if (verdict !== 'send') return verdict
  }
  return afterSend(claim, await target.send(claim, sendBefore))
}

/** The target already holds what is wanted: only our own books change. */
function adoptUnwritten({ wanted }: Claim, targetId: string): Settled {
  return { kind: 'done', action: wanted.action, targetId, targetKey: wanted.targetKey, wanted, code: null, http: null }
}

/** Given back untried; a doubt from an earlier try stays. */
function RELEASED(claim: Claim): Settled {
  return { kind: 'retry', inMs: 0, doubt: claim.inDoubt ? 'kept' : 'none', failure: null }
}

/** Refused logins and cool-downs concern every record alike: stop instead of burning them all. */
function stopsThePass(verdict: Settled): Failure | null {
  const failure = verdict.kind === 'retry' ? verdict.failure : null
  return failure !== null && (failure.kind === 'auth' || failure.kind === 'stop') ? failure : null
}

async function settle(pass: Pass<Outlet>, deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 0) return
  const ours = await pass.store.settle(pass.stream.name, pass.runId, deliveries)
  for (const { claim, verdict } of ours) tallyVerdict(pass, claim, verdict)
}

const CATEGORY = { create: 'created', update: 'updated', adopt: 'adopted' } as const

function tallyVerdict({ tally }: Pass<Outlet>, claim: Claim, verdict: Settled): void {
  switch (verdict.kind) {
    case 'done':
      return tally.mark(claim.sourceId, verdict.wanted === null ? 'pending' : CATEGORY[verdict.action])
    case 'absent':
      return tally.mark(claim.sourceId, 'in_doubt')
    case 'withdrawn':
      // What the target does not offer concerns all records alike, so it is told once. An outdated plan is nobody's concern.
      if (verdict.http !== null) tally.problem(verdict.code, verdict.message)
      return tally.mark(claim.sourceId, 'pending')
    case 'retry':
      return tally.mark(claim.sourceId, verdict.doubt === 'kept' ? 'in_doubt' : 'pending')
    case 'dead':
      tally.mark(claim.sourceId, 'parked')
      return tally.problem(verdict.code, verdict.message, claim)
  }
}

/** True = something became due. Waits for a grace time or a back-off as long as patience, deadline and signal allow. */
async function waitForDue(
  pass: Pass<Outlet>,
  { nextDueInMs }: OpenWork,
  patience: { leftMs: number },
): Promise<boolean> {
  if (nextDueInMs === null) return false
  const waitMs = Math.max(1, Math.ceil(nextDueInMs))
  if (waitMs > patience.leftMs || pass.clock.now() + waitMs >= pass.deadlineAt) return false
  patience.leftMs -= waitMs
  pass.reporter.progress('waiting', waitMs, null)
  await pass.clock.sleep(waitMs, pass.signal)
  return true
}

function tellLeftovers({ tally }: Pass<Outlet>, { pending, inDoubt }: OpenWork): void {
  if (pending + inDoubt === 0) return
  tally.end('interrupted')
  if (inDoubt > 0) {
    tally.problem(
      'in_doubt',
      `${inDoubt} records were sent with an unknown outcome and are looked for again before anything else is sent.`,
    )
  }
}

/** What the looks of one push for records in doubt have in common. */
interface Doubts {
  /** Target ids known to exist. */
  readonly witnesses: () => Promise<string[]>
  /** True once for each record: there will be another look in this push. */
  readonly isFirstLook: (claim: Claim) => boolean
}

/** A push that does not wait for what is due later has no second look. */
function openDoubts({ store, stream }: Pass<Outlet>, isPatient: boolean): Doubts {
  let known: Promise<string[]> | null = null
  const looked = new Set<number>()
  return {
    witnesses: async () => {
      const ids = await (known ??= store.witnesses(stream.name, 5))
      // Nothing was ever delivered before: what this push delivers is the first witness.
      if (ids.length === 0) known = null
      return ids
    },
    isFirstLook: ({ intentId }) => isPatient && !looked.has(intentId) && looked.add(intentId).has(intentId),
  }
}
