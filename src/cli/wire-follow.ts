/** What became of requisitions in Procurify, brought together from what it shows and what our links say. */
import { contentHash } from '../domain/content-hash.js'
import { dayIn } from '../domain/day.js'
import type { Followed } from '../domain/decision.js'
import type { Result } from '../domain/failure.js'
import { followRequisition, type Sighting } from '../domain/follow-order.js'
import type { Link } from '../domain/record.js'
import { isOver, readDraft, readState } from '../domain/requisition.js'
import { shiftStamp } from '../domain/window.js'
import { readEveryOrder, readOrderProgress, type OrderProgressOptions, type Seen } from '../procurify/order-follow.js'
import type { Requester } from '../procurify/requisition-index.js'
import type { World } from './wire.js'

const DAY_MS = 24 * 60 * 60_000

export interface FollowOptions {
  readonly zone: string
  /** The instant an empty database looks back to. */
  readonly floor: string
  /** Read everything, so that what is missing shows. */
  readonly full: boolean
}

/** Changed orders and POs since the last run, a day of overlap: their filters know whole days only. */
export async function followOrders(
  world: World,
  { zone, floor, full }: FollowOptions,
  me: () => Promise<Result<Requester>>,
): Promise<Result<readonly Followed[]>> {
  const { store, clock, config } = world
  if ((await store.lastLinked('pos')) === null) return { ok: true, value: [] }
  const requester = await me()
  if (!requester.ok) return requester
  const { id: requesterId, accountId: requesterAccountId } = requester.value
  const from = (await store.lastRun('pos')) ?? floor
  const since = dayIn(shiftStamp(from, -DAY_MS), zone) ?? ''
  const options = { requesterId, requesterAccountId, since, pageSize: config.procurify.pageSize }
  const progress = await readOrderProgress(world.procurify, options)
  if (!progress.ok) return progress
  const { seen } = progress.value
  const links = await store.linksByTarget('pos', [...seen.keys()])
  const unseen = full ? await lookForUnseen(world, options, seen) : noneUnseen
  if (!unseen.ok) return unseen
  const now = new Date(clock.wallMs()).toISOString()
  const sightings: [Link, Sighting][] = [...seen].flatMap(([id, sighting]) => {
    const link = links.get(id)
    return link === undefined ? [] : [[link, sighting]]
  })
  const followed = [...sightings, ...unseen.value].flatMap(([link, sighting]) => {
    const next = followRequisition(link, sighting, now, config.sync.graceMs)
    const isNews = next.decision.kind !== 'unchanged' || contentHash(next.detail) !== contentHash(link.detail)
    return isNews ? [{ link, ...next, detail: next.detail }] : []
  })
  return { ok: true, value: followed }
}

/** Whole links are read so many at a time: most are ordered long ago, and only the open ones are kept. */
const GROUP = 500
const noneUnseen: Result<[Link, Sighting][]> = { ok: true, value: [] }

/**
 * Nothing tells that a requisition was taken away: it is only not there any more. So all of the requester's are read, without a
 * filter by day that could hide one; another one of ours among them proves that the list can be believed.
 */
async function lookForUnseen(
  { store, procurify }: World,
  options: OrderProgressOptions,
  seen: ReadonlyMap<string, Seen>,
): Promise<Result<[Link, Sighting][]>> {
  const linked = new Set((await store.linkedTargets('pos', ['key'])).keys())
  const ids = [...linked].filter((id) => !seen.has(id))
  const open: Link[] = []
  for (let start = 0; start < ids.length; start += GROUP) {
    const links = await store.linksByTarget('pos', ids.slice(start, start + GROUP))
    open.push(...[...links.values()].filter(isAwaited))
  }
  if (open.length === 0) return noneUnseen
  const every = await readEveryOrder(procurify, options)
  if (!every.ok) return every
  const complete = [...every.value.keys()].some((id) => linked.has(id))
  const value = open.map((link): [Link, Sighting] => {
    const order = every.value.get(link.targetId ?? '')
    return [link, order === undefined ? { kind: 'absent', complete } : { kind: 'seen', order, pos: [] }]
  })
  return { ok: true, value }
}

/** Sent by us and neither ordered nor over: what was paired by hand may be older, or belong to somebody else. */
function isAwaited({ sent, detail }: Link): boolean {
  const { state } = readState(detail)
  return !isOver(state) && state !== 'ordered' && readDraft(sent)?.key != null
}
