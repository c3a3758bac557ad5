/**
 * Which line of an order belongs to which of its requisitions. Frozen with the first one that was sent: a line stays with the
 * part it was planned for, and a line nobody planned is a change of what was sent, never a requisition of its own.
 */
import type { ReadLine } from './read-order.js'
import type { Link } from './record.js'
import { isOver, readDraft, readState, type RequisitionDraft, type RequisitionState } from './requisition.js'

/** A part that has a requisition. */
export interface SentPart {
  readonly number: number
  readonly link: Link
  /** Null = linked by a person; nothing is known of its content yet. */
  readonly sent: RequisitionDraft | null
  readonly state: RequisitionState
}

export interface OrderParts {
  /** Parts whose requisition stands, or ended without a person asking for another. By number. */
  readonly kept: readonly SentPart[]
  /** Parts whose requisition ended and is to be sent anew. */
  readonly resent: readonly SentPart[]
  /** Links of parts that never had a requisition. */
  readonly unsent: readonly { readonly number: number; readonly link: Link }[]
}

export interface Assignment {
  readonly linesOf: ReadonlyMap<number, readonly ReadLine[]>
  /** Lines that no standing requisition holds: they may be sent. */
  readonly free: readonly ReadLine[]
}

/** Part 1 is the order itself, part n `<order id>/<n>`. */
export function sourceIdOf(orderId: string, part: number): string {
  return part === 1 ? orderId : `${orderId}/${part}`
}

/** The parts that have links, by order id. */
export function groupParts(links: ReadonlyMap<string, Link>): Map<string, OrderParts> {
  const parts = new Map<string, { number: number; link: Link }[]>()
  for (const link of links.values()) {
    const { orderId, number } = splitSourceId(link.sourceId)
    parts.set(orderId, [...(parts.get(orderId) ?? []), { number, link }])
  }
  return new Map([...parts].map(([orderId, found]) => [orderId, sortParts(found)]))
}

export const NO_PARTS: OrderParts = { kept: [], resent: [], unsent: [] }

/** Ids of lines that were sent with their blanket quantity. */
export function listBlanketLines({ kept }: OrderParts): Set<string> {
  const lines = kept.flatMap(({ sent }) => sent?.lines ?? [])
  return new Set(lines.filter(({ basis }) => basis === 'blanket').map(({ id }) => id))
}

export function assignLines(lines: readonly ReadLine[], { kept, resent }: OrderParts): Assignment {
  const owners = new Map(kept.flatMap(({ number, sent }) => (sent?.lines ?? []).map(({ id }) => [id, number] as const)))
  const planned = new Set([
    ...[...kept, ...resent].flatMap(({ sent }) => sent?.other_lines ?? []),
    ...resent.flatMap(({ sent }) => sent?.lines.map(({ id }) => id) ?? []),
  ])
  const linesOf = new Map<number, ReadLine[]>(kept.map(({ number }) => [number, []]))
  const free: ReadLine[] = []
  for (const line of lines) {
    const { id } = line.facts
    const owner = owners.get(id) ?? (planned.has(id) ? undefined : hostOf(line, kept))
    if (owner === undefined) free.push(line)
    else linesOf.get(owner)?.push(line)
  }
  return { linesOf, free }
}

/**
 * The part a line that came later is held at: one typed by hand, which may hold it already; else one of the same place, else
 * the first. None when nothing stands.
 */
function hostOf({ facts }: ReadLine, kept: readonly SentPart[]): number | undefined {
  const byHand = kept.find(({ sent }) => sent === null)
  const samePlace = kept.find(({ sent }) => {
    const [first] = sent?.lines ?? []
    return first?.department === facts.department && first?.building === facts.building
  })
  return (byHand ?? samePlace ?? kept[0])?.number
}

function sortParts(found: readonly { number: number; link: Link }[]): OrderParts {
  const sorted = [...found].sort((a, b) => a.number - b.number)
  const sent = sorted
    .filter(({ link }) => link.targetId !== null)
    .map(({ number, link }) => ({ number, link, sent: readDraft(link.sent), state: readState(link.detail) }))
  const isResent = (part: SentPart) =>
    part.sent !== null && isOver(part.state.state) && part.state.revision > part.sent.revision
  return {
    kept: sent.filter((part) => !isResent(part)),
    resent: sent.filter(isResent),
    unsent: sorted.filter(({ link }) => link.targetId === null),
  }
}

/** The inverse of sourceIdOf. Order ids of Plex do not end in `/` and digits. */
function splitSourceId(sourceId: string): { readonly orderId: string; readonly number: number } {
  const [, orderId = sourceId, number = '1'] = /^(.*)\/(\d+)$/s.exec(sourceId) ?? []
  return { orderId, number: Number(number) }
}
