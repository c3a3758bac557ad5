/** What matching invoices needs of our own books, as a type only: the part of ports.ts that no other stream has. */
import type { BillState, InvoiceState } from './domain/invoice-state.js'
import type { Finding } from './domain/match-invoice.js'

/** Bills as Procurify last listed them and invoices as they were last judged. Keys are those of `matchKey`. */
export interface InvoiceBooks {
  /** Vendor ids by supplier id, by code for suppliers that come without an id. */
  vendorsOf(
    suppliers: readonly { readonly id: string | null; readonly code: string | null }[],
  ): Promise<ReadonlyMap<string, string>>
  invoicesOf(keys: readonly string[]): Promise<readonly { readonly id: string; readonly state: InvoiceState }[]>
  billsOf(keys: readonly string[]): Promise<readonly { readonly id: string; readonly state: BillState }[]>
  /** By bill: invoices it concerns as it is now, or concerned as it was known before. */
  ownersOf(
    bills: readonly { readonly id: string; readonly matchKey: string | null }[],
  ): Promise<ReadonlyMap<string, readonly string[]>>
  /** Known bills changed since an instant that are not among those seen. */
  unseenBills(
    seen: readonly string[],
    since: string,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly state: BillState }[]>
  /** Known bills changed last. */
  newestBills(limit: number): Promise<readonly { readonly id: string; readonly state: BillState }[]>
  /** Invoices judged with another vendor than their supplier has now, or under other settings. */
  stale(scope: string): Promise<readonly string[]>
  countFindings(): Promise<ReadonlyMap<Finding, number>>
  /** Notes invoices to be planned again, also while a plan of them is under way. */
  noteAgain(ids: readonly string[]): Promise<void>
}
