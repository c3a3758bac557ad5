/**
 * A text that must not be shown. Printing, logging, inspecting or serialising it gives `***`; only `reveal` gives the
 * text, so every place that uses a secret can be found by that word.
 */
export class Secret {
  // A private field, unlike a `private` one, stays hidden from spreads, inspection and JSON.
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  /** What util.inspect and with it every logger of Node asks for. Named by its symbol: nothing to import. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***'
  }
}
