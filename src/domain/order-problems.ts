/** The part of the catalogue (problems.ts) that purchase orders need. */
import type { Problem } from './problem.js'

export const ORDER_PROBLEMS = {
  // ------------------------------------------------------------------------------------- orders that are not sent
  before_start: {
    what: 'The order or invoice was created before the start date, so it is left alone.',
    advice:
      'Nothing to do. The dates are PO_START_DATE and INVOICE_START_DATE; an order of before that exists in Procurify: `ml-connector link set`.',
  },
  start_date_missing: {
    what: 'PO_START_DATE is not set, so `sync all` leaves purchase orders out.',
    advice:
      'See what would be sent with `ml-connector sync pos --dry-run`, then set PO_START_DATE to the day from which orders are sent.',
  },
  excluded: {
    what: 'The order is left out by PO_ONLY or PO_EXCLUDE.',
    advice: 'Nothing to do. Once the settings take it in, the next run sends it.',
  },
  status_not_selected: {
    what: 'The status of the order is none of those that are sent.',
    advice: 'Nothing to do: it is sent once it is on order in Plex. To choose statuses by name, set PO_STATUSES.',
  },
  status_unknown: {
    what: 'An order or one of its releases has a status that is missing in the status list of Plex, so it cannot be judged.',
    advice:
      'Put the status back into the list in Plex or give the record another one. An order status may also be named in PO_STATUSES.',
  },
  cancelled: {
    what: 'The order was cancelled in Plex before it was sent.',
    advice: 'Nothing to do.',
  },
  no_lines: {
    what: 'There is nothing to send: no lines, or all of them are cancelled.',
    advice: 'Nothing to do. A line that is added to the order is sent.',
  },
  lines_missing: {
    what: 'Plex counts lines on the order but did not show any. That is how a missing role looks.',
    advice: 'If it stays, run `ml-connector check`: it tests the role for purchase order lines.',
    retryable: true,
  },
  too_fresh: {
    what: 'The order, one of its lines or a release was changed a moment ago, so somebody may still be at work on it.',
    advice: 'Nothing to do: it is looked at again after PO_QUIET.',
    retryable: true,
  },
  daily_ration: {
    what: 'As many new requisitions were sent today as are allowed for a day.',
    advice: 'Nothing to do: the rest is sent tomorrow. The ration is PO_MAX_PER_DAY; 0 lifts it.',
    retryable: true,
  },

  // ------------------------------------------------------------------------------------------ what orders lack
  po_without_quantity: {
    what: 'A line has no quantity yet: in Plex it is on the releases, and there are none, or one lacks it.',
    advice: 'Nothing to do: the order is sent when every line has a release with a quantity.',
    retryable: true,
  },
  amount_negative: {
    what: 'A line has a negative quantity or price, which a requisition cannot ask for.',
    advice:
      'Correct the line in Plex, or enter the order in Procurify by hand and pair it with `ml-connector link set`.',
  },
  price_missing: {
    what: 'A line has no unit price in Plex.',
    advice: 'Enter a price in Plex (0 is one). The next run picks the change up.',
  },
  scale_exceeded: {
    what: 'A quantity or price has more digits than Procurify holds; it is not rounded.',
    advice: 'Correct it in Plex: at most 5 decimals of a quantity, 8 of a price.',
  },
  unit_mismatch: {
    what: 'A line is ordered by one unit and priced by another, and Plex does not say how they convert.',
    advice:
      'Use one unit on the line in Plex, or enter the order in Procurify by hand and pair it with `ml-connector link set`.',
  },
  order_total_differs: {
    what: 'The lines do not add up to the total of the order, so a line, release or price may be missing or out of date.',
    advice:
      'Open the order in Plex and compare lines and releases with its total; saving it there recalculates the total.',
  },
  due_date_missing: {
    what: 'Neither the releases of a line nor its order have a due date, and a requisition must have one.',
    advice: 'Enter a due date in Plex. The next run picks the change up.',
  },
  supplier_missing: {
    what: 'The order names no supplier.',
    advice: 'Choose a supplier on the order in Plex.',
  },
  currency_missing: {
    what: 'The order names no currency.',
    advice: 'Choose a currency on the order in Plex.',
  },
  account_missing: {
    what: 'A line has no GL account in Plex.',
    advice: 'Enter the account on the line in Plex. The next run picks the change up.',
  },
  department_missing: {
    what: 'Neither the line nor its order names a department.',
    advice: 'Enter one in Plex, or set DEFAULT_DEPARTMENT and `ml-connector replay ID`.',
  },
  location_missing: {
    what: 'Neither the line nor its order names a building.',
    advice: 'Enter one in Plex, or set DEFAULT_LOCATION and `ml-connector replay ID`.',
  },

  // -------------------------------------------------------------------------------- what Procurify must have first
  supplier_left_out: {
    what: 'The supplier of the order is not synced: it is inactive, of a type that is skipped, or not in Plex any more. The message says which.',
    advice:
      'Activate the supplier in Plex or choose another one on the order, or take its type out of SUPPLIER_SKIP_TYPES; then `ml-connector replay ID`. Orders that are not meant for Procurify: PO_EXCLUDE.',
    retryable: true,
  },
  supplier_not_linked: {
    what: 'The supplier of the order has no vendor in Procurify yet.',
    advice:
      'Nothing to do if it is synced by itself; else see `ml-connector audit show --record SUPPLIER` for what holds it.',
    retryable: true,
  },
  vendor_inactive: {
    what: 'The vendor of the order is inactive in Procurify.',
    advice: 'Activate the vendor, or the supplier in Plex, then `ml-connector replay ID`.',
  },
  vendor_not_requestable: {
    what: 'The vendor of the order is not of the kind that requests may name (type 3, preferred).',
    advice: 'Make it a preferred vendor in Procurify, then `ml-connector replay ID`.',
  },
  vendor_auto_email: {
    what: 'Procurify e-mails POs to this vendor by itself. The supplier has the order from Plex already and would deliver twice.',
    advice:
      'Turn automatic PO e-mails of the vendor off, then `ml-connector replay ID`; or set PO_ALLOW_AUTO_EMAIL=true.',
  },
  account_not_aligned: {
    what: 'The GL account of a line has no account code in Procurify yet.',
    advice: 'Run `ml-connector align refdata`; `--list` shows what is paired.',
    retryable: true,
  },
  account_not_linked: {
    what: 'The account code of a line is not linked to the department, and Procurify would refuse it or fail at approval.',
    advice: 'Link the code to the department in Procurify (Settings, Account Codes). The next run goes on by itself.',
    retryable: true,
  },
  department_not_aligned: {
    what: 'The department of a line has no partner in Procurify at that location yet.',
    advice: 'Run `ml-connector align refdata`, or name the pair in REFDATA_MAP.',
    retryable: true,
  },
  location_not_aligned: {
    what: 'The building of a line has no location in Procurify yet.',
    advice: 'Run `ml-connector align refdata`, or name the pair in REFDATA_MAP.',
    retryable: true,
  },
  currency_unknown: {
    what: 'The currency of the order is not set up in Procurify.',
    advice: 'Add the currency in Procurify, or correct it on the order, then `ml-connector replay ID`.',
  },
  custom_field_missing: {
    what: 'The custom field named in PO_CUSTOM_FIELD does not exist for order items in Procurify, or is not active.',
    advice: 'Add it in Procurify (the API cannot), or unset PO_CUSTOM_FIELD. The next run goes on by itself.',
    retryable: true,
  },

  // ------------------------------------------------------------------------------------------ after they were sent
  po_changed_after_send: {
    what: 'The order was changed in Plex after its requisition was sent. A requisition cannot be changed from outside.',
    advice: 'Make the change in Procurify as the diff says, then `ml-connector replay accept ID`.',
  },
  po_cancelled_after_send: {
    what: 'The order, or all that a requisition asked for, was cancelled in Plex after it was sent.',
    advice: 'Deny or cancel it in Procurify, then `ml-connector replay accept ID`.',
  },
  requisition_ambiguous: {
    what: 'Procurify has a requisition that carries the key of this order but does not agree with it, so nothing is sent.',
    advice:
      'Compare the two. Pair them with `ml-connector link set` if the requisition is right; else deny it, then `ml-connector replay ID`.',
  },
  requisition_denied: {
    what: 'The requisition was denied or cancelled in Procurify; the message has the reason given there.',
    advice:
      '`ml-connector replay ID --resend --reason T` sends it anew; `ml-connector replay accept ID --reason T` leaves it at that.',
  },
  plan_outdated: {
    what: 'The vendor of the order was changed in Procurify after the order was planned, and before it was sent. That plan was not sent.',
    advice: 'Nothing to do: `sync pos` plans the order anew with the vendor as it is now.',
  },
  requisition_vanished: {
    what: 'Procurify does not show the requisition any more.',
    advice:
      'Look for it there. `ml-connector replay ID --resend --reason T` sends it anew; `replay accept ID` leaves it at that.',
  },
  resend_refused: {
    what: 'The requisition cannot be sent anew, because the present one still stands.',
    advice: 'Have it denied in Procurify first, or change it there and `ml-connector replay accept ID`.',
  },
  dates_changed: {
    what: 'Due dates of the order were changed in Plex after it was sent. Procurify keeps the first ones.',
    advice: 'Nothing to do, unless the buyer in Procurify should know.',
  },
  blanket_released: {
    what: 'Releases were drawn on a blanket order that was sent as a whole.',
    advice: 'Nothing to do.',
  },
  requisition_reopened: {
    what: 'A requisition that was decided waits for approval again in Procurify.',
    advice: 'Nothing to do.',
  },
  requisition_approved: {
    what: 'The requisition was approved in Procurify.',
    advice: 'Nothing to do.',
  },
  requisition_ordered: {
    what: 'The requisition is on a PO of Procurify.',
    advice: 'Nothing to do.',
  },

  requester_changed: {
    what: 'Procurify answers as another user than the one who sent the requisitions of this connection: it would not find them again.',
    advice:
      'Use the credentials of the former user again (`ml-connector credentials set procurify`), or say that the change is meant: `ml-connector check --accept-requester`.',
  },
} satisfies Record<string, Problem>
