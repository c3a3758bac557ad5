/** Supplier of Plex -> vendor as Procurify should hold it. What does not fit is cut or left out, and said. */
import type { Rejection } from './record.js'
import type { SupplierAddress, SupplierDetail, VendorDraft } from './supplier.js'
import { cleanLine, cleanLines, countPoints, cut, fold } from './text.js'

/** Most characters Procurify takes (contracts/procurify.md section 4, Vendor in procurify.openapi.yaml). */
export const NAME_MAX = 150
const URL_MAX = 200
const STREET_MAX = 300
const CITY_MAX = 50
const STATE_MAX = 40
const COUNTRY_MAX = 80
/** Postal code, phone and fax. */
const SHORT_MAX = 20
const EMAIL_MAX = 254

export interface MappedSupplier {
  /** `name` is the plain name: whether it needs a suffix depends on the other vendors. */
  readonly draft: VendorDraft
  /** What was cut or left out, without repeating contact data: remarks end up in audit rows. */
  readonly remarks: readonly string[]
}

/** The id of ours in the vendor's `external_id`. Ids repeat across PCNs, hence the prefix. */
export function supplierExternalId(pcn: string, supplierId: string): string {
  return `plex:${pcn}:${supplierId}`
}

/** Maps what was read; members that could not be read stay absent. Every reason against it comes in one Rejection. */
export function mapSupplier(detail: SupplierDetail, inactiveStatuses: readonly string[]): MappedSupplier | Rejection {
  const { supplier } = detail
  const remarks: string[] = []
  const name = cutTo('name', cleanLine(supplier.name ?? ''), NAME_MAX, remarks)
  if (name === null) {
    const reasons = [`Supplier ${supplier.code ?? supplier.id} has no name in Plex.`]
    return { code: 'name_missing', reasons }
  }
  const draft = {
    name,
    active: !isOneOf(supplier.status, inactiveStatuses),
    url: dropLong('url', orNull(cleanLine(supplier.webAddress ?? '')), URL_MAX, remarks),
    comments: orNull(cleanLines(supplier.note ?? '').join('\n')),
    ...(detail.emails === undefined ? {} : { email: pickEmails(detail.emails, remarks) }),
    ...(detail.address === undefined ? {} : mapAddress(detail.address, remarks)),
  }
  return { draft, remarks }
}

/** Names of a customer's own lists (status, type) compare without case and spare white space. */
export function isOneOf(value: string | null, names: readonly string[]): boolean {
  return value !== null && names.some((name) => fold(name) === fold(value))
}

function mapAddress(address: SupplierAddress | null, remarks: string[]) {
  const [street = '', ...more] = cleanLines(address?.address ?? '').filter((line) => line !== '')
  const line = (text: string | null | undefined): string => cleanLine(text ?? '')
  return {
    addressLineOne: cutTo('addressLineOne', street, STREET_MAX, remarks),
    addressLineTwo: cutTo('addressLineTwo', more.join(', '), STREET_MAX, remarks),
    postalCode: squeeze('postalCode', line(address?.zip), remarks),
    city: cutTo('city', line(address?.city), CITY_MAX, remarks),
    state_province: cutTo('state_province', line(address?.state), STATE_MAX, remarks),
    country: cutTo('country', line(address?.country), COUNTRY_MAX, remarks),
    phoneOne: squeeze('phoneOne', line(address?.phone), remarks),
    fax: squeeze('fax', line(address?.fax), remarks),
  }
}

/** Something@domain.tld, no spaces or brackets: what a mail server would not refuse unseen. */
const EMAIL = /^[^\s@<>()[\]"\\]+@[^\s@.<>()[\]"\\]+(?:\.[^\s@.<>()[\]"\\]+)+$/

/** Plausible addresses, each once, sorted: the order they were read in means nothing. One entry may hold several. */
function pickEmails(entries: readonly string[], remarks: string[]): string[] {
  const picked = new Map<string, string>()
  let dropped = 0
  for (const entry of entries.flatMap((text) => text.split(/[;,]/)).map(cleanLine)) {
    if (entry === '') continue
    const key = entry.toLowerCase()
    if (!EMAIL.test(entry) || entry.length > EMAIL_MAX) dropped += 1
    // Of two spellings always the same one (the one in small letters) is kept: the order must not show here either.
    else if (entry > (picked.get(key) ?? '')) picked.set(key, entry)
  }
  if (dropped > 0) remarks.push(`email: ${dropped} left out that cannot be addresses`)
  return [...picked].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, address]) => address)
}

function cutTo(field: string, text: string, max: number, remarks: string[]): string | null {
  const short = cut(text, max)
  if (short !== text) remarks.push(`${field} cut to ${max} characters`)
  return orNull(short)
}

/** Half a number is a wrong number: too long even without white space, it is left out. */
function squeeze(field: string, text: string, remarks: string[]): string | null {
  const isLong = countPoints(text) > SHORT_MAX
  return dropLong(field, orNull(isLong ? text.replace(/\s/g, '') : text), SHORT_MAX, remarks)
}

function dropLong(field: string, text: string | null, max: number, remarks: string[]): string | null {
  if (text === null || countPoints(text) <= max) return text
  remarks.push(`${field} left out: longer than ${max} characters`)
  return null
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
