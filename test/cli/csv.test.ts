import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toCsv } from '../../src/cli/csv.js'

describe('toCsv', () => {
  it('writes a header and lines that end in CRLF, nulls as empty cells', () => {
    expect(toCsv(['seq', 'name'], [[1, 'Acme'], [2, null]])).toBe('seq,name\r\n1,Acme\r\n2,\r\n') // prettier-ignore
    expect(toCsv(['seq', 'name'], [])).toBe('seq,name\r\n')
  })

  it('quotes what holds a comma, a quote or a line break', () => {
    expect(toCsv(['a'], [['1,5'], ['a "b"'], ['x\ny'], ['x\ry'], ['plain text']])).toBe(
      'a\r\n"1,5"\r\n"a ""b"""\r\n"x\ny"\r\n"x\ry"\r\nplain text\r\n',
    )
  })

  it("puts a ' before what a spreadsheet would run as a formula", () => {
    const cells = ['=1+1', '+49 Logistik', '-5', '@SUM(A1)', '=HYPERLINK("x","y")', 'a=b', ' =1']
    expect(
      parse(
        toCsv(
          ['name'],
          cells.map((cell) => [cell]),
        ),
      )
        .slice(1)
        .flat(),
    ).toEqual(["'=1+1", "'+49 Logistik", "'-5", "'@SUM(A1)", `'=HYPERLINK("x","y")`, 'a=b', ' =1'])
  })

  it('brings back any text', () => {
    const cell = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@]/.test(text))
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell)), (rows) => {
        expect(parse(toCsv(['a', 'b'], rows))).toEqual([['a', 'b'], ...rows])
      }),
    )
  })
})

/** A reader written from the grammar of RFC 4180, letter by letter. */
function parse(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? ''
    if (quoted && letter === '"' && text[at + 1] === '"') {
      cell += '"'
      at += 1
    } else if (letter === '"') quoted = !quoted
    else if (quoted) cell += letter
    else if (letter === ',') [row, cell] = [[...row, cell], '']
    else if (letter === '\r' && text[at + 1] === '\n') {
      rows.push([...row, cell])
      ;[row, cell] = [[], '']
      at += 1
    } else cell += letter
  }
  return rows
}
