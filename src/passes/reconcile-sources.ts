/** What a comparison of both sides reads, as types only: the two systems, and our own books. */
import type { Result } from '../domain/failure.js'
import type { Bill } from '../domain/invoice.js'
import type { ExistingRequisition, OrderStatus } from '../domain/order.js'
import type { StreamName } from '../domain/record.js'
import type { BookEntry, BookPair, OpenChange } from '../domain/reconcile.js'
import type { Vendor } from '../domain/supplier.js'
import type { Source } from '../ports.js'

/** Both sides as `reconcile` reads them. Nothing here writes. */
export interface ReconcileSystems {
  readonly suppliers: Pick<Source<unknown>, 'canSlice' | 'list'>
  vendors(): Promise<Result<readonly Vendor[]>>
  /** Null = orders are not sent yet (PO_START_DATE is not set). */
  readonly orders: Pick<Source<unknown>, 'canSlice' | 'list'> | null
  /** Asked of orders that are paired and missing from the list. */
  orderExists(id: string): Promise<Result<boolean>>
  orderStatuses(): Promise<Result<readonly OrderStatus[]>>
  /** Requisitions that carry a key of ours, created on this day or later. */
  requisitions(since: string): Promise<Result<readonly ExistingRequisition[]>>
  readonly invoices: Pick<Source<unknown>, 'canSlice' | 'list'>
  /** Days of the invoice date, both ends included; null = open. */
  bills(
    days: { readonly from: string | null; readonly to: string | null },
    onPage: (bills: readonly Bill[], unreadable: number) => void,
  ): Promise<Result<{ readonly rows: number }>>
}

/** Our own books as `reconcile` reads them: in batches and pages, never whole. */
export interface ReconcileBooks {
  /** By the clock of the database. */
  now(): Promise<string>
  /** By record id; the entries of a record are its own and those of its parts. */
  entries(stream: StreamName, sourceIds: readonly string[], startedAt: string): Promise<Map<string, BookEntry[]>>
  pairs(stream: StreamName, startedAt: string, onPage: (pairs: readonly BookPair[]) => void): Promise<void>
  open(stream: StreamName): Promise<OpenChange[]>
}
