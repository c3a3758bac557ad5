import type { Problem } from './problem.js'

/** Codes of the suppliers stream. */
export const SUPPLIER_PROBLEMS = {
  name_missing: {
    what: 'A supplier has no name in Plex, so no vendor can be made of it.',
    advice: 'Give the supplier a name in Plex. The next run picks the change up.',
  },
  type_skipped: {
    what: 'The supplier is of a type that is not sent to Procurify.',
    advice: 'Nothing to do. To send it all the same, take its type out of SUPPLIER_SKIP_TYPES.',
  },
  inactive: {
    what: 'The supplier is inactive in Plex and never had a vendor, so none is created.',
    advice: 'Nothing to do. If the status does not mean inactive, take it out of SUPPLIER_INACTIVE_STATUSES.',
  },
  vendor_ambiguous: {
    what: 'Several vendors in Procurify could be this supplier, or several suppliers could be this vendor.',
    advice:
      'Decide which pair is right with `ml-connector link set`, or rename or deactivate the duplicates; then `ml-connector replay ID`.',
  },
  vendor_similar: {
    what: 'A vendor in Procurify has nearly the same name as this supplier: only punctuation or a legal suffix such as Inc differs.',
    advice:
      'Same company: `ml-connector link set`. Another company: create its vendor by hand under exactly the name Plex has; `ml-connector replay ID` adopts it.',
  },
  vendor_relink: {
    what: 'The vendor that matches this supplier already belongs to another supplier.',
    advice:
      'If Plex has the supplier twice, deactivate one. If the vendor is paired wrongly, `ml-connector link remove`, then `ml-connector link set`, then `ml-connector replay ID`.',
  },
  vendor_foreign_id: {
    what: 'The vendor of this name carries the external id of another system, which is never overwritten.',
    advice:
      'Pair the two with `ml-connector link set`, or clear the external id in Procurify; then `ml-connector replay ID`. If such ids are Plex supplier codes, set SUPPLIER_KNOWN_IDS=code.',
  },
  drift: {
    what: 'Somebody changed a field in Procurify that comes from Plex.',
    advice:
      'Leave it, make the same change in Plex, or restore what Plex has with `ml-connector sync suppliers --repair-drift`.',
  },
} satisfies Record<string, Problem>
