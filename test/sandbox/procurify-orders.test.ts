import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { procurify, request, type Json, type Page } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 60 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const line = (given: Json = {}): Json => ({
  item_name: '[PLEX PO004711/1 k1] Bearing 6204-2RS',
  vendor_name: 'Quillmoor Plastics',
  account_code: '61200-010-0000',
  unit_price: '12.5',
  quantity: '4',
  unit: 'ea',
  currency_code: 'USD',
  custom_fields: [{ custom_field_name: 'Plex PO', custom_field_value: 'PO004711' }],
  ...given,
})
const requisition = (lines: Json[] = [line()], given: Json = {}): Json => ({
  required_date: '2026-12-24',
  location_name: 'Main Plant',
  department_name: 'Maintenance',
  line_items: lines,
  ...given,
})
const submit = (body: Json) => procurify<{ data: { uuid: string } }>(sandbox, '/api/v3/requisitions/', 'POST', body)
const refusal = (body: Json) => procurify<{ errors: Json }>(sandbox, '/api/v3/requisitions/', 'POST', body)
const items = async (query: string, path = '/api/v3/order-items/'): Promise<Json[]> =>
  (await procurify<Page>(sandbox, `${path}?page_size=100&${query}`)).body.data
const orders = async (query: string): Promise<Json[]> =>
  (await procurify<Page>(sandbox, `/api/v2/global/orders/?page_size=100&${query}`)).body.data
const steer = (path: string, body?: unknown) =>
  request<unknown>(`${sandbox.procurify.url}/_sandbox/requisitions/${path}`, { method: 'POST', body })
const ordinary = async (lines: Json[] = [line()]): Promise<string> => (await submit(requisition(lines))).body.data.uuid

describe('requisitions', () => {
  test('answer only a uuid; order and items are then pending, owned by the owner of the credentials', async () => {
    const answer = await submit(requisition([line(), line({ item_name: 'Second', quantity: '2.5' })]))
    expect([answer.status, Object.keys(answer.body.data)]).toEqual([201, ['uuid']])
    const uuid = answer.body.data.uuid
    const order = (await orders('requester=7')).find((row) => row['uuid'] === uuid)
    expect(order).toMatchObject({ status: 0, lineCount: 2, totalPrice: '81.25', denial_reason: null })
    expect(order).toMatchObject({
      branch: { name: 'Main Plant' },
      department: { name: 'Maintenance' },
      user: { id: 7 },
    })
    const mine = await items(`orderNum=${String(order?.['num'])}`)
    expect(mine.map((row) => row['name'])).toEqual(['Second', '[PLEX PO004711/1 k1] Bearing 6204-2RS'])
    expect(mine[1]).toMatchObject({
      status: null,
      quantity: '4.00000',
      price: '12.50000000',
      total_cost: '50.00',
      pref_vendor: 3,
      vendor: 'Quillmoor Plastics',
      purchase_order: null,
    })
    expect(Object.keys(mine[1] ?? {}).filter((name) => name.startsWith('_') || name === 'custom_fields')).toEqual([])
    expect(sandbox.log.effects().map(({ effect }) => effect)).toEqual([
      { collection: 'requisitions', id: uuid, kind: 'create' },
    ])
  })

  test('a repeated call is a second requisition', async () => {
    expect(await ordinary()).not.toBe(await ordinary())
    expect(await orders('requester=7')).toHaveLength(2)
  })

  test.each([
    ['unknown vendor', line({ vendor_name: 'Nobody' }), 'line_items.0.vendor_name', 'DOES_NOT_EXIST'],
    [
      'vendor in another case',
      line({ vendor_name: 'quillmoor plastics' }),
      'line_items.0.vendor_name',
      'DOES_NOT_EXIST',
    ],
    [
      'inactive vendor',
      line({ vendor_name: 'Grellick Safety Products' }),
      'line_items.0.vendor_name',
      'DOES_NOT_EXIST',
    ],
    ['vendor not offered', line({ vendor_name: 'Pendrake Tool & Die' }), 'line_items.0.vendor_name', 'DOES_NOT_EXIST'],
    ['unknown account', line({ account_code: '1' }), 'line_items.0.account_code', 'DOES_NOT_EXIST'],
    ['unlinked account', line({ account_code: '61400-040-0000' }), 'line_items.0.account_code', 'ACCOUNT_NOT_LINKED'],
    ['inactive account', line({ account_code: '64000-040-0000' }), 'line_items.0.account_code', 'DOES_NOT_EXIST'],
    ['unknown currency', line({ currency_code: 'SEK' }), 'line_items.0.currency_code', 'DOES_NOT_EXIST'],
    ['inactive currency', line({ currency_code: 'MXN' }), 'line_items.0.currency_code', 'DOES_NOT_EXIST'],
    ['long name', line({ item_name: 'x'.repeat(256) }), 'line_items.0.item_name', 'MAX_LENGTH'],
    ['price a number', line({ unit_price: 12.5 }), 'line_items.0.unit_price', 'INVALID'],
    ['nine decimals', line({ unit_price: '0.123456789' }), 'line_items.0.unit_price', 'INVALID'],
    ['six decimals', line({ quantity: '0.123456' }), 'line_items.0.quantity', 'INVALID'],
    ['no unit', line({ unit: '' }), 'line_items.0.unit', 'BLANK'],
    ['no custom fields', line({ custom_fields: undefined }), 'line_items.0.custom_fields', 'REQUIRED'],
    [
      'unknown custom field',
      line({ custom_fields: [{ custom_field_name: 'Old reference', custom_field_value: 'x' }] }),
      'line_items.0.custom_fields',
      'DOES_NOT_EXIST',
    ],
  ])('%s is refused, naming the line, without an effect', async (_name, bad, path, code) => {
    const { status, body } = await refusal(requisition([bad]))
    expect([status, body.errors]).toMatchObject([400, { [path]: { code } }])
    expect(await orders('requester=7')).toEqual([])
    expect(sandbox.log.effects()).toEqual([])
  })

  test('an account code counts only in a department it is linked to', async () => {
    const there = requisition([line({ account_code: '61300-010-0000' })])
    expect((await submit(there)).status).toBe(201)
    const elsewhere = { ...there, location_name: 'West Annex' }
    expect((await refusal(elsewhere)).body.errors).toMatchObject({
      'line_items.0.account_code': { code: 'ACCOUNT_NOT_LINKED' },
    })
  })

  test('places, dates and an empty list of lines are checked as well', async () => {
    const wrong = async (given: Json): Promise<string[]> =>
      Object.keys((await refusal(requisition([line()], given))).body.errors)
    expect(await wrong({ location_name: 'Moon Base' })).toEqual(['location_name'])
    expect(await wrong({ department_name: 'Shipping' })).toEqual(['department_name'])
    expect(await wrong({ required_date: '24.12.2026' })).toEqual(['required_date'])
    expect(await wrong({ line_items: [] })).toEqual(['line_items'])
    expect(await wrong({ line_items: [line(), line({ vendor_name: 'Nobody', currency_code: 'SEK' })] })).toEqual([
      'line_items.1.vendor_name',
      'line_items.1.currency_code',
    ])
  })

  test('the framework style has one object per line', async () => {
    sandbox.procurify.state.options.errorStyle = 'drf'
    const { body } = await procurify<Json>(
      sandbox,
      '/api/v3/requisitions/',
      'POST',
      requisition([line(), line({ vendor_name: 'Nobody' })]),
    )
    expect(body).toEqual({ line_items: [{}, { vendor_name: ['Vendor "Nobody" does not exist.'] }] })
  })

  test('a required custom field must be sent', async () => {
    sandbox.procurify.state.data['custom-fields'].edit(2, { is_required: true })
    expect((await refusal(requisition())).body.errors).toHaveProperty(['line_items.0.custom_fields'])
  })

  test('an unknown vendor may fall to OTHER with its name as text, where the switch says so', async () => {
    sandbox.procurify.state.options.unknownVendor = 'other'
    await ordinary([line({ vendor_name: 'Nobody' })])
    expect((await items('requester=7'))[0]).toMatchObject({ pref_vendor: 1, vendor: 'Nobody' })
  })

  test('a fresh requisition stays hidden from both lists when told to', async () => {
    sandbox.procurify.state.options.hiddenForMs = 2_000
    await ordinary()
    expect([await orders('requester=7'), await items('requester=7')]).toEqual([[], []])
    sandbox.clock.advance(2_001)
    expect([(await orders('requester=7')).length, (await items('requester=7')).length]).toEqual([1, 1])
  })
})

describe('order item filters', () => {
  test('requester, day of creation, vendor, exact name, order status; both paths alike', async () => {
    sandbox.clock.set('2026-11-23T20:00:00Z')
    await ordinary([line(), line({ item_name: 'Second', vendor_name: 'Ångmark & Sjölund AB' })])
    const names = async (query: string): Promise<unknown[]> => (await items(query)).map((row) => row['name'])
    expect(await names('requester=7')).toHaveLength(2)
    expect(await names('requester=1007')).toEqual([])
    expect(await names('name=Second')).toEqual(['Second'])
    expect(await names('name=Secon')).toEqual([])
    expect(await names('requester=7&pref_vendor=3')).toHaveLength(1)
    expect(await names('requester=7&orderNum__status=0')).toHaveLength(2)
    expect(await names('requester=7&orderNum__status=1')).toEqual([])
    expect(await names('order_created_date_0=2026-11-23&order_created_date_1=2026-11-23')).toHaveLength(2)
    expect(await names('requester=7&order_created_date_0=2026-11-24')).toEqual([])
    expect(await items('requester=7', '/api/v2/global/order_items/')).toEqual(await items('requester=7'))
  })

  test('days are days of the tenant: late in the evening by UTC is still the day before', async () => {
    sandbox.clock.set('2026-11-24T03:00:00Z')
    await ordinary()
    expect(await items('requester=7&order_created_date_0=2026-11-24')).toEqual([])
    const [found] = await items('requester=7&order_created_date_1=2026-11-23')
    expect(found?.['created_at']).toMatch(/^2026-11-23T19:00:00\.\d{6}-08:00$/)
  })
})

describe('the life of a requisition', () => {
  test('approve, then order: POs by vendor, found in lists and detail, joined by the uuid', async () => {
    const uuid = await ordinary([line(), line({ vendor_name: 'Ångmark & Sjölund AB', quantity: '2' })])
    expect((await steer(`${uuid}/approve`)).status).toBe(200)
    expect((await orders('status=1&requester=7'))[0]).toMatchObject({ uuid, purchasedCount: 0 })
    expect((await items('requester=7'))[0]).toMatchObject({ status: 0, approved_quantity: '2.00000' })
    const made = (await steer(`${uuid}/order`)).body as Json[]
    expect(made).toHaveLength(2)
    expect((await orders('status=3&requester=7'))[0]).toMatchObject({ uuid, purchasedCount: 2 })

    const po = String(made[0]?.['procurify_PO'])
    const list = (await procurify<Page>(sandbox, '/api/v2/purchase_orders/purchased/all/')).body
    expect(list.data.map((row) => String(row['procurify_PO']))).toContain(po)
    expect(list.metadata).toHaveProperty('counts.purchased.all', 5)
    const detail = await procurify(sandbox, `/api/v2/purchase_orders/${po}/`)
    expect(detail.body.metadata).toEqual({ can_edit: true, can_delete: false })
    const [poLine] = detail.body.data['order_items'] as Json[]
    expect(poLine).toMatchObject({ quantity: 4, order_uuid: uuid.replaceAll('-', ''), purchase_order: Number(po) })
    expect(Object.keys(poLine ?? {}).filter((name) => name.startsWith('_'))).toEqual([])
    expect(poLine?.['custom_fields']).toMatchObject([{ value: 'PO004711', field: { name: 'Plex PO' } }])
    const byUuid = await procurify(sandbox, `/api/v2/purchase_orders/${String(made[0]?.['uuid'])}/`)
    expect(byUuid.body.data['procurify_PO']).toBe(Number(po))
    expect((await procurify(sandbox, '/api/v2/purchase_orders/999999/')).status).toBe(404)
    expect((await procurify(sandbox, '/api/v2/purchase_orders/purchased/nonsense/')).status).toBe(404)
  })

  test('lines can be split over POs, and partly left', async () => {
    const uuid = await ordinary([line(), line(), line()])
    await steer(`${uuid}/approve`)
    expect((await steer(`${uuid}/order`, { groups: [[1], [3]], number: 'EXT-1' })).body).toMatchObject([
      { PO_Num: 'EXT-1' },
      { PO_Num: 'EXT-1' },
    ])
    expect((await orders('requester=7'))[0]).toMatchObject({ status: 1, purchasedCount: 2 })
    expect((await steer(`${uuid}/order`)).body).toHaveLength(1)
    expect((await orders('requester=7'))[0]).toMatchObject({ status: 3, purchasedCount: 3 })
    expect(new Set((await items('requester=7')).map((row) => row['purchase_order'])).size).toBe(3)
  })

  test('deny gives reason and comment; a denied one can be neither approved nor ordered', async () => {
    const uuid = await ordinary()
    await steer(`${uuid}/deny`, { reason: 4, comment: 'Ordered by phone' })
    expect((await orders('status=2&requester=7'))[0]).toMatchObject({
      denial_reason: 4,
      denial_comment: 'Ordered by phone',
    })
    expect((await items('requester=7'))[0]).toMatchObject({ status: 7 })
    expect([(await steer(`${uuid}/approve`)).status, (await steer(`${uuid}/order`)).status]).toEqual([409, 409])
  })

  test('cancel takes the POs along', async () => {
    const uuid = await ordinary()
    await steer(`${uuid}/approve`)
    await steer(`${uuid}/order`)
    await steer(`${uuid}/cancel`)
    expect((await orders('status=4&requester=7'))[0]).toMatchObject({ uuid })
    const cancelled = await procurify<Page>(sandbox, '/api/v2/purchase_orders/purchased/cancelled/')
    expect(cancelled.body.data).toHaveLength(1)
  })

  test('automatic POs come with the approval, but not above 100 lines', async () => {
    sandbox.procurify.state.options.automaticPos = true
    const small = await ordinary()
    await steer(`${small}/approve`)
    expect((await orders('requester=7'))[0]).toMatchObject({ status: 3 })
    const large = await ordinary(Array.from({ length: 101 }, () => line()))
    await steer(`${large}/approve`)
    expect((await orders('requester=7'))[0]).toMatchObject({ uuid: large, status: 1 })
  })

  test('each step moves dateModified, by which changed orders are found, day by day', async () => {
    const uuid = await ordinary()
    sandbox.clock.advance(3 * 86_400_000)
    const today = new Date(sandbox.clock.now() - 8 * 3_600_000).toISOString().slice(0, 10)
    expect(await orders(`requester=7&modified_date_0=${today}`)).toEqual([])
    await steer(`${uuid}/approve`)
    expect(await orders(`requester=7&modified_date_0=${today}`)).toHaveLength(1)
  })

  test('the same actions in process', async () => {
    const uuid = await ordinary()
    const { lifecycle } = sandbox.procurify.state
    expect(lifecycle.approve(uuid)).toMatchObject({ status: 1 })
    expect(lifecycle.approve(uuid)).toBeUndefined()
    expect(lifecycle.order(uuid)).toHaveLength(1)
  })
})

describe('receipts', () => {
  test('add up, each call anew; item and PO follow; the pagination sits at the top', async () => {
    const uuid = await ordinary()
    sandbox.procurify.state.lifecycle.approve(uuid)
    const [po] = sandbox.procurify.state.lifecycle.order(uuid) ?? []
    const item = (await items('requester=7'))[0]?.['id']
    const receive = (pass_quantity: string) =>
      procurify<Json>(sandbox, '/api/v3/receipt/items/', 'POST', {
        order_item: item,
        pass_quantity,
        fail_quantity: '0',
      })
    expect(await receive('1.5')).toMatchObject({ status: 201, body: { order_item: item, total_quantity: '1.50000' } })
    expect((await items('requester=7'))[0]).toMatchObject({ status: 5, receivedPassQty: '1.50000' })
    await receive('2.5')
    expect((await items('requester=7'))[0]).toMatchObject({ status: 3, receivedPassQty: '4.00000' })
    expect(po).toMatchObject({ fulfilment_status: 'full' })
    const list = await procurify<Json>(sandbox, `/api/v3/receipt/items/?order_item=${String(item)}`)
    expect(list.body).toMatchObject({ pagination: { count: 2 }, data: [{}, {}] })
    expect(list.body).not.toHaveProperty('metadata')
  })
})
