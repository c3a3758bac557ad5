/** How an order differs from what was sent of it, and what that means: held for a person, or only observed. */
import type { Change, Json } from './record.js'
import type { LineFacts, OrderFacts, RequisitionDraft } from './requisition.js'

/** Fields whose change reaches nobody's wallet: dates, and what was drawn from a blanket quantity. */
const OBSERVED = new Set<keyof LineFacts>(['due', 'released'])

const LINE_FIELDS = [
  ...([
    'number',
    'description',
    'quantity',
    'price',
    'unit',
    'price_unit',
    'account',
    'department',
    'building',
  ] as const),
  ...(['basis', 'due', 'released'] as const),
] satisfies readonly (keyof LineFacts)[]

export interface OrderChanges {
  /** Everything that differs, for people. */
  readonly changes: readonly Change[]
  /** True = more than dates and drawn releases: Procurify would have to be changed, by a person. */
  readonly isHeld: boolean
  /** Cancelled as a whole, or nothing of the requisition is ordered any more. */
  readonly isCancelled: boolean
}

/** Compares what was sent with the order and the lines that belong to it now; lines are paired by id. */
export function compareOrder(sent: RequisitionDraft, order: OrderFacts, lines: readonly LineFacts[]): OrderChanges {
  const now = new Map(lines.map((line) => [line.id, line]))
  const before = new Map(sent.lines.map((line) => [line.id, line]))
  const head = compareHead(sent.order, order)
  const kept = sent.lines.flatMap((line) => compareLine(line, now.get(line.id)))
  const added = lines.flatMap((line) => (before.has(line.id) ? [] : compareLine(undefined, line)))
  const all = [...head, ...kept, ...added]
  return {
    changes: all.map(({ change }) => change),
    isHeld: all.some(({ isHeld }) => isHeld),
    isCancelled: (order.cancelled && !sent.order.cancelled) || (sent.lines.length > 0 && lines.length === 0),
  }
}

/** The link's new knowledge after a change that needs nobody, or that a person has dealt with. What was sent stays. */
export function withFacts(sent: RequisitionDraft, order: OrderFacts, lines: readonly LineFacts[]): RequisitionDraft {
  return { ...sent, order, lines }
}

interface Difference {
  readonly change: Change
  readonly isHeld: boolean
}

function compareHead(sent: OrderFacts, now: OrderFacts): Difference[] {
  return (['po_number', 'supplier', 'currency', 'cancelled'] as const).flatMap((field) =>
    sent[field] === now[field] ? [] : [held(field, sent[field], now[field])],
  )
}

/** Facts are clean text and canonical decimals: equal content is equal text. */
function compareLine(sent: LineFacts | undefined, now: LineFacts | undefined): Difference[] {
  const name = `line ${sent?.number ?? now?.number ?? sent?.id ?? now?.id ?? ''}`
  if (sent === undefined || now === undefined) return [held(name, describe(sent), describe(now))]
  return LINE_FIELDS.flatMap((field) => {
    if (sent[field] === now[field]) return []
    return [{ change: { field: `${name} ${field}`, from: sent[field], to: now[field] }, isHeld: !OBSERVED.has(field) }]
  })
}

function held(field: string, from: Json, to: Json): Difference {
  return { change: { field, from, to }, isHeld: true }
}

/** A whole line in one text; null = there is none. */
function describe(line: LineFacts | undefined): string | null {
  if (line === undefined) return null
  return `${line.quantity ?? '?'} ${line.unit ?? ''} x ${line.price ?? '?'}: ${line.description}`
}
