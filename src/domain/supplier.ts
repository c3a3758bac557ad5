/** What Plex told us of a supplier, and what Procurify should hold as its vendor. Types only. */
import type { Link } from './record.js'

/** A supplier of Plex as our schema keeps it: other members are not looked at. Dates are Plex's own text. */
export interface Supplier {
  readonly id: string
  readonly code: string | null
  readonly oldCode: string | null
  readonly name: string | null
  readonly status: string | null
  readonly type: string | null
  readonly webAddress: string | null
  readonly note: string | null
  readonly createdDate: string | null
  readonly modifiedDate: string | null
}

/** One of a supplier's addresses; `address` is the street block and may have several lines. */
export interface SupplierAddress {
  readonly id: string
  readonly code: string | null
  readonly address: string | null
  readonly city: string | null
  readonly zip: string | null
  readonly state: string | null
  readonly country: string | null
  readonly main: boolean
  readonly remit: boolean
  readonly phone: string | null
  readonly fax: string | null
  readonly email: string | null
}

/**
 * A supplier with the one address that stands for it and its e-mail addresses. `undefined` = could not be read or was not asked
 * for: then nothing is decided about those fields. `null` = there is none.
 */
export interface SupplierDetail {
  readonly supplier: Supplier
  readonly address: SupplierAddress | null | undefined
  readonly emails: readonly string[] | undefined
}

/** A vendor as Procurify shows it; member names are Procurify's (contracts/procurify.md section 4). */
export interface Vendor {
  readonly id: string
  readonly name: string
  readonly active: boolean
  readonly type: number
  readonly external_id: string | null
  readonly url: string | null
  readonly comments: string | null
  readonly email: readonly string[]
  readonly addressLineOne: string | null
  readonly addressLineTwo: string | null
  readonly postalCode: string | null
  readonly city: string | null
  readonly state_province: string | null
  readonly country: string | null
  readonly phoneOne: string | null
  readonly fax: string | null
  readonly is_auto_email_po_enabled: boolean
}

/** What a vendor should hold: the mapped fields only. A member that is absent is not decided. */
export type VendorDraft = {
  readonly name: string
  readonly url: string | null
  readonly comments: string | null
  readonly active: boolean
  readonly email?: readonly string[]
  readonly addressLineOne?: string | null
  readonly addressLineTwo?: string | null
  readonly postalCode?: string | null
  readonly city?: string | null
  readonly state_province?: string | null
  readonly country?: string | null
  readonly phoneOne?: string | null
  readonly fax?: string | null
}

/** What planning must know of Procurify and of our own books, read once a pass and only when a record needs it. */
export interface VendorSurvey {
  /** Every vendor the list shows, inactive and OTHER ones included. */
  readonly vendors: readonly Vendor[]
  /** By vendor id: the links that hold a vendor already. */
  readonly linkedTargets: ReadonlyMap<string, Link>
  /** By supplier id: the names that open intents, not delivered yet, are about to take. */
  readonly reserved: ReadonlyMap<string, string>
}
