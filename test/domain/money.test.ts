import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, fitsScale, isWithin, multiply, readDecimal, sum } from '../../src/domain/money.js'

/** Any decimal of up to 20 digits before and 12 after the point, as a whole number of 10^-12. */
const anyScaled = fc.bigInt({ min: -(10n ** 32n), max: 10n ** 32n })
const SCALE = 12

/** The same number as text, by the shortest road that has nothing to do with the library. */
function toText(scaled: bigint, digits: number): string {
  const sign = scaled < 0n ? '-' : ''
  const text = String(scaled < 0n ? -scaled : scaled).padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  return `${sign}${text.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`
}

describe('readDecimal', () => {
  it.each([
    ['12.50', '12.5'],
    ['4.0000000000', '4'],
    ['007', '7'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['+3', '3'],
    [' 1.5 ', '1.5'],
    ['1e3', '1000'],
    ['1.5E-7', '0.00000015'],
    ['123456789012345678901.123456', '123456789012345678901.123456'],
  ])('writes %s as %s', (text, canonical) => {
    expect(readDecimal(text)).toBe(canonical)
  })

  it.each([
    '',
    ' ',
    'NaN',
    'Infinity',
    '0x10',
    '1,5',
    '1.',
    '.5',
    '--1',
    '1 2',
    '1e999',
    '1e100',
    '9'.repeat(61),
    null,
    undefined,
  ])('does not take %s for a number', (text) => {
    expect(readDecimal(text)).toBeNull()
  })
})

describe('arithmetic', () => {
  it('adds exactly', () => {
    fc.assert(
      fc.property(fc.array(anyScaled, { maxLength: 6 }), (values) => {
        const expected = toText(
          values.reduce((total, value) => total + value, 0n),
          SCALE,
        )
        expect(sum(values.map((value) => toText(value, SCALE)))).toBe(expected)
      }),
    )
  })

  it('multiplies exactly', () => {
    fc.assert(
      fc.property(anyScaled, anyScaled, (a, b) => {
        expect(multiply(toText(a, SCALE), toText(b, SCALE))).toBe(toText(a * b, 2 * SCALE))
      }),
    )
  })

  it('compares and measures distances exactly', () => {
    fc.assert(
      fc.property(anyScaled, anyScaled, fc.bigInt({ min: 0n, max: 10n ** 13n }), (a, b, tolerance) => {
        const [left, right] = [toText(a, SCALE), toText(b, SCALE)]
        expect(Math.sign(compare(left, right))).toBe(a === b ? 0 : a < b ? -1 : 1)
        const distance = a < b ? b - a : a - b
        expect(isWithin(left, right, toText(tolerance, SCALE))).toBe(distance <= tolerance)
      }),
    )
  })
})

describe('canonical text', () => {
  it('is one for one number, however it was written, and is read as itself', () => {
    const anyOf = (...texts: string[]) => fc.constantFrom(...texts)
    fc.assert(
      fc.property(
        ...([anyScaled, anyOf('', '+'), anyOf('', '0', '00'), anyOf('', '0', '000'), anyOf('', 'e0', 'E+0')] as const),
        (scaled, plus, zeros, tail, exponent) => {
          const canonical = toText(scaled, SCALE)
          const digits = canonical.replace('-', '')
          const fraction = digits.includes('.') || tail === '' ? tail : `.${tail}`
          const spelled = `${scaled < 0n ? '-' : plus}${zeros}${digits}${fraction}${exponent}`
          expect(readDecimal(spelled)).toBe(canonical)
          expect(readDecimal(canonical)).toBe(canonical)
        },
      ),
    )
  })

  it('is as long as sixty digits and no longer, in either direction', () => {
    expect(readDecimal('9'.repeat(60))).toBe('9'.repeat(60))
    expect(readDecimal('1e60')).toBe(`1${'0'.repeat(60)}`)
    expect(readDecimal('1e61')).toBeNull()
    expect(readDecimal('1e-60')).toBe(`0.${'0'.repeat(59)}1`)
    expect(readDecimal('1e-61')).toBeNull()
  })
})

describe('fitsScale', () => {
  it.each([
    ['9999999999.99999', true],
    ['10000000000', false],
    ['0.000001', false],
    ['-9999999999.99999', true],
    ['0', true],
    ['9999999999', true],
    ['-10000000000', false],
    ['-0.000001', false],
  ])('says of %s in 10 + 5 digits: %s', (value, fits) => {
    expect(fitsScale(value, 10, 5)).toBe(fits)
  })
})
