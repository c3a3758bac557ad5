/**
 * What Plex told us of a purchase order, and what planning must know of both systems. Types only. Numbers are decimal text as
 * Plex wrote it, dates its own text, ids any text; any member may be missing (plex.md section 12), which is null here.
 */
import type { Link } from './record.js'

/** Header of a purchase order. Names (status, type, department, building) are the customer's own words. */
export interface Order {
  readonly id: string
  readonly poNumber: string | null
  readonly currencyCode: string | null
  readonly status: string | null
  /** `active` and `receive` are copied from the status by Plex. */
  readonly active: boolean | null
  readonly receive: boolean | null
  readonly type: string | null
  readonly supplierId: string | null
  readonly poDate: string | null
  readonly dueDate: string | null
  readonly lineItemCount: string | null
  readonly lineItemTotal: string | null
  readonly building: string | null
  readonly department: string | null
  readonly blanketOrder: boolean | null
  readonly createdDate: string | null
  readonly modifiedDate: string | null
  /** Flags of its status, where Plex sends them along (data sources do; the REST API has a list of statuses). */
  readonly cancelled?: boolean | undefined
  readonly received?: boolean | undefined
  readonly onOrder?: boolean | undefined
}

/** A line. It has no quantity of its own; `itemNumber` and `partNumber` are null unless they were looked up. */
export interface OrderLine {
  readonly id: string
  readonly lineItemNumber: string | null
  readonly unit: string | null
  readonly orderUnit: string | null
  readonly description: string | null
  readonly unitPrice: string | null
  readonly accountId: string | null
  readonly itemNumber: string | null
  readonly partNumber: string | null
  readonly manufacturerPartNumber: string | null
  readonly supplierPartNumber: string | null
  readonly note: string | null
  readonly building: string | null
  readonly department: string | null
  readonly blanketQuantity: string | null
  readonly createdDate: string | null
  readonly modifiedDate: string | null
}

/** A scheduled delivery of one line: where ordered quantity and due date live. */
export interface Release {
  readonly id: string
  readonly poLineItemId: string | null
  readonly status: string | null
  readonly quantity: string | null
  readonly dueDate: string | null
  readonly partNumber: string | null
  readonly supplierCode: string | null
  readonly createdDate: string | null
  readonly modifiedDate: string | null
  /** Flags of its status, as for an order. */
  readonly cancelled?: boolean | undefined
  readonly received?: boolean | undefined
}

export interface OrderDetail {
  readonly order: Order
  readonly lines: readonly OrderLine[]
  /** Of every line, whatever their status. */
  readonly releases: readonly Release[]
}

/** Flags decide, never the name; they may contradict each other: cancelled, then received, then onOrder. */
export interface OrderStatus {
  readonly name: string
  readonly cancelled: boolean
  readonly received: boolean
  readonly onOrder: boolean
}

export interface ReleaseStatus {
  readonly name: string
  readonly cancelled: boolean
  readonly received: boolean
}

/** A vendor that a supplier is linked to. */
export interface LinkedVendor {
  readonly id: string
  /** The name Procurify last confirmed: requisitions name vendors by text. */
  readonly name: string
  readonly active: boolean
  /** Only 3 is offered on requests (procurify.md section 4). */
  readonly type: string
  readonly autoEmail: boolean
}

/** A department of Procurify. Names repeat across locations, so the pair is meant. */
export interface AlignedDepartment {
  readonly id: string
  readonly name: string
  readonly locationId: string
  /** What Plex calls it, by alignment; empty = aligned to nothing. */
  readonly plexNames: readonly string[]
  /** REFDATA_MAP gives it a location of its own: it is meant by its name whatever building Plex names with it. */
  readonly isEverywhere: boolean
}

export interface AlignedLocation {
  readonly id: string
  readonly name: string
  /** Code and name of the Plex buildings aligned to it; empty = aligned to nothing. */
  readonly plexNames: readonly string[]
}

/** A requisition in Procurify whose item names carry a key of ours. */
export interface ExistingRequisition {
  readonly key: string
  /** The uuid, normalised (requisition.ts). */
  readonly id: string
  readonly orderNum: string | null
  /** Order status, 0..6 as text. */
  readonly status: string | null
  readonly items: readonly ExistingItem[]
}

/** An order item of it: all of them, with or without a key. */
export interface ExistingItem {
  readonly name: string
  readonly vendorId: string | null
  readonly quantity: string | null
  readonly price: string | null
}

/** Everything planning orders must know beyond the orders themselves. Ids of Procurify are text. */
export interface OrderKnown {
  readonly statuses: readonly OrderStatus[]
  readonly releaseStatuses: readonly ReleaseStatus[]
  /** By Plex supplier id. `vendor` null, or no entry = not linked. */
  readonly suppliers: ReadonlyMap<string, { readonly code: string | null; readonly vendor: LinkedVendor | null }>
  /** By Plex supplier id: looked at in this very run and left out of the sync; the code says why. */
  readonly leftOut: ReadonlyMap<string, string>
  /** By Plex account id. `code` null, or no entry = not aligned. */
  readonly accounts: ReadonlyMap<string, { readonly number: string; readonly code: string | null }>
  /** `code|department id` of every active account. */
  readonly accountPairs: ReadonlySet<string>
  /** Every active one, aligned or not: a default may name one that Plex does not know. */
  readonly departments: readonly AlignedDepartment[]
  readonly locations: readonly AlignedLocation[]
  /** Names of the active currencies. */
  readonly currencies: ReadonlySet<string>
  /** Is there an active custom field of the configured name? */
  readonly customFieldExists: boolean
  /** The index of our own order items. It may be left empty for a first try: a plan without creations did not need it. */
  readonly existing: readonly ExistingRequisition[]
  /** By requisition id: the records that hold one already. */
  readonly linkedTargets: ReadonlyMap<string, Pick<Link, 'sourceId'>>
  /**
   * The daily ration. `used` = requisitions created today and creations decided but not delivered yet (of earlier parts of this
   * pass too); `held` = the source ids of the latter: planned again, they take nothing more.
   */
  readonly ration: { readonly used: number; readonly held: ReadonlySet<string> }
  /** Epoch milliseconds by the clock that dates Plex records. */
  readonly nowMs: number
}
