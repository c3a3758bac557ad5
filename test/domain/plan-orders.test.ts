import { describe, expect, it } from 'vitest'
import type { Decision, Detail } from '../../src/domain/decision.js'
import { Bug } from '../../src/domain/errors.js'
import type { Order, OrderDetail, OrderLine, Release } from '../../src/domain/order.js'
import { needsOrderSurvey, planOrders } from '../../src/domain/plan-orders.js'
import type { Json, Link } from '../../src/domain/record.js'
import type { RequisitionState } from '../../src/domain/requisition.js'
import {
  aLine,
  anOrderDetail,
  aRelease,
  decisions,
  detailOf,
  existingOf,
  known,
  lineNo,
  linkOf,
  NOW,
  OPTIONS,
  ORDER_ID,
  plan,
  planOne,
  releaseOf,
  sentLinks,
  stateOf,
  wantedOf,
  type Around,
} from './order-factories.js'

const PART_2 = `${ORDER_ID}/2`
/** Line 1 in one department, line 2 in another: two parts. */
const TWO_LINES = [lineNo(1), lineNo(2, { department: 'Production' })]
const TWO_PARTS = anOrderDetail({}, TWO_LINES)
const inState = (link: Link | undefined, state: Partial<RequisitionState>): Link => {
  if (link === undefined) throw new Error('Expected a link.')
  return { ...link, detail: stateOf(state) }
}
const codeOf = (decision: Decision | undefined) =>
  decision !== undefined && 'code' in decision ? `${decision.kind} ${decision.code}` : decision?.kind
const codes = (record: OrderDetail, around: Around = {}) =>
  Object.fromEntries(Object.entries(decisions(record, around)).map(([id, decision]) => [id, codeOf(decision)]))
const JUST_NOW = new Date(Date.parse(NOW) - 60_000).toISOString()

describe('orders that are not sent', () => {
  it.each<[string, OrderDetail, Around, string]>([
    ['older than the start date', anOrderDetail({ createdDate: '2025-12-31T12:00:00Z' }), {}, 'skip before_start'],
    [
      'left out by the settings',
      anOrderDetail(),
      { options: { exclude: [{ kind: 'supplier', value: 'ACME' }] } },
      'skip excluded',
    ],
    ['not on order', anOrderDetail({ status: 'New' }), {}, 'skip status_not_selected'],
    [
      'of a status nobody knows',
      anOrderDetail({ status: 'Old', active: null, receive: null }),
      {},
      'skip status_unknown',
    ],
    ['cancelled', anOrderDetail({ status: 'Cancelled' }), {}, 'skip cancelled'],
    ['without lines', anOrderDetail({}, []), {}, 'skip no_lines'],
    [
      'with cancelled lines only',
      anOrderDetail({}, [aLine()], [aRelease({ status: 'Cancelled' })]),
      {},
      'skip no_lines',
    ],
    ['touched a moment ago', anOrderDetail({ modifiedDate: JUST_NOW }), {}, 'wait too_fresh'],
    ['shown without its lines', anOrderDetail({ lineItemCount: '3' }, []), {}, 'wait lines_missing'],
    [
      'with releases nobody can judge',
      anOrderDetail({}, [aLine()], [aRelease({ status: 'Firm' })]),
      {},
      'wait status_unknown',
    ],
  ])('%s', (_what, record, around, code) => {
    expect(codes(record, around)).toEqual({ [ORDER_ID]: code })
  })

  it('are skipped without a look at lines that nobody needs', () => {
    expect(codes(anOrderDetail({ status: 'New', lineItemCount: '3' }, []))).toEqual({
      [ORDER_ID]: 'skip status_not_selected',
    })
  })

  it('are looked at again when the quiet time is over', () => {
    const waitsFor = ['time:2026-03-10T12:14:00.000Z']
    expect(planOne(anOrderDetail({ modifiedDate: JUST_NOW }))).toMatchObject({ waitsFor })
  })

  it('are picked by the supplier code that their releases tell, before the supplier is known', () => {
    const around = (value: string): Around => ({
      known: { suppliers: new Map() },
      options: { only: [{ kind: 'supplier', value }] },
    })
    expect(codes(anOrderDetail(), around('ACME'))).toEqual({ [ORDER_ID]: 'wait supplier_not_linked' })
    expect(codes(anOrderDetail(), around('OTHER'))).toEqual({ [ORDER_ID]: 'skip excluded' })
  })

  it('or could not be read', () => {
    const { note } = detailOf(anOrderDetail())
    const failure = {
      ok: false,
      kind: 'transient',
      code: 'timed_out',
      message: '',
      status: null,
      http: null,
      retryAfterMs: null,
    } as const
    const details: Detail<OrderDetail>[] = [
      { kind: 'failed', note: { ...note, sourceId: 'failed' }, failure },
      { kind: 'rejected', note: { ...note, sourceId: 'rejected' }, code: 'record_unreadable', message: 'No id.' },
      { kind: 'gone', note: { ...note, sourceId: 'gone' } },
    ]
    const planned = planOrders(details, new Map(), null, OPTIONS)
    expect(planned.map(({ sourceId, decision }) => [sourceId, codeOf(decision)])).toEqual([
      ['rejected', 'park record_unreadable'],
      ['gone', 'skip gone'],
    ])
  })
})

describe('what must be known', () => {
  it('is nothing for orders that are too old, and never were sent', () => {
    const old = anOrderDetail({ createdDate: '2025-12-31T12:00:00Z' })
    const needs = (record: OrderDetail, links: readonly Link[] = []) =>
      needsOrderSurvey([detailOf(record)], new Map(links.map((link) => [link.sourceId, link])), OPTIONS)
    expect(needs(old)).toBe(false)
    expect(planOrders([detailOf(old)], new Map(), null, OPTIONS).map(({ decision }) => decision.kind)).toEqual(['skip'])
    expect(needs(anOrderDetail())).toBe(true)
    expect(needsOrderSurvey([old, anOrderDetail()].map(detailOf), new Map(), OPTIONS)).toBe(true)
    expect(needsOrderSurvey([{ kind: 'gone', note: detailOf(old).note }], new Map(), OPTIONS)).toBe(false)
    expect(needs(old, sentLinks(anOrderDetail()))).toBe(true)
    expect(() => planOrders([detailOf(anOrderDetail())], new Map(), null, OPTIONS)).toThrow(Bug)
  })
})

describe('the daily ration', () => {
  const orders = ['a', 'b', 'c'].map((id) => anOrderDetail({ id, poNumber: id }))
  const rationed = (
    maxPerDay: number,
    ration = { used: 0, held: new Set<string>() },
    records: readonly OrderDetail[] = orders,
  ) => plan(records, { known: { ration }, options: { maxPerDay } }).map(({ decision }) => codeOf(decision))

  it('keeps the rest for tomorrow', () => {
    expect(rationed(2)).toEqual(['send', 'send', 'wait daily_ration'])
    expect(rationed(2, { used: 1, held: new Set() })).toEqual(['send', 'wait daily_ration', 'wait daily_ration'])
    expect(rationed(2, { used: 5, held: new Set() })).toEqual(Array(3).fill('wait daily_ration'))
  })

  it('does not exist with 0', () => {
    expect(rationed(0, { used: 1000, held: new Set() })).toEqual(['send', 'send', 'send'])
  })

  it('counts a creation that is decided already only once', () => {
    expect(rationed(2, { used: 2, held: new Set(['b', 'c']) })).toEqual(['wait daily_ration', 'send', 'send'])
  })

  it('counts requisitions, not orders, and only those that are created', () => {
    expect(rationed(1, undefined, [TWO_PARTS])).toEqual(['send', 'wait daily_ration'])
    const existing = [existingOf(wantedOf(decisions(TWO_PARTS)[ORDER_ID]))]
    expect(
      plan([TWO_PARTS], { known: { existing }, options: { maxPerDay: 1 } }).map(({ decision }) => decision.kind),
    ).toEqual(['send', 'send'])
  })
})

describe('a requisition that exists already', () => {
  const wanted = wantedOf(planOne(anOrderDetail()))

  it('is taken over without being written to, when it holds the same', () => {
    const decision = planOne(anOrderDetail(), {
      known: { existing: [existingOf(wanted, { id: 'r1', orderNum: '1001' })] },
    })
    expect(wantedOf(decision)).toMatchObject({
      action: 'adopt',
      targetId: 'r1',
      targetKey: '1001',
      payload: null,
      draft: wanted.draft,
    })
    expect(wantedOf(decision).message).toMatch(/^recovered: /)
  })

  it('is left to a person when it holds something else', () => {
    const changed = anOrderDetail({}, [aLine({ unitPrice: '13' })])
    expect(codes(changed, { known: { existing: [existingOf(wanted)] } })).toEqual({
      [ORDER_ID]: 'park requisition_ambiguous',
    })
  })

  it('stops a changed order from being split anew by a database that forgot it', () => {
    const existing = Object.values(decisions(TWO_PARTS)).map((decision) => existingOf(wantedOf(decision)))
    const moved = anOrderDetail({}, [lineNo(0, { building: 'WEST', department: 'Production' }), ...TWO_LINES])
    const found = codes(moved, { known: { existing } })
    expect(Object.values(found)).toEqual(Array(3).fill('park requisition_ambiguous'))
  })

  it('is found under its last revision by a database that forgot it was sent anew', () => {
    const links = [inState(linkOf(ORDER_ID, wanted), { state: 'denied', revision: 2 })]
    const again = wantedOf(planOne(anOrderDetail(), { links }))
    const existing = [existingOf(wanted, { id: 'r1', status: '2' }), existingOf(again, { id: 'r2' })]
    const found = wantedOf(planOne(anOrderDetail(), { known: { existing } }))
    expect(found).toMatchObject({ action: 'adopt', targetId: 'r2', draft: { revision: 2, key: again.draft.key } })
  })
})

describe('an order that was sent', () => {
  const sent = anOrderDetail({ lineItemTotal: '24' }, [lineNo(1), lineNo(2, { unitPrice: '4.5' })])
  const links = sentLinks(sent)
  const [firstLine, secondLine] = sent.lines as [OrderLine, OrderLine]
  const changed = (
    order: Partial<Order>,
    lines: readonly OrderLine[] = sent.lines,
    releases: readonly Release[] = sent.releases,
  ) => planOne({ order: { ...sent.order, ...order }, lines, releases }, { links })

  it('is unchanged when it is', () => {
    expect(changed({})).toEqual({ kind: 'unchanged' })
  })

  it.each<[string, Decision]>([
    ['touched', changed({ modifiedDate: JUST_NOW })],
    [
      'received',
      changed(
        { status: 'Received' },
        sent.lines,
        sent.releases.map((release) => ({ ...release, status: 'Received' })),
      ),
    ],
    ['held back in Plex', changed({ status: 'New' })],
    ['spelled otherwise', changed({}, [{ ...firstLine, unitPrice: '1.50000' }, secondLine])],
    ['re-totalled', changed({ lineItemTotal: '99' })],
    ['older than the start date', planOne(sent, { links, options: { startDate: '2027-01-01' } })],
    ['excluded by now', planOne(sent, { links, options: { only: [{ kind: 'po', value: 'x' }] } })],
    [
      'aligned otherwise by now',
      planOne(sent, { links, known: { departments: [], locations: [], accounts: new Map(), suppliers: new Map() } }),
    ],
  ])('is unchanged when it was only %s', (_what, decision) => {
    expect(decision).toEqual({ kind: 'unchanged' })
  })

  it.each<[string, Decision, { field: string; from: Json; to: Json }[]]>([
    [
      'quantity',
      changed({}, sent.lines, [aRelease({ quantity: '5' }), releaseOf(secondLine)]),
      [{ field: 'line 1 quantity', from: '4', to: '5' }],
    ],
    [
      'second release',
      changed({}, sent.lines, [...sent.releases, aRelease({ id: 'new' })]),
      [{ field: 'line 1 quantity', from: '4', to: '8' }],
    ],
    [
      'price',
      changed({}, [{ ...firstLine, unitPrice: '1.51' }, secondLine]),
      [{ field: 'line 1 price', from: '1.5', to: '1.51' }],
    ],
    [
      'description',
      changed({}, [{ ...firstLine, description: 'Belt' }, secondLine]),
      [{ field: 'line 1 description', from: 'Bearing', to: 'Belt' }],
    ],
    [
      'account',
      changed({}, [{ ...firstLine, accountId: 'x' }, secondLine]),
      [{ field: 'line 1 account', from: firstLine.accountId, to: 'x' }],
    ],
    [
      'place of a line',
      changed({}, [{ ...firstLine, building: 'WEST' }, secondLine]),
      [{ field: 'line 1 building', from: 'MAIN', to: 'WEST' }],
    ],
    [
      'line number',
      changed({}, [{ ...firstLine, lineItemNumber: '9' }, secondLine]),
      [{ field: 'line 1 number', from: '1', to: '9' }],
    ],
    ['supplier', changed({ supplierId: 'x' }), [{ field: 'supplier', from: sent.order.supplierId, to: 'x' }]],
    ['number of the order', changed({ poNumber: 'PO-1A' }), [{ field: 'po_number', from: 'PO-1', to: 'PO-1A' }]],
    ['currency', changed({ currencyCode: 'EUR' }), [{ field: 'currency', from: 'USD', to: 'EUR' }]],
    [
      'new line',
      changed({}, [...sent.lines, lineNo(3)], [...sent.releases, releaseOf(lineNo(3))]),
      [{ field: 'line 3', from: null, to: '4 EA x 3.5: Bearing' }],
    ],
    [
      'new line of another place',
      changed({}, [...sent.lines, lineNo(3, { building: 'WEST' })], [...sent.releases, releaseOf(lineNo(3))]),
      [{ field: 'line 3', from: null, to: '4 EA x 3.5: Bearing' }],
    ],
    ['line less', changed({}, [firstLine]), [{ field: 'line 2', from: '4 EA x 4.5: Bearing', to: null }]],
    ['line without quantity', changed({}, sent.lines, [releaseOf(secondLine)]), [{ field: 'line 1 quantity', from: '4', to: null }, { field: 'line 1 due', from: '2026-04-01', to: null }]], // prettier-ignore
  ])('is held with the diff: %s', (_what, decision, changes) => {
    expect(decision).toMatchObject({ kind: 'park', code: 'po_changed_after_send', changes })
  })

  it('says what changed in words', () => {
    const { message } = changed({}, [{ ...firstLine, unitPrice: '2' }]) as Decision & { message: string }
    expect(message).toBe(
      `The order was changed in Plex after requisition uuid of ${ORDER_ID} was sent: line 1 price: 1.5 -> 2; line 2: 4 EA x 4.5: Bearing -> none.`,
    )
  })

  it('says no more than five changes in words', () => {
    const lines = Array.from({ length: 7 }, (_, at) => lineNo(at + 1))
    const links = sentLinks(anOrderDetail({}, lines))
    const dearer = (count: number) => anOrderDetail({}, lines.map((line, at) => (at < count ? { ...line, unitPrice: '99' } : line))) // prettier-ignore
    const message = (count: number) => (planOne(dearer(count), { links }) as Decision & { message: string }).message
    expect(message(5)).toMatch(/line 5 price: 5\.5 -> 99\.$/)
    expect(message(7)).toMatch(/line 5 price: 5\.5 -> 99; 2 more\.$/)
  })

  it('is not held while somebody is at work on it', () => {
    expect(codeOf(changed({ modifiedDate: JUST_NOW, currencyCode: 'EUR' }))).toBe('wait too_fresh')
  })

  it('is held when it, or all that was asked for, is cancelled, at once', () => {
    expect(codeOf(changed({ status: 'Cancelled', modifiedDate: JUST_NOW }))).toBe('park po_cancelled_after_send')
    const releases = sent.releases.map((release) => ({ ...release, status: 'Cancelled' }))
    expect(codeOf(changed({}, sent.lines, releases))).toBe('park po_cancelled_after_send')
  })

  it('is only observed when dates alone change, and the link learns them', () => {
    const releases = [aRelease({ dueDate: '2026-06-01T04:00:00Z' }), releaseOf(secondLine)]
    const later = { ...sent, releases }
    const [planned] = plan([later], { links })
    expect(planned?.decision).toMatchObject({
      kind: 'observe',
      code: 'dates_changed',
      changes: [{ field: 'line 1 due', from: '2026-04-01', to: '2026-06-01' }],
    })
    const learned = links.map((link) => ({ ...link, sent: planned?.learned ?? null }))
    expect(planOne(later, { links: learned })).toEqual({ kind: 'unchanged' })
    // What was sent stays on record.
    expect(planned?.learned?.body).toEqual((links[0]?.sent as { body: unknown }).body)
  })

  it('is judged only when its lines and statuses are known', () => {
    expect(codeOf(changed({}, [], []))).toBe('wait lines_missing')
    expect(codeOf(changed({}, sent.lines, [aRelease({ status: 'Firm' })]))).toBe('wait status_unknown')
  })

  it('is for a person when Plex does not show it any more', () => {
    const gone: Detail<OrderDetail> = { kind: 'gone', note: detailOf(sent).note }
    const planGone = (state: Partial<RequisitionState>, accept: string[] = []) =>
      planOrders([gone], new Map([[ORDER_ID, inState(links[0], state)]]), null, {
        ...OPTIONS,
        accept: new Set(accept),
      }).map(({ decision }) => codeOf(decision))
    expect(planGone({})).toEqual(['park gone'])
    expect(
      planOrders([gone], new Map([[ORDER_ID, inState(links[0], { order_num: '1001' })]]), null, OPTIONS)[0]?.decision,
    ).toMatchObject({
      message: 'Plex does not show this order any more, but requisition 1001 is requested.',
    })
    expect(planGone({}, [ORDER_ID])).toEqual(['unchanged'])
    expect(planGone({ state: 'denied' })).toEqual(['unchanged'])
  })
})

describe('a blanket order that was sent', () => {
  const blanket = anOrderDetail(
    { blanketOrder: true, dueDate: '2026-12-31T05:00:00Z' },
    [aLine({ blanketQuantity: '1200' })],
    [],
  )
  const links = sentLinks(blanket)
  const drawn = { ...blanket, releases: [aRelease({ dueDate: '2026-12-31T05:00:00Z', quantity: '100' })] }

  it('has its releases observed, each change once', () => {
    const [planned] = plan([drawn], { links })
    expect(planned?.decision).toMatchObject({
      kind: 'observe',
      code: 'blanket_released',
      changes: [{ field: 'line 1 released', from: '0', to: '100' }],
    })
    const learned = links.map((link) => ({ ...link, sent: planned?.learned ?? null }))
    expect(planOne(drawn, { links: learned })).toEqual({ kind: 'unchanged' })
  })

  it('has dates and releases observed together', () => {
    const later = { ...drawn, releases: [aRelease({ dueDate: '2027-12-31T05:00:00Z', quantity: '100' })] }
    expect(planOne(later, { links })).toMatchObject({ kind: 'observe', code: 'dates_changed', changes: [{}, {}] })
  })

  it('is held when the blanket quantity itself changes', () => {
    const more = { ...blanket, lines: [aLine({ blanketQuantity: '1500' })] }
    expect(planOne(more, { links })).toMatchObject({
      kind: 'park',
      code: 'po_changed_after_send',
      changes: [{ field: 'line 1 quantity', from: '1200', to: '1500' }],
    })
  })
})

describe('what a person settled in Procurify', () => {
  const sent = anOrderDetail()
  const accept = new Set([ORDER_ID])
  const settle = (record: OrderDetail, links: readonly Link[]) => {
    const wanted = wantedOf(planOne(record, { links, options: { accept } }))
    expect(wanted).toMatchObject({ action: 'adopt', targetId: links[0]?.targetId, payload: null })
    return links.map((link) => ({ ...link, sent: wanted.draft }))
  }

  it.each<[string, OrderDetail]>([
    ['a change', anOrderDetail({}, [aLine({ unitPrice: '13' }), lineNo(2)])],
    ['a cancelled order', anOrderDetail({ status: 'Cancelled' })],
    ['cancelled lines', anOrderDetail({}, [aLine()], [aRelease({ status: 'Cancelled' })])],
  ])('%s is no problem any more', (_what, record) => {
    expect(planOne(record, { links: sentLinks(sent) }).kind).toBe('park')
    const settled = settle(record, sentLinks(sent))
    expect(planOne(record, { links: settled })).toEqual({ kind: 'unchanged' })
    expect(planOne(anOrderDetail({ currencyCode: 'EUR' }), { links: settled }).kind).toBe('park')
  })

  it('a denial is no problem any more', () => {
    const denied = [inState(sentLinks(sent)[0], { state: 'denied', reason: 'over budget' })]
    const settled = settle(sent, denied)
    expect(planOne(sent, { links: settled })).toEqual({ kind: 'unchanged' })
    // But another end is.
    expect(codeOf(planOne(sent, { links: [inState(settled[0], { state: 'vanished' })] }))).toBe(
      'park requisition_vanished',
    )
  })
})

describe('a requisition that ended', () => {
  const [link] = sentLinks(anOrderDetail())
  const denied = { state: 'denied', reason: 'over budget' } as const
  const changed = anOrderDetail({}, [aLine({ unitPrice: '13' })])

  it('stays a problem as long as nobody decides, whatever happens to the order', () => {
    const message = `Requisition uuid of ${ORDER_ID} was denied: over budget.`
    expect(planOne(anOrderDetail(), { links: [inState(link, denied)] })).toEqual({
      kind: 'park',
      code: 'requisition_denied',
      message,
      changes: [],
    })
    expect(codeOf(planOne(changed, { links: [inState(link, denied)] }))).toBe('park requisition_denied')
    expect(codeOf(planOne(anOrderDetail(), { links: [inState(link, { state: 'vanished' })] }))).toBe(
      'park requisition_vanished',
    )
  })

  it('settles with a cancelled order', () => {
    expect(planOne(anOrderDetail({ status: 'Cancelled' }), { links: [inState(link, denied)] })).toEqual({
      kind: 'unchanged',
    })
  })

  it('is sent anew as the order is now, under the next revision', () => {
    const wanted = wantedOf(planOne(changed, { links: [inState(link, { ...denied, revision: 2 })] }))
    expect(wanted).toMatchObject({
      action: 'create',
      targetId: null,
      draft: { part: 1, revision: 2, lines: [{ price: '13' }] },
    })
    expect(wanted.draft.key).not.toBe((link?.sent as { key: string }).key)
  })

  it('is sent anew although it is fresh, not on order any more, or over the ration; but not if it is cancelled', () => {
    const links = [inState(link, { ...denied, revision: 2 })]
    const record = anOrderDetail({ status: 'Received', modifiedDate: JUST_NOW })
    expect(codeOf(planOne(record, { links, known: { ration: { used: 50, held: new Set() } } }))).toBe('send')
    expect(codes(anOrderDetail({ status: 'Cancelled' }), { links })).toEqual({ [ORDER_ID]: 'skip cancelled' })
    expect(codes(anOrderDetail({}, []), { links })).toEqual({ [ORDER_ID]: 'skip no_lines' })
  })

  it('is sent anew beside a part that stands, with a line that came later', () => {
    const [first, second] = sentLinks(TWO_PARTS)
    const links = [inState(first, { ...denied, revision: 2 }), ...(second === undefined ? [] : [second])]
    const found = decisions(anOrderDetail({}, [...TWO_LINES.map((line) => ({ ...line, unitPrice: '7' }))]), { links })
    expect(wantedOf(found[ORDER_ID]).draft.lines.map(({ id }) => id)).toEqual(['line-1'])
    expect(codeOf(found[PART_2])).toBe('park po_changed_after_send')
  })

  it('gives its number up when fewer requisitions are sent anew than ended', () => {
    const links = sentLinks(TWO_PARTS).map((one) => inState(one, { ...denied, revision: 2 }))
    const merged = anOrderDetail({}, TWO_LINES.map((line) => ({ ...line, department: null }))) // prettier-ignore
    const found = decisions(merged, { links })
    expect(wantedOf(found[ORDER_ID]).draft.lines).toHaveLength(2)
    expect(codeOf(found[PART_2])).toBe('skip no_lines')
  })
})

describe('an order of several parts', () => {
  const [first, second] = sentLinks(TWO_PARTS)
  const links = first === undefined ? [] : [first]
  const unsent = (over: Partial<Link> = {}): Link =>
    linkOf(PART_2, wantedOf(decisions(TWO_PARTS)[PART_2]), { targetId: null, sent: null, detail: null, ...over })

  it('is sent part by part: what is left is planned as before', () => {
    const found = decisions(TWO_PARTS, { links })
    expect(codeOf(found[ORDER_ID])).toBe('unchanged')
    expect(wantedOf(found[PART_2]).draft).toMatchObject({
      key: (second?.sent as { key: string }).key,
      lines: [{ id: 'line-2' }],
    })
  })

  it('keeps a line with the part it was sent with, wherever it moves', () => {
    const moved = anOrderDetail({}, TWO_LINES.map((line) => ({ ...line, department: 'Production' }))) // prettier-ignore
    const found = decisions(moved, { links })
    expect(codeOf(found[ORDER_ID])).toBe('park po_changed_after_send')
    expect(wantedOf(found[PART_2]).draft.lines.map(({ id }) => id)).toEqual(['line-2'])
  })

  it('holds a line that came later at the part of its place', () => {
    const late = anOrderDetail({}, [...TWO_LINES, lineNo(3, { department: 'Production' })])
    expect(codes(late, { links: sentLinks(TWO_PARTS) })).toEqual({
      [ORDER_ID]: 'unchanged',
      [PART_2]: 'park po_changed_after_send',
    })
  })

  it('holds only the lines that were never sent, with the same rules', () => {
    const broken = anOrderDetail({}, [TWO_LINES[0] ?? aLine(), lineNo(2, { department: 'Painting' })])
    expect(codes(broken, { links })).toEqual({ [ORDER_ID]: 'unchanged', [PART_2]: 'wait department_not_aligned' })
    expect(codes({ ...TWO_PARTS, order: { ...TWO_PARTS.order, status: 'New' } }, { links })).toEqual({
      [ORDER_ID]: 'unchanged',
      [PART_2]: 'skip status_not_selected',
    })
    expect(codes({ ...TWO_PARTS, order: { ...TWO_PARTS.order, modifiedDate: JUST_NOW } }, { links })).toEqual({
      [ORDER_ID]: 'unchanged',
      [PART_2]: 'wait too_fresh',
    })
    expect(codes({ ...TWO_PARTS, order: { ...TWO_PARTS.order, status: 'Cancelled' } }, { links })).toEqual({
      [ORDER_ID]: 'park po_cancelled_after_send',
      [PART_2]: 'skip cancelled',
    })
  })

  it('takes back what was decided for a part that is no more, once', () => {
    const merged = anOrderDetail({}, TWO_LINES.map((line) => ({ ...line, department: null }))) // prettier-ignore
    expect(codes(merged, { links: [unsent()] })).toEqual({ [ORDER_ID]: 'send', [PART_2]: 'skip no_lines' })
    expect(codes(merged, { links: [unsent({ skipCode: 'no_lines' })] })).toEqual({ [ORDER_ID]: 'send' })
    expect(codes(anOrderDetail({ status: 'New' }, TWO_LINES), { links: [unsent()] })).toEqual({
      [ORDER_ID]: 'skip status_not_selected',
      [PART_2]: 'skip no_lines',
    })
  })

  it('is not mixed up with other orders', () => {
    const other = anOrderDetail({ id: 'other' })
    const planned = plan([TWO_PARTS, other], { links: sentLinks(TWO_PARTS) })
    expect(planned.map(({ sourceId, decision }) => [sourceId, decision.kind])).toEqual([
      [ORDER_ID, 'unchanged'],
      [PART_2, 'unchanged'],
      ['other', 'send'],
    ])
    expect(planned.map(({ note }) => note.sourceId)).toEqual([ORDER_ID, ORDER_ID, 'other'])
  })
})

describe('an order that a person linked', () => {
  const byHand: Link = linkOf(ORDER_ID, wantedOf(planOne(anOrderDetail())), {
    targetId: 'r9',
    targetKey: '900',
    sent: null,
    detail: null,
  })

  it('is never sent, not even in parts: what Plex says now becomes the base', () => {
    const wanted = wantedOf(planOne(TWO_PARTS, { links: [byHand] }))
    expect(wanted).toMatchObject({
      action: 'adopt',
      targetId: 'r9',
      targetKey: '900',
      payload: null,
      draft: { key: null, body: null },
    })
    expect(wanted.draft.lines.map(({ id }) => id)).toEqual(['line-1', 'line-2'])
  })

  it('is held like any other when it changes after that', () => {
    const links = [{ ...byHand, sent: wantedOf(planOne(TWO_PARTS, { links: [byHand] })).draft }]
    expect(planOne(TWO_PARTS, { links })).toEqual({ kind: 'unchanged' })
    const late = anOrderDetail({}, [...TWO_LINES, lineNo(3, { building: 'WEST' })])
    expect(codes(late, { links })).toEqual({ [ORDER_ID]: 'park po_changed_after_send' })
  })

  it('may be older than the start date', () => {
    const old = anOrderDetail({ createdDate: '2025-01-01T12:00:00Z' })
    expect(wantedOf(planOne(old, { links: [byHand] })).action).toBe('adopt')
  })
})

describe('a planned part', () => {
  it('carries what the store keeps of it', () => {
    const [one, two] = plan([TWO_PARTS])
    const common = { sourceKey: 'PO-1', sourceHash: 'h1', record: TWO_PARTS, learned: null }
    expect(one).toMatchObject({ sourceId: ORDER_ID, ...common })
    expect(two).toMatchObject({ sourceId: PART_2, ...common })
    expect(plan([anOrderDetail({ poNumber: null })])[0]?.sourceKey).toBeNull()
    const { note, ...detail } = detailOf(anOrderDetail())
    const byId = { ...detail, note: { ...note, hash: null } } as Detail<OrderDetail>
    expect(planOrders([byId], new Map(), known(), OPTIONS)[0]?.sourceHash).toBe('h2')
  })

  it('has one hash for one content', () => {
    const hash = (record: OrderDetail) => wantedOf(planOne(record)).wantedHash
    const shuffled = { ...anOrderDetail({}, [lineNo(2), lineNo(1)]) }
    expect(hash(anOrderDetail({}, [lineNo(1), lineNo(2)]))).toBe(hash(shuffled))
    expect(hash(anOrderDetail())).not.toBe(hash(anOrderDetail({}, [aLine({ unitPrice: '9' })])))
    expect(known().existing).toEqual([])
  })
})
