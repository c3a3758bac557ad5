/** What a plan and a settled attempt look like in the journal. Pure. */
import { BLANK_EVENT, type AuditEvent } from '../domain/audit.js'
import type { Planned } from '../domain/decision.js'
import type { Claim, Delivery } from '../domain/delivery.js'
import type { Link } from '../domain/record.js'
import type { OpenIntent } from './outbox.js'

/**
 * A wait or park that only repeats what is already recorded adds no row, unless a person asked for the try. A replay begins
 * with a row of its own; where a rival delivered the record meanwhile, nothing was put back and it is superseded.
 */
export function toPlanEvents(
  stream: string,
  items: readonly Planned[],
  open: ReadonlyMap<string, OpenIntent>,
  closed: ReadonlySet<string>,
  links: ReadonlyMap<string, Link>,
): AuditEvent[] {
  return items.flatMap((item): AuditEvent[] => {
    const { sourceId, sourceKey, sourceHash, decision, replay, about } = item
    const target_id = links.get(sourceId)?.targetId ?? about ?? null
    const before = open.get(sourceId)
    const replay_of = replay?.of ?? before?.replay_of ?? null
    const identity = { stream, source_id: sourceId, source_key: sourceKey, target_id }
    const base = { ...BLANK_EVENT, ...identity, source_hash: sourceHash, replay_of }
    const isPutBack = replay !== undefined && before?.state === 'dead'
    const put: AuditEvent[] =
      isPutBack && replay.action !== 'told'
        ? [{ ...base, action: replay.action, outcome: 'done', code: before.code, message: replay.reason }]
        : []
    switch (decision.kind) {
      case 'wait':
      case 'park': {
        const isRepeat =
          before?.code === decision.code && before.message === decision.message && before.source_hash === sourceHash
        if (isRepeat && replay === undefined) return []
        const outcome = decision.kind === 'wait' ? 'waiting' : 'parked'
        const changes = decision.kind === 'park' ? decision.changes : []
        const { code, message } = decision
        return [...put, { ...base, action: decision.kind, outcome, code, message, changes }]
      }
      case 'observe':
        return [
          ...put,
          {
            ...base,
            action: 'observe',
            outcome: 'done',
            code: decision.code,
            message: decision.message,
            changes: decision.changes,
          },
        ]
      case 'unchanged':
      case 'skip': {
        if (!closed.has(sourceId) && replay === undefined) return []
        // What a person accepted is settled by that.
        if (isPutBack && replay.action === 'accept') return put
        const message = 'The record changed meanwhile and nothing has to be done any more.'
        return [...put, { ...base, action: 'supersede', outcome: 'done', code: 'superseded', message }]
      }
      case 'send':
        return put
    }
  })
}

export function toSettleEvents(stream: string, { claim, verdict }: Delivery): AuditEvent[] {
  const base = { ...ofClaim(stream, claim), http: 'http' in verdict ? verdict.http : null }
  switch (verdict.kind) {
    case 'done': {
      const { action, targetId, code } = verdict
      const { changes, message } = verdict.wanted ?? {
        changes: [],
        message: 'Ours already, with other content: planned anew.',
      }
      return [{ ...base, target_id: targetId, action, outcome: 'done', code, changes, message }]
    }
    case 'retry': {
      const { failure, doubt } = verdict
      if (failure === null || doubt === 'none' || failure.kind !== 'unknown') return []
      const { code, message, http } = failure
      return [{ ...base, action: claim.wanted.action, outcome: 'in_doubt', code, message, http }]
    }
    case 'absent':
      return []
    case 'withdrawn': {
      const { code, message, http } = verdict
      return http === null ? [] : [{ ...base, action: claim.wanted.action, outcome: 'rejected', code, message }]
    }
    case 'dead': {
      const { code, message } = verdict
      const parked: AuditEvent = { ...base, action: 'park', outcome: 'parked', code, message }
      if (verdict.http === null) return [parked]
      return [{ ...base, action: claim.wanted.action, outcome: 'rejected', code, message }, parked]
    }
  }
}

function ofClaim(stream: string, claim: Claim) {
  return {
    ...BLANK_EVENT,
    stream,
    source_id: claim.sourceId,
    source_key: claim.sourceKey,
    target_id: claim.wanted.targetId,
    attempt: claim.attempt,
    source_hash: claim.sourceHash,
    replay_of: claim.replayOf,
  }
}
