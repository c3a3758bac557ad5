import { describe, expect, it } from 'vitest'
import { holdsSame, indexExisting, lastRevision, matchRequisitions } from '../../src/domain/match-requisition.js'
import type { ExistingRequisition } from '../../src/domain/order.js'
import type { RequisitionDraft } from '../../src/domain/requisition.js'
import { makeKey, makeStem } from '../../src/domain/token.js'
import { anOrderDetail, decisions, existingOf, lineNo, ORDER_ID, wantedOf } from './order-factories.js'

/** An order of two places: part 1 with two lines, part 2 with one. */
const lines = [lineNo(1), lineNo(2), lineNo(3, { department: 'Production' })]
const wanted = decisions(anOrderDetail({}, lines))
const [one, two] = [wantedOf(wanted[ORDER_ID]), wantedOf(wanted[`${ORDER_ID}/2`])]
const stem = makeStem('default', ORDER_ID)
const key = (part: number, revision: number) => makeKey({ stem, part, revision })

const match = (
  existing: readonly ExistingRequisition[],
  {
    links = {},
    revisions = { 1: 1, 2: 1 },
    drafts = [one.draft, two.draft],
  }: { links?: Record<string, string>; revisions?: Record<number, number>; drafts?: readonly RequisitionDraft[] } = {},
) => {
  const linked = new Map(Object.entries(links).map(([id, sourceId]) => [id, { sourceId }]))
  const matches = matchRequisitions(
    drafts,
    existing,
    linked,
    new Map(Object.entries(revisions).map(([part, revision]) => [Number(part), revision])),
  )
  return [...matches.values()].map((found) => (found.kind === 'adopt' ? found.requisition.id : found.kind))
}

describe('matchRequisitions', () => {
  it('finds none where there is none', () => {
    expect(match([])).toEqual(['none', 'none'])
  })

  it('takes over what carries the key and holds the same', () => {
    expect(match([existingOf(one), existingOf(two)])).toEqual([`existing ${key(1, 1)}`, `existing ${key(2, 1)}`])
    expect(match([existingOf(two)])).toEqual(['none', `existing ${key(2, 1)}`])
  })

  it('takes over a denied one too: what becomes of it is for people', () => {
    expect(match([existingOf(one, { status: '2' })])[0]).toBe(`existing ${key(1, 1)}`)
  })

  it('leaves one that differs to a person, and creates nothing beside it', () => {
    const differing = existingOf(one, { items: existingOf(one).items.slice(1) })
    expect(match([differing])).toEqual(['ambiguous', 'ambiguous'])
    expect(match([{ ...differing, status: '2' }])).toEqual(['ambiguous', 'ambiguous'])
  })

  it('names it by its number, or by its id as long as it has none', () => {
    const message = (orderNum: string | null) => {
      const found = matchRequisitions(
        [one.draft],
        [existingOf(one, { orderNum, id: 'r1', items: [] })],
        new Map(),
        new Map(),
      ).get(1)
      return found?.kind === 'ambiguous' ? found.message : null
    }
    expect(message('1001')).toMatch(/^Requisition 1001 carries the key/)
    expect(message(null)).toMatch(/^Requisition r1 carries the key/)
  })

  it('leaves two with one key to a person', () => {
    expect(match([existingOf(one), existingOf(one, { id: 'twin' })])[0]).toBe('ambiguous')
  })

  it('does not take one that is linked to another record', () => {
    expect(match([existingOf(one)], { links: { [`existing ${key(1, 1)}`]: 'another order' } })).toEqual([
      'ambiguous',
      'none',
    ])
  })

  it('creates nothing while a requisition of the order is unaccounted for', () => {
    const stray = existingOf(one, { key: key(3, 1), id: 'stray' })
    expect(match([stray])).toEqual(['ambiguous', 'ambiguous'])
    expect(match([stray, existingOf(one)])).toEqual([`existing ${key(1, 1)}`, 'ambiguous'])
    expect(match([stray], { links: { stray: `${ORDER_ID}/3` } })).toEqual(['none', 'none'])
  })

  it('counts an older revision as replaced only once it is denied or cancelled', () => {
    const again = { ...two.draft, revision: 2, key: key(2, 2) }
    const options = { drafts: [again], revisions: { 2: 2 } as Record<number, number> }
    expect(match([existingOf(two, { status: '2' })], options)).toEqual(['none'])
    expect(match([existingOf(two, { status: '4' })], options)).toEqual(['none'])
    expect(match([existingOf(two, { status: '1' })], options)).toEqual(['ambiguous'])
    expect(match([existingOf(two, { status: null })], options)).toEqual(['ambiguous'])
  })
})

describe('holdsSame', () => {
  const { items } = existingOf(one)
  const [first, second] = items
  if (first === undefined || second === undefined) throw new Error('Expected two items.')

  it('compares numbers, not their spelling, and not the order of the items', () => {
    expect(
      holdsSame(one.draft, [
        second,
        { ...first, name: `urgent ${first.name}`, quantity: '4.00000', price: '1.50000000' },
      ]),
    ).toBe(true)
  })

  it('does so for any number of lines', () => {
    const ten = Array.from({ length: 11 }, (_, at) => lineNo(at + 1))
    const many = wantedOf(decisions(anOrderDetail({}, ten))[ORDER_ID])
    expect(holdsSame(many.draft, existingOf(many).items)).toBe(true)
  })

  it.each([
    ['another quantity', [{ ...first, quantity: '4.00001' }, second]],
    ['another price', [{ ...first, price: '1.51' }, second]],
    ['another vendor', [{ ...first, vendorId: '8' }, second]],
    ['no vendor', [{ ...first, vendorId: null }, second]],
    ['a line missing', [first]],
    ['a line more', [first, second, second]],
    ['one line twice instead', [first, first]],
    [
      'prices swapped',
      [
        { ...first, price: second.price },
        { ...second, price: first.price },
      ],
    ],
    ['another line of the same value', [{ ...first, name: first.name.replace('PO-1/1', 'PO-1/9') }, second]],
    ['an item without a token', [{ ...first, name: 'Bearing' }, second]],
    ['an unreadable quantity', [{ ...first, quantity: null }, second]],
  ])('sees %s', (_what, changed) => {
    expect(holdsSame(one.draft, changed)).toBe(false)
  })
})

describe('lastRevision', () => {
  it('is the highest of the part that nobody is linked to', () => {
    const siblings = [
      existingOf(one),
      existingOf(one, { key: key(1, 3), id: 'third' }),
      existingOf(two, { key: key(2, 4) }),
    ]
    expect(lastRevision(1, siblings, new Map())).toBe(3)
    expect(lastRevision(1, siblings, new Map([['third', true]]))).toBe(1)
    expect(lastRevision(9, siblings, new Map())).toBe(0)
  })
})

describe('indexExisting', () => {
  it('gathers all requisitions of an order', () => {
    const foreign = existingOf(one, { key: makeKey({ stem: '00000000', part: 1, revision: 1 }) })
    const index = indexExisting([existingOf(one), foreign, existingOf(two)])
    expect(index.get(stem)?.map((found) => found.key)).toEqual([key(1, 1), key(2, 1)])
  })
})
