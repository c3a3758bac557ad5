import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrderDetail, OrderLine, Release } from '../../src/domain/order.js'
import { readOrder, type ReadOrderOptions } from '../../src/domain/read-order.js'
import { aLine, anOrderDetail, aRelease, known, lineNo, ZERO_UUID } from './order-factories.js'

const OPTIONS: ReadOrderOptions = {
  ...{
    releaseStatuses: known().releaseStatuses,
    zone: 'America/Detroit',
    isCancelled: false,
    sentAsBlanket: new Set(),
  },
}
const read = (detail: OrderDetail, options: Partial<ReadOrderOptions> = {}) =>
  readOrder(detail, { ...OPTIONS, ...options })
const lineOf = (releases: readonly Partial<Release>[], line: Partial<OrderLine> = {}, order = {}, options = {}) => {
  const all = releases.map((release, at) => aRelease({ id: `release-${at}`, ...release }))
  return read(anOrderDetail(order, [aLine(line)], all), options).lines[0]
}

describe('the quantity of a line', () => {
  it('is the exact sum of its releases that are not cancelled, received ones included', () => {
    const releases = [
      { quantity: '0.1' },
      { quantity: '0.2', status: 'Received' },
      { quantity: '7', status: 'Cancelled' },
    ]
    expect(lineOf(releases)?.facts).toMatchObject({ quantity: '0.3', basis: 'releases', released: null })
  })

  it('counts a release that two pages brought only once', () => {
    expect(lineOf([{ id: 'same' }, { id: 'same' }])?.facts.quantity).toBe('4')
  })

  it('is unknown without releases, and when a live release lacks its quantity', () => {
    expect(lineOf([])?.facts.quantity).toBeNull()
    expect(lineOf([{ quantity: '4' }, { quantity: null }])?.facts.quantity).toBeNull()
    expect(lineOf([{ quantity: '4' }, { quantity: null, status: 'Cancelled' }])?.facts.quantity).toBe('4')
  })

  it('makes no line when all releases are cancelled', () => {
    expect(lineOf([{ status: 'Cancelled' }, { status: 'cancelled ' }])).toBeUndefined()
  })

  it('is the blanket quantity of a blanket order without releases', () => {
    const blanket = { blanketQuantity: '1200.00' }
    expect(lineOf([], blanket, { blanketOrder: true })?.facts).toMatchObject({
      quantity: '1200',
      basis: 'blanket',
      released: '0',
    })
    expect(lineOf([], blanket)?.facts.quantity).toBeNull()
    expect(lineOf([{ quantity: '5' }], blanket, { blanketOrder: true })?.facts).toMatchObject({
      quantity: '5',
      basis: 'releases',
    })
  })

  it('stays the blanket quantity once sent so, whatever was drawn since', () => {
    const sentAsBlanket = new Set(['line-1'])
    const drawn = lineOf(
      [{ quantity: '5' }, { quantity: '6' }],
      { blanketQuantity: '1200' },
      { blanketOrder: true },
      { sentAsBlanket },
    )
    expect(drawn?.facts).toMatchObject({ quantity: '1200', basis: 'blanket', released: '11' })
  })

  it('counts releases by the flags they bring where no list knows their status', () => {
    const live = aRelease({ status: 'Firmed', cancelled: false, received: false })
    const dead = aRelease({ id: '2', status: 'Dropped', cancelled: true, received: false })
    const order = read(anOrderDetail({}, [aLine()], [live, dead]))
    expect(order.unknownStatuses).toEqual([])
    expect(order.lines[0]?.facts.quantity).toBe(live.quantity)
  })

  it('cannot be told while a release has a status nobody knows', () => {
    expect(
      read(anOrderDetail({}, [aLine()], [aRelease({ status: 'Firmed' }), aRelease({ id: '2', status: null })]))
        .unknownStatuses,
    ).toEqual(['Firmed'])
  })
})

describe('the due date of a line', () => {
  it('is the earliest day of its live releases; what is received is not open any more', () => {
    const line = lineOf([
      { dueDate: '2026-04-02T04:00:00Z' },
      { dueDate: '2026-04-01T04:00:00Z', status: 'Received' },
      { dueDate: '2026-03-01T05:00:00Z', status: 'Cancelled' },
    ])
    expect(line).toMatchObject({ facts: { due: '2026-04-01' }, openDue: '2026-04-02' })
  })

  it('is that of the order where releases have none', () => {
    const order = { dueDate: '2026-05-01T04:00:00Z' }
    expect(lineOf([{ dueDate: null }], {}, order)).toMatchObject({ facts: { due: '2026-05-01' }, openDue: null })
    expect(lineOf([{ dueDate: '0001-01-01T00:00:00Z' }])).toMatchObject({ facts: { due: null }, openDue: null })
  })
})

describe('the description of a line', () => {
  it.each<[string, Partial<OrderLine>, Partial<Release>, string]>([
    ['its own', { description: 'Bearing', itemNumber: 'MRO-1' }, {}, 'Bearing'],
    ['the item number', { description: ' \r\n', itemNumber: 'MRO-1', partNumber: 'PT-1' }, {}, 'MRO-1'],
    ['the part number', { description: null, partNumber: 'PT-1' }, { partNumber: 'PT-2' }, 'PT-1'],
    ['the part number of a release', { description: null }, { partNumber: 'PT-2' }, 'PT-2'],
    [
      'the part number of the maker',
      { description: null, manufacturerPartNumber: 'M1', supplierPartNumber: 'S1' },
      {},
      'M1',
    ],
    ['the part number of the supplier', { description: null, supplierPartNumber: 'S1', note: 'call' }, {}, 'S1'],
    ['the note', { description: null, note: 'call\nfirst' }, {}, 'call first'],
    ['a placeholder', { description: null }, {}, '(no description)'],
  ])('is %s', (_what, line, release, description) => {
    expect(lineOf([release], line)?.facts.description).toBe(description)
  })

  it('has no line breaks or control characters and no more characters than an item name', () => {
    const facts = lineOf([{}], { description: `Press "4":\r\n\t- seals\u0000\u0007\u2028${'x'.repeat(1100)}` })?.facts
    expect(facts?.description).toMatch(/^Press "4": - seals x+$/)
    expect(facts?.description).toHaveLength(255)
  })
})

describe('an order', () => {
  it('has no supplier, account or place where Plex writes blanks or the zero id', () => {
    const detail = anOrderDetail({ supplierId: ZERO_UUID, building: ' ', poNumber: '' }, [
      aLine({ accountId: ZERO_UUID, building: '' }),
    ])
    const { facts, lines } = read(detail)
    expect(facts).toMatchObject({ supplier: null, po_number: null })
    expect(lines[0]?.facts).toMatchObject({ account: null, building: null, department: 'Maintenance' })
  })

  it('leaves its place to lines that have none', () => {
    const lines = [lineNo(1), lineNo(2, { building: 'WEST', department: 'Production' })]
    const places = read(anOrderDetail({}, lines)).lines.map(({ facts }) => [facts.building, facts.department])
    expect(places).toEqual([['MAIN', 'Maintenance'], ['WEST', 'Production']]) // prettier-ignore
  })

  it('keeps units apart, and lets one stand for both', () => {
    expect(lineOf([{}], { unit: 'LB', orderUnit: 'EA' })?.facts).toMatchObject({ unit: 'EA', price_unit: 'LB' })
    expect(lineOf([{}], { unit: null, orderUnit: 'EA' })?.facts).toMatchObject({ unit: 'EA', price_unit: 'EA' })
    expect(lineOf([{}], { unit: 'LB', orderUnit: '' })?.facts).toMatchObject({ unit: 'LB', price_unit: 'LB' })
  })

  it('numbers its lines, repeated and missing numbers included', () => {
    const lines = [lineNo(10), lineNo(2), lineNo(3, { lineItemNumber: '2' }), lineNo(4, { lineItemNumber: null })]
    expect(read(anOrderDetail({}, lines)).lines.map(({ label }) => label)).toEqual(['2', '2 (no. 2)', '10', '#4'])
  })

  it('reads the same whatever the order of lines and releases', () => {
    const lines = [
      lineNo(1),
      lineNo(2),
      lineNo(3, { lineItemNumber: '2' }),
      lineNo(4, { lineItemNumber: null }),
      lineNo(5, { lineItemNumber: null }),
    ].map((line) => ({
      ...line,
      description: null,
    }))
    const releases = lines.flatMap(({ id: poLineItemId }) => [
      aRelease({ id: `a ${poLineItemId}`, poLineItemId, quantity: '0.1', partNumber: 'PT-1' }),
      aRelease({ id: `b ${poLineItemId}`, poLineItemId, quantity: '1e1', partNumber: 'PT-2' }),
    ])
    const expected = read(anOrderDetail({}, lines, releases))
    const anyShuffle = fc.tuple(
      fc.shuffledSubarray(lines, { minLength: lines.length }),
      fc.shuffledSubarray(releases, { minLength: releases.length }),
    )
    fc.assert(
      fc.property(anyShuffle, ([some, more]) => {
        expect(read(anOrderDetail({}, some, more))).toEqual(expected)
      }),
    )
  })
})
