/** What we read of Procurify's answers: only the members we use (contracts/procurify.md section 4, procurify.openapi.yaml). */
import { z } from 'zod'
import type { Bill as BillRecord, BillDetail as BillDetailRecord } from '../domain/invoice.js'
import type { Json } from '../domain/record.js'
import type { AccountCode as CodeRecord, Department as DepartmentRecord } from '../domain/refdata.js'
import { normalizeUuid } from '../domain/requisition.js'
import type { Vendor as VendorRecord } from '../domain/supplier.js'

/** Numbers arrive as text; ids are integers in the contract and text here. */
const scalar = z.union([z.string(), z.number()])
const text = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === '' ? null : value))
const flag = (whenAbsent: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? whenAbsent)

/** A list in the contract; a bare text is tolerated. */
const emails = z
  .union([z.array(z.string()), z.string()])
  .nullish()
  .transform((value) => (typeof value === 'string' ? [value] : (value ?? [])).filter((email) => email.trim() !== ''))

export const Vendor = z.object({
  id: scalar.transform(String),
  name: text.transform((value) => value ?? ''),
  active: flag(true),
  type: scalar.nullish().transform((value) => Number(value ?? 0)),
  ...{ external_id: text, url: text, comments: text, email: emails },
  ...{ addressLineOne: text, addressLineTwo: text, postalCode: text, city: text, state_province: text, country: text },
  ...{ phoneOne: text, fax: text, is_auto_email_po_enabled: flag(false) },
}) satisfies z.ZodType<VendorRecord>

// What orders need to know (contracts/procurify.md sections 7 to 9). An odd member is taken for an absent one: a row that was
// left out because of it could be the requisition that must not be made twice.
const id = scalar.transform(String)
const loose = text.catch(null)
const amount = scalar
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : String(value)))
  .catch(null)
/** Another record: its id, or an object that holds it; the contract has both for the same thing. */
const reference = z
  .union([scalar, z.object({ id: scalar }).transform((record) => record.id)])
  .nullish()
  .transform((value) => (value === null || value === undefined ? null : String(value)))
  .catch(null)

export const Me = z.object({
  id,
  user: reference,
  firstName: loose,
  lastName: loose,
  email: loose,
  is_active: flag(true),
})

/** A currency with its id, by which bills name it. */
export const CurrencyId = z.object({ id, name: text })

/** Location and department of requisitions; a location is called branch in most places. */
export const Place = z.object({
  ...{ id, name: text, active: flag(true), branch: reference, location: reference },
})

/** A code that may be used for a department: the code itself, or only a reference to it. */
export const Account = z.object({
  account_code: z
    .union([z.object({ code: z.string() }), reference.transform((codeId) => ({ code: null, codeId }))])
    .transform((value) => ({ codeId: null, ...value })),
  department: reference,
  active: flag(true),
})

export const AccountCode = z.object({ id, code: text })

/** `name` of a currency is its code. */
export const Named = z.object({ name: text, active: flag(true), is_active: flag(true) })

export const OrderItem = z.object({
  ...{ name: loose, orderNum: amount, order_number: amount, purchase_order: amount, created_at: loose },
  ...{ pref_vendor: reference, requester: reference, quantity: amount, price: amount },
})

export const RequisitionOrder = z.object({
  ...{ num: amount, uuid: loose, status: amount, user: reference, denial_reason: amount, denial_comment: loose },
})

/** In a list or alone; only the latter has its lines by contract. */
export const PurchaseOrder = z.object({
  ...{ procurify_PO: amount, PO_Num: loose, number: loose, state: amount, last_modified: loose },
  order_items: z
    .array(z.object({ order_uuid: loose }))
    .nullish()
    .catch(null)
    .transform((lines) => lines ?? []),
})

// Reference data as it is aligned (contracts/procurify.md section 9).
export const AlignedCode = z
  .object({
    ...{ id, code: text.transform((value) => value ?? ''), description: text.transform((value) => value ?? '') },
    ...{ account_type: amount, parent: reference, active: flag(true) },
  })
  .transform(({ account_type: type, ...code }): CodeRecord => ({ ...code, type }))

export const AlignedPlace = z
  .object({ ...{ id, name: text, active: flag(true), branch: reference, location: reference, external_id: loose } })
  .transform(({ id: placeId, name, active, branch, location, external_id: externalId }): DepartmentRecord => {
    return { id: placeId, name: name ?? '', active, locationId: branch ?? location, externalId }
  })

// Bills (contracts/procurify.md section 10). Addressed by uuid; the number in the UI is no key.
const uuid = z
  .string()
  .refine((value) => value.trim() !== '')
  .transform(normalizeUuid)
const listOf = <T>(item: z.ZodType<T>) =>
  z
    .array(z.unknown())
    .nullish()
    .catch(null)
    .transform((rows): T[] => readable(item, (rows ?? []) as Json[]))

/** `name` of a currency is its code; a bare id says nothing by itself. */
const currencyName = z
  .union([z.object({ name: text }).transform(({ name }) => name), z.string()])
  .nullish()
  .catch(null)
  .transform((name) => (name === null || name === undefined || /^\d*$/.test(name.trim()) ? null : name.trim()))

const vendorName = z
  .object({ name: text })
  .nullish()
  .catch(null)
  .transform((vendor) => vendor?.name ?? null)

const billMembers = {
  ...{ uuid, invoice_number: loose, invoice_date: loose, due_date: loose, currency: currencyName },
  ...{ total_cost_with_tax: amount, invoice_total: amount, status: amount, last_modified_datetime: loose },
}

const toBill = (row: z.infer<z.ZodObject<typeof billMembers>>) => ({
  ...{ id: row.uuid, number: row.invoice_number, invoiceDate: row.invoice_date, dueDate: row.due_date },
  total: row.total_cost_with_tax ?? row.invoice_total,
  ...{ currency: row.currency, status: row.status, modifiedAt: row.last_modified_datetime },
})

/** As lists show it; the vendor comes as an object, its id alone is tolerated. */
export const Bill = z
  .object({ ...billMembers, vendor: z.unknown().optional() })
  .transform(({ vendor, ...row }): BillRecord => ({
    ...toBill(row),
    vendorId: reference.parse(vendor),
    vendorName: vendorName.parse(vendor),
  }))

const PoOfBill = z.object({ number: amount })
const BillLine = z.object({
  po: PoOfBill.nullish().catch(null),
  orderitem: z.object({ order_uuid: loose }).nullish().catch(null),
})
const external = z.object({ external_id: loose }).nullish().catch(null)

export const BillDetail = z
  .object({
    ...{ ...billMembers, vendor: z.unknown().optional(), tax_amount: amount, note: loose },
    ...{ items: listOf(BillLine), added_purchase_orders: listOf(PoOfBill) },
  })
  .transform(
    ({ vendor, items, added_purchase_orders: added, tax_amount: taxAmount, note, ...row }): BillDetailRecord => {
      const numbers = [...added, ...items.map(({ po }) => po)].flatMap((po) => po?.number ?? [])
      const orders = items.flatMap(({ orderitem }) => orderitem?.order_uuid ?? [])
      return {
        ...toBill(row),
        ...{ vendorId: reference.parse(vendor), vendorName: vendorName.parse(vendor), taxAmount, note },
        vendorExternalId: external.parse(vendor)?.external_id ?? null,
        poNumbers: [...new Set(numbers)],
        requisitionIds: [...new Set(orders.map(normalizeUuid))],
      }
    },
  )

/** The rows that can be read at all. */
export function readable<T>(schema: z.ZodType<T>, rows: readonly Json[]): T[] {
  return rows.flatMap((row) => {
    const parsed = schema.safeParse(row)
    return parsed.success ? [parsed.data] : []
  })
}
