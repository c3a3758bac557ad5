/**
 * Cuts a top-level JSON array into the texts of its items while it arrives, so that a list of any length needs the
 * memory of one item. It counts brackets and skips strings; it does not judge what is inside an item: parse each text,
 * that finds the rest.
 */
export interface Splitter {
  /** The texts of the items that this chunk completed, each ready for a JSON parser. Nothing after a fault. */
  push(chunk: Buffer | string): string[]
  /** Null when exactly one complete array was seen; else what was wrong. Call it once, at the end of the input. */
  end(): string | null
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const BYTE_ORDER_MARK = 0xfeff

/** Of a string, up to what has a meaning in it. Sticky: it begins where it is told to. */
const PLAIN_TEXT = /[^"\\]*/y

const SHOWN_CHARACTERS = 80

/**
 * Chunk borders may fall anywhere: inside a character, an escape or a number. Linear time, each character looked at
 * once.
 */
export function makeSplitter(): Splitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const scanner = new Scanner()
  return {
    push: (chunk) => scanner.scan(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })),
    end: () => {
      scanner.scan(decoder.decode())
      return scanner.verdict()
    },
  }
}

class Scanner {
  private place: 'before' | 'inside' | 'after' | 'fault' = 'before'
  private fault = ''
  /** Start of the input, for the message when it is no array. */
  private opening = ''
  private depth = 0
  private inString = false
  private escaped = false
  /** Pieces of the current item from earlier chunks: joined once, so that a large item costs no repeated copying. */
  private pieces: string[] = []
  private hasContent = false
  private needsItem = false

  scan(text: string): string[] {
    if (this.opening.length < SHOWN_CHARACTERS) this.opening += text.slice(0, SHOWN_CHARACTERS - this.opening.length)
    if (this.place === 'fault') return []
    const items: string[] = []
    let start = 0
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (this.place !== 'inside') {
        if (!this.step(code)) return items
        start = at + 1
      } else if (this.inString) {
        at = this.skipString(text, at)
      } else if (this.depth === 1 && (code === COMMA || code === CLOSE_ARRAY)) {
        if (!this.closeItem(code, text.slice(start, at), items)) return items
        start = at + 1
      } else {
        this.stepInItem(code)
      }
    }
    if (this.place === 'inside' && start < text.length) this.pieces.push(text.slice(start))
    return items
  }

  verdict(): string | null {
    if (this.place === 'after') return null
    if (this.place === 'fault') return `${this.fault}: ${this.opening.trim()}`
    return this.place === 'before' ? 'the answer is empty' : 'the list was cut short'
  }

  /** Outside the array only white space, the opening bracket and (first of all) a byte order mark may stand. */
  private step(code: number): boolean {
    if (isWhiteSpace(code) || (code === BYTE_ORDER_MARK && this.place === 'before')) return true
    if (this.place === 'before' && code === OPEN_ARRAY) {
      this.place = 'inside'
      this.depth = 1
      return true
    }
    return this.fail(this.place === 'before' ? 'not an array' : 'something follows the list')
  }

  /** Answers the place of the last character that belongs to the string: most of a list is text, so it is passed over whole. */
  private skipString(text: string, from: number): number {
    let at = from
    if (this.escaped) {
      this.escaped = false
      return at
    }
    PLAIN_TEXT.lastIndex = at
    PLAIN_TEXT.test(text)
    at = PLAIN_TEXT.lastIndex
    if (text.charCodeAt(at) === QUOTE) this.inString = false
    // A backslash, or the end of the chunk, which is none.
    else this.escaped = at < text.length
    return at
  }

  private stepInItem(code: number): void {
    if (!this.hasContent && !isWhiteSpace(code)) this.hasContent = true
    if (code === QUOTE) this.inString = true
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.depth += 1
    else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.depth -= 1
  }

  /** A comma needs an item before it, and so does the closing bracket unless the array is empty. */
  private closeItem(code: number, tail: string, items: string[]): boolean {
    const isEmptyArray = code === CLOSE_ARRAY && !this.needsItem
    if (this.hasContent) items.push(this.pieces.length === 0 ? tail : this.pieces.join('') + tail)
    else if (!isEmptyArray) return this.fail('an item is missing between two commas')
    this.pieces = []
    this.hasContent = false
    this.needsItem = true
    if (code === CLOSE_ARRAY) this.place = 'after'
    return true
  }

  private fail(what: string): false {
    this.place = 'fault'
    this.fault = what
    return false
  }
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
