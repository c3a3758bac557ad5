import { describe, expect, it } from 'vitest'
import {
  judgeLostOrder,
  judgeOrder,
  judgeRequisitions,
  type OrderCase,
  type OrderFacts,
} from '../../src/domain/reconcile-orders.js'
import type { ExistingRequisition } from '../../src/domain/order.js'
import { makeItemName, makeKey, makeStem } from '../../src/domain/token.js'
import { anOrder } from './order-factories.js'
import { anEntry, saidBy } from './reconcile-factories.js'

describe('orders', () => {
  const order = anOrder({
    id: 'o1',
    poNumber: 'PO-1',
    lineItemTotal: '20',
    createdDate: '2026-10-05T12:00:00Z',
    status: 'On order',
  })
  const key = makeKey({ stem: makeStem('default', 'o1'), part: 1, revision: 1 })
  const line = { id: 'l1', number: '1', quantity: '2', price: '10' }
  const draft = { key, part: 1, revision: 1, vendor_id: '7', lines: [line], other_lines: [], accepted: null, order: {} }
  const entry = anEntry({
    sourceId: 'o1',
    targetId: 'r1',
    sent: draft,
    detail: { state: 'requested', since: '2026-10-06T00:00:00Z' },
  })
  const item = {
    name: makeItemName('PO-1', '1', key, 'Thing'),
    vendorId: '7',
    quantity: '2.00000',
    price: '10.00000000',
  }
  const requisition: ExistingRequisition = { key, id: 'r1', orderNum: '5001', status: '1', items: [item] }
  const facts = (found: readonly ExistingRequisition[], fields: Partial<OrderFacts> = {}): OrderFacts => ({
    range: { since: '2026-10-01', until: '2026-10-31', month: '2026-10', zone: 'UTC' },
    scope: { startDate: '2026-01-01', statuses: [], quietMs: 0, only: [], exclude: [] },
    statuses: ['On order', 'New'].map((name) => ({ name, cancelled: false, received: false, onOrder: name !== 'New' })),
    requisitions: new Map(found.map((one) => [one.id, one])),
    ...{ suppliers: new Map(), startedAt: '2026-10-20T00:00:00Z', stuckDays: 7 },
    ...fields,
  })
  const judge = (
    found: readonly ExistingRequisition[],
    fields: Partial<OrderCase> = {},
    more: Partial<OrderFacts> = {},
  ) => judgeOrder({ order, hash: 'h', entries: [entry], isOpen: false, isFresh: false, ...fields }, facts(found, more))
  const told = (judged: ReturnType<typeof judge>) =>
    judged?.findings.map(({ kind, code, field }) => [kind, code, field])

  it('that agree are no finding, and count in their month', () => {
    const judged = judge([requisition])
    expect(told(judged)).toEqual([])
    expect(judged?.amounts).toMatchObject([
      { month: '2026-10', plex: '20', procurify: '20', reason: 'within_tolerance' },
    ])
    expect(judge([requisition], { order: { ...order, createdDate: '2026-11-01T00:00:00Z' } })).toBeNull()
  })

  it('tell what people changed on the requisition, line by line', () => {
    const edited = { ...requisition, items: [{ ...item, quantity: '3', price: '9' }] }
    expect(told(judge([edited]))).toEqual([
      ['drifted', 'requisition_edited', 'line 1 quantity'],
      ['drifted', 'requisition_edited', 'line 1 price'],
    ])
    const emptied = { ...requisition, items: [{ ...item, name: 'something else' }] }
    expect(told(judge([emptied]))).toEqual([['drifted', 'requisition_edited', 'line 1']])
  })

  it('tell amounts that differ though the lines agree', () => {
    expect(told(judge([requisition], { order: { ...order, lineItemTotal: '25' } }))).toEqual([
      ['amount_differs', 'order_amount_differs', 'amount'],
    ])
    expect(told(judge([requisition], { order: { ...order, lineItemTotal: '20.01' } }))).toEqual([])
    expect(told(judge([requisition], { order: { ...order, lineItemTotal: '25' }, isOpen: true }))).toEqual([])
  })

  it('tell a requisition that is gone, and one nobody approves', () => {
    expect(told(judge([]))).toEqual([['missing', 'requisition_vanished', null]])
    const pending = { ...requisition, status: '0' }
    expect(judge([pending])?.findings).toMatchObject([{ kind: 'stuck', code: 'approval_waits', age_days: 14 }])
    expect(told(judge([pending], {}, { stuckDays: 15 }))).toEqual([])
  })

  it('leave what a person has settled or made alone', () => {
    const denied = { ...requisition, status: '2' }
    expect(judge([denied])?.amounts).toMatchObject([{ procurify: null, reason: 'in_progress' }])
    const accepted = { ...entry, sent: { ...draft, accepted: 'denied' } }
    expect(judge([denied], { entries: [accepted] })).toMatchObject({ findings: [], amounts: [] })
    const byHand = { ...entry, sent: { ...draft, key: null }, targetId: 'po:1' }
    expect(judge([], { entries: [byHand] })).toMatchObject({ place: 'paired', findings: [], amounts: [] })
  })

  it('without a requisition are missing, left out, or on their way', () => {
    const missing = judge([], { entries: [] })
    expect(told(missing)).toEqual([['missing', 'not_delivered', null]])
    expect(missing?.amounts).toMatchObject([{ plex: '20', procurify: null, reason: 'missing' }])
    expect(judge([], { entries: [], isFresh: true })?.place).toBe('in_progress')
    expect(judge([], { entries: [], order: { ...order, status: 'New' } })?.place).toBe('left_out')
    const skipped = anEntry({ targetId: null, skipCode: 'excluded' })
    expect(judge([], { entries: [skipped] })?.place).toBe('left_out')
    // Changed since it was skipped, and no run has noticed.
    expect(judge([], { entries: [{ ...skipped, sourceHash: 'older' }] })?.place).toBe('unpaired')
    expect(judge([], { entries: [] }, { scope: { ...facts([]).scope, startDate: '2026-10-06' } })).toBeNull()
  })

  it('tell requisitions that carry our key and belong to nobody, or to an order that has one', () => {
    const books = {
      paired: new Set(['r1']),
      orderOf: (stem: string) => (stem === key.slice(0, 8) ? { id: 'o1', poNumber: 'PO-1' } : undefined),
      targetsOf: (id: string) => (id === 'o1' ? ['r1'] : []),
      isUnderWay: () => false,
    }
    const strange = makeKey({ stem: makeStem('default', 'o9'), part: 1, revision: 1 })
    const found = [requisition, { ...requisition, id: 'r2' }, { ...requisition, id: 'r3', key: strange }]
    const codes = (given: typeof books) =>
      judgeRequisitions(found, given).map(({ code, target_id }) => [code, target_id])
    expect(codes(books)).toEqual([
      ['requisition_twice', 'r2'],
      ['requisition_orphaned', 'r3'],
    ])
    expect(codes({ ...books, isUnderWay: () => true })).toEqual([['requisition_orphaned', 'r3']])
    const denied = found.map((one) => (one.id === 'r2' ? { ...one, status: '2' } : one))
    expect(judgeRequisitions(denied, books).map(({ target_id }) => target_id)).toEqual(['r3'])
    const unrecorded = { ...books, paired: new Set<string>(), targetsOf: () => [] }
    expect(judgeRequisitions([requisition], unrecorded).map(({ code }) => code)).toEqual(['pair_not_recorded'])
  })

  const said = (judged: ReturnType<typeof judge>) => judged?.findings.map(saidBy)
  const ABOUT = { stream: 'pos', source_id: 'o1', source_key: 'PO-1', month: '2026-10' }
  const HELD = { ...ABOUT, target_id: 'r1', target_key: '5001' }
  const named = { suppliers: new Map([[order.supplierId ?? '', { code: 'ACME', name: 'Acme' }]]) }

  it('count in the month of their creation, else of their date, and under their supplier', () => {
    expect(judge([requisition], {}, named)?.amounts).toEqual([
      {
        ...{ stream: 'pos', month: '2026-10', currency: 'USD', supplierId: order.supplierId, supplier: 'Acme' },
        ...{ plex: '20', procurify: '20', reason: 'within_tolerance', isBooked: null, isDraft: false },
      },
    ])
    const undated = { ...order, createdDate: null, poDate: '2026-09-30T12:00:00Z', currencyCode: null }
    const open = { range: { since: null, until: null, month: null, zone: 'UTC' } }
    expect(judge([requisition], { order: undated }, open)?.amounts).toMatchObject([
      { month: '2026-09', currency: 'unknown', supplier: null },
    ])
    expect(judge([requisition], { order: undated })).toBeNull()
    const never = { ...undated, poDate: null, supplierId: null }
    expect(judge([requisition], { order: never }, open)?.amounts).toMatchObject([
      { month: 'unknown', supplierId: null, supplier: null },
    ])
  })

  it('without a requisition say so, with their money and the command to begin with', () => {
    const finding = {
      ...{ ...ABOUT, supplier: 'Acme', kind: 'missing', code: 'not_delivered', currency: 'USD', difference: '20' },
      message: 'The order has no requisition in Procurify, and no run is about to send one.',
    }
    const missing = judge([], { entries: [] }, named)
    expect(missing).toMatchObject({ place: 'unpaired', requisitions: 0 })
    expect(said(missing)).toEqual([{ ...finding, next: 'ml-connector audit show --record PO-1' }])
    const numberless = judge([], { entries: [], order: { ...order, poNumber: null } })
    expect(numberless?.findings[0]?.next).toBe('ml-connector audit show --record o1')
    expect(judge([], { entries: [], order: { ...order, lineItemTotal: null } })?.amounts).toEqual([])
  })

  it.each([
    ['a change is open', { isOpen: true }, 'unpaired'],
    ['Plex changed it just now', { isFresh: true }, 'in_progress'],
    ['our books change', { entries: [{ ...entry, targetId: null, isMoving: true }] }, 'in_progress'],
    ['it is noted', { entries: [{ ...entry, targetId: null, isNoted: true }] }, 'in_progress'],
  ])('are on their way while %s', (_, fields, place) => {
    const judged = judge([], { entries: [], ...fields })
    expect(judged).toMatchObject({ place, findings: [], requisitions: 0 })
    expect(judged?.amounts).toMatchObject([{ plex: '20', procurify: null, reason: 'in_progress' }])
  })

  it('are left out by a person, by the books, or by the settings, and have nothing to tell', () => {
    const nothing = { place: 'left_out', findings: [], amounts: [], requisitions: 0 }
    const given = { entries: [anEntry({ targetId: null, isGivenUp: true })] }
    expect(judge([], given)).toEqual(nothing)
    expect(judge([], { ...given, isOpen: true })).toEqual(nothing)
    const { scope } = facts([])
    const exclude = [{ kind: 'supplier', value: 'ACME' }] as const
    expect(judge([], { entries: [] }, { ...named, scope: { ...scope, exclude } })).toEqual(nothing)
    expect(judge([], { entries: [] }, { ...named, scope: { ...scope, statuses: ['New'] } })).toEqual(nothing)
    // Of a supplier that is not known here nothing is left out by its code.
    expect(judge([], { entries: [] }, { scope: { ...scope, exclude } })?.place).toBe('unpaired')
    expect(
      judge([], { entries: [], order: { ...order, supplierId: null } }, { scope: { ...scope, exclude } })?.place,
    ).toBe('unpaired')
  })

  it('whose requisition is gone say which; the money is missing too', () => {
    const judged = judge([])
    const message = 'Requisition Acme of the order is not among ours in Procurify any more.'
    const gone = {
      ...ABOUT,
      kind: 'missing',
      code: 'requisition_vanished',
      target_id: 'r1',
      next: 'ml-connector sync pos',
    }
    expect(said(judged)).toEqual([{ ...gone, target_key: 'Acme', message }])
    expect(judged).toMatchObject({ place: 'paired', requisitions: 0 })
    expect(judged?.amounts).toMatchObject([{ plex: '20', procurify: null, reason: 'missing' }])
    const nameless = judge([], { entries: [{ ...entry, targetKey: null }] })
    expect(nameless?.findings[0]?.message).toBe('Requisition r1 of the order is not among ours in Procurify any more.')
    expect(judge([], { entries: [{ ...entry, isMoving: true }] })?.findings).toEqual([])
    for (const state of ['denied', 'vanished']) {
      const known = judge([], { entries: [{ ...entry, detail: { state, since: '2026-10-06T00:00:00Z' } }] })
      expect(known?.findings).toEqual([])
      // A run tells it by itself, so here its money is only under way.
      expect(known?.amounts).toMatchObject([{ reason: 'in_progress' }])
    }
  })

  it('that nobody approves say for how long', () => {
    const pending = { ...requisition, status: '0' }
    const judged = judge([pending])
    const message = 'Requisition 5001 has been waiting for approval for 14 days.'
    expect(said(judged)).toEqual([{ ...HELD, kind: 'stuck', code: 'approval_waits', age_days: 14, message }])
    expect(judged?.amounts).toMatchObject([{ isDraft: true }])
    expect(judge([pending], {}, { stuckDays: 14 })?.findings).toHaveLength(1)
    const nameless = { ...pending, orderNum: null }
    expect(judge([nameless])?.findings[0]?.message).toContain('Requisition Acme has')
    expect(judge([nameless], { entries: [{ ...entry, targetKey: null }] })?.findings[0]?.message).toContain(
      'Requisition r1 has',
    )
    // Since when it waits is not known of a requisition that was never followed.
    expect(judge([pending], { entries: [{ ...entry, detail: null }] })?.findings).toEqual([])
  })

  it('that differ in money say both totals, in the currency of the order', () => {
    const judged = judge([requisition], { order: { ...order, lineItemTotal: '25' } })
    const sides = { field: 'amount', plex: '25', procurify: '20', difference: '5', currency: 'USD' }
    const message = 'The order is worth 25 in Plex and its requisitions 20 in Procurify.'
    const next = 'ml-connector audit show --record PO-1'
    const what = { kind: 'amount_differs', code: 'order_amount_differs', message, next }
    expect(said(judged)).toEqual([{ ...ABOUT, ...sides, ...what }])
    expect(judged?.amounts).toMatchObject([{ reason: 'amount_differs' }])
    const numberless = judge([requisition], { order: { ...order, lineItemTotal: '25', poNumber: null } })
    expect(numberless?.findings[0]?.next).toBe('ml-connector audit show --record o1')
  })

  it.each([{ isMoving: true }, { isNoted: true }])(
    'that differ in money while our books change (%j) are under way',
    (fields) => {
      const entries = [{ ...entry, ...fields }, anEntry({ targetId: null })]
      const judged = judge([requisition], { order: { ...order, lineItemTotal: '25' }, entries })
      expect(judged).toMatchObject({ findings: [], amounts: [{ reason: 'in_progress' }] })
    },
  )

  it('may differ by a cent a line', () => {
    const lines = [line, { ...line, id: 'l2', number: '2' }]
    const items = [item, { ...item, name: makeItemName('PO-1', '2', key, 'Thing') }]
    const two = { entries: [{ ...entry, sent: { ...draft, lines } }] }
    const worth = (lineItemTotal: string) =>
      told(judge([{ ...requisition, items }], { ...two, order: { ...order, lineItemTotal } }))
    expect(worth('40.02')).toEqual([])
    expect(worth('40.03')).toEqual([['amount_differs', 'order_amount_differs', 'amount']])
    const none = { entries: [{ ...entry, sent: { ...draft, lines: [] } }] }
    const bare = { ...requisition, items: [] }
    expect(told(judge([bare], { ...none, order: { ...order, lineItemTotal: '0.01' } }))).toEqual([])
    expect(told(judge([bare], { ...none, order: { ...order, lineItemTotal: '0.02' } }))).toHaveLength(1)
  })

  it('are worth what was ordered where they are blanket orders or show no total', () => {
    for (const fields of [{ blanketOrder: true, lineItemTotal: '999' }, { lineItemTotal: null }]) {
      expect(judge([requisition], { order: { ...order, ...fields } })?.amounts).toMatchObject([{ plex: '20' }])
      const unknown = judge([requisition], {
        order: { ...order, ...fields },
        entries: [{ ...entry, sent: { ...draft, lines: [] } }],
      })
      expect(unknown?.amounts).toEqual([])
    }
    // A normal order goes by its header, which may differ from its lines.
    expect(judge([requisition], { order: { ...order, lineItemTotal: '21' } })?.amounts).toMatchObject([{ plex: '21' }])
    const odd = { ...draft, lines: [line, { ...line, quantity: null }] }
    const partly = judge([requisition], {
      order: { ...order, lineItemTotal: null },
      entries: [{ ...entry, sent: odd }],
    })
    expect(partly?.amounts).toMatchObject([{ plex: '20' }])
  })

  it('in parts are weighed together, and one part that ended counts for nothing', () => {
    const second = { ...entry, sourceId: 'o1/2', targetId: 'r2', sent: { ...draft, lines: [] } }
    const part = { ...requisition, id: 'r2', items: [], status: '0' }
    const parts = judge([requisition, part], { entries: [entry, second] }, { stuckDays: 99 })
    expect(parts).toMatchObject({ requisitions: 2, findings: [], amounts: [{ procurify: '20', isDraft: true }] })
    const ended = judge([requisition, { ...part, status: '4' }], { entries: [entry, second] })
    expect(ended).toMatchObject({ requisitions: 1, amounts: [{ procurify: '20', isDraft: false }] })
    const accepted = { ...second, sent: { ...draft, accepted: 'denied' } }
    const over = [requisition, part].map((one) => ({ ...one, status: '2' }))
    // Only where a person left every part at that does neither side count it.
    expect(judge(over, { entries: [entry, accepted] })?.amounts).toHaveLength(1)
    const bare = { order: { ...order, lineItemTotal: null } }
    expect(
      judge(over.slice(0, 1), { ...bare, entries: [{ ...entry, sent: { ...draft, lines: [] } }] })?.amounts,
    ).toEqual([])
  })

  it('paired by people are not compared, as there is nothing that was sent', () => {
    const byHand = { ...entry, sent: null }
    const edited = { ...requisition, items: [{ ...item, quantity: '99' }] }
    expect(judge([edited], { entries: [byHand] })).toEqual({
      ...{ place: 'paired', findings: [], requisitions: 1, amounts: [] },
    })
    expect(judge([edited], { entries: [{ ...entry, sent: { ...draft, key: null } }] })?.findings).toEqual([])
  })

  describe('line by line', () => {
    /** What is told of a requisition that should hold the one set of lines and holds the other. */
    const compare = (wanted: readonly object[], items: readonly (typeof item)[]) => {
      const entries = [{ ...entry, sent: { ...draft, lines: wanted } }]
      const judged = judge([{ ...requisition, items: [...items] }], { entries })
      return judged?.findings
        .filter(({ code }) => code === 'requisition_edited')
        .map(({ field, plex, procurify }) => `${field}: ${plex} -> ${procurify}`)
    }
    const itemNo = (number: string, over: Partial<typeof item> = {}) => ({
      ...{ ...item, name: makeItemName('PO-1', number, key, 'Thing') },
      ...over,
    })

    it('a change is told with both values, and which requisition it is', () => {
      const edited = judge([{ ...requisition, items: [{ ...item, quantity: '3' }] }])
      const message = 'Requisition 5001 was changed in Procurify: line 1 quantity is 3, the order has 2.'
      const sides = { field: 'line 1 quantity', plex: '2', procurify: '3' }
      expect(said(edited)).toEqual([{ ...HELD, ...sides, kind: 'drifted', code: 'requisition_edited', message }])
      const nameless = [{ ...requisition, orderNum: null, items: [] }]
      const gone = 'was changed in Procurify: line 1 is gone, the order has 2 x 10.'
      expect(judge(nameless)?.findings[0]?.message).toBe(`Requisition Acme ${gone}`)
      const bare = { entries: [{ ...entry, targetKey: null }] }
      expect(judge(nameless, bare)?.findings[0]?.message).toBe(`Requisition r1 ${gone}`)
      const added = judge([{ ...requisition, items: [item, itemNo('2')] }])
      expect(added?.findings[0]?.message).toContain('line 2 is 2 x 10, the order has none.')
    })

    it.each([
      ['numbers written differently are the same', [line], [itemNo('1', { quantity: '2', price: '10.0' })], []],
      ['what Plex does not say cannot differ', [{ ...line, price: null }], [itemNo('1', { price: '3' })], []],
      ['an amount that was taken out differs', [line], [itemNo('1', { price: '' })], ['line 1 price: 10 -> null']],
      ['a line that is gone', [line, { ...line, number: '2' }], [item], ['line 2: 2 x 10 -> null']],
      ['a line that came', [line], [item, itemNo('7')], ['line 7: null -> 2 x 10']],
      [
        'lines of one number are compared together, in any order',
        [line, { ...line, price: '5' }],
        [itemNo('1', { price: '5' }), item],
        [],
      ],
      ['lines of one number, one gone', [line, { ...line, price: '5' }], [item], ['line 1: 2 x 10, 2 x 5 -> 2 x 10']],
      [
        'a line that was split',
        [line],
        [itemNo('1', { quantity: '1' }), itemNo('1', { quantity: '1' })],
        ['line 1: 2 x 10 -> 1 x 10, 1 x 10'],
      ],
      ['amounts nobody can read', [{ ...line, quantity: 'x' }], [], ['line 1: ? x 10 -> null']],
      ['prices nobody can read', [{ ...line, price: null }], [], ['line 1: 2 x ? -> null']],
      ['lines without a number go by what they hold', [{ ...line, number: null }], [itemNo('#1')], []],
      [
        'a number that ends with a sign is a number',
        [{ ...line, number: '1#' }],
        [itemNo('2#')],
        ['line 1#: 2 x 10 -> null', 'line 2#: null -> 2 x 10'],
      ],
    ])('%s', (_, wanted, items, differences) => {
      expect(compare(wanted, items)).toEqual(differences)
    })

    it('items of another requisition of the order are not ours', () => {
      const other = makeKey({ stem: makeStem('default', 'o1'), part: 2, revision: 1 })
      expect(compare([line], [item, { ...item, name: makeItemName('PO-1', '1', other, 'Thing') }])).toEqual([])
    })

    it('money is not told as well where lines are', () => {
      const edited = { ...requisition, items: [{ ...item, quantity: '3' }] }
      expect(judge([edited])?.findings.map(({ kind }) => kind)).toEqual(['drifted'])
      expect(judge([edited])?.amounts).toMatchObject([{ procurify: '30', reason: 'amount_differs' }])
    })
  })

  describe('seen from Procurify', () => {
    const NOTHING = {
      paired: new Set<string>(),
      orderOf: () => undefined,
      targetsOf: () => [],
      isUnderWay: () => false,
    }
    const known = { ...NOTHING, orderOf: () => ({ id: 'o1', poNumber: 'PO-1' }) }
    const target = { stream: 'pos', target_id: 'r1', target_key: '5001', procurify: '20' }
    const source = { source_id: 'o1', source_key: 'PO-1' }

    it('a requisition of no order that is known is an orphan', () => {
      const message = `Requisition 5001 carries a key of ours (${key}) and belongs to no order that is known here.`
      const orphan = { ...target, kind: 'orphaned', code: 'requisition_orphaned' }
      expect(judgeRequisitions([requisition], NOTHING).map(saidBy)).toEqual([{ ...orphan, message }])
      const nameless = judgeRequisitions([{ ...requisition, orderNum: null }], NOTHING)
      expect(nameless[0]?.message).toContain('Requisition r1 carries')
      expect(judgeRequisitions([{ ...requisition, key: 'no key' }], NOTHING)).toHaveLength(1)
    })

    it('a requisition of an order without one is a pair that is not in the books', () => {
      const message = 'Requisition 5001 carries the key of this order, and the pair is not in the books.'
      const next = 'ml-connector sync pos --full'
      expect(judgeRequisitions([requisition], known).map(saidBy)).toEqual([
        { ...target, ...source, kind: 'orphaned', code: 'pair_not_recorded', message, next },
      ])
    })

    it('two live ones of one key are one too many, each told once; one that ended is none', () => {
      const twice = { kind: 'duplicate', code: 'requisition_twice' }
      const message = `Requisition 5001 carries the key ${key}, and so does another live one: one order, two requisitions.`
      const second = { ...requisition, id: 'r2' }
      const about = { ...target, ...source, ...twice, message }
      const both = [about, { ...about, target_id: 'r2' }]
      expect(judgeRequisitions([requisition, second], known).map(saidBy)).toEqual(both)
      expect(judgeRequisitions([requisition, second, second], known).map(saidBy)).toEqual(both)
      // The other one is in the books, under another key or not in the list at all.
      const held = { ...known, targetsOf: () => ['r9'] }
      expect(judgeRequisitions([requisition], held).map(saidBy)).toEqual([about])
      const denied = [requisition, { ...second, id: 'r9', status: '2' }]
      expect(judgeRequisitions(denied, held).map(({ code }) => code)).toEqual(['pair_not_recorded'])
    })

    it('an order that Plex lost is told with its requisition', () => {
      const message = 'Plex does not show order o1 any more, and it has a requisition in Procurify.'
      expect(saidBy(judgeLostOrder('o1', 'r1'))).toEqual({
        ...{ stream: 'pos', source_id: 'o1', target_id: 'r1', kind: 'orphaned', code: 'gone', message },
      })
    })
  })
})
