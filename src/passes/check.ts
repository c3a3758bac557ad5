/** The order of a check: steps one after the other, in the order a person would fix what they find. */

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped'
  readonly message: string
  /** What to do; empty where there is nothing to do. */
  readonly advice: string
}

/** `exit` of a failure: 2 = settings or schema, 4 = something cannot be reached, 5 = login, role or tenant refused. */
export type Verdict =
  | { readonly status: 'ok' | 'skipped'; readonly message: string }
  | { readonly status: 'warn'; readonly message: string; readonly advice: string }
  | { readonly status: 'fail'; readonly message: string; readonly advice: string; readonly exit: 2 | 4 | 5 }

export interface Step {
  readonly name: string
  /** Steps without which this one could say nothing. */
  readonly needs: readonly string[]
  readonly run: () => Promise<Verdict>
}

const EXITS = [2, 5, 4] as const

/**
 * Runs every step whose needs did not fail; the others are skipped, naming what comes first. `onCheck` hears of each as it
 * ends. The exit code is 0 unless a step failed; of several failures the first of 2, 5, 4 wins.
 */
export async function runSteps(
  steps: readonly Step[],
  onCheck: (check: Check) => void,
): Promise<{ checks: Check[]; exitCode: number }> {
  const checks: Check[] = []
  const stopped = new Set<string>()
  const exits = new Set<number>()
  for (const { name, needs, run } of steps) {
    const missing = needs.find((need) => stopped.has(need))
    const verdict: Verdict = missing === undefined ? await run() : { status: 'skipped', message: `needs: ${missing}` }
    if (missing !== undefined || verdict.status === 'fail') stopped.add(name)
    if (verdict.status === 'fail') exits.add(verdict.exit)
    const { status, message } = verdict
    const check = { name, status, message, advice: 'advice' in verdict ? verdict.advice : '' }
    checks.push(check)
    onCheck(check)
  }
  return { checks, exitCode: EXITS.find((exit) => exits.has(exit)) ?? 0 }
}
