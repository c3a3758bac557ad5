import type { Problem } from './problem.js'

/** Codes of the reference data: locations, departments, accounts. */
export const REFDATA_PROBLEMS = {
  missing_in_plex: {
    what: 'Procurify has this location, department or account code and Plex has no counterpart of it.',
    advice:
      'Nothing to do if only Procurify uses it. GL accounts can be created in Plex with `ml-connector align refdata --direction to-plex`; buildings and departments only by hand. Another name in Plex: pair the two in REFDATA_MAP.',
  },
  inactive_unpaired: {
    what: 'The record is inactive and has no counterpart on the other side, so none is made.',
    advice: 'Nothing to do. Activate it to have it aligned.',
  },
  inactive_in_plex: {
    what: 'The record was deactivated in Plex and is still active in Procurify, which lets no program deactivate it.',
    advice: 'Deactivate it in Procurify by hand, so that nobody requests against it any more.',
  },
  inactive_in_procurify: {
    what: 'The record is active in Plex and inactive in Procurify, so orders that need it will be refused there.',
    advice: 'Activate it in Procurify, or deactivate it in Plex.',
  },
  gone_in_plex: {
    what: 'The pair was aligned before, and Plex does not show its record any more. Nothing is deleted because of that.',
    advice: 'If it was removed on purpose, deactivate its counterpart in Procurify; else see `ml-connector check`.',
  },
  gone_in_procurify: {
    what: 'The pair was aligned before, and Procurify does not show its record any more. It is not created again by itself.',
    advice:
      'Create it by hand under the same code or name: the next run pairs it. To have it created, remove the pair with `ml-connector link remove` first.',
  },
  renamed_in_plex: {
    what: 'The name was changed in Plex. The direction of this run does not include Procurify, so it stays different there.',
    advice: 'Run `ml-connector align refdata` with --direction to-procurify or both.',
  },
  renamed_in_procurify: {
    what: 'Somebody changed the name in Procurify. Plex was not changed, and Procurify was left as it is.',
    advice: 'Make the same change in Plex, or change it back in Procurify; until then the pair is listed.',
  },
  changed_on_both_sides: {
    what: 'The name was changed in Plex and in Procurify since the two were last in step. Neither side was written to.',
    advice: 'Decide which name is right and give it to both: the next run sees them equal and goes on from there.',
  },
  number_differs: {
    what: 'The GL account and its account code belong together, but one of them was renumbered.',
    advice:
      'Give both the same number again. If they are two different accounts now, `ml-connector link remove` parts them; if they belong together as they are, put the pair into REFDATA_MAP.',
  },
  number_missing: {
    what: 'The GL account has no number in Plex, so it cannot be paired.',
    advice: 'Give it a number in Plex.',
  },
  code_too_long: {
    what: 'The number of the GL account has more characters than an account code can have (50).',
    advice: 'Create the account code by hand under a shorter name and pair the two in REFDATA_MAP.',
  },
  category_unknown: {
    what: 'The account code is of the type "other", for which Plex has no category, so it is not created there.',
    advice: 'Create the GL account in Plex by hand under the same number: the next run pairs the two.',
  },
  account_similar: {
    what: 'The number of a GL account and an account code differ only by case, spaces or leading zeros. They count as two accounts and are not paired.',
    advice:
      'If they are one account, pair them in REFDATA_MAP before it is created a second time. If not, nothing to do; such an account is never created in Plex.',
  },
  pair_ambiguous: {
    what: 'Several records of Procurify could be the counterpart, so none was taken.',
    advice: 'Say which one it is in REFDATA_MAP, or rename or deactivate the others in Procurify.',
  },
  pair_taken: {
    what: 'The counterpart that fits is paired with another record of Plex already, or fits several.',
    advice:
      'If the records of Plex are duplicates, deactivate one. If the old pair is wrong, part it with `ml-connector link remove`; REFDATA_MAP says who gets whom.',
  },
  mapped_name_unknown: {
    what: 'REFDATA_MAP names something that does not exist in Plex or in Procurify. It is not created, since it may be a typing error.',
    advice: 'Correct the name in the file, or create the record by hand.',
  },
  building_not_aligned: {
    what: 'The department belongs to a building that has no location in Procurify yet, so it cannot be created there.',
    advice:
      'Create the location in Procurify by hand, or pair the building with one in REFDATA_MAP. The rest follows by itself.',
  },
  location_unknown: {
    what: 'The department is named without a building (by orders, or in the list of Classic), and it exists at no or at several locations of Procurify.',
    advice: 'Set DEFAULT_LOCATION, or give the department its location in REFDATA_MAP.',
  },
  departments_missing: {
    what: 'Account codes are about to be created and no department is aligned. Codes can be linked to departments only when they are created.',
    advice: 'Align departments first: see the departments that are listed, and REFDATA_MAP.',
  },
} satisfies Record<string, Problem>
