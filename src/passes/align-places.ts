/**
 * Which departments orders name. Plex has no list of them, and its orders are many: so the first run reads those created since
 * a given day, later runs what changed since, and of a few of the newest the lines, which may name others.
 */
import type { OrderPlace, Place } from '../domain/refdata.js'
import type { AlignRemark } from '../domain/plan-refdata.js'
import { findMark, planWindows, stampKey, type SourceWindow, type Watermark } from '../domain/window.js'
import type { Outlet, RefdataSources } from '../ports.js'
import { endByFailure, isOver, type Pass } from './pass.js'
import { readWindow } from './poll.js'

/** Lines are one call an order: only so many orders are asked for theirs. */
const ORDERS_WITH_LINES = 50

export interface ReadPlaces {
  readonly places: readonly Place[]
  /** To be stored together with the places, so that none is skipped. */
  readonly next: Watermark
  readonly window: { readonly from: string | null; readonly to: string | null }
  readonly suspicions: readonly AlignRemark[]
}

/** Null = the orders could not be read; said in the tally. `since`: an instant, where the first run begins. */
export async function readPlaces(
  pass: Pass<Outlet>,
  plex: RefdataSources['plex'],
  since: string,
): Promise<ReadPlaces | null> {
  const mark = await pass.store.watermark('departments')
  const resumed = mark.loaded && mark.position !== null ? planWindows(mark, pass.settings.overlapMs, null, false) : []
  const windows = resumed.flatMap((window) => window ?? [])
  if (windows.length === 0) windows.push({ by: 'created', from: since, to: null })
  const reading = startReading(pass, mark)
  const list = {
    canSlice: plex.canSlice,
    list: (window: SourceWindow, onBatch: (orders: OrderPlace[], answeredAtMs: number | null) => Promise<void>) =>
      plex.orders(window, onBatch),
  }
  for (const window of windows) {
    const listed = await readWindow(pass, { markName: 'departments', list }, window, reading.onBatch)
    if (!listed.ok) return fail(pass, listed)
    if (listed.value.outside > 0) {
      const message = `Plex sent ${listed.value.outside} orders outside the window asked for: the date filter was ignored. They were left out.`
      pass.tally.problem('filter_ignored', message)
    }
  }
  const { orders, newest } = reading.end()
  const onLines = await readLines(pass, plex, newest)
  if (onLines === null) return null
  const listed = plex.departments === undefined ? NONE : await plex.departments()
  if (!listed.ok) return fail(pass, listed)
  listed.value.unreadable.forEach((message) => pass.tally.problem('record_unreadable', message))
  const suspicions = await checkAnswer(pass, plex, mark, windows, orders)
  if (suspicions === null) return null
  const next = reading.mark.next(mark, true)
  const window = { from: windows[0]?.from ?? null, to: next.position }
  return { places: [...distinct([...orders.values(), ...onLines, ...listed.value.rows])], next, window, suspicions }
}

const NONE = { ok: true, value: { rows: [], unreadable: [] } } as const

function fail(pass: Pass<Outlet>, failure: Parameters<typeof endByFailure>[1]): null {
  endByFailure(pass, failure)
  return null
}

function startReading(pass: Pass<Outlet>, before: Watermark) {
  let ceiling = pass.clock.wallMs()
  const mark = findMark(() => ceiling)
  const orders = new Map<string, OrderPlace>()
  const anchors = new Set(before.anchors)
  let newest: OrderPlace[] = []
  return {
    mark,
    onBatch: (batch: OrderPlace[], answeredAtMs: number | null): Promise<void> => {
      if (answeredAtMs !== null) ceiling = answeredAtMs
      for (const order of batch) {
        mark.see({ sourceId: order.id, modifiedAt: order.modifiedAt, createdAt: order.createdAt })
        // A year of orders names few places: one order for each is kept, and the anchors.
        const key = anchors.has(order.id) ? order.id : JSON.stringify([order.building, order.department])
        orders.set(key, order)
      }
      const fresh = [...newest, ...batch.filter(({ lineCount }) => lineCount !== 0)]
      newest = fresh.sort(byNewest).slice(0, ORDERS_WITH_LINES)
      return Promise.resolve()
    },
    end: () => ({ orders, newest: [...new Map(newest.map((order) => [order.id, order])).values()] }),
  }
}

function byNewest(a: OrderPlace, b: OrderPlace): number {
  const [left, right] = [a, b].map((order) => stampKey(order.modifiedAt ?? order.createdAt ?? '') ?? '')
  return (left ?? '') > (right ?? '') ? -1 : 1
}

async function readLines(
  pass: Pass<Outlet>,
  plex: RefdataSources['plex'],
  orders: readonly OrderPlace[],
): Promise<Place[] | null> {
  const queue = [...orders]
  const places: Place[] = []
  let isFailed = false
  const worker = async (): Promise<void> => {
    for (let order = queue.shift(); order !== undefined && !isFailed && !isOver(pass); order = queue.shift()) {
      const lines = await plex.linePlaces(order)
      if (lines.ok) places.push(...lines.value)
      else if (!isFailed) {
        isFailed = true
        endByFailure(pass, lines)
      }
    }
  }
  await Promise.all(Array.from({ length: pass.settings.concurrency }, worker))
  return isFailed || isOver(pass) ? null : places
}

function distinct(places: readonly Place[]): Iterable<Place> {
  return new Map(
    places.map(({ building, department }) => [JSON.stringify([building, department]), { building, department }]),
  ).values()
}

/**
 * An empty answer is not a fact: the order that set the watermark must come back, or be asked for by id. At first there is
 * nothing to compare with; a plant that ordered nothing is then as unlikely as a role that is missing.
 */
async function checkAnswer(
  pass: Pass<Outlet>,
  plex: RefdataSources['plex'],
  mark: Watermark,
  windows: readonly SourceWindow[],
  orders: ReadonlyMap<string, OrderPlace>,
): Promise<AlignRemark[] | null> {
  if (mark.position === null) {
    const message = `Plex answered the orders since ${windows[0]?.from ?? ''} with nothing, so the departments they name are not known.`
    return orders.size > 0 ? [] : [{ stream: 'departments', code: 'empty_answer', message }]
  }
  const isBack = mark.anchors.length === 0 || mark.anchors.some((id) => orders.has(id))
  if (isBack) return []
  for (const id of mark.anchors) {
    const probed = await plex.order(id)
    if (!probed.ok) return fail(pass, probed)
    if (probed.value === null) continue
    const message = `Plex answered the orders without ${id}, which it shows when asked by id: the list is not complete.`
    return [{ stream: 'departments', code: 'answer_incomplete', message }]
  }
  const message = `Plex answered with no orders, and those last seen there (${mark.anchors.join(', ')}) are not visible any more.`
  return orders.size > 0 ? [] : [{ stream: 'departments', code: 'empty_answer', message }]
}
