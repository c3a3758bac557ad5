import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSplitter } from '../../src/domain/json-array.js'

/** Feeds the bytes in pieces of the given sizes (repeated) and reports what came out. */
function split(bytes: Buffer, sizes: readonly number[]): { items: string[]; fault: string | null } {
  const splitter = makeSplitter()
  const items: string[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    items.push(...splitter.push(bytes.subarray(at, at + size)))
    at += size
  }
  return { items, fault: splitter.end() }
}

const faultOf = (text: string): string | null => split(Buffer.from(text), [3]).fault
const chunkSizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 20 })
const lists = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 12 })

describe('splitting a JSON array', () => {
  it('gives back every item, whatever the chunk borders cut through', () => {
    fc.assert(
      fc.property(lists, chunkSizes, fc.constantFrom(undefined, 1, '\t'), (list, sizes, indent) => {
        const bytes = Buffer.from(JSON.stringify(list, null, indent))
        const { items, fault } = split(bytes, sizes)
        expect(fault).toBeNull()
        // Through text once, as the bytes were: -0 and lone surrogates do not survive JSON itself.
        expect(items.map((item) => JSON.parse(item) as unknown)).toEqual(JSON.parse(bytes.toString('utf8')))
      }),
    )
  })

  it('notices a cut at every single byte', () => {
    const bytes = Buffer.from('[{"a":"x]\\"\\\\","b":[1,{"c":"é😀"}]},"two",3,[],null]')
    for (let length = 0; length < bytes.length; length += 1) {
      expect(split(bytes.subarray(0, length), [5]).fault, `cut after ${length} bytes`).not.toBeNull()
    }
    expect(split(bytes, [5]).fault).toBeNull()
  })

  it('keeps escapes and multi-byte characters whole across one-byte chunks', () => {
    const list = ['quote " and \\ and ]', 'é😀\u2028', { 'k,"}': '[' }]
    const { items } = split(Buffer.from(JSON.stringify(list)), [1])
    expect(items.map((item) => JSON.parse(item) as unknown)).toEqual(list)
  })

  it('takes texts as well as bytes, and characters cut in two by their border', () => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 5 }), (list, size) => {
        const text = JSON.stringify(list)
        const splitter = makeSplitter()
        const items: string[] = []
        for (let at = 0; at < text.length; at += size) items.push(...splitter.push(text.slice(at, at + size)))
        expect(splitter.end()).toBeNull()
        expect(`[${items.join(',')}]`).toBe(text)
      }),
    )
  })

  it('never takes a part of a list for a whole one, nor a list with more behind it', () => {
    fc.assert(
      fc.property(
        lists,
        chunkSizes,
        fc.nat(),
        fc.constantFrom('x', ']', ',', '0', '"', '\ufeff'),
        (list, sizes, cut, more) => {
          const bytes = Buffer.from(JSON.stringify(list))
          expect(split(bytes.subarray(0, cut % bytes.length), sizes).fault).not.toBeNull()
          const rest = split(Buffer.concat([bytes, Buffer.from(more)]), sizes)
          expect(rest.fault).toContain('something follows the list')
          expect(rest.items).toEqual(split(bytes, sizes).items)
        },
      ),
    )
  })

  it('gives nothing more after a fault, whatever comes', () => {
    const splitter = makeSplitter()
    expect(splitter.push('[1,2,,3')).toEqual(['1', '2'])
    expect(splitter.push(',4]')).toEqual([])
    expect(splitter.push('[5]')).toEqual([])
    expect(splitter.end()).toBe('an item is missing between two commas: [1,2,,3,4][5]')
  })

  it('delivers an item as soon as its comma has arrived', () => {
    const splitter = makeSplitter()
    expect(splitter.push('[{"a":1}')).toEqual([])
    expect(splitter.push(',{"b"')).toEqual(['{"a":1}'])
    expect(splitter.push(':2}]\n')).toEqual(['{"b":2}'])
    expect(splitter.end()).toBeNull()
  })

  it('accepts an empty list, white space around it and a byte order mark', () => {
    expect(split(Buffer.from('\ufeff \r\n[ \t]\n '), [2])).toEqual({ items: [], fault: null })
  })

  it('says what it found when the answer is no array', () => {
    const fault = faultOf(`{"code":"RESOURCE_NOT_FOUND","message":"${'x'.repeat(200)}"}`)
    expect(fault).toMatch(/^not an array: \{"code":"RESOURCE_NOT_FOUND"/)
    expect(fault?.length).toBeLessThan(100)
  })

  it.each([
    ['nothing at all', '', 'the answer is empty'],
    ['a second list behind the first', '[1] [2]', 'something follows the list'],
    ['a trailing comma', '[1,]', 'an item is missing'],
    ['a leading comma', '[,1]', 'an item is missing'],
    ['an open string', '["a', 'cut short'],
  ])('refuses %s', (_case, text, expected) => {
    expect(faultOf(text)).toContain(expected)
  })

  it('needs time in proportion to the input even when one item spans thousands of chunks', () => {
    const text = `["${'x'.repeat(4_000_000)}"]`
    const { items, fault } = split(Buffer.from(text), [512])
    expect(fault).toBeNull()
    expect(items).toEqual([text.slice(1, -1)])
  })
})
