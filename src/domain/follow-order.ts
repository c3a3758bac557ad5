/**
 * How far Procurify got with a requisition: requested -> approved | denied -> ordered. People take weeks, and they change their
 * minds, so any step may follow any other; only a denial and a disappearance need somebody here.
 */
import type { Decision } from './decision.js'
import type { ProblemCode } from './problems.js'
import type { Link, Rejection } from './record.js'
import { isOver, readDraft, readState, requested, type RequisitionState, type RequisitionStep } from './requisition.js'

/** The order row of a requisition in Procurify (procurify.md section 7). */
export interface SeenOrder {
  readonly orderNum: string | null
  /** 0 pending, 1 approved, 2 denied, 3 purchased, 4 cancelled, 5 received, 6 draft; as text. */
  readonly status: string | null
  /** 1..10 as text. */
  readonly denialReason: string | null
  readonly denialComment: string | null
}

/** A PO that holds lines of the requisition. `number` is the one people see. */
export interface SeenPo {
  readonly number: string
  readonly isCancelled: boolean
}

export type Sighting =
  /** `order` null = only POs of it were seen; `pos` = those that changed, not all. */
  | { readonly kind: 'seen'; readonly order: SeenOrder | null; readonly pos: readonly SeenPo[] }
  /** `complete`: the same look-up showed other requisitions known to exist. Absence from anything less is no fact. */
  | { readonly kind: 'absent'; readonly complete: boolean }

export interface Followed {
  /** What `link.detail` becomes, also when the decision is `unchanged`. */
  readonly detail: RequisitionState
  /** PO numbers once there are any, before that the number of the requisition; null = neither is known. */
  readonly targetKey: string | null
  readonly decision: Decision
}

/** Takes in what was seen of one linked requisition. `now` (ISO) dates the step; absence counts after `graceMs`. */
export function followRequisition(link: Link, sighting: Sighting, now: string, graceMs: number): Followed {
  const before = readState(link.detail)
  const detail =
    sighting.kind === 'seen' ? seen(before, sighting, now) : missed(before, sighting.complete, now, graceMs)
  const targetKey = detail.po_numbers.length > 0 ? detail.po_numbers.join(', ') : (detail.order_num ?? link.targetKey)
  return { detail, targetKey, decision: judge(link, before, detail) }
}

/** The state of a requisition that people paired by hand, as its row shows it. */
export function firstSeen(order: SeenOrder, now: string): RequisitionState {
  return seen(requested(1, now), { kind: 'seen', order, pos: [] }, now)
}

/** Why a requisition that is over needs a person: said when it ends, and again whenever its order is planned. */
export function parkEnded(link: Link, { state, reason, order_num }: RequisitionState): Decision {
  const name = order_num ?? link.targetKey ?? link.targetId ?? ''
  if (state === 'vanished') {
    const message = `Requisition ${name} is not in Procurify any more: two complete look-ups did not show it.`
    return { kind: 'park', code: 'requisition_vanished', message, changes: [] }
  }
  const message = `Requisition ${name} was denied: ${reason ?? 'no reason given'}.`
  return { kind: 'park', code: 'requisition_denied', message, changes: [] }
}

/**
 * What `link.detail` becomes when a person asks to send a requisition anew; the next plan then creates it under the next
 * revision. Refused while the present one lives, so that there are never two.
 */
export function resendRequisition(link: Link, now: string): RequisitionState | Rejection {
  const state = readState(link.detail)
  const sent = readDraft(link.sent)
  const name = state.order_num ?? link.targetKey ?? link.sourceId
  if (link.targetId === null || sent === null) return refuse(`${link.sourceId} was never sent.`)
  if (!isOver(state.state))
    return refuse(`Requisition ${name} is ${state.state}; only a denied or vanished one is sent anew.`)
  if (state.revision > sent.revision) return refuse(`Requisition ${name} is being sent anew already.`)
  return { ...state, revision: sent.revision + 1, since: now }
}

function refuse(reason: string): Rejection {
  return { code: 'resend_refused', reasons: [reason] }
}

function seen(before: RequisitionState, { order, pos }: Sighting & { kind: 'seen' }, now: string): RequisitionState {
  const po_numbers = mergePos(before.po_numbers, pos)
  const order_num = order?.orderNum ?? before.order_num
  const state = stepOf(before.state, order?.status ?? null, po_numbers)
  const reason = state !== 'denied' ? null : order === null ? before.reason : reasonOf(order)
  const since = state === before.state && before.since !== '' ? before.since : now
  return { ...requested(before.revision, since), state, order_num, po_numbers, reason }
}

/** The step that status and POs amount to. A status that is unknown, or not seen, leaves it where it was. */
function stepOf(before: RequisitionStep, status: string | null, pos: readonly string[]): RequisitionStep {
  if (status === '2' || status === '4') return 'denied'
  if (status === '3' || status === '5' || pos.length > 0) return 'ordered'
  if (status === '1') return 'approved'
  if (status === '0' || status === '6') return 'requested'
  // Seen without a status: a PO of it was cancelled, or it came back. It was approved for there to be one.
  return before === 'ordered' ? 'approved' : before === 'vanished' ? 'requested' : before
}

function missed(before: RequisitionState, isComplete: boolean, now: string, graceMs: number): RequisitionState {
  if (!isComplete || isOver(before.state)) return before
  const since = before.absent_since
  if (since === null) return { ...before, absent_since: now }
  const isAgreed = Date.parse(now) - Date.parse(since) >= graceMs
  return isAgreed ? { ...before, state: 'vanished', since: now, absent_since: since } : before
}

function judge(link: Link, before: RequisitionState, after: RequisitionState): Decision {
  const isSame = before.state === after.state && before.po_numbers.join() === after.po_numbers.join()
  if (isSame) return { kind: 'unchanged' }
  if (isOver(after.state)) return parkEnded(link, after)
  const name = after.order_num ?? link.targetKey ?? link.targetId ?? ''
  const pos = after.po_numbers.length === 0 ? '' : ` on PO ${after.po_numbers.join(', ')}`
  const steps = { field: 'state', from: before.state, to: after.state }
  const numbers = { field: 'po_numbers', from: before.po_numbers, to: after.po_numbers }
  const changes = [steps, numbers].filter(({ from, to }) => String(from) !== String(to))
  return { kind: 'observe', code: CODES[after.state], message: `Requisition ${name} is ${after.state}${pos}.`, changes }
}

const CODES: Readonly<Record<Exclude<RequisitionStep, 'denied' | 'vanished'>, ProblemCode>> = {
  requested: 'requisition_reopened',
  approved: 'requisition_approved',
  ordered: 'requisition_ordered',
}

/** Numbers once seen stay until their PO is cancelled: what is seen is only what changed. */
function mergePos(before: readonly string[], pos: readonly SeenPo[]): string[] {
  const cancelled = new Set(pos.filter(({ isCancelled }) => isCancelled).map(({ number }) => number))
  const live = pos.filter(({ isCancelled }) => !isCancelled).map(({ number }) => number)
  return [...new Set([...before, ...live])].filter((number) => !cancelled.has(number)).sort()
}

/** Order.denial_reason in procurify.openapi.yaml. */
const REASONS: Readonly<Record<string, string>> = {
  ...{
    1: 'other',
    2: 'over budget',
    3: 'unapproved vendor',
    4: 'duplicate',
    5: 'against policy',
    6: 'wrong specifications',
  },
  ...{ 7: 'at the request of somebody', 8: 'missing information', 9: 'timing', 10: 'process not followed' },
}

function reasonOf({ status, denialReason, denialComment }: SeenOrder): string {
  const word = status === '4' ? 'cancelled in Procurify' : (REASONS[denialReason ?? ''] ?? 'no reason given')
  const comment = denialComment?.trim() ?? ''
  return comment === '' ? word : `${word} ("${comment}")`
}
