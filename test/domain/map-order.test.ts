/** What is sent for an order, seen through the plan; and what is said when it cannot be sent. */
import { describe, expect, it } from 'vitest'
import type { OrderDetail, OrderKnown, OrderLine } from '../../src/domain/order.js'
import type { RequisitionBody } from '../../src/domain/requisition.js'
import {
  aLine,
  anOrderDetail,
  aRelease,
  bodyOf,
  decisions,
  known,
  lineNo,
  planOne,
  releaseOf,
  VENDOR,
  wantedOf,
  type Around,
} from './order-factories.js'

const withLine = (line: Partial<OrderLine>, order: Parameters<typeof anOrderDetail>[0] = {}) =>
  anOrderDetail(order, [aLine(line)])
const withQuantity = (quantity: string, order = {}) => anOrderDetail(order, [aLine()], [aRelease({ quantity })])
const itemsOf = (body: RequisitionBody | undefined) => body?.line_items ?? []
const item = (detail: OrderDetail, around: Around = {}) => itemsOf(bodyOf(detail, around))[0]
const bodies = (detail: OrderDetail, around: Around = {}) =>
  Object.entries(decisions(detail, around)).map(
    ([, decision]) => wantedOf(decision).payload as unknown as RequisitionBody,
  )
/** Kind, code and message of the only decision. */
const held = (detail: OrderDetail, around: Around = {}) => {
  const decision = planOne(detail, around)
  return { ...('code' in decision ? { code: decision.code, message: decision.message } : {}), kind: decision.kind }
}

describe('the requisition of an ordinary order', () => {
  it('is spelled out whole: names and codes of Procurify, decimals as text', () => {
    expect(bodyOf(anOrderDetail())).toEqual({
      required_date: '2026-04-01',
      location_name: 'Main Plant',
      department_name: 'Maint',
      line_items: [
        {
          ...{
            item_name: '[PLEX PO-1/1 c9shf48s0101] Bearing',
            vendor_name: 'Acme Steel',
            account_code: '61100-010-0000',
          },
          ...{ unit_price: '12.5', quantity: '4', unit: 'EA', currency_code: 'USD', custom_fields: [] },
        },
      ],
    })
  })

  it('remembers what later versions are compared with', () => {
    const { draft, payload, action, targetId } = wantedOf(planOne(anOrderDetail()))
    expect({ action, targetId }).toEqual({ action: 'create', targetId: null })
    expect(draft).toMatchObject({
      key: 'c9shf48s0101',
      part: 1,
      revision: 1,
      vendor_id: '7',
      department_id: '21',
      location_id: '1',
    })
    expect(draft.body).toEqual(payload)
    expect(draft.lines).toMatchObject([{ id: 'line-1', quantity: '4', price: '12.5', due: '2026-04-01' }])
  })

  it('tells people what it asks for', () => {
    expect(wantedOf(planOne(anOrderDetail())).changes.map(({ field, to }) => [field, to])).toEqual([
      ['vendor', 'Acme Steel'],
      ['location', 'Main Plant'],
      ['department', 'Maint'],
      ['required_date', '2026-04-01'],
      ['item 1', '4 EA x 12.5 USD (61100-010-0000): [PLEX PO-1/1 c9shf48s0101] Bearing'],
    ])
  })

  it('is found under the id of an order that has no number', () => {
    expect(item(anOrderDetail({ poNumber: null }))?.item_name).toMatch(
      /^\[PLEX 0d000001-[-0-9a-f]+\/1 c9shf48s0101\] Bearing$/,
    )
  })

  it('names a line by its place in the order when it has no number', () => {
    expect(item(withLine({ lineItemNumber: null }))?.item_name).toBe('[PLEX PO-1/#1 c9shf48s0101] Bearing')
  })

  it('takes the earliest open due date of its lines, and where all have come the earliest of those', () => {
    const lines = [lineNo(1), lineNo(2)]
    const due = (a: object, b: object) =>
      bodyOf(anOrderDetail({}, lines, [aRelease(a), aRelease({ id: 'r2', poLineItemId: 'line-2', ...b })]))
        .required_date
    expect(due({ dueDate: '2026-05-02T04:00:00Z' }, { dueDate: '2026-05-01T04:00:00Z' })).toBe('2026-05-01')
    expect(due({ dueDate: '2026-05-02T04:00:00Z' }, { dueDate: '2026-05-01T04:00:00Z', status: 'Received' })).toBe(
      '2026-05-02',
    )
    expect(due({ status: 'Received' }, { dueDate: '2026-05-01T04:00:00Z', status: 'Received' })).toBe('2026-04-01')
  })
})

describe('amounts', () => {
  it.each([
    ['12.50', '12.5'],
    ['0.12345678', '0.12345678'],
    ['1234567890123.12345678', '1234567890123.12345678'],
    ['1.5e-7', '0.00000015'],
  ])('a price of %s is sent as %s', (unitPrice, sent) => {
    expect(item(withLine({ unitPrice }))?.unit_price).toBe(sent)
  })

  it.each([
    ['4.0000000000', '4'],
    ['0.12345', '0.12345'],
    ['9999999999.99999', '9999999999.99999'],
  ])('a quantity of %s is sent as %s', (quantity, sent) => {
    expect(item(withQuantity(quantity))?.quantity).toBe(sent)
  })

  it.each<[string, OrderDetail, string]>([
    ['a price of nine decimals', withLine({ unitPrice: '0.123456789' }), 'scale_exceeded'],
    ['a price of fourteen digits', withLine({ unitPrice: '12345678901234' }), 'scale_exceeded'],
    ['a quantity of six decimals', withQuantity('0.123456'), 'scale_exceeded'],
    ['a quantity of eleven digits', withQuantity('12345678901'), 'scale_exceeded'],
    ['a negative price', withLine({ unitPrice: '-1' }), 'amount_negative'],
    ['a negative quantity', withQuantity('-1'), 'amount_negative'],
    ['no price', withLine({ unitPrice: null }), 'price_missing'],
  ])('%s is for a person, never rounded', (_what, detail, code) => {
    expect(held(detail)).toMatchObject({ kind: 'park', code, message: expect.stringMatching(/^Line 1: /) as string })
  })

  it('a price of zero is one, and said', () => {
    expect(item(withLine({ unitPrice: '0.00' }))?.unit_price).toBe('0')
    expect(wantedOf(planOne(withLine({ unitPrice: '0.00' }))).message).toBe('Line 1: Its price is zero, as in Plex.')
  })

  it.each([
    ['no releases', anOrderDetail({}, [aLine()], [])],
    ['a quantity of zero', withQuantity('0')],
    ['a release without a quantity', anOrderDetail({}, [aLine()], [aRelease({ quantity: null })])],
    ['a blanket order without a blanket quantity', anOrderDetail({ blanketOrder: true }, [aLine()], [])],
  ])('%s waits', (_what, detail) => {
    expect(planOne(detail)).toMatchObject({ kind: 'wait', code: 'po_without_quantity', waitsFor: ['releases'] })
  })

  it('a blanket order is sent once with its blanket quantity', () => {
    const detail = anOrderDetail(
      { blanketOrder: true, dueDate: '2026-12-31T05:00:00Z' },
      [aLine({ blanketQuantity: '1200' })],
      [],
    )
    expect(bodyOf(detail)).toMatchObject({ required_date: '2026-12-31', line_items: [{ quantity: '1200' }] })
  })
})

describe('the total of the order', () => {
  const total = (lineItemTotal: string, order = {}) =>
    anOrderDetail({ lineItemTotal, ...order }, [lineNo(1), lineNo(2)])

  // 4 x 1.5 + 4 x 2.5
  it.each(['16', '16.02', '15.98', '1.6e1'])('may be %s: a cent for each line', (text) => {
    expect(planOne(total(text)).kind).toBe('send')
  })

  it.each(['16.021', '15.97', '0'])('may not be %s', (text) => {
    expect(held(total(text))).toMatchObject({ kind: 'park', code: 'order_total_differs' })
  })

  it('is not asked for on a blanket order', () => {
    expect(planOne(total('999', { blanketOrder: true })).kind).toBe('send')
  })

  it('counts lines that are not cancelled', () => {
    const lines = [lineNo(1), lineNo(2)]
    const releases = [releaseOf(lineNo(1)), { ...releaseOf(lineNo(2)), status: 'Cancelled' }]
    expect(planOne(anOrderDetail({ lineItemTotal: '6' }, lines, releases)).kind).toBe('send')
  })
})

describe('units', () => {
  it('of quantity and price must be the same', () => {
    expect(held(withLine({ unit: 'LB', orderUnit: 'EA' }))).toMatchObject({ kind: 'park', code: 'unit_mismatch' })
    expect(item(withLine({ unit: 'ea', orderUnit: 'EA ' }))?.unit).toBe('EA')
  })

  it('fall back to the default, which is noted', () => {
    const wanted = wantedOf(planOne(withLine({ unit: null, orderUnit: '' })))
    expect(wanted.draft.body?.line_items[0]?.unit).toBe('ea')
    expect(wanted.message).toBe('Line 1: Plex names no unit, so ea (DEFAULT_UNIT) is used.')
  })

  it('are cut to what Procurify takes, which is noted', () => {
    const wanted = wantedOf(planOne(withLine({ unit: null, orderUnit: 'u'.repeat(31) })))
    expect(wanted.draft.body?.line_items[0]?.unit).toBe('u'.repeat(30))
    expect(wanted.message).toContain('cut')
  })
})

describe('due dates', () => {
  it('must be on the releases or on the order', () => {
    const detail = anOrderDetail({ dueDate: null }, [aLine()], [aRelease({ dueDate: null })])
    expect(held(detail)).toMatchObject({ kind: 'park', code: 'due_date_missing' })
  })
})

describe('vendors', () => {
  const vendor = (over: Partial<typeof VENDOR>): Around => ({
    known: {
      suppliers: new Map([[anOrderDetail().order.supplierId ?? '', { code: 'ACME', vendor: { ...VENDOR, ...over } }]]),
    },
  })

  it('are named as Procurify last confirmed them', () => {
    expect(item(anOrderDetail(), vendor({ name: 'Acme (ACME)' }))?.vendor_name).toBe('Acme (ACME)')
  })

  it.each<[string, Partial<typeof VENDOR>, string]>([
    ['inactive', { active: false }, 'vendor_inactive'],
    ['of another type', { type: '4' }, 'vendor_not_requestable'],
    ['e-mailing POs', { autoEmail: true }, 'vendor_auto_email'],
  ])('that are %s are for a person', (_what, over, code) => {
    expect(held(anOrderDetail(), vendor(over))).toMatchObject({ kind: 'park', code })
  })

  it('may e-mail POs where that is allowed', () => {
    expect(planOne(anOrderDetail(), { ...vendor({ autoEmail: true }), options: { allowAutoEmail: true } }).kind).toBe(
      'send',
    )
  })

  it.each([new Map(), new Map([[anOrderDetail().order.supplierId ?? '', { code: 'ACME', vendor: null }]])])(
    'that are not linked are waited for',
    (suppliers) => {
      const waitsFor = [`supplier:${anOrderDetail().order.supplierId}`]
      expect(planOne(anOrderDetail(), { known: { suppliers } })).toMatchObject({
        kind: 'wait',
        code: 'supplier_not_linked',
        waitsFor,
      })
    },
  )

  it('that were looked at and left out are for a person', () => {
    const leftOut = new Map([[anOrderDetail().order.supplierId ?? '', 'inactive']])
    expect(planOne(anOrderDetail(), { known: { suppliers: new Map(), leftOut } })).toMatchObject({
      ...{ kind: 'park', code: 'supplier_left_out' },
      message: expect.stringContaining('(inactive)') as string,
    })
  })

  it('must be on the order', () => {
    expect(held(anOrderDetail({ supplierId: null }))).toMatchObject({ kind: 'park', code: 'supplier_missing' })
  })
})

describe('currencies', () => {
  it('must exist in Procurify', () => {
    expect(held(anOrderDetail({ currencyCode: 'SEK' }))).toMatchObject({ kind: 'park', code: 'currency_unknown' })
    expect(held(anOrderDetail({ currencyCode: null }))).toMatchObject({ kind: 'park', code: 'currency_missing' })
    expect(item(anOrderDetail({ currencyCode: 'EUR' }))?.currency_code).toBe('EUR')
  })
})

describe('accounts', () => {
  it('that are not aligned are waited for', () => {
    const accounts = new Map([['x', { number: '123', code: null }]])
    const waiting = { kind: 'wait', code: 'account_not_aligned' }
    expect(planOne(withLine({ accountId: 'x' }), { known: { accounts } })).toMatchObject({
      ...waiting,
      waitsFor: ['account:123'],
    })
    expect(planOne(withLine({ accountId: 'y' }))).toMatchObject({ ...waiting, waitsFor: ['account:y'] })
  })

  it('that are not linked to the department are waited for', () => {
    const waitsFor = ['account-link:61100-010-0000|21']
    const around = { known: { accountPairs: new Set(['61100-010-0000|22']) } }
    expect(planOne(anOrderDetail(), around)).toMatchObject({ kind: 'wait', code: 'account_not_linked', waitsFor })
  })

  it('must be on the line', () => {
    expect(held(withLine({ accountId: null }))).toMatchObject({ kind: 'park', code: 'account_missing' })
  })
})

describe('departments and locations', () => {
  it('of one name are told apart by the location', () => {
    const department = { department: 'production' }
    expect(wantedOf(planOne(anOrderDetail({ building: 'main building', ...department }))).draft.department_id).toBe(
      '22',
    )
    expect(wantedOf(planOne(anOrderDetail({ building: 'WEST', ...department }))).draft.department_id).toBe('23')
  })

  it.each([
    [{ building: 'NORTH' }, 'location_not_aligned', ['location:NORTH']],
    [{ department: 'Painting' }, 'department_not_aligned', ['department:Painting']],
    // Known elsewhere, but not there.
    [{ building: 'WEST' }, 'department_not_aligned', ['department:Maintenance']],
    [{ building: 'NORTH', department: 'Painting' }, 'location_not_aligned', ['location:NORTH', 'department:Painting']],
    // A name of Procurify is no name of Plex.
    [{ building: 'Head office' }, 'location_not_aligned', ['location:Head office']],
    [{ department: 'Maint' }, 'department_not_aligned', ['department:Maint']],
  ])('that are not aligned are waited for: %j', (order, code, waitsFor) => {
    expect(planOne(anOrderDetail(order))).toMatchObject({ kind: 'wait', code, waitsFor })
  })

  it('need a default where Plex names none', () => {
    expect(held(anOrderDetail({ building: null }))).toMatchObject({ kind: 'park', code: 'location_missing' })
    expect(held(anOrderDetail({ department: null }))).toMatchObject({ kind: 'park', code: 'department_missing' })
  })

  it.each([
    ['as Procurify calls them', 'West', 'Production'],
    ['as Plex calls them', 'west', 'production'],
  ])('take defaults %s, which is noted', (_how, location, department) => {
    const options = { defaults: { department, location, unit: 'ea' } }
    const wanted = wantedOf(planOne(anOrderDetail({ building: null, department: null }), { options }))
    expect(wanted.draft).toMatchObject({ department_id: '23', location_id: '2' })
    expect(wanted.message).toMatch(/DEFAULT_DEPARTMENT.*DEFAULT_LOCATION/)
    expect(wantedOf(planOne(anOrderDetail(), { options })).draft.department_id).toBe('21')
  })

  it("take a default that is Procurify's before one that Plex calls so", () => {
    const locations = [...known().locations, { id: '4', name: 'MAIN', plexNames: [] }]
    const departments = known().departments.map((one) => (one.id === '21' ? { ...one, locationId: '4' } : one))
    const options = { defaults: { department: null, location: 'MAIN', unit: 'ea' } }
    const wanted = wantedOf(planOne(anOrderDetail({ building: null }), { options, known: { locations, departments } }))
    expect(wanted.draft.location_id).toBe('4')
  })

  it('follow a department that REFDATA_MAP gave a location of its own, whatever the building', () => {
    const everywhere = { id: '21', name: 'Maint', locationId: '3', plexNames: ['Maintenance'], isEverywhere: true }
    const around = (over: Partial<OrderKnown> = {}) => ({ known: { departments: [everywhere], ...over } })
    for (const building of ['WEST', 'NORTH', null]) {
      const { draft } = wantedOf(planOne(anOrderDetail({ building }), around()))
      expect(draft).toMatchObject({ department_id: '21', location_id: '3', body: { location_name: 'Head office' } })
    }
    expect(held(anOrderDetail(), around({ locations: [] }))).toMatchObject({
      kind: 'wait',
      code: 'location_not_aligned',
    })
  })
})

describe('the custom field', () => {
  const around = (customFieldExists: boolean): Around => ({
    known: { customFieldExists },
    options: { customField: 'Plex PO' },
  })

  it('takes the order number on each line', () => {
    expect(item(anOrderDetail(), around(true))?.custom_fields).toEqual([
      { custom_field_name: 'Plex PO', custom_field_value: 'PO-1' },
    ])
    expect(item(anOrderDetail({ poNumber: ' ' }), around(true))?.custom_fields).toEqual([])
  })

  it('is waited for until somebody adds it in Procurify', () => {
    expect(planOne(anOrderDetail(), around(false))).toMatchObject({ kind: 'wait', code: 'custom_field_missing' })
  })
})

describe('several lines', () => {
  it('make one requisition for each department and location', () => {
    const lines = [
      lineNo(1),
      lineNo(2, { building: 'WEST', department: 'Production' }),
      lineNo(3),
      lineNo(4, { department: 'Production' }),
    ]
    const detail = anOrderDetail({}, lines)
    expect(Object.keys(decisions(detail))).toEqual(
      [1, 2, 3].map((part) => `${detail.order.id}${part === 1 ? '' : `/${part}`}`),
    )
    expect(
      bodies(detail).map((body) => [
        body.location_name,
        body.department_name,
        itemsOf(body).map((one) => one.unit_price),
      ]),
    ).toEqual([
      ['Main Plant', 'Maint', ['1.5', '3.5']],
      ['West', 'Production', ['2.5']],
      ['Main Plant', 'Production', ['4.5']],
    ])
  })

  it('make several requisitions of at most 100 lines each, with keys of their own', () => {
    const lines = Array.from({ length: 387 }, (_, at) => lineNo(at + 1))
    const made = bodies(anOrderDetail({}, lines))
    expect(made.map((body) => itemsOf(body).length)).toEqual([100, 100, 100, 87])
    expect(new Set(made.flatMap((body) => itemsOf(body).map((one) => one.unit_price))).size).toBe(387)
    const keys = made.map((body) => new Set(itemsOf(body).map((one) => one.item_name.split(' ')[2])))
    expect(keys.map((some) => some.size)).toEqual([1, 1, 1, 1])
    expect(new Set(keys.flatMap((some) => [...some])).size).toBe(4)
  })

  it('leave out those whose releases are all cancelled', () => {
    const lines = [lineNo(1), lineNo(2)]
    const releases = [releaseOf(lineNo(1)), { ...releaseOf(lineNo(2)), status: 'Cancelled' }]
    expect(itemsOf(bodyOf(anOrderDetail({}, lines, releases)))).toHaveLength(1)
  })

  it('note defaults on the requisition they are about', () => {
    const lines = [
      lineNo(1),
      lineNo(2, { department: 'Production', unit: null, orderUnit: null }),
      lineNo(3, { unit: null, orderUnit: null }),
    ]
    const messages = Object.values(decisions(anOrderDetail({}, lines))).map((decision) => wantedOf(decision).message)
    const said = (line: number) => `Line ${line}: Plex names no unit, so ea (DEFAULT_UNIT) is used.`
    expect(messages).toEqual([said(3), said(2)])
  })
})

describe('an order that cannot be sent', () => {
  it('is held with every reason at once, each with its lines, those for a person first', () => {
    const lines = [
      lineNo(1, { accountId: null }),
      lineNo(2, { accountId: null, unitPrice: null }),
      lineNo(2, { id: 'twin', unit: 'LB' }),
      lineNo(4, { department: 'Painting' }),
    ]
    expect(planOne(anOrderDetail({ supplierId: 'new', lineItemTotal: '1' }, lines))).toEqual({
      kind: 'park',
      code: 'account_missing',
      message:
        'Lines 1, 2: It has no GL account in Plex. Line 2: It has no unit price. ' +
        'Line 2 (no. 2): It is priced by LB but ordered by EA; Plex does not say how they convert. ' +
        'Supplier new is not linked to a vendor yet. ' +
        'Line 4: Department Painting is not aligned to a department of Procurify at location Main Plant.',
      changes: [],
    })
  })

  it('waits for everything at once when nobody is needed', () => {
    const lines = [
      lineNo(1, { department: 'Painting' }),
      lineNo(2, { department: 'Painting' }),
      lineNo(3, { building: 'NORTH' }),
    ]
    expect(planOne(anOrderDetail({ supplierId: 'new' }, lines))).toEqual({
      kind: 'wait',
      code: 'supplier_not_linked',
      message:
        'Supplier new is not linked to a vendor yet. ' +
        'Lines 1, 2: Department Painting is not aligned to a department of Procurify at location Main Plant. ' +
        'Line 3: Building NORTH is not aligned to a location of Procurify.',
      waitsFor: ['supplier:new', 'department:Painting', 'location:NORTH'],
    })
  })
})
