import { describe, expect, it } from 'vitest'
import type { Order, OrderDetail } from '../../src/domain/order.js'
import {
  freshUntil,
  isBeforeStart,
  lacksLines,
  skipOf,
  standingOf,
  type Choice,
  type ScopeOptions,
} from '../../src/domain/order-scope.js'
import { aLine, anOrder, anOrderDetail, aRelease, known, lineNo, NOW, OPTIONS } from './order-factories.js'

const { statuses } = known()

describe('standingOf', () => {
  it.each<[string, Partial<Order>, string]>([
    ['on order', { status: 'On order' }, 'on_order'],
    ['on order, spelled otherwise', { status: ' ON  ORDER' }, 'on_order'],
    ['not sent yet', { status: 'New' }, 'open'],
    ['received, though on order too', { status: 'Received' }, 'received'],
    ['cancelled, though all flags are set', { status: 'Denied' }, 'cancelled'],
    ['not listed, but receiving is allowed', { status: 'Old', active: true, receive: true }, 'on_order'],
    ['not listed, active, not received yet', { status: 'Old', active: true, receive: false }, 'open'],
    ['not listed and inactive', { status: 'Old', active: false, receive: true }, 'closed'],
    ['not listed and without flags', { status: 'Old', active: null, receive: null }, 'unknown'],
    [
      'not listed, with the flags of its status',
      { status: 'Old', cancelled: false, received: false, onOrder: true },
      'on_order',
    ],
    [
      'not listed, cancelled by its own flag',
      { status: 'Old', active: true, receive: true, cancelled: true },
      'cancelled',
    ],
    ['listed, whatever it says itself', { status: 'New', cancelled: true }, 'open'],
    ['without a status', { status: null, active: null, receive: false }, 'unknown'],
  ])('%s', (_what, order, standing) => {
    expect(standingOf(anOrder(order), statuses)).toBe(standing)
  })
})

describe('isBeforeStart', () => {
  const isBefore = (order: Partial<Order>, startDate: string | null) =>
    isBeforeStart(anOrder(order), startDate, 'America/Detroit')

  it('reckons a day in the zone of the plant: what was typed the evening before is older', () => {
    expect(isBefore({ createdDate: '2026-02-01T04:59:59.9999999Z' }, '2026-02-01')).toBe(true)
    expect(isBefore({ createdDate: '2026-02-01T05:00:00Z' }, '2026-02-01')).toBe(false)
  })

  it('takes an instant as it is', () => {
    expect(isBefore({ createdDate: '2026-02-01T11:59:59Z' }, '2026-02-01T12:00:00.000Z')).toBe(true)
    expect(isBefore({ createdDate: '2026-02-01T12:00:00Z' }, '2026-02-01T12:00:00.000Z')).toBe(false)
  })

  it('falls back to the order date; without either nothing shows that it is young enough', () => {
    expect(isBefore({ createdDate: null, poDate: '2026-03-01T12:00:00Z' }, '2026-02-01')).toBe(false)
    expect(isBefore({ createdDate: null, poDate: null }, '2026-02-01')).toBe(true)
  })

  it('has no limit while none is set', () => {
    expect(isBefore({ createdDate: '1999-01-01T00:00:00Z' }, null)).toBe(false)
  })
})

describe('skipOf', () => {
  const skip = (detail: OrderDetail, options: Partial<ScopeOptions> = {}, code: string | null = 'ACME') => {
    const skipped = skipOf(detail, standingOf(detail.order, statuses), code, { ...OPTIONS, ...options })
    return skipped?.kind === 'skip' ? skipped.code : skipped
  }
  const choice = (text: string): Choice => {
    const [kind = '', value = ''] = text.split(':')
    return { kind: kind as Choice['kind'], value }
  }
  const only = (...texts: string[]) => ({ only: texts.map(choice) })
  const exclude = (...texts: string[]) => ({ exclude: texts.map(choice) })

  it.each([
    ['On order', null],
    ['New', 'status_not_selected'],
    ['Received', 'status_not_selected'],
    ['Cancelled', 'cancelled'],
    ['Denied', 'cancelled'],
  ])('sends orders by the flags of their status: %s -> %s', (status, code) => {
    expect(skip(anOrderDetail({ status }))).toBe(code)
  })

  it('says when a status cannot be judged', () => {
    expect(skip(anOrderDetail({ status: 'Old', active: null, receive: null }))).toBe('status_unknown')
    expect(skip(anOrderDetail({ status: 'Old', active: false }))).toBe('status_not_selected')
  })

  it.each([
    ['New', null],
    ['Received', null],
    ['On order', 'status_not_selected'],
    ['Cancelled', 'cancelled'],
  ])('sends orders of the named statuses, but never cancelled ones: %s -> %s', (status, code) => {
    expect(skip(anOrderDetail({ status }), { statuses: ['new', 'Received', 'Cancelled'] })).toBe(code)
  })

  it.each(['supplier:acme', 'department:MAINTENANCE', 'building:Main', 'type:mro', 'po:po-1'])(
    'picks an order by %s',
    (text) => {
      expect(skip(anOrderDetail(), only(text))).toBeNull()
      expect(skip(anOrderDetail(), exclude(text))).toBe('excluded')
      expect(skip(anOrderDetail(), only(`${text}x`))).toBe('excluded')
      expect(skip(anOrderDetail(), exclude(`${text}x`))).toBeNull()
    },
  )

  it('takes what any of several choices takes, and leaves what any leaves', () => {
    expect(skip(anOrderDetail(), only('supplier:OTHER', 'po:PO-1'))).toBeNull()
    expect(skip(anOrderDetail(), { ...only('supplier:ACME'), ...exclude('po:PO-2', 'po:PO-1') })).toBe('excluded')
  })

  it('takes an order of several places only as a whole, and leaves it out for one of them', () => {
    const lines = [lineNo(1), lineNo(2, { building: 'WEST', department: 'Production' })]
    const detail = anOrderDetail({}, lines)
    expect(skip(detail, only('department:Maintenance'))).toBe('excluded')
    expect(skip(detail, only('department:Maintenance', 'building:WEST'))).toBeNull()
    expect(skip(detail, exclude('building:WEST'))).toBe('excluded')
  })

  it('looks at the header of an order without lines', () => {
    expect(skip(anOrderDetail({ lineItemCount: '0' }, []), only('building:MAIN'))).toBeNull()
    expect(skip(anOrderDetail({ lineItemCount: '0' }, []), only('building:WEST'))).toBe('excluded')
  })

  it('never takes a supplier it does not know for the one that is wanted', () => {
    expect(skip(anOrderDetail(), only('supplier:ACME'), null)).toBe('excluded')
    expect(skip(anOrderDetail(), exclude('supplier:ACME'), null)).toBeNull()
  })
})

describe('freshUntil', () => {
  const nowMs = Date.parse(NOW)
  const quietMs = 15 * 60_000
  const ago = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString()
  const fresh = (detail: OrderDetail) => freshUntil(detail, quietMs, nowMs)

  it('is over when order, lines and releases were left alone long enough', () => {
    expect(fresh(anOrderDetail({ modifiedDate: ago(15) }))).toBeNull()
  })

  it.each([
    ['order', anOrderDetail({ modifiedDate: ago(14) })],
    ['line', anOrderDetail({}, [aLine({ modifiedDate: ago(14) })])],
    ['release', anOrderDetail({}, [aLine()], [aRelease({ modifiedDate: ago(14) })])],
    ['new release', anOrderDetail({}, [aLine()], [aRelease({ createdDate: ago(14), modifiedDate: null })])],
  ])('lasts a quarter of an hour from the last touch of the %s', (_what, detail) => {
    expect(fresh(detail)).toBe(nowMs + 60_000)
  })

  it('lasts until the latest touch has settled', () => {
    expect(fresh(anOrderDetail({ modifiedDate: ago(10) }, [aLine({ modifiedDate: ago(2) })]))).toBe(nowMs + 13 * 60_000)
  })

  it('is not held up by a clock that is years ahead, but by one that is minutes ahead', () => {
    expect(fresh(anOrderDetail({ modifiedDate: '2099-01-01T00:00:00Z' }))).toBeNull()
    expect(fresh(anOrderDetail({ modifiedDate: ago(-5) }))).toBe(nowMs + 20 * 60_000)
  })
})

describe('lacksLines', () => {
  it.each([
    ['1', 0, true],
    ['0', 0, false],
    [null, 0, false],
    ['2', 1, false],
  ])('with a count of %s and %s lines: %s', (lineItemCount, count, lacks) => {
    const lines = Array.from({ length: count }, (_, at) => lineNo(at + 1))
    expect(lacksLines(anOrderDetail({ lineItemCount }, lines))).toBe(lacks)
  })
})
