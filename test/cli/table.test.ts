import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, paint, table, widthOf, wrap } from '../../src/cli/table.js'

const PIPE = { env: {}, isOutTerminal: false, columns: 80 }
const TERMINAL = { env: {}, isOutTerminal: true, columns: 120 }
const plain = paint(PIPE, true)
const ANSI = new RegExp(String.fromCharCode(27))

const long = Array.from({ length: 60 }, (_, n) => `word${n}`).join(' ')

describe('table', () => {
  it('aligns columns by what they hold', () => {
    expect(
      table(
        PIPE,
        plain,
        ['code', 'n'],
        [
          ['vendor_similar', '2'],
          ['in_doubt', '10'],
        ],
      ),
    ).toBe(['code            n', 'vendor_similar  2', 'in_doubt        10'].join('\n'))
  })

  it('wraps long cells so that no line is wider than 80 columns, or the terminal', () => {
    const text = table(PIPE, plain, ['key', 'message'], [['ACME', 'A longer message. '.repeat(20)]])
    expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80)
    expect(Math.max(...text.split('\n').map(widthOf))).toBeGreaterThan(60)
    const wide = table(TERMINAL, plain, ['key', 'message'], [['ACME', 'A longer message. '.repeat(20)]])
    expect(Math.max(...wide.split('\n').map(widthOf))).toBeGreaterThan(100)
  })

  it('cuts a cell of more than six lines', () => {
    const lines = table({ columns: 40 }, plain, ['key', 'message'], [['ACME', long]]).split('\n')
    expect(lines).toHaveLength(7)
    expect(lines.at(-1)).toMatch(/…$/)
  })

  it('lets no control character of foreign text out', () => {
    const text = table(PIPE, plain, ['name'], [['Evil\u001b[31m Corp\r\n\u0007\u202eprocE\u2028x\ttab']])
    expect(text).toBe('name\nEvil [31m Corp procE x tab')
  })

  it('counts wide and combining characters as a terminal does', () => {
    const text = table(
      PIPE,
      plain,
      ['name', 'n'],
      [
        ['日本語', '1'],
        ['Café', '2'],
        ['Ångmark', '3'],
      ],
    )
    expect(text.split('\n').map((line) => widthOf(line))).toEqual([10, 10, 10, 10])
  })

  it('never gets wider than the terminal, whatever is in it', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
        fc.integer({ min: 40, max: 100 }),
        (rows, columns) => {
          const lines = table({ columns }, plain, ['first', 'second', 'third'], rows).split('\n')
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
        },
      ),
    )
  })
})

describe('paint', () => {
  it('colours only on a terminal', () => {
    expect(paint(TERMINAL, true).bold('x')).toMatch(ANSI)
    expect(table(TERMINAL, paint(TERMINAL, true), ['a', 'b'], [['1', '2']])).toMatch(ANSI)
    for (const style of [
      paint(PIPE, true),
      paint(TERMINAL, false),
      paint({ ...TERMINAL, env: { NO_COLOR: '1' } }, true),
      paint({ ...TERMINAL, env: { TERM: 'dumb' } }, true),
    ]) {
      const { bold, dim, good, warn, bad } = style
      expect([bold, dim, good, warn, bad].map((mark) => mark('x'))).toEqual(['x', 'x', 'x', 'x', 'x'])
      expect(table(TERMINAL, style, ['a', 'b'], [['1', '2']])).not.toMatch(ANSI)
    }
  })
})

describe('wrap', () => {
  it('breaks between words, and inside a word only where it is wider than the line', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    expect(wrap('a verylongwordindeed b', 6)).toEqual(['a', 'verylo', 'ngword', 'indeed', 'b'])
    expect(wrap('', 10)).toEqual([''])
  })

  it('loses nothing but the blanks it breaks at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, width) => {
        const squeeze = (given: string) => given.replace(/ /g, '')
        expect(squeeze(wrap(text, width).join(''))).toBe(squeeze(text))
      }),
    )
  })
})

describe('columnsOf', () => {
  it('is 80 where the width is unknown and 40 at least', () => {
    expect([0, 10, 80, 200].map((columns) => columnsOf({ columns }))).toEqual([80, 40, 80, 200])
  })
})
