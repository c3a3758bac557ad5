import { describe, expect, it } from 'vitest'
import { assignLines, groupParts, listBlanketLines, NO_PARTS, sourceIdOf } from '../../src/domain/order-parts.js'
import type { ReadLine } from '../../src/domain/read-order.js'
import type { Json, Link } from '../../src/domain/record.js'
import { aLink } from '../support/factories.js'

interface Place {
  readonly department?: string | null
  readonly building?: string | null
}

const factsOf = (id: string, place: Place = {}) => ({ id, department: 'Paint', building: 'MAIN', ...place })
const lineOf = (id: string, place: Place = {}): ReadLine => {
  const rest = { number: id, description: '', basis: 'releases', quantity: '1', released: null, price: '1' } as const
  const units = { unit: null, price_unit: null, account: null, due: null }
  return { facts: { ...rest, ...units, ...factsOf(id, place) }, label: id, openDue: null }
}
/** The link of a part that was sent with these lines. */
function sent(
  sourceId: string,
  lines: readonly object[],
  fields: Partial<Link> = {},
  others: readonly string[] = [],
): Link {
  const draft = { key: 'k', part: 1, revision: 1, lines, other_lines: others } as unknown as Json
  return aLink(sourceId, { targetId: `r of ${sourceId}`, sent: draft, detail: null, ...fields })
}
const stateOf = (state: string, revision: number) => ({ state, revision }) as unknown as Json
const parts = (...links: readonly Link[]) =>
  groupParts(new Map(links.map((link) => [link.sourceId, link]))).get('o') ?? NO_PARTS
/** The ids of the lines each part holds, and of those that may be sent. */
function assign(lines: readonly ReadLine[], ...links: readonly Link[]) {
  const { linesOf, free } = assignLines(lines, parts(...links))
  const ids = (of: readonly ReadLine[]) => of.map(({ facts }) => facts.id).join(' ')
  return { held: Object.fromEntries([...linesOf].map(([number, of]) => [number, ids(of)])), free: ids(free) }
}

describe('the parts of an order', () => {
  it('go by a number after the id, the first by the id alone', () => {
    expect([sourceIdOf('o', 1), sourceIdOf('o', 2), sourceIdOf('o', 12)]).toEqual(['o', 'o/2', 'o/12'])
    const links = ['o/12', 'x/2', 'o', 'o/2', 'o/x', 'a/b\nc/3'].map((id) => sent(id, []))
    const grouped = groupParts(new Map(links.map((link) => [link.sourceId, link])))
    const numbers = [...grouped].map(([id, { kept }]) => [id, kept.map(({ number }) => number)])
    expect(Object.fromEntries(numbers)).toEqual({ o: [1, 2, 12], x: [2], 'o/x': [1], 'a/b\nc': [3] })
  })

  it('are kept, sent anew, or were never sent', () => {
    const over = [
      sent('o', [], { detail: stateOf('denied', 2) }),
      sent('o/2', [], { detail: stateOf('denied', 1) }),
      sent('o/3', [], { detail: stateOf('approved', 2) }),
      sent('o/4', [], { detail: stateOf('vanished', 2) }),
      // What a person typed is not ours to send anew.
      sent('o/5', [], { detail: stateOf('denied', 2), sent: null }),
      sent('o/6', [], { targetId: null }),
    ]
    const { kept, resent, unsent } = parts(...over)
    const numbersOf = (of: readonly { readonly number: number }[]) => of.map(({ number }) => number)
    expect([numbersOf(kept), numbersOf(resent), numbersOf(unsent)]).toEqual([[2, 3, 5], [1, 4], [6]])
  })

  it('know which lines were sent whole by their blanket quantity', () => {
    const lines = [
      { ...factsOf('a'), basis: 'blanket' },
      { ...factsOf('b'), basis: 'releases' },
    ]
    expect([...listBlanketLines(parts(sent('o', lines), sent('o/2', [], { sent: null })))]).toEqual(['a'])
  })
})

describe('a line', () => {
  it('of an order that was never sent is free', () => {
    expect(assign([lineOf('a'), lineOf('b')])).toEqual({ held: {}, free: 'a b' })
  })

  it('stays with the part it was sent with, wherever it belongs by now', () => {
    const links = [sent('o', [factsOf('a')]), sent('o/2', [factsOf('b', { department: 'Dye' })])]
    const moved = [lineOf('b'), lineOf('a', { department: 'Dye' })]
    expect(assign(moved, ...links)).toEqual({ held: { 1: 'a', 2: 'b' }, free: '' })
  })

  it('that came later goes to the part of its place, else to the first', () => {
    const links = [
      sent('o', [factsOf('a')]),
      sent('o/2', [factsOf('b', { department: 'Dye' })]),
      sent('o/3', [factsOf('c', { department: 'Dye', building: 'WEST' })]),
    ]
    const late = [
      lineOf('d', { department: 'Dye', building: 'WEST' }),
      lineOf('e', { department: 'Dye' }),
      lineOf('f', { department: 'Tools' }),
      lineOf('g', { building: 'WEST' }),
    ]
    expect(assign(late, ...links)).toEqual({ held: { 1: 'f g', 2: 'e', 3: 'd' }, free: '' })
    // A part without lines is of no place.
    const empty = [sent('o', []), sent('o/2', [factsOf('b')])]
    expect(assign([lineOf('c'), lineOf('d', { department: null, building: null })], ...empty).held).toEqual({
      1: 'd',
      2: 'c',
    })
  })

  it('that came later goes to a part typed by a person, which may hold it already', () => {
    const links = [sent('o', [factsOf('a')]), sent('o/2', [], { sent: null })]
    expect(assign([lineOf('a'), lineOf('b')], ...links)).toEqual({ held: { 1: 'a', 2: 'b' }, free: '' })
  })

  it('of a part that is sent anew is free, as is one that was planned for a part that was never sent', () => {
    const denied = { detail: stateOf('denied', 2) }
    expect(assign([lineOf('a'), lineOf('b')], sent('o', [factsOf('a')]), sent('o/2', [factsOf('b')], denied))).toEqual({
      ...{ held: { 1: 'a' }, free: 'b' },
    })
    expect(assign([lineOf('a'), lineOf('b')], sent('o', [factsOf('a')], {}, ['b']))).toEqual({
      held: { 1: 'a' },
      free: 'b',
    })
    expect(assign([lineOf('b'), lineOf('c')], sent('o/2', [factsOf('b')], denied, ['c']), sent('o', []))).toEqual({
      ...{ held: { 1: '' }, free: 'b c' },
    })
  })
})
