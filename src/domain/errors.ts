/** The program cannot run as it is set up: wrong usage, settings or schema. Exit 2; nothing was touched. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** One sentence per mistake, each naming the setting or option and what to do. */
  readonly problems: readonly string[]

  constructor(problems: string | readonly string[]) {
    const list = typeof problems === 'string' ? [problems] : problems
    super(list.join('\n'))
    this.problems = list
  }
}

/** A state this program should never be in. Exit 1, with a report to attach to an issue. */
export class Bug extends Error {
  override readonly name = 'Bug'
}
