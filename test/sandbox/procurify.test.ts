import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { procurify, procurifyHeaders, request, type Json, type Page } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 10 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const VENDORS = '/api/v3/vendors/'
const vendor = (given: Json = {}): Json => ({
  name: 'Tarnwick Wire & Cable',
  type: 3,
  email: ['ap@tarnwick.example'],
  overall_score: null,
  ...given,
})
const list = async (query: string): Promise<Page> => (await procurify<Page>(sandbox, `${VENDORS}${query}`)).body
const names = (page: Page): unknown[] => page.data.map((row) => row['name'])

describe('login', () => {
  const credentials = {
    client_id: 'procurify-sandbox-client',
    client_secret: 'procurify-sandbox-secret',
    audience: 'https://api.procurify.com/',
    grant_type: 'client_credentials',
  }
  const tokenFor = (body: Json) => request(`${sandbox.procurify.url}/oauth/token`, { method: 'POST', body })

  test('takes a JSON body with the audience, and gives a token for a day', async () => {
    expect(await tokenFor(credentials)).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 86_400 },
    })
    expect(await tokenFor({ ...credentials, client_secret: 'x' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect((await tokenFor({ ...credentials, audience: undefined })).status).toBe(403)
    expect(JSON.stringify(sandbox.log.entries)).not.toContain(credentials.client_secret)
  })

  test('401 without a valid token, 403 without the client header', async () => {
    const url = `${sandbox.procurify.url}${VENDORS}`
    expect((await request(url)).status).toBe(401)
    const { Authorization } = procurifyHeaders(sandbox)
    expect((await request(url, { headers: { Authorization: Authorization ?? '' } })).status).toBe(403)
    sandbox.procurify.state.options.clientHeader = 'optional'
    expect((await request(url, { headers: { Authorization: Authorization ?? '' } })).status).toBe(200)
    sandbox.clock.advance(86_400_001)
    expect((await request(url, { headers: { Authorization: Authorization ?? '' } })).status).toBe(401)
  })

  test('the application acts as its owner, and dies with it', async () => {
    const me = await procurify(sandbox, '/api/v3/users/me/')
    expect(me.body.data).toMatchObject({ id: 7, user: 1007, email: 'erp.connector@works.example' })
    sandbox.procurify.state.data.users.edit(7, { is_active: false })
    expect((await procurify(sandbox, VENDORS)).status).toBe(401)
  })
})

describe('paths and pages', () => {
  test('without the slash a GET is sent on and a POST is lost', async () => {
    const url = `${sandbox.procurify.url}/api/v3/vendors`
    const headers = procurifyHeaders(sandbox)
    const sentOn = await request(`${url}?page=2`, { headers, redirect: 'manual' })
    expect([sentOn.status, sentOn.headers.get('location')]).toEqual([301, '/api/v3/vendors/?page=2'])
    expect((await request(url, { method: 'POST', headers, body: vendor() })).status).toBe(404)
    expect(sandbox.log.effects()).toEqual([])
  })

  test('ten rows a page, links absolute and http, OTHER first', async () => {
    const first = await list('')
    expect(first.metadata.pagination).toEqual({
      count: 40,
      next: `${sandbox.procurify.url}${VENDORS}?page=2`,
      previous: null,
      page_size: 10,
      num_pages: 4,
      current_page: 1,
    })
    expect(first.data[0]).toMatchObject({ name: 'OTHER', type: 1 })
    const last = await list('?page=4')
    expect(last.metadata.pagination).toMatchObject({
      next: null,
      previous: `${sandbox.procurify.url}${VENDORS}?page=3`,
    })
    expect((await procurify(sandbox, `${VENDORS}?page=5`)).status).toBe(404)
    expect((await procurify(sandbox, `${VENDORS}?page=0`)).status).toBe(404)
  })

  test('pages follow each other without gap or overlap; the size is capped', async () => {
    const seen: unknown[] = []
    let next: unknown = `${sandbox.procurify.url}${VENDORS}?page_size=7`
    while (typeof next === 'string') {
      const { body } = await request<Page>(next, { headers: procurifyHeaders(sandbox) })
      seen.push(...body.data.map((row) => row['id']))
      next = body.metadata.pagination['next']
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    sandbox.procurify.state.options.maxPageSize = 25
    expect((await list('?page_size=1000')).metadata.pagination).toMatchObject({ page_size: 25, num_pages: 2 })
    expect((await list('?page_size=all')).metadata.pagination).toMatchObject({ page_size: 10 })
  })

  test('an empty list is one empty page', async () => {
    const none = await list('?name=Nobody')
    expect(none).toMatchObject({ data: [], metadata: { pagination: { count: 0, num_pages: 1, next: null } } })
  })
})

describe('vendor lists', () => {
  test('name and external_id are exact, search is a part in any case, unknown parameters are ignored', async () => {
    expect(names(await list('?name=Quillmoor%20Plastics'))).toEqual(['Quillmoor Plastics'])
    expect(names(await list('?name=quillmoor%20plastics'))).toEqual([])
    expect(names(await list('?search=QUILLMOOR'))).toContain('Quillmoor Plastics')
    expect(names(await list('?external_id=OTHER-ERP-00042'))).toEqual(['Zellmark Machining'])
    expect(names(await list('?external_id=OTHER-ERP'))).toEqual([])
    expect((await list('?modified_after=2030-01-01&status=1')).metadata.pagination['count']).toBe(40)
  })

  test('type, type__in and exclude_other', async () => {
    expect((await list('?type=1')).data).toHaveLength(1)
    expect(names(await list('?type__in=other,employee'))).toEqual(['OTHER', 'Parcel Reimbursements'])
    expect(names(await list('?exclude_other=true'))).not.toContain('OTHER')
  })

  test('inactive vendors are listed unless the switch says no; groups have their own rule', async () => {
    const inactive = '?search=Grellick%20Safety'
    expect(names(await list(inactive))).toEqual(['Grellick Safety Products'])
    sandbox.procurify.state.options.listInactive = false
    expect(names(await list(inactive))).toEqual([])
    expect(names(await list(`all/${inactive}`))).toEqual(['Grellick Safety Products'])
    const requestable = await list('requestable/?page_size=100')
    expect(new Set(requestable.data.map((row) => row['type']))).toEqual(new Set([1, 3]))
  })
})

describe('vendor writes', () => {
  test('POST creates, with a number for the score; lists show a text; the log names the effect', async () => {
    const created = await procurify(sandbox, VENDORS, 'POST', vendor({ overall_score: '4.5', external_id: 'plex:1:a' }))
    expect(created.status).toBe(201)
    expect(created.body.data).toMatchObject({ id: 41, name: 'Tarnwick Wire & Cable', overall_score: 4.5, active: true })
    expect((await list('?external_id=plex:1:a')).data[0]).toMatchObject({ id: 41, overall_score: '4.5' })
    expect(sandbox.log.effects().map(({ effect }) => effect)).toEqual([
      { collection: 'vendors', id: '41', kind: 'create' },
    ])
  })

  test('a repeated POST is a second vendor, unless the tenant insists on unique names', async () => {
    await procurify(sandbox, VENDORS, 'POST', vendor())
    expect((await procurify(sandbox, VENDORS, 'POST', vendor())).status).toBe(201)
    sandbox.procurify.state.options.uniqueVendorNames = true
    expect((await procurify(sandbox, VENDORS, 'POST', vendor())).status).toBe(400)
  })

  test('PATCH changes one member, answers the whole record, and moves dateModified even when empty', async () => {
    const before = sandbox.procurify.state.data.vendors.get(2)?.['dateModified']
    const patched = await procurify(sandbox, `${VENDORS}2/`, 'PATCH', { external_id: 'plex:1:b' })
    expect(patched.body.data).toMatchObject({ id: 2, external_id: 'plex:1:b', phoneOne: '555-0199' })
    const moved = String(patched.body.data['dateModified'])
    expect(moved > String(before)).toBe(true)
    expect(moved).toMatch(/\.\d{6}Z$/)
    const empty = await procurify(sandbox, `${VENDORS}2/`, 'PATCH', {})
    expect(String(empty.body.data['dateModified']) > moved).toBe(true)
    expect((await procurify(sandbox, `${VENDORS}999/`, 'PATCH', {})).status).toBe(404)
  })

  test('PUT wants the members of a creation and shows terms as bare ids', async () => {
    expect((await procurify(sandbox, `${VENDORS}2/`, 'PUT', { name: 'Only a name' })).status).toBe(400)
    sandbox.procurify.state.data.vendors.edit(2, { payment_term_ref: { id: 5, name: 'Net 30' } })
    const put = await procurify(sandbox, `${VENDORS}2/`, 'PUT', vendor())
    expect(put.body.data).toMatchObject({ name: 'Tarnwick Wire & Cable', payment_term_ref: 5 })
  })

  test('a body cannot set ids, dates or members the contract does not know', async () => {
    const answer = await procurify(sandbox, VENDORS, 'POST', vendor({ id: 3, dateModified: '1999', nonsense: 1 }))
    expect(answer.body.data).toMatchObject({ id: 41 })
    expect(answer.body.data).not.toHaveProperty('nonsense')
    expect(answer.body.data['dateModified']).not.toBe('1999')
  })

  test.each([
    ['email missing', { email: undefined }, 'email', 'REQUIRED'],
    ['email a text', { email: 'a@b.example' }, 'email', 'NOT_A_LIST'],
    ['email invalid', { email: ['n/a'] }, 'email', 'INVALID'],
    ['score missing', { overall_score: undefined }, 'overall_score', 'REQUIRED'],
    ['score a number', { overall_score: 4 }, 'overall_score', 'INVALID'],
    ['type OTHER', { type: 1 }, 'type', 'INVALID_CHOICE'],
    ['name empty', { name: '' }, 'name', 'BLANK'],
    ['name too long', { name: 'x'.repeat(151) }, 'name', 'MAX_LENGTH'],
    ['city too long', { city: 'x'.repeat(51) }, 'city', 'MAX_LENGTH'],
    ['unknown currency', { currency: 99 }, 'currency', 'DOES_NOT_EXIST'],
    ['active null', { active: null }, 'active', 'NULL'],
  ])('refuses %s', async (_name, given, field, code) => {
    const answer = await procurify<{ errors: Record<string, Json> }>(sandbox, VENDORS, 'POST', vendor(given))
    expect(answer.status).toBe(400)
    expect(Object.keys(answer.body.errors)).toEqual([field])
    expect(answer.body.errors[field]).toMatchObject({ code })
    expect(sandbox.log.effects()).toEqual([])
  })

  test('150 characters are counted as people count them, not as UTF-16', async () => {
    expect((await procurify(sandbox, VENDORS, 'POST', vendor({ name: '🛠'.repeat(150) }))).status).toBe(201)
  })

  test.each([
    ['errorsMap', { errors: { name: { message: 'This field may not be blank.', code: 'BLANK' } } }],
    ['nonField', { errors: { null: { message: 'name: This field may not be blank.', code: 'BLANK' } } }],
    ['drf', { name: ['This field may not be blank.'] }],
    ['detail', { detail: 'name: This field may not be blank.' }],
  ] as const)('refusals can take the %s form', async (style, body) => {
    sandbox.procurify.state.options.errorStyle = style
    expect((await procurify<Json>(sandbox, VENDORS, 'POST', vendor({ name: '' }))).body).toEqual(body)
  })

  test('a fresh vendor stays hidden for a while when told to', async () => {
    sandbox.procurify.state.options.hiddenForMs = 3_000
    await procurify(sandbox, VENDORS, 'POST', vendor({ external_id: 'plex:1:c' }))
    expect((await list('?external_id=plex:1:c')).data).toEqual([])
    expect((await procurify(sandbox, `${VENDORS}41/`)).status).toBe(404)
    sandbox.clock.advance(3_001)
    expect((await list('?external_id=plex:1:c')).data).toHaveLength(1)
  })
})
