/** Runs that break off: what was thrown, together with the run it ended. Small, as every start of the program loads it. */
import { ConfigError } from '../domain/errors.js'
import type { CallCounts, RunFacts } from './result.js'

/** What is known of a run before it ends; the calls are filled in once it may make some. */
export type BegunRun = Omit<RunFacts, 'finishedAt' | 'auditHead' | 'isComplete' | 'calls'> & {
  calls: RunFacts['calls']
}

export function beginRun(run: Omit<BegunRun, 'calls'>): BegunRun {
  const noCalls = (): CallCounts => ({ requests: 0, throttled: 0, retried: 0 })
  return { ...run, calls: { plex: noCalls(), procurify: noCalls() } }
}

/** With `--json` such a run still ends as the document of a run (result.ts). */
export class BrokenRun extends Error {
  constructor(
    override readonly cause: unknown,
    readonly run: BegunRun,
  ) {
    super('The run broke off.')
  }
}

/** Wrong settings touched nothing and are no run; everything else that is thrown breaks one off. */
export async function withinRun<T>(run: BegunRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof ConfigError ? error : new BrokenRun(error, run)
  }
}
