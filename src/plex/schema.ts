/**
 * What we read of Plex's records, and nothing more. Nothing is marked required there: a member may be absent, null, empty or an
 * all-zero UUID, and each of these means "no value" (contracts/plex.md section 12).
 */
import { z } from 'zod'
import type { Json } from '../domain/record.js'

const NO_ID = '00000000-0000-0000-0000-000000000000'

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'is no text' })

/** Numbers arrive as text. White space around a text stays: the mapping decides about it. */
const text = scalar.nullish().transform((value) => {
  const written = String(value ?? '')
  return written.trim() === '' || written === NO_ID ? null : written
})

const id = scalar.transform(String).refine((value) => value.trim() !== '' && value !== NO_ID, { error: 'is missing' })

/** Flags are booleans or the integers 0 and 1. */
const flag = scalar.nullish().transform((value) => value === true || value === 'true' || String(value ?? '') === '1')

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

/** `code` is the company code of the login screen, not the numeric PCN. */
export const Tenant = z.object({ id, code: text })

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
