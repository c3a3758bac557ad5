/** Small records for the tests of the suppliers stream; whatever a test does not name is unremarkable. */
import type { Decision, Detail, Planned, Wanted } from '../../src/domain/decision.js'
import { planSuppliers, type PlanSuppliersOptions } from '../../src/domain/plan-suppliers.js'
import type { Link } from '../../src/domain/record.js'
import type { Supplier, SupplierAddress, SupplierDetail, Vendor, VendorSurvey } from '../../src/domain/supplier.js'

export const OPTIONS: PlanSuppliersOptions = {
  pcn: '123',
  skipTypes: ['Carrier'],
  inactiveStatuses: ['Inactive'],
  knownIds: 'none',
  repairDrift: false,
}

export const NO_ADDRESS = { address: null, emails: [] } as const

export function aSupplier(over: Partial<Supplier> = {}): Supplier {
  return {
    ...{
      id: '5a000001-0000-4000-8000-000000000001',
      code: 'ACME',
      oldCode: null,
      name: 'Acme Steel',
      status: 'Active',
    },
    ...{
      type: 'Raw Material',
      webAddress: null,
      note: null,
      createdDate: '2021-02-03T14:05:06.123Z',
      modifiedDate: null,
    },
    ...over,
  }
}

export function anAddress(over: Partial<SupplierAddress> = {}): SupplierAddress {
  return {
    ...{ id: 'a1', code: 'MAIN', address: '1 Mill Road', city: 'Troy', zip: '48083', state: 'MI', country: 'USA' },
    ...{ main: true, remit: false, phone: '555-0100', fax: null, email: null },
    ...over,
  }
}

/** A supplier read in detail, with no address and no e-mails unless given. */
export function aDetail(over: Partial<Supplier> = {}, rest: Partial<SupplierDetail> = {}): Detail<SupplierDetail> {
  const supplier = aSupplier(over)
  const note = {
    ...{ sourceId: supplier.id, sourceKey: supplier.code, hash: 'h1', record: null, rejection: null },
    ...{ firstLoad: false, revision: 1 },
  }
  return { kind: 'record', note, record: { supplier, ...NO_ADDRESS, ...rest }, hash: 'h2' }
}

export function aVendor(over: Partial<Vendor> = {}): Vendor {
  return {
    ...{ id: '7', name: 'Acme Steel', active: true, type: 3, external_id: null, url: null, comments: null, email: [] },
    ...{
      addressLineOne: null,
      addressLineTwo: null,
      postalCode: null,
      city: null,
      state_province: null,
      country: null,
    },
    ...{ phoneOne: null, fax: null, is_auto_email_po_enabled: false },
    ...over,
  }
}

export function aLink(over: Partial<Link> = {}): Link {
  const { id: sourceId, code: sourceKey } = aSupplier()
  return {
    ...{ sourceId, sourceKey, sourceHash: 'h0', targetId: '7', targetKey: 'Acme Steel', wantedHash: null },
    ...{ sent: DRAFT, detail: null, skipCode: null, version: 1 },
    ...over,
  }
}

/** What `aDetail()` comes to. */
export const DRAFT = {
  ...{
    name: 'Acme Steel',
    active: true,
    url: null,
    comments: null,
    email: [],
    addressLineOne: null,
    addressLineTwo: null,
  },
  ...{ postalCode: null, city: null, state_province: null, country: null, phoneOne: null, fax: null },
}

export function aSurvey(
  vendors: readonly Vendor[] = [],
  links: readonly Link[] = [],
  reserved: Record<string, string> = {},
): VendorSurvey {
  const linkedTargets = new Map(
    links.flatMap((link) => (link.targetId === null ? [] : [[link.targetId, link] as const])),
  )
  return { vendors, linkedTargets, reserved: new Map(Object.entries(reserved)) }
}

export function linksOf(...links: readonly Link[]): Map<string, Link> {
  return new Map(links.map((link) => [link.sourceId, link]))
}

/** Plans a batch against vendors and links; answers the decisions by supplier id. */
export function plan(
  details: readonly Detail<SupplierDetail>[],
  world: { vendors?: readonly Vendor[]; links?: readonly Link[]; reserved?: Record<string, string> } = {},
  options: Partial<PlanSuppliersOptions> = {},
): Map<string, Decision> {
  const { vendors = [], links = [], reserved = {} } = world
  const survey = aSurvey(vendors, links, reserved)
  const planned = planSuppliers(details, linksOf(...links), survey, { ...OPTIONS, ...options })
  return new Map(planned.map(({ sourceId, decision }) => [sourceId, decision]))
}

/** The only decision of a batch of one. */
export function planOne(...args: Parameters<typeof plan>): Decision {
  const [decision, ...others] = plan(...args).values()
  if (decision === undefined || others.length > 0) throw new Error(`Expected one decision, got ${others.length + 1}.`)
  return decision
}

/** What a decision sends; fails the test when it sends nothing. */
export function wantedOf(decision: Decision | undefined): Wanted {
  if (decision?.kind !== 'send') throw new Error(`Expected a decision to send, got ${JSON.stringify(decision)}.`)
  return decision.wanted
}

/** A world of vendors and links in which plans take effect at once, as an obedient Procurify would have it. */
export interface World {
  readonly vendors: readonly Vendor[]
  readonly links: readonly Link[]
}

export function applyPlan({ vendors, links }: World, planned: readonly Planned[]): World {
  const after = new Map(vendors.map((vendor) => [vendor.id, vendor]))
  const linked = new Map(links.map((link) => [link.sourceId, link]))
  for (const { sourceId, sourceKey, sourceHash, decision } of planned) {
    if (decision.kind !== 'send') continue
    const { targetId, payload, draft, wantedHash } = decision.wanted
    const id = targetId ?? `${1000 + after.size}`
    const vendor = { ...(after.get(id) ?? aVendor({ id })), ...(payload as Partial<Vendor> | null) }
    after.set(id, vendor)
    const version = (linked.get(sourceId)?.version ?? 0) + 1
    const keys = { sourceId, sourceKey, sourceHash, targetId: id, targetKey: vendor.name }
    linked.set(sourceId, { ...keys, wantedHash, sent: draft, detail: null, skipCode: null, version })
  }
  return { vendors: [...after.values()], links: [...linked.values()] }
}
