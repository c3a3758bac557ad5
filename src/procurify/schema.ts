/** What we read of Procurify's answers: only the members we use (contracts/procurify.md section 4, procurify.openapi.yaml). */
import { z } from 'zod'
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
