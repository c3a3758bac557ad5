import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StateBook } from '../../src/domain/state-book.js'

describe('a book of states', () => {
  it('holds what a map would hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.uuid(), fc.string(), fc.nat(50).map(String)), fc.integer({ min: 1, max: 9 })), {
          maxLength: 200,
        }),
        (entries) => {
          const book = new StateBook()
          const map = new Map<string, number>()
          for (const [id, state] of entries) {
            book.set(id, state)
            map.set(id, state)
          }
          expect(book.size).toBe(map.size)
          for (const [id, state] of map) expect(book.get(id)).toBe(state)
          expect(book.get('nobody')).toBe(map.get('nobody') ?? 0)
          for (const state of [1, 5, 9])
            expect(book.count(state)).toBe([...map.values()].filter((one) => one === state).length)
        },
      ),
    )
  })

  it('grows over many records that look alike, and loses none', () => {
    const book = new StateBook()
    const ids = Array.from({ length: 30_000 }, (_, n) => `5a000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
    ids.forEach((id, n) => book.set(id, 1 + (n % 3)))
    expect(book.size).toBe(30_000)
    expect([1, 2, 3].map((state) => book.count(state))).toEqual([10_000, 10_000, 10_000])
    expect(ids.every((id, n) => book.get(id) === 1 + (n % 3))).toBe(true)
  })
})
