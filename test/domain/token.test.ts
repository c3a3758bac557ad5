import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bug } from '../../src/domain/errors.js'
import { countPoints } from '../../src/domain/text.js'
import { findKey, findLine, makeItemName, makeKey, makeStem, readKey } from '../../src/domain/token.js'

const anyText = fc.string({ unit: 'binary', maxLength: 400 })
const anyCount = fc.integer({ min: 1, max: 1023 })

describe('keys', () => {
  it('are the same for the same part and revision of an order, and others for all else', () => {
    const key = (connection: string, orderId: string, part: number, revision: number) =>
      makeKey({ stem: makeStem(connection, orderId), part, revision })
    const one = key('default', 'order-1', 1, 1)
    expect(one).toMatch(/^[0-9a-hjkmnp-tv-z]{12}$/)
    expect(key('default', 'order-1', 1, 1)).toBe(one)
    const others = [
      key('other', 'order-1', 1, 1),
      key('default', 'order-2', 1, 1),
      key('default', 'order-1', 2, 1),
      key('default', 'order-1', 1, 2),
    ]
    expect(new Set([one, ...others]).size).toBe(5)
  })

  it('stay what they are, or requisitions of earlier versions would not be found again', () => {
    expect(makeKey({ stem: makeStem('default', '0d000001-0000-4000-8000-000000000001'), part: 1, revision: 1 })).toBe(
      'c9shf48s0101',
    )
  })

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), anyCount, anyCount, (connection, orderId, part, revision) => {
        const stem = makeStem(connection, orderId)
        expect(readKey(makeKey({ stem, part, revision }))).toEqual({ stem, part, revision })
      }),
    )
  })

  it('refuse parts they cannot spell', () => {
    expect(() => makeKey({ stem: '01234567', part: 1024, revision: 1 })).toThrow(Bug)
    expect(() => makeKey({ stem: '01234567', part: 1, revision: 0 })).toThrow(Bug)
    expect(() => makeKey({ stem: '01234567', part: 0, revision: 1 })).toThrow(Bug)
    expect(() => makeKey({ stem: '01234567', part: 1, revision: 1024 })).toThrow('part 1, revision 1024')
    expect(() => makeKey({ stem: '01234567', part: 1.5, revision: 1 })).toThrow(Bug)
    expect(makeKey({ stem: '01234567', part: 1023, revision: 1 })).toBe('01234567zz01')
  })

  it.each(['', '0123456701', '01234567010i', '012345670100', '012345670001'])('are not %j', (text) => {
    expect(readKey(text)).toBeNull()
  })
})

describe('item names', () => {
  const key = makeKey({ stem: makeStem('default', 'order-1'), part: 3, revision: 2 })

  it('say order and line to people, then the key, then what it is', () => {
    expect(makeItemName('PO-4711', '3', key, 'Bearing 6204-2RS')).toBe(`[PLEX PO-4711/3 ${key}] Bearing 6204-2RS`)
  })

  it('are one line of at most 255 characters with the key whole, whatever Plex holds', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (order, line, description) => {
        const name = makeItemName(order, line, key, description)
        expect(countPoints(name)).toBeLessThanOrEqual(255)
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u)
        expect(findKey(name)).toBe(key)
      }),
    )
  })

  it('give back the line they were made for', () => {
    const plain = fc.stringMatching(/^[A-Z0-9][A-Z0-9.-]{0,19}$/)
    fc.assert(
      fc.property(anyText, plain, anyText, (order, line, description) => {
        expect(findLine(makeItemName(order, line, key, description))).toBe(line)
      }),
    )
    expect(findLine(`[PLEX PO/2026/7/ 3 ${key}] Bearing`)).toBe('3')
    expect(findLine('Bearing 3/4 inch')).toBe('')
  })

  it('cut what people call the order and the line, never the key', () => {
    expect(makeItemName('P'.repeat(70), '9'.repeat(30), key, 'Bearing')).toBe(
      `[PLEX ${'P'.repeat(60)}/${'9'.repeat(20)} ${key}] Bearing`,
    )
    expect(makeItemName('PO [old]', '[1]', key, ' ')).toBe(`[PLEX PO (old)/(1) ${key}]`)
  })

  it('fill the 255 characters with as much of the description as fits', () => {
    expect(countPoints(makeItemName('PO-1', '1', key, 'x'.repeat(1100)))).toBe(255)
    expect(countPoints(makeItemName('PO-1', '1', key, '😀'.repeat(1100)))).toBe(255)
  })

  it.each([
    ['brackets in the number', makeItemName('PO [old] ]', '1', key, 'x'), true],
    ['words of people before the token', `urgent! [PLEX PO-1/1 ${key}] Bearing`, true],
    ['capital letters', `[PLEX PO-1/1 ${key.toUpperCase()}] Bearing`, true],
    ['a token in the description only', `Bearing as in PLEX ${key}`, false],
    ['no key', '[PLEX PO-1/1] Bearing', false],
    ['a key that is none', '[PLEX PO-1/1 uuuuuuuuuuuu] Bearing', false],
  ])('give their key with %s', (_what, name, isFound) => {
    expect(findKey(name)).toBe(isFound ? key : null)
  })
})
