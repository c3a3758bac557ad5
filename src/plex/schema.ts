/**
 * What we read of Plex's records, and nothing more. Nothing is marked required there: a member may be absent, null, empty or an
 * all-zero UUID, and each of these means "no value" (contracts/plex.md section 12).
 */
import { z } from 'zod'
import type * as Invoices from '../domain/invoice.js'
import type * as Orders from '../domain/order.js'
import type { Json } from '../domain/record.js'
import type { Building as BuildingRecord, Place, PlexAccount } from '../domain/refdata.js'

const NO_ID = '00000000-0000-0000-0000-000000000000'

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: ({ input }) => whyNoText(input) })

/** A cell of a data source that is not what the map says brings its reason with it (soap/cells.ts). */
function whyNoText(input: unknown): string {
  const isMarked = typeof input === 'object' && input !== null && 'unreadable' in input
  return isMarked ? String(input.unreadable) : 'is no text'
}

/** Numbers arrive as text. White space around a text stays: the mapping decides about it. */
const text = scalar.nullish().transform((value) => {
  const written = String(value ?? '')
  return written.trim() === '' || written === NO_ID ? null : written
})

const id = scalar.transform(String).refine((value) => value.trim() !== '' && value !== NO_ID, { error: 'is missing' })

/** Flags are booleans or the integers 0 and 1. */
const flag = scalar.nullish().transform((value) => value === true || value === 'true' || String(value ?? '') === '1')

/** As `flag`; absent where the record has no such member at all. */
const ownFlag = scalar
  .nullable()
  .transform((value) => flag.parse(value))
  .optional()

/** A flag whose absence says nothing: null = not said. */
const maybeFlag = scalar.nullish().transform((value) => (String(value ?? '').trim() === '' ? null : flag.parse(value)))

export const Supplier = z.object({
  ...{ id, code: text, oldCode: text, name: text, status: text, type: text, webAddress: text, note: text },
  ...{ createdDate: text, modifiedDate: text },
})

export const SupplierAddress = z.object({
  ...{ id, code: text, address: text, city: text, zip: text, state: text, country: text },
  ...{ main: flag, remit: flag, phone: text, fax: text, email: text },
})

/** Holds private data (home address, birth date): only these two members are looked at. */
export const Contact = z.object({ supplierId: text, email: text })

// Purchase orders (contracts/plex.md section 10). What was parsed once may be parsed again: details are kept and read back.
const dated = { createdDate: text, modifiedDate: text }

export const Order = z.object({
  ...{ id, poNumber: text, currencyCode: text, status: text, active: maybeFlag, receive: maybeFlag, type: text },
  ...{ supplierId: text, poDate: text, dueDate: text, lineItemCount: text, lineItemTotal: text },
  ...{ building: text, department: text, blanketOrder: maybeFlag, ...dated },
  ...{ cancelled: ownFlag, received: ownFlag, onOrder: ownFlag },
}) satisfies z.ZodType<Orders.Order>

/** `itemNumber` and `partNumber` are no members of a line in Plex: they are there once they were looked up. */
export const OrderLine = z.object({
  ...{ id, lineItemNumber: text, unit: text, orderUnit: text, description: text, unitPrice: text, accountId: text },
  ...{ itemNumber: text, partNumber: text, manufacturerPartNumber: text, supplierPartNumber: text, note: text },
  ...{ building: text, department: text, blanketQuantity: text, ...dated },
}) satisfies z.ZodType<Orders.OrderLine>

export const Release = z.object({
  ...{ id, poLineItemId: text, status: text, quantity: text, dueDate: text, partNumber: text, supplierCode: text },
  ...dated,
  ...{ cancelled: ownFlag, received: ownFlag },
}) satisfies z.ZodType<Orders.Release>

/** Which order a release belongs to; a release of which nothing else can be read may still say that. */
export const ReleaseOwner = z.object({ poId: text, poLineItemId: text })

/** As lists of releases show it. */
export const OwnedRelease = z.object({ ...Release.shape, poId: text })

export const OrderDetail = z.object({
  order: Order,
  lines: z.array(OrderLine),
  releases: z.array(Release),
}) satisfies z.ZodType<Orders.OrderDetail>

export const OrderStatus = z.object({
  ...{ name: id, cancelled: flag, received: flag, onOrder: flag },
}) satisfies z.ZodType<Orders.OrderStatus>

export const ReleaseStatus = z.object({
  ...{ name: id, cancelled: flag, received: flag },
}) satisfies z.ZodType<Orders.ReleaseStatus>

/** Of a GL account, what a line's `accountId` leads to. */
export const AccountNumber = z.object({ id, accountNumber: text })

// Reference data (contracts/plex.md sections 6 and 11). What does not say whether it is active is in use.
const active = maybeFlag.transform((value) => value ?? true)

export const Account = z
  .object({ id, accountNumber: text, name: text, categoryType: text, active })
  .transform(({ accountNumber, categoryType, ...account }): PlexAccount => {
    return { ...account, number: accountNumber, category: categoryType }
  })

export const Building = z
  .object({ id, buildingCode: text, name: text, active })
  .transform(({ buildingCode, ...building }): BuildingRecord => ({ ...building, code: buildingCode }))

export const Department = z.object({ name: text, active })

export const LinePlace = z.object({ building: text, department: text }) satisfies z.ZodType<Place>

// AP invoices (contracts/plex.md section 11), lines embedded. `offset` and `debitMemo` are integers used as flags.
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item, { error: 'is no list' })
    .nullish()
    .transform((rows) => rows ?? [])

const InvoiceLine = z.object({
  ...{ accountId: text, accountNumber: text, description: text, receiptId: text, offset: flag },
  ...{ debit: text, credit: text, currencyDebit: text, currencyCredit: text },
  taxes: listOf(z.object({ taxAmount: text })),
}) satisfies z.ZodType<Invoices.InvoiceLine>

export const Invoice = z.object({
  ...{ id, invoiceNumber: text, supplierId: text, supplierCode: text, transactionDate: text, dueDate: text },
  ...{ currencyCode: text, exchangeRate: text, amount: text, foreignCurrencyAmount: text, debitMemo: flag },
  ...{ booked: maybeFlag, paid: maybeFlag, status: text, poId: text, poNumber: text, ...dated },
  lines: listOf(InvoiceLine),
}) satisfies z.ZodType<Invoices.Invoice>

/** Of a record that cannot be read otherwise. */
export const Identified = z.object({ id })

/** The record, or in one sentence why it cannot be used. */
export type Parsed<T> = { readonly ok: true; readonly record: T } | { readonly ok: false; readonly why: string }

/** Parses one record alone, so that a bad one never stops the others. `what` names its kind in the sentence. */
export function parseRecord<T>(schema: z.ZodType<T>, what: string, row: Json): Parsed<T> {
  const parsed = schema.safeParse(row)
  if (parsed.success) return { ok: true, record: parsed.data }
  const reasons = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? 'it is no object' : `${path.join('.')} ${message}`,
  )
  return { ok: false, why: `The ${what} of Plex cannot be read: ${reasons.join(', ')}.` }
}
