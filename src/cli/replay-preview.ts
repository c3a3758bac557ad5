/** What a replay would do now, and what changed in Plex since the record was parked. */
import type { Decision, Planned } from '../domain/decision.js'
import type { Change, Json } from '../domain/record.js'
import { recordIdOf } from '../domain/record.js'
import { diffRecords } from '../domain/record-diff.js'
import type { ReplayResult } from '../passes/replay.js'
import type { Parked } from '../store/parked.js'
import { oneLine } from './text.js'

/** One parked record: a member of the run document of a dry run. */
export interface Preview {
  readonly stream: string
  readonly source_id: string
  readonly source_key: string | null
  readonly parked_code: string
  readonly parked_seq: number | null
  /** create, update, adopt, unchanged, observe, skip, wait or park; `look_up` = in doubt, looked for in the target first. */
  readonly would: string
  readonly code: string | null
  readonly message: string | null
  readonly target_id: string | null
  readonly changes: readonly Change[]
  /** Against the payload kept when it was parked. */
  readonly since_parked: readonly Change[]
}

export function toPreview(
  parked: readonly Parked[],
  items: ReplayResult['items'],
  doubtful: readonly Parked[],
): Preview[] {
  return parked.flatMap((one) => {
    if (doubtful.includes(one)) return [{ ...toBase(one), would: 'look_up' }]
    const found = items.find(({ stream, item }) => stream === one.stream && item.sourceId === one.sourceId)
    return found === undefined ? [] : [describe(one, found.item)]
  })
}

function toBase({ stream, sourceId, sourceKey, code, seq }: Parked): Preview {
  const identity = { stream, source_id: sourceId, source_key: sourceKey, parked_code: code, parked_seq: seq }
  return { ...identity, would: '', code: null, message: null, target_id: null, changes: [], since_parked: [] }
}

function describe(one: Parked, { decision, record, sourceKey }: Planned): Preview {
  const base = { ...toBase(one), source_key: sourceKey ?? one.sourceKey, since_parked: compare(one, decision, record) }
  switch (decision.kind) {
    case 'send': {
      const { action, targetId, changes, message } = decision.wanted
      return { ...base, would: action, target_id: targetId, changes, message }
    }
    case 'unchanged':
      return { ...base, would: 'unchanged' }
    case 'skip':
    case 'wait':
      return { ...base, would: decision.kind, code: decision.code, message: decision.message }
    case 'observe':
    case 'park': {
      const { kind, code, message, changes } = decision
      return { ...base, would: kind, code, message, changes }
    }
  }
}

/** Records are compared where one was kept, else what was refused with what would be sent now. */
function compare({ record, draft }: Parked, decision: Decision, now: Json): Change[] {
  if (record !== null) return diffRecords(record, now)
  return draft !== null && decision.kind === 'send' ? diffRecords(draft, decision.wanted.draft) : []
}

export function tellPreview(previews: readonly Preview[]): string {
  const lines = previews.flatMap((one) => [
    `${oneLine(one.source_key ?? recordIdOf(one.source_id))} (${one.stream}), parked as ${one.parked_code}${one.parked_seq === null ? '' : ` by row ${one.parked_seq}`}`,
    `  now: ${tellDeed(one)}`,
    ...one.changes.map((change) => `    ${tell(change)}`),
    ...(one.since_parked.length === 0 ? [] : ['  changed since it was parked:']),
    ...one.since_parked.map((change) => `    ${tell(change)}`),
  ])
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

const DEEDS: Readonly<Record<string, string>> = {
  create: 'would be created',
  update: 'would be changed',
  adopt: 'would be adopted',
  unchanged: 'nothing to do any more',
  observe: 'would be noticed',
  skip: 'would be left out',
  wait: 'would wait',
  park: 'would be parked again',
  look_up: 'in doubt: would be looked for in Procurify first, and sent only if it is proved absent',
}

function tellDeed({ would, target_id: target, code, message }: Preview): string {
  const where = target === null ? '' : ` -> ${oneLine(target)}`
  const why = code === null ? '' : ` (${code})`
  return `${DEEDS[would] ?? would}${where}${why}${message === null ? '' : `: ${oneLine(message)}`}`
}

function tell({ field, from, to }: Change): string {
  return `${oneLine(field)}: ${show(from)} -> ${show(to)}`
}

function show(value: Json): string {
  return value === null ? '(none)' : oneLine(typeof value === 'string' ? `"${value}"` : JSON.stringify(value))
}
