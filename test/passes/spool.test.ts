import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Spool } from '../../src/passes/spool.js'

describe('a spool', () => {
  it('gives back what was put in, in order and by place, however much it is', () => {
    fc.assert(
      fc.property(fc.nat(1100), fc.array(fc.nat(1100), { maxLength: 20 }), (count, places) => {
        const spool = new Spool<{ id: number; name: string | null }>()
        const items = Array.from({ length: count }, (_, id) => ({ id, name: id % 3 === 0 ? null : `Ünïcode ${id}` }))
        items.forEach((item) => spool.push(item))
        expect(spool.length).toBe(count)
        expect([...spool]).toEqual(items)
        for (const place of places) expect(spool.at(place)).toEqual(items[place])
        expect(spool.at(-1)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })
})
