import { describe, expect, it } from 'vitest'
import { isFresh, judgeOpen, type BookEntry, type OpenChange } from '../../src/domain/reconcile.js'
import { judgeOrder, judgeRequisitions, type OrderCase, type OrderFacts } from '../../src/domain/reconcile-orders.js'
import { instantsOf, rangeOfMonth, tellRange } from '../../src/domain/reconcile-range.js'
import { judgePair } from '../../src/domain/reconcile-refdata.js'
import {
  indexByExternalId,
  judgeLostSupplier,
  judgeSupplier,
  judgeVendors,
} from '../../src/domain/reconcile-suppliers.js'
import type { Supplier, Vendor } from '../../src/domain/supplier.js'
import { makeItemName, makeKey, makeStem } from '../../src/domain/token.js'
import { anOrder } from './order-factories.js'

const PCN = '100001'
const anEntry = (fields: Partial<BookEntry> = {}): BookEntry => ({
  ...{ sourceId: 's1', sourceKey: 'ACME', sourceHash: 'h', targetId: '7', targetKey: 'Acme', skipCode: null },
  ...{ isGivenUp: false, sent: null, detail: null, isMoving: false, isNoted: false },
  ...fields,
})

describe('suppliers', () => {
  const supplier: Supplier = {
    ...{ id: 's1', code: 'ACME', oldCode: null, name: 'Acme', status: 'Active', type: 'Raw', webAddress: null },
    ...{ note: null, createdDate: null, modifiedDate: null },
  }
  const blank = { url: null, comments: null, addressLineOne: null, addressLineTwo: null, postalCode: null, city: null }
  const aVendor = (fields: Partial<Vendor> = {}): Vendor => ({
    ...blank,
    ...{ id: '7', name: 'Acme', active: true, type: 3, external_id: `plex:${PCN}:s1`, email: [], fax: null },
    ...{ state_province: null, country: null, phoneOne: null, is_auto_email_po_enabled: false },
    ...fields,
  })
  const sent = { name: 'Acme', url: null, comments: null, active: true, city: 'Detroit' }
  const judge = (vendors: readonly Vendor[], fields: Partial<Parameters<typeof judgeSupplier>[0]> = {}) =>
    judgeSupplier(
      { supplier, id: 's1', key: 'ACME', entry: anEntry({ sent }), isOpen: false, isFresh: false, ...fields },
      {
        ...{ pcn: PCN, skipTypes: ['Carrier'], inactiveStatuses: ['Inactive'] },
        vendors: new Map(vendors.map((one) => [one.id, one])),
        byExternalId: indexByExternalId(vendors),
      },
    )
  const told = (judged: ReturnType<typeof judge>) => judged.findings.map(({ kind, code, field }) => [kind, code, field])

  it('that agree are no finding', () => {
    expect(judge([aVendor({ city: 'Detroit' })])).toEqual({ place: 'paired', findings: [] })
  })

  it('tell a hand edit from a change that was not delivered', () => {
    const judged = judge([aVendor({ city: 'Detroit', url: 'https://hand.example' })])
    expect(told(judged)).toEqual([['drifted', 'drift', 'url']])
    expect(judged.findings[0]).toMatchObject({ plex: null, procurify: 'https://hand.example' })
    const renamed = { ...supplier, note: 'New note' }
    expect(told(judge([aVendor({ city: 'Detroit' })], { supplier: renamed }))).toEqual([
      ['drifted', 'change_not_delivered', 'comments'],
    ])
    expect(told(judge([aVendor({ city: 'Detroit' })], { supplier: renamed, isFresh: true }))).toEqual([])
  })

  it('keep a name with the code after it, and contact data out of the report', () => {
    const named = { ...sent, name: 'Acme (ACME)' }
    const judged = judge([aVendor({ name: 'Acme (ACME)', city: 'Elsewhere' })], { entry: anEntry({ sent: named }) })
    expect(told(judged)).toEqual([['drifted', 'drift', 'city']])
    expect(JSON.stringify(judged)).not.toMatch(/Detroit|Elsewhere/)
  })

  it('without a vendor are missing, left out, or on their way', () => {
    expect(told(judge([], { entry: null }))).toEqual([['missing', 'not_delivered', null]])
    expect(judge([], { entry: null, isFresh: true }).place).toBe('in_progress')
    expect(judge([], { entry: null, isOpen: true })).toEqual({ place: 'unpaired', findings: [] })
    expect(judge([], { entry: null, supplier: { ...supplier, status: 'INACTIVE' } }).place).toBe('left_out')
    expect(judge([], { entry: null, supplier: { ...supplier, type: 'carrier' } }).place).toBe('left_out')
    expect(judge([], { entry: anEntry({ targetId: null, isGivenUp: true }) }).place).toBe('left_out')
    expect(told(judge([aVendor()], { entry: null }))).toEqual([['orphaned', 'pair_not_recorded', null]])
  })

  it('tell a vendor that is gone, unless it was inactive or is being written', () => {
    expect(told(judge([]))).toEqual([['missing', 'target_gone', null]])
    expect(told(judge([], { entry: anEntry({ sent: { ...sent, active: false } }) }))).toEqual([])
    expect(told(judge([], { entry: anEntry({ sent, isMoving: true }) }))).toEqual([])
    expect(told(judge([aVendor({ city: 'Detroit', external_id: null })]))).toEqual([
      ['drifted', 'external_id_lost', 'external_id'],
    ])
  })

  it('tell vendors that share an id or a name, and vendors that belong to nobody', () => {
    const vendors = [
      aVendor(),
      aVendor({ id: '8', name: 'Acme copy' }),
      aVendor({ id: '9', name: 'ACME ', external_id: null }),
      aVendor({ id: '10', name: 'Lost', external_id: `plex:${PCN}:gone` }),
      aVendor({ id: '11', name: 'Other', external_id: 'plex:999:s1' }),
      aVendor({ id: '12', name: 'acme', external_id: null, active: false }),
    ]
    const books = { sourceOf: new Map([['7', 's1']]), isInPlex: (id: string) => id === 's1' }
    expect(judgeVendors(vendors, books, PCN).map(({ code, target_id }) => [code, target_id])).toEqual([
      ['vendor_twice', '8'],
      ['vendor_orphaned', '10'],
      ['vendor_name_twice', '9'],
    ])
  })

  it('tell a supplier that Plex lost only while its vendor lives', () => {
    const pair = { sourceId: 's1', sourceKey: 'ACME', targetId: '7', targetKey: 'Acme', isMoving: false }
    expect(judgeLostSupplier(pair, aVendor()).map(({ kind }) => kind)).toEqual(['orphaned'])
    expect(judgeLostSupplier(pair, aVendor({ active: false }))).toEqual([])
    expect(judgeLostSupplier({ ...pair, isMoving: true }, aVendor())).toEqual([])
  })
})

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
  const requisition = { key, id: 'r1', orderNum: '5001', status: '1', items: [item] }
  const facts = (found: readonly (typeof requisition)[], fields: Partial<OrderFacts> = {}): OrderFacts => ({
    range: { since: '2026-10-01', until: '2026-10-31', month: '2026-10', zone: 'UTC' },
    scope: { startDate: '2026-01-01', statuses: [], quietMs: 0, only: [], exclude: [] },
    statuses: ['On order', 'New'].map((name) => ({ name, cancelled: false, received: false, onOrder: name !== 'New' })),
    requisitions: new Map(found.map((one) => [one.id, one])),
    ...{ suppliers: new Map(), startedAt: '2026-10-20T00:00:00Z', stuckDays: 7 },
    ...fields,
  })
  const judge = (
    found: readonly (typeof requisition)[],
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
      sourceOf: new Map([['r1', 'o1']]),
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
    const unrecorded = { ...books, sourceOf: new Map<string, string>(), targetsOf: () => [] }
    expect(judgeRequisitions([requisition], unrecorded).map(({ code }) => code)).toEqual(['pair_not_recorded'])
  })
})

describe('the rest', () => {
  const open = (fields: Partial<OpenChange>): OpenChange => ({
    ...{
      sourceId: 's1',
      sourceKey: 'ACME',
      targetId: null,
      state: 'waiting',
      code: 'too_fresh',
      message: 'why',
      ageSeconds: 0,
    },
    ...fields,
  })

  it('what waits is stuck after three days, what is parked at once, what is in doubt after an hour', () => {
    const days = (count: number) => count * 86_400
    expect(judgeOpen('pos', open({ ageSeconds: days(3) }))).toBeNull()
    expect(judgeOpen('pos', open({ ageSeconds: days(3) + 1 }))).toMatchObject({ kind: 'stuck', age_days: 3 })
    expect(judgeOpen('pos', open({ state: 'parked' }))).toMatchObject({
      code: 'too_fresh',
      next: 'ml-connector replay ACME',
    })
    expect(judgeOpen('pos', open({ state: 'in_doubt', code: null, ageSeconds: 3600 }))).toBeNull()
    expect(judgeOpen('pos', open({ state: 'in_doubt', code: null, ageSeconds: 3601 }))).toMatchObject({
      code: 'in_doubt',
    })
  })

  it('fresh is what is newer than the last run and not older than a day', () => {
    const [mark, now] = ['2026-10-01T10:00:00.0000001Z', '2026-10-01T12:00:00.000000Z']
    expect(isFresh('2026-10-01T10:00:00.0000001Z', mark, now)).toBe(false)
    expect(isFresh('2026-10-01T10:00:00.0000002Z', mark, now)).toBe(true)
    expect(isFresh('2026-10-01T10:00:00.0000002Z', mark, '2026-10-02T10:00:01.000000Z')).toBe(false)
    expect(isFresh(null, mark, now)).toBe(false)
    expect(isFresh('2026-10-01T11:00:00Z', null, now)).toBe(false)
  })

  it('months have their own ends, and the instants of a range reach beyond it in every zone', () => {
    expect(rangeOfMonth('2028-02', 'UTC')).toMatchObject({ since: '2028-02-01', until: '2028-02-29' })
    expect(tellRange(rangeOfMonth('2026-10', 'UTC'))).toBe('October 2026')
    expect(instantsOf({ since: '2026-03-01', until: '2026-03-31' })).toEqual({
      from: '2026-02-28T00:00:00Z',
      to: '2026-04-02T00:00:00Z',
    })
  })

  it('reference data that only Procurify has are no fault unless Plex is to have them', () => {
    const side = { id: '1', key: '6100', name: 'Supplies', active: true }
    const pair = {
      stream: 'accounts',
      state: 'only_in_procurify',
      plex: null,
      procurify: side,
      code: 'missing_in_plex',
      message: null,
    } as const
    expect(judgePair(pair, false)).toEqual({ judged: null, finding: null })
    expect(judgePair(pair, true).finding).toMatchObject({ kind: 'missing', code: 'missing_in_plex' })
    const renamed = {
      ...pair,
      state: 'paired',
      plex: { ...side, name: 'Stuff' },
      code: 'renamed_in_procurify',
    } as const
    expect(judgePair(renamed, false).judged).toMatchObject({
      place: 'paired',
      findings: [{ kind: 'drifted', field: 'name', plex: 'Stuff' }],
    })
  })
})
