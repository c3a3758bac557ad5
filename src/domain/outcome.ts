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

const PRECEDENCE: readonly RunOutcome[] = ['failed', 'refused', 'stopped', 'partial', 'interrupted', 'busy', 'done']

/** The first of 1, 5, 7, 3, 4 wins. */
export function worstOutcome(outcomes: Iterable<RunOutcome>): RunOutcome {
  const seen = new Set(outcomes)
  return PRECEDENCE.find((outcome) => seen.has(outcome)) ?? 'done'
}
