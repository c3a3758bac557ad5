import type { Problem } from './problem.js'

/** Codes of the invoices stream: findings are told, never parked. */
export const INVOICE_PROBLEMS = {
  matched: {
    what: 'The bill of this invoice was found in Procurify: same vendor, number and amount.',
    advice: 'Nothing to do.',
  },
  amount_differs: {
    what: 'Procurify has the bill of this invoice, with another amount or currency.',
    advice:
      'Compare both with the paper and correct the wrong one; the next run looks again. INVOICE_TOLERANCE says how much still counts as equal.',
  },
  // Of the alignment as well: what Procurify lacks has one code, and the advice for each kind.
  missing_in_procurify: {
    what: 'Plex has it and Procurify has not: no bill of this vendor and number, or no counterpart of this building, department or GL account.',
    advice:
      'A bill: enter it in Procurify under the number that Plex has, or correct the number it has there; the next run finds it. A location: create it in Procurify by hand, under the name or code of the building. A department or account: run `ml-connector align refdata` with a direction that includes to-procurify, or pair it in REFDATA_MAP.',
  },
  duplicate_in_procurify: {
    what: 'Procurify has several bills of this vendor and number, and together they do not come to the invoice.',
    advice: 'Withdraw the bills that are too many in Procurify before one is paid twice; the next run looks again.',
  },
  vendor_unknown: {
    what: 'The supplier of the invoice has no vendor in Procurify, so its bill cannot be looked for.',
    advice:
      'Run `ml-connector sync suppliers`; if the supplier is parked there, settle that. The next `sync invoices` looks again by itself.',
  },
  placeholder_number: {
    what: 'The invoice has a number that only holds the place of the real one, as Plex writes on receipt.',
    advice:
      'Nothing to do: it is looked at when the number of the vendor is typed. The placeholders are INVOICE_SKIP_NUMBERS.',
  },
  bill_drafts_not_offered: {
    what: 'The API of this Procurify tenant makes no bills (it answered 404 or 405). That is remembered, and bills are only matched.',
    advice:
      'Enter missing bills by hand, and set INVOICE_DELIVERY=match. To have drafts tried again, run once with `match`, then with `draft`.',
  },
  bill_ambiguous: {
    what: 'Several new bills in Procurify could be the draft that was made of this invoice, so none was taken for it.',
    advice: 'Withdraw the ones that are too many in Procurify, then `ml-connector replay ID`.',
  },
} satisfies Record<string, Problem>
