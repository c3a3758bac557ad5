/**
 * Finds the requisitions an order already has in Procurify, by the keys in their item names. A requisition cannot be taken
 * back, so nothing is created while one of the order's own is unaccounted for.
 */
import { readDecimal } from './money.js'
import type { ExistingItem, ExistingRequisition } from './order.js'
import type { Link } from './record.js'
import type { RequisitionDraft } from './requisition.js'
import { findLine, readKey } from './token.js'

export type RequisitionMatch =
  /** There is none: it may be created. */
  | { readonly kind: 'none' }
  | { readonly kind: 'adopt'; readonly requisition: ExistingRequisition }
  /** For a person: a sentence that says why. */
  | { readonly kind: 'ambiguous'; readonly message: string }

/** Existing requisitions by the stem of their keys: all that one order ever had. */
export type ExistingIndex = ReadonlyMap<string, readonly ExistingRequisition[]>

export function indexExisting(existing: readonly ExistingRequisition[]): ExistingIndex {
  const index = new Map<string, ExistingRequisition[]>()
  for (const requisition of existing) {
    const stem = readKey(requisition.key)?.stem ?? ''
    const siblings = index.get(stem)
    if (siblings === undefined) index.set(stem, [requisition])
    else siblings.push(requisition)
  }
  return index
}

/** The highest revision of a part among requisitions nobody is linked to: a lost database resumes there. 0 = none. */
export function lastRevision(
  part: number,
  siblings: readonly ExistingRequisition[],
  linkedTargets: ReadonlyMap<string, unknown>,
): number {
  const revisions = siblings.filter(({ id }) => !linkedTargets.has(id)).map(({ key }) => readKey(key))
  return Math.max(0, ...revisions.map((key) => (key?.part === part ? key.revision : 0)))
}

/**
 * One answer for each draft about to be created, by part. `siblings` are the order's requisitions; `revisions` the current
 * revision of every part, linked or planned: an older one that was denied has been replaced and counts no more.
 */
export function matchRequisitions(
  drafts: readonly RequisitionDraft[],
  siblings: readonly ExistingRequisition[],
  linkedTargets: ReadonlyMap<string, Pick<Link, 'sourceId'>>,
  revisions: ReadonlyMap<number, number>,
): Map<number, RequisitionMatch> {
  const own = new Map(drafts.map((draft) => [draft.part, matchOwn(draft, siblings, linkedTargets)]))
  const adopted = new Set([...own.values()].flatMap((match) => (match.kind === 'adopt' ? [match.requisition.id] : [])))
  const stray = siblings.find((requisition) => {
    const isKnown = linkedTargets.has(requisition.id) || adopted.has(requisition.id)
    return !isKnown && !isReplaced(requisition, revisions)
  })
  if (stray === undefined) return own
  const message = `Requisition ${nameOf(stray)} (key ${stray.key}) is of this order too, and belongs to none of its parts as they are now.`
  return new Map(
    [...own].map(([part, match]) => [part, match.kind === 'none' ? { kind: 'ambiguous', message } : match]),
  )
}

/**
 * Does a requisition hold what the draft wants: line for line the same vendor, quantity and price, whatever the order of its
 * items? By line number, or lines of equal value could be taken for each other and one of them be ordered twice.
 */
export function holdsSame(draft: RequisitionDraft, items: readonly ExistingItem[]): boolean {
  const wanted = draft.body?.line_items ?? []
  if (wanted.length !== items.length) return false
  const vendorId = draft.vendor_id
  const ours = wanted.map(({ item_name, quantity, unit_price }) =>
    toText({ name: item_name, vendorId, quantity, price: unit_price }),
  )
  const theirs = items.map(toText).sort()
  return ours.sort().every((text, at) => text === theirs[at])
}

function matchOwn(
  draft: RequisitionDraft,
  siblings: readonly ExistingRequisition[],
  linkedTargets: ReadonlyMap<string, Pick<Link, 'sourceId'>>,
): RequisitionMatch {
  const found = siblings.filter(({ key }) => key === draft.key)
  const [only] = found
  if (only === undefined) return { kind: 'none' }
  if (found.length > 1) {
    return ambiguous(`Requisitions ${found.map(nameOf).join(', ')} all carry the key ${only.key} of this order.`)
  }
  const holder = linkedTargets.get(only.id)
  if (holder !== undefined) {
    return ambiguous(`Requisition ${nameOf(only)} carries the key of this order, but is linked to ${holder.sourceId}.`)
  }
  if (holdsSame(draft, only.items)) return { kind: 'adopt', requisition: only }
  return ambiguous(
    `Requisition ${nameOf(only)} carries the key of this order, but differs in vendor, quantities or prices.`,
  )
}

/** Order status 2 denied, 4 cancelled (procurify.md section 5). */
const DEAD = new Set(['2', '4'])

function isReplaced({ key, status }: ExistingRequisition, revisions: ReadonlyMap<number, number>): boolean {
  const read = readKey(key)
  return read !== null && DEAD.has(status ?? '') && read.revision < (revisions.get(read.part) ?? 0)
}

/** An unreadable number is no number, and a draft has none such. */
function toText({ name, vendorId, quantity, price }: ExistingItem): string {
  return [findLine(name), vendorId ?? '', readDecimal(quantity) ?? '?', readDecimal(price) ?? '?'].join(' | ')
}

function nameOf({ orderNum, id }: ExistingRequisition): string {
  return orderNum ?? id
}

function ambiguous(message: string): RequisitionMatch {
  return { kind: 'ambiguous', message }
}
