import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseExact } from '../../src/domain/json-text.js'

/** The same value as JSON.parse gives, but every number as the text JSON.stringify writes for it. */
function numbersAsText(value: unknown): unknown {
  if (typeof value === 'number') return JSON.stringify(value)
  if (Array.isArray(value)) return value.map(numbersAsText)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, numbersAsText(member)]))
}

describe('parseExact', () => {
  it('keeps numbers as the sender wrote them', () => {
    const text = '{"price":1.10,"big":12345678901234567890.12345678,"list":[-0,1e3,2E-7]}'
    expect(parseExact(text)).toEqual({
      price: '1.10',
      big: '12345678901234567890.12345678',
      list: ['-0', '1e3', '2E-7'],
    })
  })

  it('leaves alone what only looks like a number inside of a text', () => {
    expect(parseExact('{"a 1":"PO 0012 \\"3\\" \\\\","b":"4"}')).toEqual({ 'a 1': 'PO 0012 "3" \\', b: '4' })
  })

  it('replaces what no database can hold', () => {
    expect(parseExact('["a\\u0000b","\\ud83d","\\ud83d\\ude00"]')).toEqual(['a\uFFFDb', '\uFFFD', '😀'])
  })

  it('loses no digit of any number, however it is written', () => {
    const anyNumber = fc.stringMatching(/^-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?$/)
    fc.assert(
      fc.property(fc.array(anyNumber), fc.constantFrom('', ' ', '\n\t'), (numbers, space) => {
        const text = `{"some":[${numbers.join(`${space},${space}`)}]${space},"1":${space}${numbers[0] ?? '0'}}`
        expect(parseExact(text)).toEqual({ some: numbers, 1: numbers[0] ?? '0' })
      }),
    )
  })

  it.each(['01', '[1.]', '[.5]', '{1:2}', '{1 :2}', '[1 2]', '[1,]', '-', '"a', '["a 1]', '', '1e', '+1', '[1'])(
    'refuses what is no JSON: %s',
    (text) => {
      expect(() => parseExact(text)).toThrow(SyntaxError)
    },
  )

  it('reads everything that JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(parseExact(text)).toEqual(numbersAsText(JSON.parse(text)))
      }),
    )
  })

  it('accepts nothing that JSON.parse refuses', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      ' ',
      'null',
      '01',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), (tokens) => {
        const text = tokens.join('')
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        if (!isJson) expect(() => parseExact(text)).toThrow(SyntaxError)
      }),
      { numRuns: 2000 },
    )
  })
})
