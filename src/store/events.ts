/** What a plan and a settled attempt look like in the journal. Pure. */
import type { AuditEvent } from '../domain/audit.js'
import type { Planned } from '../domain/decision.js'
import type { Claim } from '../domain/delivery.js'
import type { Link } from '../domain/record.js'
import type { OpenIntent, SettledClaim } from './outbox.js'

/** A wait or park that only repeats what is already recorded adds no row. */
export function toPlanEvents(
  stream: string,
  items: readonly Planned[],
  open: ReadonlyMap<string, OpenIntent>,
  closed: ReadonlySet<string>,
  links: ReadonlyMap<string, Link>,
): AuditEvent[] {
  return items.flatMap((item): AuditEvent[] => {
    const { sourceId, sourceKey, sourceHash, decision } = item
    const target_id = links.get(sourceId)?.targetId ?? null
    const base = { ...EMPTY, stream, source_id: sourceId, source_key: sourceKey, source_hash: sourceHash, target_id }
    const before = open.get(sourceId)
    switch (decision.kind) {
      case 'wait':
      case 'park': {
        const isRepeat =
          before?.code === decision.code && before.message === decision.message && before.source_hash === sourceHash
        if (isRepeat) return []
        const outcome = decision.kind === 'wait' ? 'waiting' : 'parked'
        const changes = decision.kind === 'park' ? decision.changes : []
        return [{ ...base, action: decision.kind, outcome, code: decision.code, message: decision.message, changes }]
      }
      case 'observe':
        return [
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
        if (!closed.has(sourceId)) return []
        const message = 'The record changed meanwhile and nothing has to be done any more.'
        return [{ ...base, action: 'supersede', outcome: 'done', code: 'superseded', message }]
      }
      case 'send':
        return []
    }
  })
}

export function toSettleEvents(stream: string, { claim, verdict }: SettledClaim): AuditEvent[] {
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
    case 'dead': {
      const { code, message } = verdict
      const parked: AuditEvent = { ...base, action: 'park', outcome: 'parked', code, message }
      if (verdict.http === null) return [parked]
      return [{ ...base, action: claim.wanted.action, outcome: 'rejected', code, message }, parked]
    }
  }
}

const EMPTY = {
  ...{ source_id: null, source_key: null, target_id: null, attempt: null, code: null, message: null },
  ...{ changes: [], http: null, source_hash: null, replay_of: null },
} as const

function ofClaim(stream: string, claim: Claim) {
  return {
    ...EMPTY,
    stream,
    source_id: claim.sourceId,
    source_key: claim.sourceKey,
    target_id: claim.wanted.targetId,
    attempt: claim.attempt,
    source_hash: claim.sourceHash,
    replay_of: claim.replayOf,
  }
}
