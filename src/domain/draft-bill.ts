/**
 * The draft bill of an invoice. The call is not in the published API, so only members are sent that a community tool found writable
 * (procurify.md section 10), and lines as the last API that made bills had them.
 */
import { dayIn } from './day.js'
import { purchasesOf, type Invoice } from './invoice.js'
import type { InvoiceFacts } from './invoice-state.js'
import { cleanLine, countPoints, cut } from './text.js'

/** Body of POST /api/v3/ap/bills/. */
export type BillBody = {
  readonly vendor: number | string
  readonly invoice_number: string
  readonly invoice_date: string
  readonly due_date: string | null
  readonly currency: number | string
  readonly note: string
  readonly items: readonly { readonly description: string; readonly quantity: string; readonly unit_cost: string }[]
}

/** Longest invoice number, and longest description of a line, that Procurify holds. */
const MAX_NUMBER = 50
const MAX_DESCRIPTION = 255

export interface DraftContext {
  readonly vendorId: string
  /** Procurify's id of each currency, by code. */
  readonly currencies: ReadonlyMap<string, string>
  readonly zone: string
}

/** The body, or in one sentence why a person has to enter the bill. */
export function draftBill(
  invoice: Invoice,
  { number, day, total, currency }: InvoiceFacts,
  { vendorId, currencies, zone }: DraftContext,
): BillBody | { readonly why: string } {
  const currencyId = currencies.get(currency ?? '')
  if (countPoints(number) > MAX_NUMBER) return { why: `the number is longer than ${MAX_NUMBER} characters` }
  if (day === null) return { why: 'the invoice has no date in Plex' }
  if (total === null) return { why: 'the invoice shows no amount in Plex' }
  if (currencyId === undefined) return { why: `its currency ${currency ?? '(none)'} is not set up in Procurify` }
  return {
    vendor: toId(vendorId),
    invoice_number: number,
    invoice_date: day,
    due_date: dayIn(invoice.dueDate, zone),
    currency: toId(currencyId),
    note: `Plex AP invoice ${invoice.id}`,
    items: purchasesOf(invoice).map(({ description, account, amount }) => {
      const text = cleanLine([account, description].filter((part) => part !== null).join(' '))
      return {
        description: cut(text === '' ? `Invoice ${number}` : text, MAX_DESCRIPTION),
        quantity: '1',
        unit_cost: amount,
      }
    }),
  }
}

/** Ids are integers there and text here. */
function toId(id: string): number | string {
  return /^\d{1,15}$/.test(id) ? Number(id) : id
}
