/** Suppliers of Plex against vendors of Procurify: which lack each other, which differ, which are there twice. */
import { isContactField } from './audit.js'
import { isOneOf, mapSupplier, supplierExternalId } from './map-supplier.js'
import type { Change } from './record.js'
import { makeFinding, type BookEntry, type BookPair, type Finding, type Judged } from './reconcile.js'
import type { Supplier, Vendor, VendorDraft } from './supplier.js'
import { fold } from './text.js'
import { listDrift, readDraft } from './vendor-draft.js'
import { groupBy, textOf } from './vendor-index.js'
import { keptForm } from './vendor-name.js'

export interface SupplierFacts {
  readonly pcn: string
  readonly skipTypes: readonly string[]
  readonly inactiveStatuses: readonly string[]
  readonly vendors: ReadonlyMap<string, Vendor>
  readonly byExternalId: ReadonlyMap<string, readonly Vendor[]>
}

/** What is known of one supplier beyond its row. */
export interface SupplierCase {
  /** Null = the row could not be read; `id` and `key` are all there is. */
  readonly supplier: Supplier | null
  readonly id: string
  readonly key: string | null
  readonly entry: BookEntry | null
  /** A change is decided and not delivered: that is told by itself. */
  readonly isOpen: boolean
  /** Plex changed it a moment ago, so the books cannot know yet. */
  readonly isFresh: boolean
}

export function indexByExternalId(vendors: readonly Vendor[]): Map<string, Vendor[]> {
  const ours = vendors.filter(({ external_id }) => textOf(external_id) !== '')
  return groupBy(ours, ({ external_id }) => textOf(external_id))
}

/** Judges one supplier as it comes; nothing is kept of it. */
export function judgeSupplier(one: SupplierCase, facts: SupplierFacts): Judged {
  const { entry, supplier, id, key } = one
  const targetId = entry?.targetId ?? null
  const isUnderWay = one.isOpen || one.isFresh || entry?.isMoving === true || entry?.isNoted === true
  if (entry !== null && targetId !== null) return judgePair(one, entry, targetId, isUnderWay, facts)
  if (one.isOpen) return { place: 'unpaired', findings: [] }
  if (isLeftOut(one, facts)) return { place: 'left_out', findings: [] }
  if (isUnderWay) return { place: 'in_progress', findings: [] }
  const [twin] = facts.byExternalId.get(supplierExternalId(facts.pcn, id)) ?? []
  const about = { stream: 'suppliers', source_id: id, source_key: key, supplier: supplier?.name ?? null } as const
  if (twin !== undefined) {
    const message = `Vendor ${twin.id} (${twin.name}) carries the id of this supplier, and the pair is not in the books.`
    const target = { target_id: twin.id, target_key: twin.name, next: 'ml-connector sync suppliers --full' }
    return {
      place: 'unpaired',
      findings: [makeFinding({ ...about, ...target, kind: 'orphaned', code: 'pair_not_recorded', message })],
    }
  }
  const message = 'The supplier has no vendor in Procurify, and no run is about to make one.'
  return {
    place: 'unpaired',
    findings: [
      makeFinding({
        ...about,
        kind: 'missing',
        code: 'not_delivered',
        message,
        next: 'ml-connector sync suppliers --full',
      }),
    ],
  }
}

function isLeftOut({ supplier, entry }: SupplierCase, { skipTypes, inactiveStatuses }: SupplierFacts): boolean {
  if (entry?.isGivenUp === true) return true
  // By its row as it is now: what the books say of it may be older.
  return supplier !== null && (isOneOf(supplier.type, skipTypes) || isOneOf(supplier.status, inactiveStatuses))
}

function judgePair(
  { supplier, id, key }: SupplierCase,
  entry: BookEntry,
  targetId: string,
  isUnderWay: boolean,
  facts: SupplierFacts,
): Judged {
  const vendor = facts.vendors.get(targetId)
  const about = {
    stream: 'suppliers' as const,
    ...{ source_id: id, source_key: key, supplier: supplier?.name ?? vendor?.name ?? null },
    ...{ target_id: targetId, target_key: vendor?.name ?? entry.targetKey },
  }
  const sent = readDraft(entry.sent as never)
  if (vendor === undefined) {
    // Lists may leave inactive vendors out: then nothing is known of it, and nobody orders from it.
    if (entry.isMoving || sent?.active === false) return { place: 'paired', findings: [] }
    const message = `Vendor ${targetId} (${entry.targetKey ?? ''}) is not in Procurify's list any more.`
    const next = `ml-connector link remove --stream suppliers ${key ?? id}`
    return {
      place: 'paired',
      findings: [makeFinding({ ...about, kind: 'missing', code: 'target_gone', message, next })],
    }
  }
  const wanted = wantedOf(supplier, sent, facts)
  const findings = listDifferences(wanted, sent, vendor, isUnderWay).map(({ change, isOurs }) => {
    const { field, from, to } = hide(change)
    const message = tellDifference({ field, plex: to, procurify: from }, isOurs)
    const code = isOurs ? 'change_not_delivered' : 'drift'
    const next = isOurs ? 'ml-connector sync suppliers --full' : 'ml-connector sync suppliers --repair-drift --dry-run'
    return makeFinding({ ...about, kind: 'drifted', code, field, plex: to, procurify: from, message, next })
  })
  if (!isUnderWay && textOf(vendor.external_id) === '') {
    const externalId = supplierExternalId(facts.pcn, id)
    const message = `The vendor has lost its external id; without it a new database would not know the pair.`
    findings.push(
      makeFinding({
        ...about,
        kind: 'drifted',
        code: 'external_id_lost',
        field: 'external_id',
        plex: externalId,
        message,
      }),
    )
  }
  return { place: 'paired', findings }
}

interface Difference {
  readonly change: Change
  /** The vendor still holds what we sent: it is Plex that changed since. */
  readonly isOurs: boolean
}

/**
 * Three values a field: what Plex has now, what was sent last, what the vendor holds. Lists of suppliers show neither
 * addresses nor e-mails, so of these the vendor is compared with what was sent.
 */
function listDifferences(
  wanted: VendorDraft | null,
  sent: VendorDraft | null,
  vendor: Vendor,
  isUnderWay: boolean,
): Difference[] {
  if (wanted === null) return []
  const edited = sent === null ? null : new Set(listDrift(vendor, sent).map(({ field }) => field))
  return listDrift(vendor, wanted).flatMap((change) => {
    // Of a pair made by a person nothing was sent: the first run writes what Plex has.
    const isOurs = edited === null ? isUnderWay : !edited.has(change.field)
    return isOurs && isUnderWay ? [] : [{ change, isOurs }]
  })
}

function wantedOf(
  supplier: Supplier | null,
  sent: VendorDraft | null,
  { inactiveStatuses }: SupplierFacts,
): VendorDraft | null {
  if (supplier === null) return sent
  const mapped = mapSupplier({ supplier, address: undefined, emails: undefined }, inactiveStatuses)
  if ('reasons' in mapped) return sent
  const { name: plain } = mapped.draft
  const { code, id } = supplier
  // A vendor that goes by a form of its name (with the code after it) is not renamed.
  const name = (sent === null ? null : keptForm(sent.name, { plain, code, id })) ?? plain
  return { ...sent, ...mapped.draft, name }
}

function tellDifference(
  {
    field,
    plex,
    procurify,
  }: { readonly field: string; readonly plex: string | null; readonly procurify: string | null },
  isOurs: boolean,
): string {
  const values = plex === HIDDEN ? '' : `: ${plex ?? 'nothing'} in Plex, ${procurify ?? 'nothing'} in Procurify`
  return isOurs
    ? `Plex has another ${field} since, and no run has carried it over${values}.`
    : `${field} differs${values}.`
}

/** Reports are forwarded: contact data stay where they are. */
function hide({ field, from, to }: Change): { field: string; from: string | null; to: string | null } {
  if (isContactField(field)) return { field, from: HIDDEN, to: HIDDEN }
  return { field, from: show(from), to: show(to) }
}

const HIDDEN = '(contact data are not copied here)'

function show(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// ------------------------------------------------------------------------------------------------- seen from Procurify

/** Pairs of the books whose supplier Plex does not show any more. A vendor that is inactive already is settled. */
export function judgeLostSupplier(pair: BookPair, vendor: Vendor | undefined): Finding[] {
  if (pair.isMoving || vendor === undefined || !vendor.active) return []
  const { sourceId: source_id, sourceKey: source_key, targetId: target_id } = pair
  const message = `Plex does not show supplier ${source_key ?? source_id} any more, and its vendor is active.`
  const target = { target_id, target_key: vendor.name, supplier: vendor.name }
  return [
    makeFinding({ stream: 'suppliers', kind: 'orphaned', code: 'gone', source_id, source_key, ...target, message }),
  ]
}

/** What the books say of vendors once every pair was seen. */
export interface VendorBooks {
  /** Source ids by vendor id. */
  readonly sourceOf: ReadonlyMap<string, string>
  /** Did Plex's list show the supplier? */
  readonly isInPlex: (supplierId: string) => boolean
}

/** Vendors that are ours and belong to nobody, and vendors that stand for the same supplier. */
export function judgeVendors(vendors: readonly Vendor[], { sourceOf, isInPlex }: VendorBooks, pcn: string): Finding[] {
  const prefix = supplierExternalId(pcn, '')
  const findings: Finding[] = []
  const owners = new Map([...sourceOf].map(([vendorId, sourceId]) => [sourceId, vendorId]))
  for (const [externalId, holders] of indexByExternalId(vendors)) {
    if (!externalId.startsWith(prefix)) continue
    const supplierId = externalId.slice(prefix.length)
    const owner = owners.get(supplierId)
    // The one in the books is right; without one, the oldest.
    const rightful = holders.find(({ id }) => id === owner) ?? holders[0]
    for (const vendor of holders) {
      if (sourceOf.has(vendor.id)) continue
      const about = {
        stream: 'suppliers',
        source_id: supplierId,
        target_id: vendor.id,
        target_key: vendor.name,
        supplier: vendor.name,
      } as const
      if (vendor !== rightful || owner !== undefined) {
        const other = owner ?? rightful?.id ?? ''
        const message = `Vendor ${vendor.id} carries the same external id as vendor ${other}: one supplier, two vendors.`
        findings.push(makeFinding({ ...about, kind: 'duplicate', code: 'vendor_twice', message }))
      } else if (!isInPlex(supplierId)) {
        const message = `The vendor carries our id of supplier ${supplierId}, which neither Plex nor the books know.`
        findings.push(makeFinding({ ...about, kind: 'orphaned', code: 'vendor_orphaned', message }))
      }
    }
  }
  return [...findings, ...listSharedNames(vendors, sourceOf, new Set(findings.map((one) => one.target_id)))]
}

/** Requisitions name vendors by text, so a name that two active vendors share leads to either of them. */
function listSharedNames(
  vendors: readonly Vendor[],
  sourceOf: ReadonlyMap<string, string>,
  told: ReadonlySet<string | null>,
): Finding[] {
  const active = vendors.filter((vendor) => vendor.active)
  return [...groupBy(active, ({ name }) => fold(name)).values()].flatMap((group) => {
    const linked = group.find(({ id }) => sourceOf.has(id))
    if (group.length < 2 || linked === undefined) return []
    return group
      .filter(({ id }) => id !== linked.id && !told.has(id))
      .map((vendor) => {
        const message = `Vendor ${vendor.id} has the same name as vendor ${linked.id}; requisitions name vendors by name.`
        const source_id = sourceOf.get(vendor.id) ?? null
        const about = { source_id, target_id: vendor.id, target_key: vendor.name, supplier: vendor.name }
        return makeFinding({ stream: 'suppliers', kind: 'duplicate', code: 'vendor_name_twice', ...about, message })
      })
  })
}
