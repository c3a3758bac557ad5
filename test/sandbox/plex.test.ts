import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { plexGet, plexHeaders, request, type Json } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 80 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const suppliersUrl = (): string => `${sandbox.plex.url}/mdm/v1/suppliers`

describe('login', () => {
  const form = (id: string, secret: string): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
  })

  test('a client-credentials token opens the API until it ends, in sandbox time', async () => {
    const { clientId, clientSecret, pcn } = sandbox.plex.state.login
    const response = await fetch(`${sandbox.plex.url}/oauth2/token`, form(clientId, clientSecret))
    const token = (await response.json()) as { access_token: string; token_type: string; expires_in: number }
    expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 600 })
    const headers = { Authorization: `Bearer ${token.access_token}`, 'X-Plex-Connect-Customer-Id': pcn }
    expect((await request(suppliersUrl(), { headers })).status).toBe(200)
    sandbox.clock.advance(601_000)
    expect((await request(suppliersUrl(), { headers })).status).toBe(401)
  })

  test('a wrong secret is invalid_client, and the log does not hold the right one', async () => {
    const refused = await fetch(`${sandbox.plex.url}/oauth2/token`, form('plex-sandbox-client', 'wrong'))
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }])
    const { clientId, clientSecret } = sandbox.plex.state.login
    await fetch(`${sandbox.plex.url}/oauth2/token`, form(clientId, clientSecret))
    expect(JSON.stringify(sandbox.log.entries)).not.toContain(clientSecret)
    expect(sandbox.log.entries[1]?.body).toMatchObject({ grant_type: 'client_credentials', client_secret: '***' })
  })

  test('Basic client authentication works as well', async () => {
    const { clientId, clientSecret } = sandbox.plex.state.login
    const response = await fetch(`${sandbox.plex.url}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    })
    expect(response.status).toBe(200)
  })

  test.each([
    ['no credentials', {}],
    ['a wrong key', { 'X-Plex-Connect-Api-Key': 'nope' }],
    ['a made-up token', { Authorization: 'Bearer nope' }],
    ['a foreign PCN', { 'X-Plex-Connect-Api-Key': 'plex-sandbox-key', 'X-Plex-Connect-Customer-Id': '999' }],
  ])('%s: the same 401', async (_name, headers) => {
    const answer = await request(suppliersUrl(), { headers: headers })
    expect(answer).toMatchObject({ status: 401, body: { code: 'REQUEST_NOT_AUTHENTICATED' } })
    expect(answer.body['message']).toBeTypeOf('string')
  })

  test('the key as a query parameter is no credential, and is not logged', async () => {
    const answer = await request(`${suppliersUrl()}?X-Plex-Connect-Api-Key=plex-sandbox-key`)
    expect(answer.status).toBe(401)
    expect(JSON.stringify(sandbox.log.entries)).not.toContain('plex-sandbox-key')
  })

  test('without the PCN header the default tenant answers silently: another company', async () => {
    const headers = { 'X-Plex-Connect-Api-Key': 'plex-sandbox-key' }
    const other = await request<Json[]>(suppliersUrl(), { headers })
    expect(other.body.map((row) => row['code'])).toEqual(['CANADA-1', 'CANADA-2', 'CANADA-3'])
    const tenants = await request<Json[]>(`${sandbox.plex.url}/mdm/v1/tenants`, { headers })
    expect(tenants.body.map((row) => row['code'])).toEqual(['WORKS-CANADA'])
    expect((await plexGet(sandbox, '/mdm/v1/tenants')).body.map((row) => row['code'])).toEqual(['WORKS'])
  })
})

describe('lists', () => {
  test('are bare arrays, whole, whatever paging or unknown parameters say; /api in front is the same', async () => {
    const all = await plexGet(sandbox, '/mdm/v1/suppliers')
    expect(all.body).toHaveLength(80)
    const limited = await plexGet(sandbox, '/api/mdm/v1/suppliers?limit=5&page=2&updatedAfter=2026-01-01T00:00:00Z')
    expect(limited.body).toEqual(all.body)
  })

  test('filters take repeated values, and an unmatched one gives no rows', async () => {
    const two = await plexGet(sandbox, '/mdm/v1/suppliers?code=HIS-E&code=HIS-W')
    expect(two.body.map((row) => row['code'])).toEqual(['HIS-E', 'HIS-W'])
    expect((await plexGet(sandbox, '/mdm/v1/suppliers?code=NOBODY')).body).toEqual([])
    const byId = await plexGet(sandbox, `/mdm/v1/suppliers?id=${String(two.body[1]?.['id'])}`)
    expect(byId.body.map((row) => row['code'])).toEqual(['HIS-W'])
  })

  test('an empty list answers 404 where the switch says so', async () => {
    sandbox.plex.state.options.emptyList = 404
    expect((await plexGet(sandbox, '/mdm/v1/suppliers?code=NOBODY')).status).toBe(404)
  })

  test('text for a UUID is 400, an unknown id 404, an unknown route 404', async () => {
    const id = '00000000-0000-4000-8000-00000000dead'
    expect(await plexGet(sandbox, '/mdm/v1/suppliers/HIS-E')).toMatchObject({ status: 400 })
    expect(await plexGet(sandbox, `/mdm/v1/suppliers/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'RESOURCE_NOT_FOUND' },
    })
    expect(await plexGet(sandbox, `/mdm/v1/suppliers/${id}/addresses`)).toMatchObject({ status: 404 })
    expect(await plexGet(sandbox, '/mdm/v1/supplier')).toMatchObject({ status: 404 })
  })

  test('addresses, defaults and contacts hang on their supplier, and show no member of ours', async () => {
    const supplier = sandbox.plex.state.data.suppliers.find((row) => row['code'] === 'ODERRY-QT')
    const id = String(supplier?.['id'])
    const addresses = await plexGet(sandbox, `/mdm/v1/suppliers/${id}/addresses`)
    expect(addresses.body.length).toBeGreaterThan(0)
    expect(Object.keys(addresses.body[0] ?? {}).filter((name) => name.startsWith('_'))).toEqual([])
    const one = await plexGet<Json>(sandbox, `/mdm/v1/suppliers/${id}/addresses/${String(addresses.body[0]?.['id'])}`)
    expect(one.body).toEqual(addresses.body[0])
    const defaults = await plexGet<Json>(sandbox, `/mdm/v1/suppliers/${id}/purchasing-defaults`)
    expect(defaults.body).toMatchObject({ defaultShipTo: 'Main Plant' })
    expect(defaults.body).not.toHaveProperty('_supplierId')
    const contacts = await plexGet(sandbox, `/mdm/v1/contacts?supplierId=${id}`)
    expect(contacts.body.every((row) => row['supplierId'] === id)).toBe(true)
  })
})

describe('date filters', () => {
  const codes = async (query: string): Promise<unknown[]> =>
    (await plexGet(sandbox, `/mdm/v1/suppliers?${query}`)).body.map((row) => row['code'])

  /** Three suppliers edited one after the other, each with its own stamp. */
  const editThree = (): [string, string, string] => {
    const { suppliers } = sandbox.plex.state.data
    const edit = (code: string): string => {
      const id = String(suppliers.find((row) => row['code'] === code)?.['id'])
      return String(suppliers.edit(id, { note: 'edited' })?.['modifiedDate'])
    }
    return [edit('WURZ'), edit('NARUSE'), edit('ANGMARK')]
  }

  test('both ends are included, down to 100 ns, and every edit has a stamp of its own', async () => {
    const [first, second, third] = editThree()
    expect(first < second && second < third).toBe(true)
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
    expect(await codes(`modifiedDateBegin=${first}&modifiedDateEnd=${second}`)).toEqual(['WURZ', 'NARUSE'])
    expect(await codes(`modifiedDateBegin=${second}`)).toEqual(['NARUSE', 'ANGMARK'])
  })

  test('shorter fractions compare as if filled with zeros', async () => {
    expect(await codes('modifiedDateBegin=2025-03-09T07:30Z&modifiedDateEnd=2025-03-09T07:30:00.1Z')).toContain(
      'WHOLESEC',
    )
    const upTo123 = 'modifiedDateBegin=2025-03-09T07:30:00.1230000Z&modifiedDateEnd=2025-03-09T07:30:00.123Z'
    expect(await codes(upTo123)).toEqual(['THREEDIGITS'])
    const { suppliers } = sandbox.plex.state.data
    const id = String(suppliers.find((row) => row['code'] === 'THREEDIGITS')?.['id'])
    suppliers.edit(id, { modifiedDate: '2030-01-01T00:00:00.1230001Z' })
    expect(await codes('modifiedDateBegin=2030-01-01T00:00:00.123Z')).toEqual(['THREEDIGITS'])
    expect(await codes('modifiedDateBegin=2030-01-01T00:00:00.1230002Z')).toEqual([])
  })

  test('a record without a modified date is in no modified window, only in the created one', async () => {
    const { suppliers } = sandbox.plex.state.data
    const created = String(suppliers.find((row) => row['code'] === 'NOMOD')?.['createdDate'])
    expect(await codes('modifiedDateBegin=2000-01-01T00:00:00Z')).not.toContain('NOMOD')
    expect(await codes(`createdDateBegin=${created}&createdDateEnd=${created}`)).toEqual(['NOMOD'])
  })

  test.each(['2026-01-01', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-01-01T00:00:00+00:00', 'yesterday'])(
    'refuses %s with 400',
    async (text) => {
      const query = new URLSearchParams({ modifiedDateBegin: text }).toString()
      const answer = await plexGet<Json>(sandbox, `/mdm/v1/suppliers?${query}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'ARGUMENT_INVALID' } })
    },
  )

  test('the style that is switched off is an unknown parameter: everything comes back', async () => {
    const [, , third] = editThree()
    expect(await codes(`modified_date=${third}`)).toEqual(['ANGMARK'])
    sandbox.plex.state.options.dateFilter = 'modifiedDate'
    expect(await codes(`modified_date=${third}`)).toHaveLength(80)
    sandbox.plex.state.options.dateFilter = 'modified_date'
    expect(await codes(`modifiedDateBegin=${third}`)).toHaveLength(80)
    expect(await codes(`modified_date=${third}`)).toEqual(['ANGMARK'])
  })

  test('an edit can tie with the one before it, or keep the old stamp', () => {
    const { suppliers } = sandbox.plex.state.data
    const [, , third] = editThree()
    const id = String(suppliers.find((row) => row['code'] === 'WURZ')?.['id'])
    expect(suppliers.edit(id, { note: 'tied' }, 'tie')?.['modifiedDate']).toBe(third)
    expect(suppliers.edit(id, { note: 'silent' }, 'keep')?.['modifiedDate']).toBe(third)
    expect(suppliers.edit(id, { note: 'set', modifiedDate: null })?.['modifiedDate']).toBeNull()
  })

  test('the Date header follows the sandbox clock', async () => {
    sandbox.clock.set('2031-05-06T07:08:09.500Z')
    const { headers } = await plexGet(sandbox, '/mdm/v1/tenants')
    expect(headers.get('date')).toBe('Tue, 06 May 2031 07:08:09 GMT')
  })
})

describe('chart of accounts', () => {
  const path = '/mdm/v1/chart-of-accounts'
  const id = '5a000028-0000-4000-8000-000000000028'
  const account = { id, accountNumber: '99900-000-0000', name: 'Sandbox test account', categoryType: 'Expense' }
  const call = (method: string, url: string, body?: unknown) =>
    request(`${sandbox.plex.url}${url}`, { method, headers: plexHeaders(sandbox), body })

  test('is created with the id of the caller, once; then renamed and deactivated', async () => {
    expect(await call('POST', path, account)).toMatchObject({ status: 201, body: { ...account, active: true } })
    expect(await call('POST', path, account)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_VALIDATION_FAILED' },
    })
    const otherNames = { ...account, accountNumber: '99900-000-0001', name: 'Another' }
    expect((await call('POST', path, otherNames)).status).toBe(400)
    expect((await call('POST', path, { ...account, id: undefined, name: 'Another' })).status).toBe(400)
    expect(await call('PUT', `${path}/${id}`, { name: 'Renamed', categoryType: 'Expense' })).toMatchObject({
      status: 200,
      body: { name: 'Renamed', accountNumber: '99900-000-0000' },
    })
    expect((await call('POST', `${path}/${id}/deactivate`)).body).toMatchObject({ active: false })
    expect((await plexGet(sandbox, `${path}?active=false&id=${id}`)).body).toHaveLength(1)
    expect((await call('POST', `${path}/${id}/activate`)).body).toMatchObject({ active: true, inactiveDate: null })
    const effects = sandbox.log.effects('plex').map(({ effect }) => `${effect.kind} ${effect.collection}`)
    expect(effects).toEqual(['create accounts', 'update accounts', 'update accounts', 'update accounts'])
  })

  test('stays hidden for a while when told to', async () => {
    sandbox.plex.state.options.hiddenForMs = 5_000
    await call('POST', path, account)
    expect((await plexGet(sandbox, `${path}?id=${id}`)).body).toEqual([])
    expect((await plexGet(sandbox, `${path}/${id}`)).status).toBe(404)
    sandbox.clock.advance(5_001)
    expect((await plexGet(sandbox, `${path}?id=${id}`)).body).toHaveLength(1)
  })

  test('a wrong category, a missing name and a text id are refused without an effect', async () => {
    expect((await call('POST', path, { ...account, categoryType: 'Costs' })).status).toBe(400)
    expect((await call('POST', path, { ...account, name: '' })).status).toBe(400)
    expect((await call('PUT', `${path}/99900`, { name: 'x', categoryType: 'Expense' })).status).toBe(400)
    expect(sandbox.log.effects()).toEqual([])
  })
})
