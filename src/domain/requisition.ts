/** A requisition as it is sent, as it is remembered on a link, and how far it got. */
import type { Change, Json } from './record.js'

/** Body of POST /api/v3/requisitions/ (procurify.md section 5): everything by name, decimals as text. */
export type RequisitionBody = {
  readonly required_date: string
  readonly location_name: string
  readonly department_name: string
  readonly line_items: readonly RequisitionLine[]
}

export type RequisitionLine = {
  readonly item_name: string
  readonly vendor_name: string
  readonly account_code: string
  readonly unit_price: string
  readonly quantity: string
  readonly unit: string
  readonly currency_code: string
  readonly custom_fields: readonly { readonly custom_field_name: string; readonly custom_field_value: string }[]
}

/** What Plex said of an order that its requisitions depend on. Clean text, canonical decimals; blank is null. */
export type OrderFacts = {
  readonly po_number: string | null
  readonly supplier: string | null
  readonly currency: string | null
  readonly cancelled: boolean
}

/** What Plex said of a line that is ordered. Ids and names are those of Plex: a new alignment is no change of the order. */
export type LineFacts = {
  readonly id: string
  readonly number: string | null
  readonly description: string
  /** `blanket` = ordered once by the blanket quantity; its releases only draw on that. */
  readonly basis: 'releases' | 'blanket'
  readonly quantity: string | null
  /** Sum of the releases of a blanket line; null for others. */
  readonly released: string | null
  readonly price: string | null
  readonly unit: string | null
  readonly price_unit: string | null
  readonly account: string | null
  readonly department: string | null
  readonly building: string | null
  /** Earliest calendar day it is due, received releases included: receiving goods is no change. */
  readonly due: string | null
}

/** Becomes `link.sent`: what was sent, and what Plex said then, which later versions are compared with. */
export type RequisitionDraft = {
  /** Null, like `body` and the ids = the pair was made by a person; only the facts are known. */
  readonly key: string | null
  readonly part: number
  readonly revision: number
  readonly vendor_id: string | null
  readonly department_id: string | null
  readonly location_id: string | null
  readonly body: RequisitionBody | null
  readonly order: OrderFacts
  readonly lines: readonly LineFacts[]
  /** Ids of the order's lines that belonged to other parts: with these the partition of the order is frozen. */
  readonly other_lines: readonly string[]
  /** The end (denied, vanished) that a person has accepted, so that it is no problem any more. */
  readonly accepted: RequisitionStep | null
}

export type RequisitionStep = 'requested' | 'approved' | 'denied' | 'ordered' | 'vanished'

/** Becomes `link.detail`: how far Procurify got with it. */
export type RequisitionState = {
  readonly state: RequisitionStep
  /** The revision that is wanted: higher than the draft's once a person asked to send it anew. */
  readonly revision: number
  /** Number of the requisition in Procurify, as soon as it was seen there. */
  readonly order_num: string | null
  /** Numbers of the live POs made of it. */
  readonly po_numbers: readonly string[]
  /** When this state was first seen, ISO. */
  readonly since: string
  /** Why it was denied, in Procurify's words. */
  readonly reason: string | null
  /** When a complete look-up first did not find it; absence counts only after a second one. */
  readonly absent_since: string | null
}

/** Uuids come with and without dashes (procurify.md section 2). */
export function normalizeUuid(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase()
}

/** The draft on a link; null when it was linked without our knowing its content. */
export function readDraft(sent: Json): RequisitionDraft | null {
  const isDraft = sent !== null && typeof sent === 'object' && 'other_lines' in sent
  // Only drafts are ever stored there: a member of its own is proof enough.
  return isDraft ? (sent as unknown as RequisitionDraft) : null
}

/** The state on a link; a requisition of which nothing is known yet is as requested. */
export function readState(detail: Json): RequisitionState {
  const isState = detail !== null && typeof detail === 'object' && 'state' in detail
  return isState ? (detail as unknown as RequisitionState) : requested(1, '')
}

/** The state of a requisition that was just sent. */
export function requested(revision: number, since: string): RequisitionState {
  return { state: 'requested', revision, order_num: null, po_numbers: [], since, reason: null, absent_since: null }
}

/** An end that only a person moves it out of. */
export function isOver(state: RequisitionStep): state is 'denied' | 'vanished' {
  return state === 'denied' || state === 'vanished'
}

/** A new requisition for people: in a dry run and in the audit row. */
export function listContent({ body }: RequisitionDraft): Change[] {
  if (body === null) return []
  const { required_date, location_name, department_name, line_items } = body
  const vendor = line_items[0]?.vendor_name ?? null
  const head = { vendor, location: location_name, department: department_name, required_date }
  const lines = line_items.map((line, at) => ({ field: `item ${at + 1}`, from: null, to: describe(line) }))
  return [...Object.entries(head).map(([field, to]) => ({ field, from: null, to })), ...lines]
}

function describe({ item_name, quantity, unit, unit_price, currency_code, account_code }: RequisitionLine): string {
  return `${quantity} ${unit} x ${unit_price} ${currency_code} (${account_code}): ${item_name}`
}
