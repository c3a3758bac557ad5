/** Comparing what vendors hold: with what Plex wants, with what was sent, field by field. */
import type { Change, Json } from './record.js'
import type { Vendor, VendorDraft } from './supplier.js'

/** The mapped fields, in the order a person reads them. */
const FIELDS = [
  ...(['name', 'active', 'url', 'comments', 'email', 'phoneOne', 'fax', 'addressLineOne', 'addressLineTwo'] as const),
  ...(['postalCode', 'city', 'state_province', 'country'] as const),
] satisfies readonly (keyof VendorDraft)[]

/**
 * The fields in which `held` (a vendor of Procurify, or what was sent last) differs from what is wanted. Members that
 * `wanted` does not decide are not compared; null, '' and a missing member are one; e-mail lists are sets.
 */
export function listDrift(held: Vendor | Partial<VendorDraft>, wanted: VendorDraft): Change[] {
  return FIELDS.flatMap((field) => {
    const to = wanted[field]
    if (to === undefined || normalize(held[field]) === normalize(to)) return []
    return [{ field, from: held[field] ?? null, to }]
  })
}

/** The body of a PATCH: the changed members and nothing else; null when there are none. */
export function toPatch(changes: readonly Change[]): Json {
  return changes.length === 0 ? null : Object.fromEntries(changes.map(({ field, to }) => [field, to]))
}

/** What a link remembers as sent; null when the vendor was linked without our knowing its content. */
export function readDraft(sent: Json): VendorDraft | null {
  const isDraft = sent !== null && typeof sent === 'object' && 'name' in sent && typeof sent.name === 'string'
  // Only drafts are ever stored there: a name is proof enough.
  return isDraft ? (sent as unknown as VendorDraft) : null
}

function normalize(value: string | boolean | readonly string[] | null | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return value.trim()
  const addresses = new Set(value.map((address) => address.trim().toLowerCase()))
  return [...addresses].sort().join(' ')
}

/** Does the vendor hold everything that was sent? Members it does not show (type, scores) are not compared. */
export function holdsPayload(vendor: Vendor, payload: Json): boolean {
  if (payload === null || typeof payload !== 'object') return true
  const sent = payload as unknown as Partial<VendorDraft> & { external_id?: string | null }
  const { external_id } = sent
  if (external_id !== undefined && external_id !== vendor.external_id) return false
  return FIELDS.every((field) => sent[field] === undefined || normalize(sent[field]) === normalize(vendor[field]))
}
