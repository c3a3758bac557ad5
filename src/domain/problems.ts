/**
 * The catalogue of problem codes: what happened, and what to do about it, in words an operator understands without
 * knowing this program. Codes are stable: scripts and dashboards look for them, so one is never renamed or reused. Here are
 * those that every stream has; a stream with codes of its own has a file of its own.
 */
import { CALL_PROBLEMS } from './call-problems.js'
import { INVOICE_PROBLEMS } from './invoice-problems.js'
import { ORDER_PROBLEMS } from './order-problems.js'
import type { Problem } from './problem.js'
import { RECONCILE_PROBLEMS } from './reconcile-problems.js'
import { REFDATA_PROBLEMS } from './refdata-problems.js'
import { SUPPLIER_PROBLEMS } from './supplier-problems.js'

const CATALOGUE = {
  ...CALL_PROBLEMS,
  ...RECONCILE_PROBLEMS,
  ...SUPPLIER_PROBLEMS,
  ...ORDER_PROBLEMS,
  ...REFDATA_PROBLEMS,
  ...INVOICE_PROBLEMS,

  // Records and their delivery.
  record_unreadable: {
    what: 'Plex sent a record that lacks something it must have, such as its id, or holds it in an unknown form.',
    advice:
      'Correct the record in Plex, or see `ml-connector audit show --record KEY` for the member that could not be read.',
  },
  gone: {
    what: 'Plex does not show this record any more. Nothing is deleted in Procurify because of that.',
    advice:
      'If the record was removed on purpose, deactivate the vendor in Procurify; else look for a missing role with `ml-connector check`.',
  },
  in_doubt: {
    what: 'It is not known whether a write took effect, and looking in the target could not settle it.',
    advice:
      'Look for the record in Procurify. It is there: `ml-connector link set` and `ml-connector replay accept ID`. It is not: `ml-connector replay ID --resend --reason T`. `ml-connector replay ID` looks once more.',
  },
  recovered: {
    what: 'A write whose answer was lost had taken effect: the object was found in the target and taken over instead of being sent again.',
    advice: 'Nothing to do.',
  },
  superseded: {
    what: 'A parked change was overtaken: the record has been delivered in a newer version since.',
    advice: 'Nothing to do.',
  },
  target_gone: {
    what: 'The linked object does not exist in the target any more, so it cannot be changed.',
    advice:
      'Remove the pair with `ml-connector link remove`, then `ml-connector replay ID` looks for the record anew or creates it.',
  },
  refused_by_target: {
    what: 'The other side understood the request and refused it; the message says why.',
    advice: 'Correct what the message names, in Plex or in the settings of Procurify, then `ml-connector replay ID`.',
  },
  not_found: {
    what: 'The address or record that was asked for does not exist on the other side.',
    advice:
      'If one record is concerned, it was removed there. If all are, check PLEX_BASE_URL or PROCURIFY_BASE_URL with `ml-connector check`.',
  },
  waits_long: {
    what: 'A record has been waiting for something else for more than three days.',
    advice: 'See what it waits for with `ml-connector status`, and provide it.',
  },

  given_up: {
    what: 'A person gave this version of the record up (`replay drop`) or settled it elsewhere (`replay accept`).',
    advice: 'Nothing to do. It is looked at again when the record changes in Plex.',
  },
  paused: {
    what: 'A person put the stream or the record on hold: it is neither planned nor sent. What Plex changed meanwhile is kept.',
    advice: '`ml-connector status` says who did and why; `ml-connector resume` ends it.',
  },
  not_parked: {
    what: 'Nothing is parked under the name that was given to `replay`.',
    advice:
      'See `ml-connector audit show --record ID` for what became of it, `ml-connector status` for what is parked.',
  },
  replayed_elsewhere: {
    what: 'Parked records of this stream are not tried one by one: its own pass plans all of them anew each time.',
    advice: 'Mend what the problem names, then run the pass that the message names.',
  },

  settings_changed: {
    what: 'A run of this stream has other settings than the run before it.',
    advice:
      'Nothing to do if that was meant: `ml-connector audit show --code settings_changed --json` says who changed what.',
  },

  // How commands and runs end.
  usage: {
    what: 'The command line or the settings are wrong (exit code 2). Nothing was touched.',
    advice:
      'Correct what the message names: `--help` of the command shows its options, `ml-connector check` the settings.',
  },
  out_of_time: {
    what: 'The run reached its deadline with work left.',
    advice:
      'Nothing to do: the next run goes on where this one ended. To give a run longer: --deadline or SYNC_DEADLINE.',
    retryable: true,
  },
  interrupted: {
    what: 'The run was told to stop. What was in flight is settled, the rest is kept.',
    advice: 'Nothing to do: the next run goes on where this one ended.',
    retryable: true,
  },
  limit_reached: {
    what: 'The run worked on as many records as --limit allows, with others left.',
    advice: 'Nothing to do: the next run goes on where this one ended.',
    retryable: true,
  },
  database_unavailable: {
    what: 'The state database could not be reached or went away.',
    advice: 'Check DATABASE_URL and the server, then run again: nothing is sent without the database knowing of it.',
    retryable: true,
  },
  lease_held: {
    what: 'Another run is working on this stream.',
    advice: 'Nothing to do. A run that was killed blocks the stream no longer than SYNC_LEASE.',
    retryable: true,
  },
  lease_lost: {
    what: 'The run was held up so long that another one took the stream over; this one stopped.',
    advice: 'Nothing to do. If it happens often, raise SYNC_LEASE.',
    retryable: true,
  },
  plan_too_large: {
    what: 'The plan would change more records at once than is believed to be right. Nothing was sent.',
    advice:
      'Look at it with --dry-run. If it is right, run again with the --confirm HASH that was printed; the limit is SYNC_MAX_CHANGES, for `align refdata` ALIGN_MAX_CHANGES.',
  },
  plan_changed: {
    what: 'The hash given to --confirm belongs to another plan than the one found now.',
    advice: 'Look at the plan again with --dry-run and confirm the hash that is printed now.',
  },
  bug: {
    what: 'The program came upon something it was not written for.',
    advice: 'Open an issue with the report printed on stderr. Run again when it is mended: nothing was left half done.',
  },
  not_run: {
    what: 'A stream has not finished a run for 24 hours.',
    advice: 'See `ml-connector status` for its last run, and check the crontab (`ml-connector schedule` prints one).',
  },
} satisfies Record<string, Problem>

export type ProblemCode = keyof typeof CATALOGUE

export const PROBLEMS: Readonly<Record<ProblemCode, Problem>> = CATALOGUE

/** The entry of a code; null when there is no such code. */
export function explain(code: string): Problem | null {
  return Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code as ProblemCode] : null
}

/** What to do about a problem; for a code without an entry, where to look. */
export function adviceFor(code: string): string {
  return explain(code)?.advice ?? 'See `ml-connector audit show` for the records and calls concerned.'
}
