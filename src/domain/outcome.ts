/** How a run can end, and which end wins when several apply (spec section 2, Exit codes). */
export type RunOutcome = 'done' | 'failed' | 'partial' | 'interrupted' | 'refused' | 'busy' | 'stopped'

/** The one table of exit codes. 2 (wrong usage or settings) belongs to no run: nothing was touched. */
export const EXIT_CODES: Readonly<Record<RunOutcome, number>> = {
  done: 0,
  failed: 1,
  partial: 3,
  interrupted: 4,
  refused: 5,
  busy: 6,
  stopped: 7,
}
export const USAGE_EXIT_CODE = 2

/** What each code means, for people. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'Done, or nothing to do.'],
  [1, 'A bug in this program; a report to attach to an issue is printed, free of secrets.'],
  [2, 'Wrong usage or settings; nothing was touched.'],
  [3, 'At least one record was parked for a person, or a check of the journal failed.'],
  [4, 'Not finished, safe to run again: throttled, unreachable, out of time, limit reached, signal.'],
  [5, 'Login, role, tenant or requester refused.'],
  [6, 'Another run holds this stream.'],
  [7, 'Safety stop: the plan or an answer is not believed; a hash for --confirm is printed.'],
]

const PRECEDENCE: readonly RunOutcome[] = ['failed', 'refused', 'stopped', 'partial', 'interrupted', 'busy', 'done']

/** The first of 1, 5, 7, 3, 4 wins. */
export function worstOutcome(outcomes: Iterable<RunOutcome>): RunOutcome {
  const seen = new Set(outcomes)
  return PRECEDENCE.find((outcome) => seen.has(outcome)) ?? 'done'
}
