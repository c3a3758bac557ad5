/** Vendors of Procurify: reading them all, looking for one of ours, writing one (contracts/procurify.md section 4). */
import type { Claim, Delivered, Found, LookUp } from '../domain/delivery.js'
import { Bug } from '../domain/errors.js'
import type { Result } from '../domain/failure.js'
import type { Json } from '../domain/record.js'
import type { Vendor as VendorRecord } from '../domain/supplier.js'
import { holdsPayload } from '../domain/vendor-draft.js'
import type { Http } from '../http.js'
import { encode } from '../http-text.js'
import type { Clock, Target } from '../ports.js'
import { dataOf, membersOf, readPage, readPages, unexpected } from './client.js'
import { makeScans } from './scans.js'
import { Vendor } from './schema.js'

const PATH = '/api/v3/vendors/'
/** The system's own vendor for free-text names: every tenant has it. */
const OTHER_TYPE = 1

/** The bare path lists every vendor, OTHER included. A row without an id is left out: it could not be linked anyway. */
export async function readVendors(http: Http, pageSize: number): Promise<Result<VendorRecord[]>> {
  const vendors: VendorRecord[] = []
  const read = await readPages(http, PATH, {}, pageSize, (rows) => void vendors.push(...rows.flatMap(toVendors)))
  return read.ok ? { ok: true, value: vendors } : read
}

function toVendors(row: Json): VendorRecord[] {
  const parsed = Vendor.safeParse(row)
  return parsed.success ? [parsed.data] : []
}

export interface VendorTargetOptions {
  readonly pageSize: number
  readonly clock: Clock
}

/**
 * Vendors are found again by `external_id`, compared here and exactly: how Procurify's filter compares is undocumented.
 */
export function makeVendorTarget(http: Http, { pageSize, clock }: VendorTargetOptions): Target {
  const scans = makeScans(() => readVendors(http, pageSize), { clock, recentMs: RECENT_MS })
  return {
    lookFirst: async (claim) => {
      const externalId = externalIdOf(claim)
      const page = await readPage(http, PATH, { external_id: externalId, page: '1', page_size: String(pageSize) })
      if (!page.ok) return page
      const isFiltered = !page.value.hasNext
      const vendors = isFiltered ? ok(page.value.rows.flatMap(toVendors)) : await scans.recent()
      return vendors.ok ? ok(lookAmong(vendors.value, claim, externalId, false)) : vendors
    },
    lookUp: async (claim, witnesses) => {
      const { targetId } = claim.wanted
      if (targetId !== null) return lookAt(http, claim, targetId)
      const vendors = await scans.fresh()
      if (!vendors.ok) return vendors
      return ok(lookAmong(vendors.value, claim, externalIdOf(claim), isProof(vendors.value, witnesses)))
    },
    send: async (claim, sendBefore) => {
      const sent = await send(http, claim, sendBefore)
      if (sent.ok) sent.value.written.forEach((vendor) => scans.add(vendor))
      scans.doubt()
      return sent.ok ? ok(sent.value.delivered) : sent
    },
  }
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

// ---------------------------------------------------------------------------------------------------- looking for ours

/**
 * Where the filter is ignored each creation would cost a scan; ours added, one of the last minutes does for a first
 * look.
 */
const RECENT_MS = 5 * 60_000

function externalIdOf({ wanted }: Claim): string {
  const value = membersOf(wanted.payload)['external_id']
  if (typeof value !== 'string' || value === '') throw new Bug('A vendor would be created without an external id.')
  return value
}

/**
 * A list proves an absence when it shows something we know exists: a vendor we linked, else, when none was ever linked,
 * the system's own OTHER vendor.
 */
function isProof(vendors: readonly VendorRecord[], witnesses: readonly string[]): boolean {
  const known = new Set(witnesses)
  return vendors.some(({ id, type }) => (known.size === 0 ? type === OTHER_TYPE : known.has(id)))
}

function lookAmong(vendors: readonly VendorRecord[], claim: Claim, externalId: string, complete: boolean): LookUp {
  const ours = vendors.filter((vendor) => vendor.external_id === externalId)
  const [vendor] = ours
  if (vendor === undefined) return { kind: 'absent', complete }
  const ids = [...new Set(ours.map(({ id }) => id))]
  if (ids.length === 1) return { kind: 'found', found: toFound(claim, vendor) }
  const message = `Several vendors of Procurify carry the external id ${externalId}: ${ids.join(', ')}.`
  return { kind: 'found', found: { ...toFound(claim, vendor), refuse: { code: 'vendor_ambiguous', message } } }
}

/** A change in doubt: the vendor itself says whether it holds what was sent. */
async function lookAt(http: Http, claim: Claim, targetId: string): Promise<Result<LookUp>> {
  const vendor = await readVendor(http, targetId)
  if (!vendor.ok) return vendor
  if (vendor.value === null) return ok({ kind: 'absent', complete: true })
  return ok({ kind: 'found', found: toFound(claim, vendor.value) })
}

/** One vendor by its id; null = there is none. */
export async function readVendor(http: Http, id: string): Promise<Result<VendorRecord | null>> {
  const answer = await http.get(pathOf(id))
  if (!answer.ok) return answer.code === 'not_found' ? ok(null) : answer
  const [vendor] = toVendors(dataOf(answer.value.value))
  return vendor === undefined ? unexpected(answer.value, 'a vendor') : ok(vendor)
}

function toFound({ wanted }: Claim, vendor: VendorRecord): Found {
  const http = {
    method: wanted.targetId === null ? 'POST' : 'PATCH',
    path: pathOf(wanted.targetId),
    status: null,
    request_id: null,
  }
  return {
    targetId: vendor.id,
    targetKey: vendor.name,
    matches: holdsPayload(vendor, wanted.payload),
    http,
    refuse: null,
  }
}

// ------------------------------------------------------------------------------------------------------------- writing

function pathOf(targetId: string | null): string {
  return targetId === null ? PATH : `${PATH}${encode(targetId)}/`
}

interface Sent {
  readonly delivered: Delivered
  /** The vendor as the answer shows it, where it does. */
  readonly written: readonly VendorRecord[]
}

/** POST of everything, or PATCH of what changed. The name in the answer is the one requisitions must use. */
async function send(http: Http, { wanted }: Claim, sendBefore: number): Promise<Result<Sent>> {
  const { targetId, payload } = wanted
  if (payload === null) throw new Bug('There is nothing to send.')
  const answer = await http.write(targetId === null ? 'POST' : 'PATCH', pathOf(targetId), payload, { sendBefore })
  if (!answer.ok) return answer
  const written = toVendors(dataOf(answer.value.value))
  const [vendor] = written
  const id = targetId ?? vendor?.id
  // The write took effect, but what it made is not known: that is for a look-up to find out.
  if (id === undefined) return { ...unexpected(answer.value, 'a vendor'), kind: 'unknown' }
  const targetKey = vendor === undefined || vendor.name === '' ? wanted.targetKey : vendor.name
  return ok({ delivered: { targetId: id, targetKey, http: answer.value.http }, written })
}
