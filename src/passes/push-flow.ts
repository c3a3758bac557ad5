/**
 * What flows past the workers of a push: claims are fetched before they run out, and deliveries are settled in groups while the next
 * ones are under way. Neither makes a worker wait for the database unless the database is the slower one.
 */
import type { Claim, Delivery } from '../domain/delivery.js'
import type { Outlet } from '../ports.js'
import type { Pass } from './pass.js'

interface Supplied {
  readonly claim: Claim
  /** Clock ms; nothing may be sent later, the claim could be a rival's by the time it arrives. */
  readonly sendBefore: number
}

export interface Supply {
  /** Null = nothing more is due. */
  next(): Promise<Supplied | null>
  /** How long a delivery took: slow ones are claimed fewer at a time, or claims would grow old in the queue. */
  took(ms: number): void
}

/** Claims taken at a time, for each worker: few transactions, and little to release when the pass must end. */
const MOST_PER_WORKER = 4
/** A claim waits for its turn no longer than this part of its life. */
const QUEUE_SHARE = 1 / 10

/** `isEnding`: nothing more is claimed; what was is handed out, to be released. Throws what the store throws, to every worker. */
export function makeSupply(
  { store, stream, runId, clock, settings }: Pass<Outlet>,
  sourceIds: readonly string[] | null,
  isEnding: () => boolean,
): Supply {
  const queue: Supplied[] = []
  let isDry = false
  let slowestMs = 1
  let underWay: Promise<void> | null = null
  const claim = async (): Promise<void> => {
    const perWorker = Math.floor((settings.leaseMs * QUEUE_SHARE) / slowestMs)
    const limit = settings.concurrency * Math.min(MOST_PER_WORKER, Math.max(1, perWorker))
    const claimedAt = clock.now()
    const claims = await store.claim(stream.name, runId, limit, sourceIds ?? undefined)
    isDry = claims.length < limit
    const toSupplied = (one: Claim) => ({ claim: one, sendBefore: claimedAt + one.goodForMs - settings.timeoutMs })
    queue.push(...claims.map(toSupplied))
  }
  const refill = (): Promise<void> => (underWay ??= claim().finally(() => (underWay = null)))
  const wantsMore = (): boolean => !isDry && !isEnding()
  return {
    next: async () => {
      // A failure of this one shows when a worker finds the queue empty and asks again.
      if (queue.length < settings.concurrency && wantsMore()) refill().catch(() => undefined)
      // What is being claimed is awaited even when the pass ends: it must be released.
      while (queue.length === 0 && (underWay !== null || wantsMore())) await refill()
      return queue.shift() ?? null
    },
    took: (ms) => {
      slowestMs = Math.max(slowestMs, ms)
    },
  }
}

export interface Ledger {
  /** Waits only when the database falls behind. */
  add(delivery: Delivery): Promise<void>
  /** Settles the rest. Throws what settling threw. */
  close(): Promise<void>
}

/** Settled together, one transaction for so many: what a crash leaves in doubt, besides what is in flight. */
const SETTLE_GROUP = 32
/** And no later than this: one slow answer must not keep the others in doubt. */
const SETTLE_WITHIN_MS = 500
/** So many unsettled deliveries make the workers wait. */
const BACKLOG = 2 * SETTLE_GROUP

/** One group at a time, in the order of delivery: groups side by side would only wait for each other at the journal's head. */
export function makeLedger(
  { clock }: Pick<Pass<Outlet>, 'clock'>,
  settle: (deliveries: readonly Delivery[]) => Promise<void>,
): Ledger {
  const open: Delivery[] = []
  const over = new AbortController()
  let underWay: Promise<void> | null = null
  const settleAll = async (): Promise<void> => {
    while (open.length > 0) await settle(open.splice(0, BACKLOG))
  }
  // A failure stays: what was to be settled is in doubt, and this pass must not go on as if it were not.
  const flush = (): Promise<void> => (underWay ??= settleAll().then(() => void (underWay = null)))
  const tick = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(SETTLE_WITHIN_MS, over.signal)
      await flush()
    }
  }
  const ticking = tick().catch(() => undefined)
  return {
    add: async (delivery) => {
      open.push(delivery)
      if (open.length >= BACKLOG) await flush()
      else if (open.length >= SETTLE_GROUP) flush().catch(() => undefined)
    },
    close: async () => {
      over.abort()
      await ticking
      await flush()
    },
  }
}
