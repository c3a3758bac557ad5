/** Long lists that a pass holds to its end, kept small: their items as compressed text, some hundred to a block. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** Items of a block: enough for the repetition in them to be found, and few enough to be read for one of them. */
const BLOCK = 256

/** Items as they can be written in JSON, in the order they came: the tenth part of what objects take, or less. */
export class Spool<T> implements Iterable<T> {
  readonly #blocks: Buffer[] = []
  #last: T[] = []
  /** The block read last: items are asked for one after the other. */
  #read = { block: -1, items: [] as readonly T[] }

  get length(): number {
    return this.#blocks.length * BLOCK + this.#last.length
  }

  push(item: T): void {
    this.#last.push(item)
    if (this.#last.length < BLOCK) return
    // A copy: what zlib answers is a part of a larger buffer.
    this.#blocks.push(Buffer.from(deflateRawSync(JSON.stringify(this.#last), { level: 1 })))
    this.#last = []
  }

  at(place: number): T | undefined {
    return this.#block(Math.floor(place / BLOCK))[place % BLOCK]
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let place = 0; place < this.length; place += BLOCK) yield* this.#block(place / BLOCK)
  }

  #block(block: number): readonly T[] {
    const packed = this.#blocks[block]
    if (packed === undefined) return block === this.#blocks.length ? this.#last : []
    if (this.#read.block !== block)
      this.#read = { block, items: JSON.parse(inflateRawSync(packed).toString('utf8')) as T[] }
    return this.#read.items
  }
}
