/** Orders against requisitions: ours are held by their keys, the orders stream past them. */
import type { ExistingRequisition, Order } from '../domain/order.js'
import type { Touched } from '../domain/record.js'
import { recordIdOf } from '../domain/record.js'
import { StreamCount } from '../domain/reconcile.js'
import { judgeLostOrder, judgeOrder, judgeRequisitions, type OrderFacts } from '../domain/reconcile-orders.js'
import { instantsOf, moveDay } from '../domain/reconcile-range.js'
import { makeStem, readKey } from '../domain/token.js'
import { endByFailure } from './pass.js'
import { readWindow } from './poll.js'
import {
  begin,
  freshness,
  readOpen,
  refuse,
  reportIgnoredFilter,
  type Comparison,
  type ReconcilePass,
  type StreamPass,
} from './reconcile.js'

const BASIS =
  'Orders by the day they were created in Plex, from PO_START_DATE on, and the requisitions that carry our key. Plex: the total of ' +
  'the order as its header shows it. Procurify: quantity times price of the requisition lines, in the currency of the order; ' +
  'denied ones do not count. Without tax; orders are not booked.'
/** No order is older. */
const FIRST_DAY = '2000-01-01'
const NO_START = ' PO_START_DATE is not set: orders are not sent yet, so none were compared.'

export async function compareOrders(pass: ReconcilePass, comparison: Comparison): Promise<boolean> {
  const step = begin(pass, 'pos')
  if (step === null) return false
  const { orders } = pass.systems
  const { ordersFrom, range } = pass.options
  // Before PO_START_DATE nothing is sent, whatever was asked for.
  const since =
    [range.since, ordersFrom]
      .filter((day) => day !== null)
      .sort()
      .at(-1) ?? null
  const days = orders === null ? null : { since, until: range.until }
  const count = new StreamCount('pos', orders === null ? BASIS + NO_START : BASIS, days)
  comparison.counts.push(count)
  if (orders === null) return true
  const statuses = await pass.systems.orderStatuses()
  if (!statuses.ok) {
    endByFailure(step, statuses)
    return false
  }
  // A requisition is made after its order; its day may be reckoned in another zone.
  const found = await pass.systems.requisitions(moveDay(since ?? FIRST_DAY, -1))
  if (!found.ok) {
    endByFailure(step, found)
    return false
  }
  const facts: OrderFacts = {
    ...{ range, scope: pass.options.scope, statuses: statuses.value, suppliers: comparison.suppliers },
    requisitions: new Map(found.value.map((one) => [one.id, one])),
    ...{ startedAt: comparison.startedAt, stuckDays: pass.options.stuckDays },
  }
  return readOrders(step, comparison, { count, facts, found: found.value })
}

interface Reading {
  readonly count: StreamCount
  readonly facts: OrderFacts
  readonly found: readonly ExistingRequisition[]
}

async function readOrders(
  step: StreamPass,
  comparison: Comparison,
  { count, facts, found }: Reading,
): Promise<boolean> {
  const { startedAt, amounts } = comparison
  const { options, books, systems, reporter } = step
  const open = await readOpen(step, count)
  const isFresh = await freshness(step, 'pos', startedAt)
  const pairs = await walkPairs(step, startedAt, facts.requisitions)
  // Whose key a requisition carries is found out for those that the books do not know.
  const strange = new Set(found.filter(({ id }) => !pairs.paired.has(id)).map(({ key }) => readKey(key)?.stem))
  const byStem = new Map<string, Order>()
  const targetsOf = new Map<string, string[]>()
  const seen = new Set<string>()
  const underWay = new Set<string>(open.keys())
  const onBatch = async (rows: Touched[]): Promise<void> => {
    const fresh = rows.filter(({ sourceId }) => !seen.has(sourceId))
    const entries = await books.entries(
      'pos',
      fresh.map(({ sourceId }) => sourceId),
      startedAt,
    )
    for (const row of fresh) {
      seen.add(row.sourceId)
      if (row.rejection !== null) continue
      const order = row.record as unknown as Order
      const stem = strange.size === 0 ? '' : makeStem(options.align.connection, order.id)
      const own = entries.get(order.id) ?? []
      if (strange.has(stem)) {
        byStem.set(stem, order)
        targetsOf.set(
          order.id,
          own.flatMap(({ targetId }) => targetId ?? []),
        )
      }
      if (own.some(({ isMoving }) => isMoving)) underWay.add(order.id)
      const judged = judgeOrder(
        { order, hash: row.hash, entries: own, isOpen: open.has(order.id), isFresh: isFresh(row) },
        facts,
      )
      if (judged === null) continue
      count.add(judged)
      count.procurify += judged.requisitions
      judged.amounts.forEach((entry) => amounts.add(entry))
    }
    reporter.progress('orders', seen.size, null)
  }
  const { from } = instantsOf({ since: options.ordersFrom, until: null })
  const window = from === null ? null : ({ by: 'created', from, to: null } as const)
  const list = systems.orders
  if (list === null) return true
  const listed = await readWindow(step, { markName: 'pos', list }, window, onBatch)
  if (!listed.ok) {
    endByFailure(step, listed)
    return false
  }
  reportIgnoredFilter(step, listed.value.outside)
  if (seen.size === 0 && pairs.known > 0)
    return refuse(step, 'empty_answer', `Plex answered with no orders, and ${pairs.known} requisitions are known.`)
  const missing = count.findings.filter(({ code }) => code === 'requisition_vanished').length
  if (found.length === 0 && missing > 0) {
    return refuse(step, 'empty_answer', `Procurify shows none of our requisitions, and ${missing} are known.`)
  }
  if (!(await findLost(step, count, startedAt, seen))) return false
  const strangers = judgeRequisitions(found, {
    paired: pairs.paired,
    orderOf: (stem) => byStem.get(stem),
    targetsOf: (orderId) => targetsOf.get(orderId) ?? [],
    isUnderWay: (orderId) => underWay.has(orderId),
  })
  count.tell(strangers)
  count.procurify += strangers.length
  return true
}

/** Orders that are asked for by id: more than these missing from a list are no accident, and the list is no proof. */
const MOST_PROBES = 20

/** Paired orders that the list did not show: of before the start date, or gone. Months look at their own orders only. */
async function findLost(
  step: StreamPass,
  count: StreamCount,
  startedAt: string,
  seen: ReadonlySet<string>,
): Promise<boolean> {
  const { range } = step.options
  if (range.since !== null || range.until !== null) return true
  /** A requisition of each. */
  const unseen = new Map<string, string>()
  await step.books.pairs('pos', startedAt, (pairs) => {
    for (const { sourceId, targetId } of pairs) {
      const id = recordIdOf(sourceId)
      if (unseen.size < MOST_PROBES && !seen.has(id) && !unseen.has(id)) unseen.set(id, targetId)
    }
  })
  for (const [orderId, targetId] of unseen) {
    const probed = await step.systems.orderExists(orderId)
    if (!probed.ok) {
      endByFailure(step, probed)
      return false
    }
    if (!probed.value) count.tell([judgeLostOrder(orderId, targetId)])
  }
  return true
}

/** How many requisitions the books know, and which of those found they do. Years of pairs are walked, not held. */
async function walkPairs(
  { books }: StreamPass,
  startedAt: string,
  found: OrderFacts['requisitions'],
): Promise<{ known: number; paired: ReadonlySet<string> }> {
  const paired = new Set<string>()
  let known = 0
  await books.pairs('pos', startedAt, (pairs) => {
    known += pairs.length
    for (const { targetId } of pairs) if (found.has(targetId)) paired.add(targetId)
  })
  return { known, paired }
}
