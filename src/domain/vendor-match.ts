/**
 * Which vendor is a supplier's that no link knows yet (spec section 4, Suppliers -> vendors): by our external id, by the
 * bare code if so set, by name. Whatever is not certain is parked: a wrong pair costs more than a question.
 */
import type { ProblemCode } from './problems.js'
import type { Link } from './record.js'
import { supplierExternalId } from './map-supplier.js'
import type { Vendor, VendorSurvey } from './supplier.js'
import { fold, similarityKey } from './text.js'
import { readDraft } from './vendor-draft.js'
import { indexLinked, indexReserved } from './vendor-books.js'
import { groupBy, indexVendors, sortById, textOf, type VendorIndex } from './vendor-index.js'
import { keptForm, type Named } from './vendor-name.js'

export type Match =
  | { readonly kind: 'none' }
  /** Carries our external id: made by us before, whoever lost the link. */
  | { readonly kind: 'own'; readonly vendor: Vendor }
  | { readonly kind: 'adopt'; readonly vendor: Vendor; readonly remark: string | null }
  | { readonly kind: 'park'; readonly code: ProblemCode; readonly message: string }

export interface MatchOptions {
  readonly pcn: string
  readonly knownIds: 'none' | 'code'
}

/**
 * Matches unlinked active suppliers, all of a batch at once: two that want one vendor must both wait for a person. The
 * result does not depend on their order. `peers` = every active supplier of the batch, linked ones and seekers included.
 */
export function matchVendors(
  seekers: readonly Named[],
  peers: readonly Named[],
  survey: VendorSurvey,
  options: MatchOptions,
): Map<string, Match> {
  const books = openBooks(peers, survey, options)
  const matches = new Map(seekers.map((seeker) => [seeker.id, byId(seeker, books) ?? byName(seeker, books)]))
  parkRivals(seekers, matches)
  const adopted = new Set([...matches.values()].flatMap((match) => (match.kind === 'adopt' ? [match.vendor.id] : [])))
  for (const seeker of seekers) {
    if (matches.get(seeker.id)?.kind !== 'none') continue
    const similar = parkSimilar(seeker, books, adopted)
    if (similar !== null) matches.set(seeker.id, similar)
  }
  return matches
}

/** The survey, indexed for the questions below. */
interface Books {
  readonly options: MatchOptions
  readonly prefix: string
  readonly linkedTargets: ReadonlyMap<string, Link>
  readonly linkBySource: ReadonlyMap<string, Link>
  readonly peerById: ReadonlyMap<string, Named>
  readonly peerByCode: ReadonlyMap<string, Named>
  readonly index: VendorIndex
  /** Folded name -> the supplier whose undelivered intent is about to take it. */
  readonly reservedBy: ReadonlyMap<string, string>
}

function openBooks(peers: readonly Named[], survey: VendorSurvey, options: MatchOptions): Books {
  const { vendors, linkedTargets, reserved } = survey
  return {
    options,
    prefix: supplierExternalId(options.pcn, ''),
    linkedTargets,
    linkBySource: indexLinked(linkedTargets).bySource,
    peerById: new Map(peers.map((peer) => [peer.id, peer])),
    peerByCode: new Map(sortById(peers).map((peer) => [textOf(peer.code), peer])),
    index: indexVendors(vendors),
    reservedBy: indexReserved(reserved).by,
  }
}

/** By our external id, then by the bare code where the settings say that such ids are ours. */
function byId(seeker: Named, books: Books): Match | null {
  const externalId = books.prefix + seeker.id
  const own = books.index.byExternalId.get(externalId) ?? []
  if (own.length > 0) return onlyOne(own, externalId, seeker, books, (vendor) => ({ kind: 'own', vendor }))
  const code = textOf(seeker.code)
  if (books.options.knownIds !== 'code' || code === '') return null
  const known = books.index.byExternalId.get(code) ?? []
  if (known.length === 0) return null
  return onlyOne(known, code, seeker, books, (vendor) => ({ kind: 'adopt', vendor, remark: null }))
}

function onlyOne(
  found: readonly Vendor[],
  externalId: string,
  seeker: Named,
  { linkedTargets }: Books,
  take: (vendor: Vendor) => Match,
): Match {
  const [vendor, ...others] = found
  if (vendor === undefined || others.length > 0) {
    return park('vendor_ambiguous', `Vendors ${listIds(found)} all carry the external id ${externalId}.`)
  }
  const link = linkedTargets.get(vendor.id)
  return link === undefined || link.sourceId === seeker.id
    ? take(vendor)
    : parkRelink(vendor, link.sourceKey ?? link.sourceId)
}

/** By equal folded name among active vendors. */
function byName(seeker: Named, books: Books): Match {
  const called = books.index.byFoldedName.get(fold(seeker.plain)) ?? []
  const held = called.flatMap((vendor) => {
    const holder = holderOf(vendor, seeker, books)
    return holder === null ? [] : [{ vendor, holder }]
  })
  const unheld = called.filter((vendor) => !held.some((one) => one.vendor === vendor))
  const free = unheld.filter(({ external_id }) => textOf(external_id) === '')
  const [vendor, ...others] = free
  if (others.length > 0) {
    return park(
      'vendor_ambiguous',
      `Vendors ${listIds(free)} are all called "${seeker.plain}"; nothing says which one it is.`,
    )
  }
  if (vendor !== undefined) {
    const namesakes = called.filter((one) => one !== vendor)
    const remark = namesakes.length === 0 ? null : `vendor ${listIds(namesakes)} has the same name`
    return { kind: 'adopt', vendor, remark }
  }
  const [foreign] = unheld
  if (foreign !== undefined) {
    const message = `It matches ${describe(foreign)}, but that carries the external id ${textOf(foreign.external_id)} of another system.`
    return park('vendor_foreign_id', message)
  }
  // Whoever of ours has the name must have it by right; else the pair itself is in question.
  const doubtful = held.find(({ holder }) => !goesByName(holder, seeker.plain, books))
  return doubtful === undefined ? { kind: 'none' } : parkRelink(doubtful.vendor, nameOfSupplier(doubtful.holder, books))
}

/** The other supplier that a vendor belongs to, as far as links, our external id or an undelivered intent say. */
function holderOf(vendor: Vendor, seeker: Named, books: Books): string | null {
  const link = books.linkedTargets.get(vendor.id)
  if (link !== undefined) return link.sourceId
  const externalId = textOf(vendor.external_id)
  if (externalId.startsWith(books.prefix)) return externalId.slice(books.prefix.length)
  const isCode = books.options.knownIds === 'code' && externalId !== ''
  const byCode = isCode ? books.peerByCode.get(externalId) : undefined
  if (byCode !== undefined && byCode.id !== seeker.id) return byCode.id
  const reserver = externalId === '' ? books.reservedBy.get(fold(vendor.name)) : undefined
  return reserver === undefined || reserver === seeker.id ? null : reserver
}

/** Is that supplier, as an active one, called the same in Plex? Then the two only collide. */
function goesByName(supplierId: string, plain: string, books: Books): boolean {
  if (books.reservedBy.get(fold(plain)) === supplierId) return true
  const peer = books.peerById.get(supplierId)
  if (peer !== undefined && fold(peer.plain) === fold(plain)) return true
  const link = books.linkBySource.get(supplierId)
  if (link === undefined) return false
  const sent = readDraft(link.sent)
  const name = sent?.name ?? link.targetKey
  if (name === null || sent?.active === false) return false
  return keptForm(name, { plain, code: link.sourceKey, id: link.sourceId }) !== null
}

/** Several suppliers of the batch may not adopt one vendor; nobody can say from here whose it is. */
function parkRivals(seekers: readonly Named[], matches: Map<string, Match>): void {
  const wanting = groupBy(seekers, ({ id }) => {
    const match = matches.get(id)
    return match?.kind === 'adopt' ? match.vendor.id : ''
  })
  for (const [vendorId, rivals] of wanting) {
    if (vendorId === '' || rivals.length < 2) continue
    const names = rivals.map(({ code, id }) => code ?? id).sort()
    const message = `Suppliers ${names.join(', ')} all match vendor ${vendorId}; only one of them can be it.`
    rivals.forEach(({ id }) => matches.set(id, park('vendor_ambiguous', message)))
  }
}

/** Nearly the same name as a vendor that is nobody's yet: probably the same company, typed by hand. */
function parkSimilar(seeker: Named, books: Books, adopted: ReadonlySet<string>): Match | null {
  const alike = books.index.bySimilarity.get(similarityKey(seeker.plain)) ?? []
  const similar = alike.filter((vendor) => holderOf(vendor, seeker, books) === null && !adopted.has(vendor.id))
  if (similar.length === 0) return null
  const names = similar.map(describe).join(', ')
  return park('vendor_similar', `"${seeker.plain}" may be the same company as ${names}.`)
}

function parkRelink(vendor: Vendor, holder: string): Match {
  return park('vendor_relink', `It matches ${describe(vendor)}, but that belongs to supplier ${holder}.`)
}

function park(code: ProblemCode, message: string): Match {
  return { kind: 'park', code, message }
}

function nameOfSupplier(supplierId: string, { linkBySource, peerById }: Books): string {
  return linkBySource.get(supplierId)?.sourceKey ?? peerById.get(supplierId)?.code ?? supplierId
}

function describe({ id, name }: Vendor): string {
  return `vendor ${id} "${name}"`
}

function listIds(vendors: readonly Vendor[]): string {
  return vendors.map(({ id }) => id).join(', ')
}
