import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, contentHash } from '../../src/domain/content-hash.js'
import type { Json } from '../../src/domain/record.js'

const anyJson = fc.jsonValue() as fc.Arbitrary<Json>

function isObject(value: Json): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** Equal content in another order of members, at every depth. */
function mirror(value: Json): Json {
  if (Array.isArray(value)) return value.map(mirror)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, mirror(member ?? null)]),
  )
}

describe('canonicalJson', () => {
  it('sorts members at every depth and leaves out white space and undefined', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 'x y' }], a: undefined, A: null })).toBe('{"A":null,"b":[{"c":"x y","d":1}]}')
  })

  it('keeps the order of lists', () => {
    expect(canonicalJson([2, 1])).toBe('[2,1]')
  })

  it('is JSON of the same content', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('contentHash', () => {
  it('is the sha256 of the canonical JSON, which anybody can recompute', () => {
    expect(contentHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })

  it('does not depend on the order of members', () => {
    fc.assert(fc.property(anyJson, (value) => contentHash(mirror(value)) === contentHash(value)))
  })

  it('is the same for equal content only', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (one, other) => {
        const isEqual = canonicalJson(one) === canonicalJson(other)
        expect(contentHash(one) === contentHash(other)).toBe(isEqual)
        // A member, a list around it or a neighbour more is other content.
        for (const changed of [[one], [one, other], { a: one }, { a: [one], b: other }])
          expect(contentHash(changed)).not.toBe(contentHash(one))
      }),
    )
  })

  it('tells different content apart', () => {
    const contents: Json[] = [
      null,
      '',
      0,
      '0',
      false,
      [],
      {},
      [null],
      [[]],
      { a: null },
      { a: '' },
      ['a', 'b'],
      ['a,b'],
      ['ab'],
    ]
    expect(new Set(contents.map(contentHash)).size).toBe(contents.length)
  })
})
