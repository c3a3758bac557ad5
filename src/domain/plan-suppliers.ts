/** Decides what becomes of suppliers as vendors of Procurify. Pure: what was read + what is known -> decisions. */
import { decideVendor, type Candidate, type Paired } from './decide-vendor.js'
import type { Decision, Detail, Planned } from './decision.js'
import { Bug } from './errors.js'
import { isOneOf, mapSupplier, supplierExternalId } from './map-supplier.js'
import type { ProblemCode } from './problems.js'
import type { Json, Link } from './record.js'
import type { SupplierDetail, VendorSurvey } from './supplier.js'
import { readDraft } from './vendor-draft.js'
import { indexVendors } from './vendor-index.js'
import { matchVendors, type Match } from './vendor-match.js'
import { indexLinked, indexReserved } from './vendor-books.js'
import { allotNames, keptForm, NamesInUse, type NameClaim } from './vendor-name.js'

export interface PlanSuppliersOptions {
  readonly pcn: string
  /** Names of Plex supplier types and statuses; compared folded. */
  readonly skipTypes: readonly string[]
  readonly inactiveStatuses: readonly string[]
  /** `code`: a vendor whose external id is the bare supplier code is ours. */
  readonly knownIds: 'none' | 'code'
  readonly repairDrift: boolean
}

/**
 * Must Procurify's vendors be read to plan these? Only for what concerns more than the supplier's own vendor: matching,
 * a new name, a vendor that comes back to life; or to see what a vendor holds.
 */
export function needsSurvey(
  details: readonly Detail<SupplierDetail>[],
  links: ReadonlyMap<string, Link>,
  options: PlanSuppliersOptions,
): boolean {
  return details.some((detail) => {
    const sifted = sift(detail, links, null, options)
    if (sifted === null) return false
    return 'kind' in sifted ? sifted.kind === 'skip' && sifted.code !== 'gone' : asksForSurvey(sifted, options)
  })
}

/**
 * One decision for each detail but the failed ones, in the same order; the decisions do not depend on that order.
 * `survey` may be null only where `needsSurvey` said so.
 */
export function planSuppliers(
  details: readonly Detail<SupplierDetail>[],
  links: ReadonlyMap<string, Link>,
  survey: VendorSurvey | null,
  options: PlanSuppliersOptions,
): Planned[] {
  const sifted = new Map(details.map((detail) => [detail, sift(detail, links, survey, options)]))
  const candidates = [...sifted.values()].filter((one): one is Candidate => one !== null && !('kind' in one))
  const paired = pairAll(candidates, survey, options)
  const names = settleNames(paired, survey, options)
  return [...sifted].flatMap(([detail, one]) => {
    if (one === null) return []
    if ('kind' in one) return [toPlanned(detail, one)]
    const pair = paired.get(one.id)
    if (pair === undefined) throw new Bug(`Supplier ${one.id} was not paired.`)
    return [toPlanned(detail, decideVendor(pair, names.get(one.id) ?? null, options))]
  })
}

/**
 * Decides what needs no look at others; null = could not be read, so nothing is planned. That nothing links a supplier does not
 * say that it never had a vendor: the database may have been lost or restored since.
 */
function sift(
  detail: Detail<SupplierDetail>,
  links: ReadonlyMap<string, Link>,
  survey: VendorSurvey | null,
  options: PlanSuppliersOptions,
): Candidate | Decision | null {
  if (detail.kind === 'failed') return null
  if (detail.kind === 'gone') return skip('gone', 'Plex does not show this supplier any more; nothing is deleted.')
  if (detail.kind === 'rejected') return { kind: 'park', code: detail.code, message: detail.message, changes: [] }
  const { supplier } = detail.record
  const link = links.get(supplier.id)
  const targetId = link?.targetId ?? null
  const isUnknown = targetId === null && !hasOwnVendor(supplier.id, survey, options)
  if (isUnknown && isOneOf(supplier.type, options.skipTypes)) {
    return skip('type_skipped', `Suppliers of type ${supplier.type ?? ''} are not sent (SUPPLIER_SKIP_TYPES).`)
  }
  if (isUnknown && isOneOf(supplier.status, options.inactiveStatuses)) {
    return skip('inactive', `The supplier is ${supplier.status ?? ''} and was never linked.`)
  }
  const mapped = mapSupplier(detail.record, options.inactiveStatuses)
  if ('reasons' in mapped) return { kind: 'park', code: mapped.code, message: mapped.reasons.join(' '), changes: [] }
  const sent = targetId === null ? null : readDraft(link?.sent ?? null)
  const { id, code, createdDate } = supplier
  const draft = { ...sent, ...mapped.draft }
  return { id, code, createdDate, plain: draft.name, link, targetId, sent, draft, remarks: mapped.remarks }
}

function hasOwnVendor(supplierId: string, survey: VendorSurvey | null, { pcn }: PlanSuppliersOptions): boolean {
  const externalId = supplierExternalId(pcn, supplierId)
  return survey !== null && indexVendors(survey.vendors).byExternalId.has(externalId)
}

function asksForSurvey(candidate: Candidate, { repairDrift }: PlanSuppliersOptions): boolean {
  return repairDrift || !isSettled(candidate)
}

/** Linked, and its vendor keeps name and life as they are: the other vendors do not matter. */
function isSettled(candidate: Candidate): boolean {
  const { sent, draft } = candidate
  return sent !== null && keptForm(sent.name, candidate) === sent.name && !(draft.active && !sent.active)
}

function pairAll(
  candidates: readonly Candidate[],
  survey: VendorSurvey | null,
  options: PlanSuppliersOptions,
): Map<string, Paired> {
  const seekers = candidates.filter(({ targetId }) => targetId === null)
  if (survey === null && candidates.some((candidate) => asksForSurvey(candidate, options))) {
    throw new Bug('Suppliers were planned without the vendors they have to be compared with.')
  }
  const active = candidates.filter(({ draft }) => draft.active)
  const matches = survey === null ? new Map<string, Match>() : matchVendors(seekers, active, survey, options)
  const vendorById = new Map(survey?.vendors.map((vendor) => [vendor.id, vendor]))
  return new Map(
    candidates.map((candidate) => {
      const { id, targetId } = candidate
      const linked = { kind: 'linked', vendor: targetId === null ? undefined : vendorById.get(targetId) } as const
      return [id, { ...candidate, match: matches.get(id) ?? linked }]
    }),
  )
}

/** The name each vendor shall have; null = every name it could have is taken. */
function settleNames(
  paired: ReadonlyMap<string, Paired>,
  survey: VendorSurvey | null,
  options: PlanSuppliersOptions,
): Map<string, string | null> {
  const names = new Map<string, string | null>()
  const claims: NameClaim[] = []
  for (const pair of paired.values()) {
    const name = nameWithoutAsking(pair, options)
    if (name === null) claims.push(toClaim(pair, options))
    else names.set(pair.id, name)
  }
  return new Map([...names, ...(survey === null ? [] : allotNames(claims, listNamesInUse(survey)))])
}

/** The name of a vendor that takes no name from anybody; null = it must be asked for. */
function nameWithoutAsking(pair: Paired, options: PlanSuppliersOptions): string | null {
  const { match, draft, plain } = pair
  // An adopted vendor keeps its own name; what Plex calls it is remembered, to know a rename when it comes.
  if (match.kind === 'adopt' || match.kind === 'park') return plain
  if (match.kind === 'none') return null
  if (!options.repairDrift && pair.sent !== null && isSettled(pair)) return pair.sent.name
  const kept = keptName(pair, options)
  // Only active vendors can be confused.
  if (!draft.active) return kept ?? plain
  const holder = match.vendor ?? pair.sent
  const holds = holder?.active === true ? holder.name : null
  return holds === kept ? kept : null
}

/** The form of its name that the supplier's vendor goes by already, as we sent it or as the vendor shows it. */
function keptName(pair: Paired, { repairDrift }: PlanSuppliersOptions): string | null {
  const { match, sent, link } = pair
  const shown = match.kind === 'own' || match.kind === 'linked' ? match.vendor?.name : undefined
  const former = repairDrift || sent === null ? [sent?.name, shown, link?.targetKey] : [sent.name]
  return former.map((name) => (name == null ? null : keptForm(name, pair))).find((form) => form !== null) ?? null
}

function toClaim(pair: Paired, options: PlanSuppliersOptions): NameClaim {
  const { id, code, plain, createdDate, match, targetId } = pair
  const vendorId = match.kind === 'own' ? match.vendor.id : targetId
  return { id, code, plain, createdDate, vendorId, kept: keptName(pair, options) }
}

/** Names of active vendors, names confirmed on links, and names that intents are about to take. */
function listNamesInUse({ vendors, linkedTargets, reserved }: VendorSurvey): NamesInUse {
  const { nameOwners } = indexVendors(vendors)
  return new NamesInUse([nameOwners, indexLinked(linkedTargets).nameOwners, indexReserved(reserved).owners])
}

function skip(code: ProblemCode, message: string): Decision {
  return { kind: 'skip', code, message }
}

function toPlanned(detail: Detail<SupplierDetail>, decision: Decision): Planned {
  const { note } = detail
  if (detail.kind !== 'record') {
    const { sourceId, sourceKey, hash: sourceHash, record } = note
    return { note, sourceId, sourceKey, sourceHash, record, decision }
  }
  const { supplier } = detail.record
  // A detail is plain data; going through text drops its undefined members.
  const record = JSON.parse(JSON.stringify(detail.record)) as Json
  const sourceHash = note.hash ?? detail.hash
  return { note, sourceId: supplier.id, sourceKey: supplier.code, sourceHash, record, decision }
}
