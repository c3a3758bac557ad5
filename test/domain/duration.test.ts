/** Lengths of time as people write them in settings and options. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDuration } from '../../src/domain/duration.js'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

it('a whole number and a unit are milliseconds, as far as a timer can wait', () => {
  fc.assert(
    fc.property(fc.nat(3_000_000), fc.constantFrom(...(['ms', 's', 'm', 'h', 'd'] as const)), (amount, unit) => {
      const ms = amount * UNITS[unit]
      expect(parseDuration(`${amount}${unit}`)).toBe(ms <= 2_147_483_647 ? ms : null)
    }),
  )
  expect([parseDuration('2147483647ms'), parseDuration('2147483648ms'), parseDuration('25d')]).toEqual([
    2_147_483_647,
    null,
    null,
  ])
})

it.each([
  '',
  '10',
  'm',
  '10 m',
  ' 10m',
  '10m ',
  '1.5h',
  '-1s',
  '10M',
  '1h30m',
  '10min',
  '10000000000000ms',
  'toString',
])('anything else is none: %j', (text) => {
  expect(parseDuration(text)).toBeNull()
})
