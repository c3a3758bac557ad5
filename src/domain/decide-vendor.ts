/** What is sent, adopted or left alone for one supplier once it is known which vendor it is and how that is called. */
import { contentHash } from './content-hash.js'
import type { Decision, Wanted } from './decision.js'
import { supplierExternalId } from './map-supplier.js'
import type { ProblemCode } from './problems.js'
import type { Change, Link } from './record.js'
import type { Vendor, VendorDraft } from './supplier.js'
import { listDrift, toPatch } from './vendor-draft.js'
import type { Match } from './vendor-match.js'
import type { Named } from './vendor-name.js'

/** A supplier that a vendor is wanted for, linked or not. */
export interface Candidate extends Named {
  readonly link: Link | undefined
  readonly targetId: string | null
  /** What the linked vendor confirmed last; null = unlinked, or linked without our knowing its content. */
  readonly sent: VendorDraft | null
  /** Complete: members that could not be read keep what was sent. Its name is still the plain one. */
  readonly draft: VendorDraft
  readonly createdDate: string | null
  readonly remarks: readonly string[]
}

/** A candidate with the vendor it is compared with. */
export interface Paired extends Candidate {
  readonly match: Match | { readonly kind: 'linked'; readonly vendor: Vendor | undefined }
}

export interface DecideOptions {
  readonly pcn: string
  readonly repairDrift: boolean
}

/** The decision for one pair and the name its vendor shall have (null = every name is taken). */
export function decideVendor(pair: Paired, name: string | null, options: DecideOptions): Decision {
  if (pair.match.kind === 'park') return park(pair.match.code, pair.match.message)
  if (name === null) return park('vendor_ambiguous', `Active vendors have every name that "${pair.plain}" could get.`)
  const draft = { ...pair.draft, name }
  const externalId = supplierExternalId(options.pcn, pair.id)
  switch (pair.match.kind) {
    case 'none':
      return send(pair, create(draft, externalId))
    case 'own':
      return send(pair, adoptOwn(pair.match.vendor, draft))
    case 'adopt':
      return send(pair, adoptFound(pair.match.vendor, draft, externalId, pair.match.remark))
    case 'linked':
      return decideLinked(pair, draft, pair.match.vendor, externalId, options)
  }
}

type Sending = Omit<Wanted, 'wantedHash' | 'message'> & { readonly draft: VendorDraft; readonly remark?: string | null }

/** Type 3 is the only kind that requests may name; `overall_score` and `email` must be there (procurify.md section 4). */
function create(draft: VendorDraft, externalId: string): Sending {
  const ours = { external_id: externalId, type: 3, overall_score: null, is_auto_email_po_enabled: false }
  const payload = { ...draft, email: draft.email ?? [], ...ours }
  const changes = [...listDrift({}, draft), changeOfId(null, externalId)]
  return { action: 'create', targetId: null, targetKey: draft.name, draft, payload, changes }
}

/** Our own vendor from before: it is brought up to date. */
function adoptOwn(vendor: Vendor, draft: VendorDraft): Sending {
  const changes = listDrift(vendor, draft)
  return { action: 'adopt', targetId: vendor.id, targetKey: draft.name, draft, payload: toPatch(changes), changes }
}

/** A vendor made by people: only our id is written, what else differs stays as they made it. */
function adoptFound(vendor: Vendor, draft: VendorDraft, externalId: string, remark: string | null): Sending {
  const changes = [changeOfId(vendor.external_id, externalId)]
  const left = listDrift(vendor, draft).map(({ field }) => field)
  const remarks = [left.length === 0 ? 'adopted' : `adopted; left different in Procurify: ${left.join(', ')}`, remark]
  const payload = toPatch(changes)
  const said = remarks.filter((one) => one !== null).join('; ')
  return { action: 'adopt', targetId: vendor.id, targetKey: vendor.name, draft, payload, changes, remark: said }
}

function decideLinked(
  pair: Paired,
  draft: VendorDraft,
  vendor: Vendor | undefined,
  externalId: string,
  { repairDrift }: DecideOptions,
): Decision {
  const { targetId, sent, link } = pair
  const held = repairDrift || sent === null ? (vendor ?? sent ?? {}) : sent
  const drift = listDrift(held, draft)
  // Linked by a person: without our id the vendor could not be found again. An id of another system is left alone.
  const lacksId = sent === null && vendor !== undefined && (vendor.external_id ?? '').trim() === ''
  const changes = lacksId ? [...drift, changeOfId(null, externalId)] : drift
  if (changes.length === 0 && sent !== null) return { kind: 'unchanged' }
  const isRenamed = drift.some(({ field }) => field === 'name')
  const targetKey = isRenamed ? draft.name : (vendor?.name ?? link?.targetKey ?? draft.name)
  const action = drift.length === 0 ? 'adopt' : 'update'
  return send(pair, { action, targetId, targetKey, draft, payload: toPatch(changes), changes })
}

function send({ remarks }: Candidate, { remark, ...sending }: Sending): Decision {
  const said = [...(remark == null ? [] : [remark]), ...remarks]
  const message = said.length === 0 ? null : said.join('; ')
  return { kind: 'send', wanted: { ...sending, wantedHash: contentHash(sending.draft), message } }
}

function changeOfId(from: string | null, to: string): Change {
  return { field: 'external_id', from, to }
}

function park(code: ProblemCode, message: string): Decision {
  return { kind: 'park', code, message, changes: [] }
}
