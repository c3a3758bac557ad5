/** What becomes of a part that has a requisition: nothing is ever written to it again, so changes are a person's work. */
import { contentHash } from './content-hash.js'
import type { Decision } from './decision.js'
import { parkEnded } from './follow-order.js'
import type { Decided, OrderCase, PlanOrdersOptions } from './order-case.js'
import { compareOrder, withFacts } from './order-changes.js'
import type { SentPart } from './order-parts.js'
import type { ReadLine } from './read-order.js'
import type { Change, Json } from './record.js'
import { isOver, type RequisitionDraft } from './requisition.js'

type Kept = Omit<Decided, 'part'>

/** `lines` are the part's own, as the order has them now. */
export function planKept(
  part: SentPart,
  lines: readonly ReadLine[],
  one: OrderCase,
  { accept }: PlanOrdersOptions,
): Kept {
  const { link, sent, state } = part
  const order = one.read.facts
  const facts = lines.map((line) => line.facts)
  if (sent === null)
    return only(adoptFacts(part, byHand(part, one, facts), 'Linked by a person: what Plex says now is the base.'))
  const current = withFacts(sent, order, facts)
  if (accept.has(link.sourceId)) {
    const accepted = isOver(state.state) ? state.state : sent.accepted
    return only(adoptFacts(part, { ...current, accepted }, 'A person has settled it in Procurify.'))
  }
  // An ended requisition changes nothing any more; that its order was cancelled as well settles both.
  if (isOver(state.state)) {
    return only(order.cancelled || sent.accepted === state.state ? UNCHANGED : parkEnded(link, state))
  }
  const { changes, isHeld, isCancelled } = compareOrder(sent, order, facts)
  if (isCancelled) return only(hold(part, 'po_cancelled_after_send', 'cancelled', changes))
  if (isHeld) return only(one.fresh ?? hold(part, 'po_changed_after_send', 'changed', changes))
  if (changes.length === 0) return only(UNCHANGED)
  return { decision: observe(changes), learned: current }
}

const UNCHANGED: Decision = { kind: 'unchanged' }

function only(decision: Decision): Kept {
  return { decision, learned: null }
}

/** Changes listed in the message; the rest is in the diff. */
const MAX_TOLD = 5

function hold(
  { link, state }: SentPart,
  code: 'po_changed_after_send' | 'po_cancelled_after_send',
  what: string,
  changes: readonly Change[],
): Decision {
  const name = state.order_num ?? link.targetKey ?? link.targetId ?? ''
  const told = changes.slice(0, MAX_TOLD).map(({ field, from, to }) => `${field}: ${say(from)} -> ${say(to)}`)
  const more = changes.length > MAX_TOLD ? `; ${changes.length - MAX_TOLD} more` : ''
  const message = `The order was ${what} in Plex after requisition ${name} was sent: ${told.join('; ')}${more}.`
  return { kind: 'park', code, message, changes }
}

function say(value: Json): string {
  if (value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function observe(changes: readonly Change[]): Decision {
  const isDate = changes.some(({ field }) => field.endsWith(' due'))
  const code = isDate ? 'dates_changed' : 'blanket_released'
  const message = isDate
    ? 'Due dates changed in Plex after sending; Procurify keeps the first.'
    : 'Releases were drawn on a blanket order that was sent as a whole.'
  return { kind: 'observe', code, message, changes }
}

/** The link learns what Procurify holds; nothing is sent. */
function adoptFacts({ link, sent }: SentPart, draft: RequisitionDraft, message: string): Decision {
  const { targetId, targetKey } = link
  const changes = sent === null ? [] : compareOrder(sent, draft.order, draft.lines).changes
  const wanted = {
    action: 'adopt',
    targetId,
    targetKey,
    draft,
    payload: null,
    wantedHash: contentHash(draft),
    changes,
    message,
  } as const
  return { kind: 'send', wanted }
}

function byHand({ number, state }: SentPart, { read }: OrderCase, lines: RequisitionDraft['lines']): RequisitionDraft {
  const identity = { key: null, part: number, revision: state.revision }
  const target = { vendor_id: null, department_id: null, location_id: null, body: null }
  return { ...identity, ...target, order: read.facts, lines, other_lines: [], accepted: null }
}
