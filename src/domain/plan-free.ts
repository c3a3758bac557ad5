/** What becomes of lines that no requisition holds: sent, adopted where a forgotten one holds them, or held with reasons. */
import { contentHash } from './content-hash.js'
import type { Decision, Wanted } from './decision.js'
import { makeDraft, mapOrder, type Group } from './map-order.js'
import { lastRevision, matchRequisitions, type RequisitionMatch } from './match-requisition.js'
import { toDecision } from './obstacle.js'
import type { Decided, OrderCase, PlanContext } from './order-case.js'
import { sourceIdOf, type OrderParts } from './order-parts.js'
import type { ReadLine } from './read-order.js'
import { listContent, type RequisitionDraft } from './requisition.js'
import { makeKey, makeStem } from './token.js'

/** Decisions for the parts these lines make. Lines that are held make no parts yet: then one decision, for the first. */
export function planFree(one: OrderCase, lines: readonly ReadLine[], context: PlanContext): Decided[] {
  const { parts, standing, out, fresh, read } = one
  const isResend = parts.resent.length > 0
  const isNew = !isResend && parts.kept.length === 0
  if (lines.length === 0 && !isResend && !isNew) return []
  // A person asked for it by name: only a cancelled order is still left out.
  if (out !== null && (!isResend || standing === 'cancelled')) return hold(parts, out)
  if (lines.length === 0) return hold(parts, NOTHING)
  if (fresh !== null && !isResend) return hold(parts, fresh)
  const mapped = mapOrder(read, lines, context.lookup, context.options)
  if (mapped.kind === 'held') return hold(parts, toDecision(mapped.obstacles))
  return planGroups(one, mapped.groups, context)
}

const NOTHING: Decision = {
  kind: 'skip',
  code: 'no_lines',
  message: 'The order has no lines, or all of them are cancelled.',
}

function hold(parts: OrderParts, decision: Decision): Decided[] {
  const numbers = parts.resent.length > 0 ? parts.resent.map(({ number }) => number) : takeNumbers(parts, 1)
  return numbers.map((part) => ({ part, decision, learned: null }))
}

/** Part numbers for new requisitions: first those to be sent anew, then the lowest that no requisition has. */
function takeNumbers({ kept, resent }: OrderParts, count: number): number[] {
  const taken = new Set([...kept, ...resent].map(({ number }) => number))
  const numbers = resent.map(({ number }) => number)
  for (let next = 1; numbers.length < count; next += 1) if (!taken.has(next)) numbers.push(next)
  return numbers
}

function planGroups(one: OrderCase, groups: readonly Group[], context: PlanContext): Decided[] {
  const { parts, id } = one
  const { known } = context.lookup
  const siblings = context.existing.get(makeStem(context.options.connection, id)) ?? []
  const numbers = takeNumbers(parts, groups.length)
  const planned = groups.map((group, at) => {
    const part = numbers[at] ?? 1
    const wanted = parts.resent.find(({ number }) => number === part)?.state.revision ?? 1
    const revision = Math.max(wanted, lastRevision(part, siblings, known.linkedTargets))
    return { group, draft: toDraft(one, groups, group, { part, revision }, context) }
  })
  const drafts = planned.map(({ draft }) => draft)
  const sent = parts.kept.map(({ number, state }) => [number, state.revision] as const)
  const revisions = new Map([...sent, ...drafts.map(({ part, revision }) => [part, revision] as const)])
  const matches = matchRequisitions(drafts, siblings, known.linkedTargets, revisions)
  const decided = planned.map(({ group, draft }) => ({
    part: draft.part,
    decision: decide(
      sourceIdOf(id, draft.part),
      draft,
      matches.get(draft.part) ?? { kind: 'none' },
      group.remark,
      context,
    ),
    learned: null,
  }))
  // Fewer groups than requisitions to be sent anew: the lines of the others have moved into these.
  return [...decided, ...numbers.slice(groups.length).map((part) => ({ part, decision: NOTHING, learned: null }))]
}

type Draft = ReturnType<typeof makeDraft>

function toDraft(
  { id, read }: OrderCase,
  groups: readonly Group[],
  group: Group,
  { part, revision }: { readonly part: number; readonly revision: number },
  { options }: PlanContext,
): Draft {
  const key = makeKey({ stem: makeStem(options.connection, id), part, revision })
  const others = groups
    .filter((other) => other !== group)
    .flatMap(({ lines }) => lines.map((line) => line.read.facts.id))
  return makeDraft(group, read, { key, part, revision, orderId: id }, others)
}

function decide(
  sourceId: string,
  draft: Draft,
  match: RequisitionMatch,
  remark: string | null,
  context: PlanContext,
): Decision {
  if (match.kind === 'ambiguous')
    return { kind: 'park', code: 'requisition_ambiguous', message: match.message, changes: [] }
  if (match.kind === 'adopt') {
    const { id: targetId, orderNum } = match.requisition
    const message = `recovered: requisition ${orderNum ?? targetId} was found by its key and holds the same`
    return send(draft, { action: 'adopt', targetId, targetKey: orderNum, payload: null, changes: [], message })
  }
  const { ration } = context.lookup.known
  const isCounted = ration.held.has(sourceId)
  // What a person asked to send anew does not wait for tomorrow.
  if (!isCounted && draft.revision === 1 && context.room <= 0) return outOfRation(context)
  if (!isCounted) context.room -= 1
  const changes = listContent(draft)
  return send(draft, {
    action: 'create',
    targetId: null,
    targetKey: null,
    payload: draft.body,
    changes,
    message: remark,
  })
}

function send(draft: RequisitionDraft, rest: Omit<Wanted, 'draft' | 'wantedHash'>): Decision {
  return { kind: 'send', wanted: { ...rest, draft, wantedHash: contentHash(draft) } }
}

function outOfRation({ options }: PlanContext): Decision {
  const message = `${options.maxPerDay} new requisitions a day are allowed (PO_MAX_PER_DAY); this one stays for tomorrow.`
  return { kind: 'wait', code: 'daily_ration', message, waitsFor: ['ration'] }
}
