import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { procurify, type Json, type Page } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 60 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const rows = async (path: string): Promise<Json[]> => (await procurify<Page>(sandbox, path)).body.data
const send = (method: string, path: string, body: Json) => procurify(sandbox, path, method, body)

describe('reference data', () => {
  test('account codes: created with links to departments, which become accounts; renamed by PUT', async () => {
    const path = '/api/v3/account-codes/'
    const created = await send('POST', path, { code: '70000-010-0000', description: 'Fuel', departments: [1, 5] })
    expect(created).toMatchObject({ status: 201, body: { data: { account_type: 2, applied_accounts_count: 2 } } })
    const id = String(created.body.data['id'])
    const accounts = await rows(`/api/v3/accounts/?account_code=${id}`)
    expect(accounts.map((row) => (row['department'] as Json)['id'])).toEqual([1, 5])
    expect(accounts[0]).toMatchObject({ account_code: { code: '70000-010-0000' }, active: true })
    expect((await send('POST', path, { code: '70000-010-0000', description: 'Twice' })).status).toBe(400)
    expect((await send('POST', path, { code: 'X', description: 'x', departments: [99] })).status).toBe(400)
    const renamed = await send('PUT', `${path}${id}/`, { code: '70000-010-0000', description: 'Fuel and oil' })
    expect(renamed.body.data).toMatchObject({ description: 'Fuel and oil' })
    expect(await rows(`${path}?code=70000-010-0000`)).toHaveLength(1)
  })

  test('accounts are filtered by department and location, with comma lists', async () => {
    const count = async (query: string): Promise<unknown> =>
      (await procurify<Page>(sandbox, `/api/v3/accounts/?${query}`)).body.metadata.pagination['count']
    const { accounts } = sandbox.procurify.state.data
    const linked = (...departments: number[]): number =>
      accounts.all().filter((row) => departments.includes(Number(row['department']))).length
    expect(linked(1)).toBeGreaterThan(30)
    expect(await count('department=1')).toBe(linked(1))
    expect(await count('departments=1,7')).toBe(linked(1, 7))
    expect(await count('locations=3')).toBe(linked(7))
    expect(linked(7)).not.toBe(linked(1))
  })

  test('departments: the name is free at another location only', async () => {
    const path = '/api/v3/departments/'
    expect((await send('POST', path, { branch: 1, name: 'Maintenance' })).status).toBe(400)
    const created = await send('POST', path, { branch: 3, name: 'Maintenance', external_id: 'plex' })
    expect(created).toMatchObject({ status: 201, body: { data: { branch: { id: 3, name: 'SOUTH' }, active: true } } })
    const id = String(created.body.data['id'])
    expect((await send('PUT', `${path}${id}/`, { branch: 3, name: 'Upkeep' })).body.data).toMatchObject({
      name: 'Upkeep',
    })
    expect((await send('POST', path, { branch: 99, name: 'Nowhere' })).status).toBe(400)
    expect(await rows(`${path}?branch=3`)).toHaveLength(2)
  })

  test('locations are created with addresses and a currency by name, and never changed', async () => {
    const path = '/api/v2/locations/'
    const address = { name: 'N', addressLineOne: '1', city: 'C', postalCode: '1', country: 'US' }
    const body = { name: 'North Yard', currency: 'USD', phoneOne: '1', shipping_addresses: [address] }
    const whole = { ...body, primary_billing_address: address, primary_shipping_address: address }
    const created = await send('POST', path, whole)
    expect(created).toMatchObject({ status: 201, body: { data: { name: 'North Yard', currency: { name: 'USD' } } } })
    expect((await send('POST', path, whole)).status).toBe(400)
    expect((await send('POST', path, { ...whole, name: 'N2', currency: 'XXX' })).status).toBe(400)
    expect((await send('POST', path, { ...whole, name: 'N2', primary_billing_address: {} })).status).toBe(400)
    expect((await send('PUT', `${path}${String(created.body.data['id'])}/`, whole)).status).toBe(405)
    expect(sandbox.log.effects().map(({ effect }) => effect.collection)).toEqual(['locations'])
  })

  test('currencies, users and custom fields', async () => {
    expect((await rows('/api/v2/currencies/?active=true')).map((row) => row['name'])).toEqual(['USD', 'EUR', 'CAD'])
    expect((await rows('/api/v3/users/'))[2]).toMatchObject({ id: 7, user: 1007, location: { name: 'Main Plant' } })
    const fields = await rows('/api/v3/custom-fields/order-items/?meta__is_active=true')
    expect(fields.map((row) => row['name'])).toEqual(['Plex PO', 'Project'])
  })
})

describe('bills', () => {
  test('are found by last change to the microsecond, and by vendor', async () => {
    const { bills } = sandbox.procurify.state.data
    const bill = bills.all()[3] ?? {}
    const at = String(bill['last_modified_datetime'])
    const path = '/api/v3/ap/bills/'
    const found = await rows(`${path}?last_modified_datetime_0=${at}&last_modified_datetime_1=${at}`)
    expect(found.map((row) => row['uuid'])).toEqual([bill['uuid']])
    const mine = await rows(`${path}?vendor[]=2&vendor[]=3&page_size=100`)
    expect(new Set(mine.map((row) => (row['vendor'] as Json)['id']))).toEqual(new Set([2, 3]))
    expect(mine[0]?.['vendor']).not.toHaveProperty('external_id')
    const edited = bills.edit(String(bill['uuid']), { status: 2 })
    expect(String(edited?.['last_modified_datetime']) > at).toBe(true)
  })

  test('detail by uuid with or without dashes, with lines, accounts and the whole vendor', async () => {
    const uuid = String(sandbox.procurify.state.data.bills.all()[0]?.['uuid'])
    const detail = await procurify(sandbox, `/api/v2/ap/bills/${uuid.replaceAll('-', '')}/`)
    expect(detail.body.data).toMatchObject({ uuid, vendor: { external_id: null }, items: [{ unit: 'ea' }] })
    expect(detail.body.data['invoice_date']).toMatch(/^\d{4}-\d\d-\d\dT00:00:00-08:00$/)
    expect(detail.body.metadata).toHaveProperty('permissions.can_edit', true)
    expect((await procurify(sandbox, '/api/v2/ap/bills/7000/')).status).toBe(404)
  })

  test('a draft is 405 unless the tenant takes drafts; then each call is one bill', async () => {
    const path = '/api/v3/ap/bills/'
    const draft = { vendor: 3, invoice_number: 'D-1', invoice_date: '2026-05-04', currency: 1 }
    const items = [{ description: 'Goods', quantity: '3', unit_cost: '1.115', account: 1 }]
    expect((await send('POST', path, draft)).status).toBe(405)
    sandbox.procurify.state.options.draftBills = true
    const created = await send('POST', path, { ...draft, items })
    expect(created).toMatchObject({ status: 201, body: { data: { status: 0, total_cost_with_tax: 3.35 } } })
    expect((await send('POST', path, { ...draft, vendor: 999 })).status).toBe(400)
    expect((await send('POST', path, { ...draft, invoice_number: 'x'.repeat(51) })).status).toBe(400)
    expect((await rows(`${path}?search=D-1`)).map((row) => row['invoice_number'])).toEqual(['D-1'])
    expect(sandbox.log.effects()).toHaveLength(1)
  })
})
