import { beforeEach, describe, expect, it } from 'vitest'
import type { Http } from '../../src/http.js'
import { readOrderReference, type OrderReference } from '../../src/procurify/order-reference.js'
import { failureOf, json, makeRig, startServer, valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, database, procurify } = await openSimulated()

let http: Http

beforeEach(() => {
  http = procurify().http
})

const data = () => sandbox.procurify.state.data
const read = async (customField: string | null = null, pageSize = 50): Promise<OrderReference> =>
  valueOf(await readOrderReference(http, { pageSize, customField }))
const paths = (): string[] => sandbox.log.entries.map(({ path }) => path).filter((path) => path !== '/oauth/token')

describe('the reference data of orders', () => {
  it('holds the active places, departments with the location they belong to', async () => {
    data().departments.edit(4, { active: false })
    data().departments.seed({ id: 9, name: 'Nowhere', branch: 99, active: true })
    const { locations, departments } = await read()
    expect(locations).toEqual([
      { id: '1', name: 'Main Plant' },
      { id: '2', name: 'West Annex' },
      { id: '3', name: 'SOUTH' },
      { id: '4', name: 'Sales Office' },
    ])
    expect(departments.map(({ id, name, locationId }) => `${id} ${name} ${locationId}`)).toEqual([
      ...['1 Maintenance 1', '2 Production 1', '3 Quality 1', '5 Maintenance 2', '6 Production 2'],
      ...['7 Shipping 3', '8 Marketing 4'],
    ])
  })

  it('holds the pairs of code and department that may be used', async () => {
    data()['account-codes'].seed({ id: 11, code: '61200-010', active: true })
    const pair = { account_code: 11, budget: '0.00' }
    data().accounts.add({ ...pair, department: 1, active: true })
    data().accounts.add({ ...pair, department: 5, active: true })
    data().accounts.add({ ...pair, department: 2, active: false })
    data().accounts.add({ ...pair, department: 99, active: true })
    expect((await read()).accountPairs).toEqual(new Set(['61200-010|1', '61200-010|5']))
    expect(paths()).not.toContain('/api/v3/account-codes/')
  })

  it('is filtered here too, where filters are ignored', async () => {
    data()['account-codes'].seed({ id: 11, code: '61200-010', active: true })
    data().accounts.add({ account_code: 11, department: 2, active: false })
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', params: ['active'], times: -1 })
    const { accountPairs, locations } = await read()
    expect([accountPairs.size, locations.map(({ name }) => name).includes('Old Foundry')]).toEqual([0, false])
  })

  it('holds the codes of active currencies, and every vendor', async () => {
    data().vendors.add({ name: 'Acme', type: 4, active: false, email: [] })
    const { currencies, vendors } = await read()
    expect(currencies).toEqual(new Set(['USD', 'EUR', 'CAD']))
    expect(vendors.map(({ name, type, active }) => [name, type, active])).toEqual([
      ['OTHER', 1, true],
      ['Acme', 4, false],
    ])
  })

  it('knows whether the custom field exists, in exactly that spelling, and is in use', async () => {
    const exists = async (name: string | null) => (await read(name)).customFieldExists
    expect(await exists(null)).toBe(false)
    expect(paths()).not.toContain('/api/v3/custom-fields/order-items/')
    expect(await exists('Plex PO')).toBe(true)
    expect(await exists('plex po')).toBe(false)
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', params: ['meta__is_active'], times: -1 })
    expect(await exists('Old reference')).toBe(false)
  })

  it('is read page by page, and not at all where a part of it fails', async () => {
    for (let n = 0; n < 12; n += 1) data().currencies.seed({ id: 50 + n, name: `C${n}`, active: true })
    expect((await read(null, 5)).currencies.size).toBe(15)
    for (const path of ['/api/v2/locations/', '/api/v3/departments/', '/api/v3/accounts/', '/api/v2/currencies/']) {
      sandbox.faults.add({ system: 'procurify', kind: 'forbidden', path })
      expect(failureOf(await readOrderReference(http, { pageSize: 50, customField: null })).message).toContain(path)
    }
  })
})

it('references are understood as an id, as an object, and codes as a text', async () => {
  const server = await startServer()
  const lists: Record<string, unknown[]> = {
    '/api/v2/locations/': [{ id: 1, name: 'Main Plant' }],
    '/api/v3/departments/': [
      { id: 1, name: 'By id', branch: 1 },
      { id: '2', name: 'By object', location: { id: 1, name: 'Main Plant' } },
      { id: 3, name: '', branch: 1 },
      { name: 'No id', branch: 1 },
    ],
    '/api/v3/accounts/': [
      { id: 1, account_code: { id: 70, code: '5100' }, department: 1 },
      { id: 2, account_code: 70, department: { id: 2 } },
      { id: 3, account_code: '6100-X', department: 2 },
      { id: 4, account_code: { id: 71 }, department: 1 },
      { id: 5, account_code: null, department: 1 },
    ],
    '/api/v3/account-codes/': [
      { id: 70, code: '5100' },
      { id: 71, code: '7100' },
    ],
  }
  server.answer = (response, { url }) => json(response, { metadata: {}, data: lists[url.split('?')[0] ?? ''] ?? [] })
  const { http: bare } = makeRig(server, database)
  const found = valueOf(await readOrderReference(bare, { pageSize: 50, customField: null }))
  expect(found.departments).toEqual([
    { id: '1', name: 'By id', locationId: '1' },
    { id: '2', name: 'By object', locationId: '1' },
  ])
  expect(found.accountPairs).toEqual(new Set(['5100|1', '5100|2', '6100-X|2', '7100|1']))
  await server.close()
})
