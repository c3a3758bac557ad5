/** Codes that only a comparison of both sides (`reconcile`) brings to light; the others it tells are those of the streams. */
import type { Problem } from './problem.js'

export const RECONCILE_PROBLEMS = {
  not_delivered: {
    what: 'Plex has the record, Procurify has no counterpart, and nothing is under way for it.',
    advice:
      'Run the sync of its stream with --full. If it stays, `ml-connector audit show --record KEY` says what became of it.',
  },
  counterpart_missing: {
    what: 'Plex has this building, department or GL account, and Procurify has no counterpart of it.',
    advice:
      'A location: create it in Procurify by hand, under the name or code of the building. Else: run `ml-connector align refdata`, or pair it in REFDATA_MAP.',
  },
  change_not_delivered: {
    what: 'Plex changed a field more than a day ago, or before the last run, and Procurify still has the former value.',
    advice:
      'Run the sync of its stream with --full. If it stays, `ml-connector audit show --record KEY` says what became of it.',
  },
  pair_not_recorded: {
    what: 'Procurify has an object that carries our id or key of this record, and the books do not know that the two belong together.',
    advice:
      'Run the sync of its stream with --full: it finds the object by its id and takes it over instead of making another.',
  },
  external_id_lost: {
    what: 'A paired vendor has no external id any more. The pair still holds, but a restored or new database would not know it.',
    advice: 'Enter the id shown under "Plex" as the external id of the vendor in Procurify again.',
  },
  vendor_twice: {
    what: 'Two vendors carry the same external id of ours: one supplier has two vendors.',
    advice: 'Compare the two in Procurify, deactivate the one that is not in use, and clear its external id.',
  },
  vendor_name_twice: {
    what: 'Two active vendors have the same name. Requisitions name their vendor by name, so either of them may be taken.',
    advice: 'Rename or deactivate one of the two in Procurify.',
  },
  vendor_orphaned: {
    what: 'A vendor carries our external id of a supplier that neither Plex nor the books know.',
    advice:
      'If the supplier was removed from Plex, deactivate the vendor. If it is of another company of Plex, check PLEX_PCN.',
  },
  requisition_edited: {
    what: 'Quantity, price or lines of a requisition were changed in Procurify after it was sent.',
    advice: 'Agree with purchasing which is right, and make the same change in Plex or undo it in Procurify.',
  },
  requisition_twice: {
    what: 'Two live requisitions carry the key of one order: the goods may be ordered twice.',
    advice: 'Compare the two in Procurify and have one denied before it is approved.',
  },
  requisition_orphaned: {
    what: 'A live requisition carries a key of ours and belongs to no order that is known: the order is gone, or another installation sent it.',
    advice: 'Find out who sent it (its requester and date in Procurify). Nobody needs it: have it denied.',
  },
  approval_waits: {
    what: 'A requisition has not been approved or denied for longer than --stuck-after.',
    advice: 'Remind its approver in Procurify, or have it denied.',
  },
  order_amount_differs: {
    what: 'The order and its requisitions are worth different amounts.',
    advice: 'Compare the lines of both; make the same change on the side that is wrong.',
  },
  invoice_twice: {
    what: 'Plex has two invoices of one supplier with the same number and amount, Procurify has one bill.',
    advice:
      'If the invoice was entered twice in Plex, void one there. If the supplier sent two, enter the second bill.',
  },
  bill_in_other_month: {
    what: 'Invoice and bill are the same, but dated in different months, so that neither month agrees.',
    advice: 'Correct the date on the side that differs from the paper, if its period is still open.',
  },
  bill_only_in_procurify: {
    what: 'Procurify has a bill that Plex has no invoice for.',
    advice:
      'Enter the invoice in Plex, or correct vendor or number of the bill. A draft that nobody needs: withdraw it.',
  },
} satisfies Record<string, Problem>
