import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanLine, cleanLines, countPoints, cut, fold, similarityKey } from '../../src/domain/text.js'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })
const graphemes = (text: string) => Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment)

describe('cleanLine', () => {
  it('makes one trimmed line of controls, breaks, tabs and hard spaces', () => {
    expect(cleanLine('  Acme\r\n Steel\t\u00a0Supply\u0000 ')).toBe('Acme Steel Supply')
  })

  it('composes accents', () => {
    expect(cleanLine('Mu\u0308ller')).toBe('M\u00fcller')
  })

  it('drops marks nobody can see and keeps the joiner of an emoji', () => {
    expect(cleanLine('\ufeffAc\u200bme\u00ad')).toBe('Acme')
    expect(cleanLine('👩\u200d🔧')).toBe('👩\u200d🔧')
  })

  it('drops half a surrogate pair, which no database takes', () => {
    expect(cleanLine('Acme \ud83d Steel')).toBe('Acme Steel')
  })

  it('has nothing left to do on its own result', () => {
    fc.assert(fc.property(anyText, (text) => cleanLine(cleanLine(text)) === cleanLine(text)))
  })
})

describe('cleanLines', () => {
  it('keeps the lines of a note, whatever their breaks, without the empty ones around them', () => {
    expect(cleanLines('\n\nPays  late.\r\n\r\nCall\u2028first. \r')).toEqual(['Pays late.', '', 'Call', 'first.'])
  })

  it('keeps a note that is one line or begins at once', () => {
    expect(cleanLines('Pays late.')).toEqual(['Pays late.'])
    expect(cleanLines('Pays late.\nCall first.')).toEqual(['Pays late.', 'Call first.'])
  })

  it('gives no lines for a blank note', () => {
    expect(cleanLines(' \r\n\t')).toEqual([])
  })
})

describe('cut', () => {
  it('leaves alone what fits', () => {
    expect(cut('Acme', 4)).toBe('Acme')
  })

  it('counts a pair of surrogates as the one character Procurify counts', () => {
    expect(cut('😀😀😀', 3)).toBe('😀😀😀')
    expect(cut('😀😀😀', 2)).toBe('😀😀')
  })

  it('leaves no white space at the cut', () => {
    expect(cut('Acme Steel', 5)).toBe('Acme')
  })

  it('does not take half of a letter with its accent or of a joined emoji', () => {
    expect(cut('ab\u0323c', 2)).toBe('a')
    expect(cut('A👩\u200d🔧', 3)).toBe('A')
  })

  it('cuts inside a single character only when it alone is longer than the limit', () => {
    expect(cut('a\u0323\u0323\u0323', 2)).toBe('a\u0323')
  })

  it('never exceeds the limit and only ever drops whole characters from the end', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 8, max: 40 }), (whole, max) => {
        const short = cut(whole, max)
        const characters = graphemes(whole)
        const prefixes = characters.map((_, index) =>
          characters
            .slice(0, index + 1)
            .join('')
            .trimEnd(),
        )
        expect(countPoints(short)).toBeLessThanOrEqual(max)
        expect(['', whole, ...prefixes]).toContain(short)
      }),
    )
  })
})

describe('fold', () => {
  it.each([
    ['case and space', ' ACME   steel', 'Acme Steel'],
    ['full width letters', 'ＡＣＭＥ', 'acme'],
    ['the German sharp s', 'Straße', 'STRASSE'],
    ['the Greek final sigma', 'ΟΔΟΣ', 'οδος'],
    ['composed and decomposed accents', 'Mu\u0308ller', 'M\u00fcller'],
    ['invisible joiners', 'Ac\u200dme', 'Acme'],
  ])('does not tell apart %s', (_, one, other) => {
    expect(fold(one)).toBe(fold(other))
  })

  it.each([
    ['punctuation', 'Acme-Steel', 'Acme Steel'],
    ['accents', 'Muller', 'Müller'],
  ])('does tell apart %s', (_, one, other) => {
    expect(fold(one)).not.toBe(fold(other))
  })
})

describe('similarityKey', () => {
  it.each([
    ['Acme Steel, Inc.', 'ACME STEEL'],
    ['Acme-Steel LLC', 'Acme Steel L.L.C.'],
    ['AcmeSteel', 'Acme Steel'],
    ['Müller GmbH & Co. KG', 'MÜLLER'],
    ['Dupont S.A.S.', 'Dupont'],
    ['Dupont S. A.', 'Dupont SA'],
    ["O'Brien Ltd", 'OBrien Limited'],
    ['Acme Company', 'Acme Co'],
  ])('takes %s and %s for one company', (one, other) => {
    expect(similarityKey(one)).toBe(similarityKey(other))
  })

  it.each([
    ['Acme Steel', 'Acme Tools'],
    ['Inc Magazine', 'Magazine'],
    ['Co AG', 'Inc'],
    ['AS', 'AG'],
    ['!!!', '???'],
    ['Smith and Sons', 'Smith'],
  ])('tells %s from %s', (one, other) => {
    expect(similarityKey(one)).not.toBe(similarityKey(other))
  })
})
