/** One entry of the catalogue of problems (problems.ts). */
export interface Problem {
  /** What happened, to which record. */
  readonly what: string
  /** The next step: a command, a setting, or something to do in Plex or Procurify. */
  readonly advice: string
  /** True = the next run tries again by itself, no person is needed. */
  readonly retryable?: boolean
}
