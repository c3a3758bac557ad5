import { describe, expect, it } from 'vitest'
import {
  followRequisition,
  parkEnded,
  resendRequisition,
  type SeenOrder,
  type SeenPo,
  type Sighting,
} from '../../src/domain/follow-order.js'
import type { Link } from '../../src/domain/record.js'
import { readState, type RequisitionState, type RequisitionStep } from '../../src/domain/requisition.js'
import { anOrderDetail, CREATED, linkOf, NOW, ORDER_ID, planOne, stateOf, wantedOf } from './order-factories.js'

const GRACE = 10 * 60_000
const wanted = wantedOf(planOne(anOrderDetail()))
const linkIn = (state: Partial<RequisitionState>, over: Partial<Link> = {}) =>
  linkOf(ORDER_ID, wanted, { detail: stateOf(state), ...over })
const seen = (status: string | null, pos: readonly SeenPo[] = [], over: Partial<SeenOrder> = {}): Sighting => ({
  kind: 'seen',
  order: { orderNum: '1001', status, denialReason: null, denialComment: null, ...over },
  pos,
})
const onPo = (...numbers: string[]): Sighting => ({
  kind: 'seen',
  order: null,
  pos: numbers.map((number) => ({ number, isCancelled: false })),
})
const follow = (state: Partial<RequisitionState>, sighting: Sighting, now = NOW) =>
  followRequisition(linkIn(state), sighting, now, GRACE)

describe('a requisition that is seen', () => {
  it.each<[RequisitionStep, string, RequisitionStep, string]>([
    ['requested', '0', 'requested', 'unchanged'],
    ['requested', '6', 'requested', 'unchanged'],
    ['requested', '1', 'approved', 'requisition_approved'],
    ['requested', '2', 'denied', 'requisition_denied'],
    ['requested', '4', 'denied', 'requisition_denied'],
    ['approved', '3', 'ordered', 'requisition_ordered'],
    ['ordered', '5', 'ordered', 'unchanged'],
    ['approved', '0', 'requested', 'requisition_reopened'],
    ['denied', '0', 'requested', 'requisition_reopened'],
    ['vanished', '1', 'approved', 'requisition_approved'],
    ['approved', '9', 'approved', 'unchanged'],
  ])('is %s and shows status %s: %s, %s', (state, status, next, code) => {
    const { detail, decision } = follow({ state }, seen(status))
    expect(detail.state).toBe(next)
    expect('code' in decision ? decision.code : decision.kind).toBe(code)
  })

  it('gets its number at once, and its PO numbers when there are any', () => {
    expect(follow({}, seen('0'))).toMatchObject({
      targetKey: '1001',
      detail: { order_num: '1001' },
      decision: { kind: 'unchanged' },
    })
    const { targetKey, decision } = follow({ state: 'approved', order_num: '1001' }, onPo('PF-2'))
    expect(targetKey).toBe('PF-2')
    expect(decision).toEqual({
      kind: 'observe',
      code: 'requisition_ordered',
      message: 'Requisition 1001 is ordered on PO PF-2.',
      changes: [
        { field: 'state', from: 'approved', to: 'ordered' },
        { field: 'po_numbers', from: [], to: ['PF-2'] },
      ],
    })
  })

  it('may be split over several POs, seen one after the other', () => {
    const { detail, targetKey, decision } = follow({ state: 'ordered', po_numbers: ['PF-2'] }, onPo('PF-10'))
    expect(detail.po_numbers).toEqual(['PF-10', 'PF-2'])
    expect(targetKey).toBe('PF-10, PF-2')
    expect(decision).toMatchObject({ kind: 'observe', code: 'requisition_ordered' })
    expect(follow({ state: 'ordered', po_numbers: ['PF-2'] }, onPo('PF-2')).decision).toEqual({ kind: 'unchanged' })
  })

  it('loses a PO that was cancelled, and with the last one it is approved again', () => {
    const cancelled: Sighting = { kind: 'seen', order: null, pos: [{ number: 'PF-2', isCancelled: true }] }
    const { detail, targetKey } = follow({ state: 'ordered', order_num: '1001', po_numbers: ['PF-2'] }, cancelled)
    expect(detail).toMatchObject({ state: 'approved', po_numbers: [] })
    expect(targetKey).toBe('1001')
    expect(follow({ state: 'ordered', po_numbers: ['PF-2', 'PF-3'] }, cancelled).detail).toMatchObject({
      state: 'ordered',
      po_numbers: ['PF-3'],
    })
    // One that was never seen before is none either.
    expect(follow({ state: 'approved' }, cancelled).detail).toMatchObject({ state: 'approved', po_numbers: [] })
  })

  it('tells of what changed only, by the best name there is', () => {
    const { decision } = follow({ state: 'requested' }, seen('1', [], { orderNum: null }))
    expect(decision).toMatchObject({
      message: `Requisition ${linkIn({}).targetId} is approved.`,
      changes: [{ field: 'state', from: 'requested', to: 'approved' }],
    })
    expect(follow({ state: 'approved' }, seen('6')).detail.state).toBe('requested')
  })

  it('dates a step when it is first seen', () => {
    expect(follow({ since: CREATED }, seen('1')).detail.since).toBe(NOW)
    expect(follow({ state: 'approved', since: CREATED }, seen('1')).detail.since).toBe(CREATED)
  })

  it('keeps the revision that is wanted', () => {
    expect(follow({ revision: 3 }, seen('1')).detail.revision).toBe(3)
  })
})

describe('a denial', () => {
  it.each([
    [
      seen('2', [], { denialReason: '4', denialComment: ' twice ' }),
      'Requisition 1001 was denied: duplicate ("twice").',
    ],
    [seen('2', [], { denialReason: '2' }), 'Requisition 1001 was denied: over budget.'],
    [seen('2'), 'Requisition 1001 was denied: no reason given.'],
    [seen('4'), 'Requisition 1001 was denied: cancelled in Procurify.'],
  ])('is parked with the reason given there', (sighting, message) => {
    const { detail, decision } = follow({}, sighting)
    expect(decision).toEqual({ kind: 'park', code: 'requisition_denied', message, changes: [] })
    // What is said again when the order is planned.
    expect(parkEnded(linkIn({}), detail)).toEqual(decision)
  })

  it('is said once, and forgotten when it is taken back', () => {
    const denied = follow({}, seen('2', [], { denialReason: '2' })).detail
    expect(follow(denied, seen('2', [], { denialReason: '2' })).decision).toEqual({ kind: 'unchanged' })
    expect(follow(denied, onPo()).detail.reason).toBe('over budget')
    expect(follow(denied, seen('1')).detail.reason).toBeNull()
  })
})

describe('a requisition that is not seen', () => {
  const absent = (complete: boolean): Sighting => ({ kind: 'absent', complete })
  const later = new Date(Date.parse(NOW) + GRACE).toISOString()
  const soon = new Date(Date.parse(NOW) + GRACE - 1).toISOString()

  it('has vanished when two complete look-ups, the grace time apart, agree', () => {
    const first = follow({ state: 'approved' }, absent(true))
    expect(first).toMatchObject({ detail: { state: 'approved', absent_since: NOW }, decision: { kind: 'unchanged' } })
    expect(follow(first.detail, absent(true), soon).detail.state).toBe('approved')
    const second = follow(first.detail, absent(true), later)
    expect(second).toMatchObject({
      detail: { state: 'vanished', since: later },
      decision: { kind: 'park', code: 'requisition_vanished' },
    })
  })

  it('is no fact when the look-up was not complete', () => {
    const first = follow({ absent_since: NOW }, absent(false), later)
    expect(first).toMatchObject({ detail: { state: 'requested', absent_since: NOW }, decision: { kind: 'unchanged' } })
  })

  it('starts anew once it was seen in between', () => {
    const seenAgain = follow({ absent_since: NOW }, seen('0')).detail
    expect(seenAgain.absent_since).toBeNull()
  })

  it('stays denied when it was denied', () => {
    expect(follow({ state: 'denied', absent_since: CREATED }, absent(true)).detail.state).toBe('denied')
  })

  it('comes back when it shows up', () => {
    expect(follow({ state: 'vanished' }, onPo()).detail.state).toBe('requested')
  })
})

describe('resendRequisition', () => {
  const resend = (state: Partial<RequisitionState>, over: Partial<Link> = {}) =>
    resendRequisition(linkIn(state, over), NOW)

  it.each<RequisitionStep>(['denied', 'vanished'])('wants the next revision of a %s one', (state) => {
    expect(resend({ state })).toMatchObject({ state, revision: 2, since: NOW })
  })

  it.each<RequisitionStep>(['requested', 'approved', 'ordered'])('refuses while the present one is %s', (state) => {
    const reason = `Requisition 1001 is ${state}; only a denied or vanished one is sent anew.`
    expect(resend({ state, order_num: '1001' })).toEqual({ code: 'resend_refused', reasons: [reason] })
    expect(resend({ state }, { targetKey: 'KEY' })).toMatchObject({ reasons: [reason.replace('1001', 'KEY')] })
    expect(resend({ state }, { targetKey: null })).toMatchObject({ reasons: [reason.replace('1001', ORDER_ID)] })
  })

  it('refuses twice the same, and what was never sent', () => {
    expect(resend({ state: 'denied', revision: 2 })).toMatchObject({ code: 'resend_refused' })
    expect(resend({ state: 'denied' }, { targetId: null })).toMatchObject({ code: 'resend_refused' })
    expect(resend({ state: 'denied' }, { sent: null })).toMatchObject({ code: 'resend_refused' })
  })
})

describe('readState', () => {
  it('takes a link without a state for one that was just requested', () => {
    expect(readState(null)).toMatchObject({ state: 'requested', revision: 1 })
    expect(followRequisition(linkIn({}, { detail: null }), seen('0'), NOW, GRACE).detail.since).toBe(NOW)
  })
})
