import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/domain/record.js'
import { diffRecords } from '../../src/domain/record-diff.js'

const told = (from: Json, to: Json) =>
  diffRecords(from, to).map((one) => `${one.field}: ${JSON.stringify([one.from, one.to])}`)

describe('a difference', () => {
  const cases: [string, Json, Json, string[]][] = [
    ['of a value is named by its path', { a: { b: 1 } }, { a: { b: 2 } }, ['a.b: [1,2]']],
    ['of a record as a whole has no path', 'x', 'y', [': ["x","y"]']],
    ['of nothing is none', { a: [1, { b: null }], c: 'x' }, { a: [1, { b: null }], c: 'x' }, []],
    ['is not that a member is null here and missing there', { a: null }, { b: null }, []],
    ['is what came and what went', { a: 1 }, { b: 2 }, ['a: [1,null]', 'b: [null,2]']],
    ['keeps a value of another kind whole', { a: { b: 1 } }, { a: [1] }, ['a: [{"b":1},[1]]']],
    ['keeps a list that became a record whole', { a: [1] }, { a: { 0: 1 } }, ['a: [[1],{"0":1}]']],
    ['keeps a record that went whole', { a: { b: 1 } }, { a: null }, ['a: [{"b":1},null]']],
    ['keeps a record that came whole', { a: null }, { a: { b: 1 } }, ['a: [null,{"b":1}]']],
    ['in a list goes by place', { a: [1, 2] }, { a: [1, 3, 4] }, ['a[1]: [2,3]', 'a[2]: [null,4]']],
    ['in a shorter list goes by the old place', { a: [1, 2] }, { a: [1] }, ['a[1]: [2,null]']],
    [
      'of records with ids goes by id, and is named by the place of today',
      {
        lines: [
          { id: 'x', price: '1' },
          { id: 'y', price: '5' },
        ],
      },
      {
        lines: [
          { id: 'y', price: '5' },
          { id: 'x', price: '2' },
        ],
      },
      ['lines[1].price: ["1","2"]'],
    ],
    [
      'of a record with an id that went is named by where it was',
      { lines: [{ id: 'x' }, { id: 'y', price: '5' }] },
      { lines: [{ id: 'x' }] },
      ['lines[1]: [{"id":"y","price":"5"},null]'],
    ],
    ['takes no number for an id', { a: [{ id: 1 }, { id: 2 }] }, { a: [{ id: 2 }, { id: 2 }] }, ['a[0].id: [1,2]']],
  ]

  it.each(cases)('%s', (_, from, to, differences) => {
    expect(told(from, to)).toEqual(differences)
  })

  it('is none of a record to itself, and the same both ways', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (left, right) => {
        const [from, to] = [left as Json, right as Json]
        expect(diffRecords(from, from)).toEqual([])
        const there = diffRecords(from, to)
        const back = diffRecords(to, from)
        expect(new Set(back.map((one) => JSON.stringify([one.to, one.from])))).toEqual(
          new Set(there.map((one) => JSON.stringify([one.from, one.to]))),
        )
      }),
    )
  })
})
