import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  maxPerMinute,
  startSandbox,
  type FaultKind,
  type FaultRule,
  type LogEntry,
  type Sandbox,
} from '../../src/sandbox/sandbox.js'
import { outcome, plexGet, procurify, procurifyHeaders, request, type Json, type Page } from './calls.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ suppliers: 60 })
})
afterAll(() => sandbox.close())
beforeEach(() => sandbox.reset())

const VENDORS = '/api/v3/vendors/'
const VENDOR = { name: 'Fresh Vendor', type: 3, email: [], overall_score: null }
const create = (signal?: AbortSignal) =>
  request(`${sandbox.procurify.url}${VENDORS}`, {
    method: 'POST',
    headers: procurifyHeaders(sandbox),
    body: VENDOR,
    ...(signal === undefined ? {} : { signal }),
  })
const onPlex = (kind: FaultKind, given: Partial<FaultRule> = {}): string =>
  sandbox.faults.add({ system: 'plex', path: '/mdm/v1/suppliers', kind, ...given })
const onCreate = (kind: FaultKind, given: Partial<FaultRule> = {}): string =>
  sandbox.faults.add({ system: 'procurify', method: 'POST', path: VENDORS, kind, ...given })
const suppliers = <Body = Json>(query = '') => plexGet<Body>(sandbox, `/mdm/v1/suppliers${query}`)
const isCreated = (): boolean =>
  sandbox.procurify.state.data.vendors.find((row) => row['name'] === VENDOR.name) !== undefined

describe('which request a fault hits', () => {
  test('one by default, after letting some pass, then it is used up', async () => {
    onPlex('status', { status: 503, after: 1, times: 2 })
    const statuses: number[] = []
    for (let i = 0; i < 5; i += 1) statuses.push((await suppliers()).status)
    expect(statuses).toEqual([200, 503, 503, 200, 200])
    expect(sandbox.log.entries.map((entry) => entry.fault)).toEqual([
      undefined,
      'status',
      'status',
      undefined,
      undefined,
    ])
  })

  test('-1 lasts until it is cleared', async () => {
    const id = onPlex('forbidden', { times: -1 })
    for (let i = 0; i < 3; i += 1) expect((await suppliers()).status).toBe(403)
    sandbox.faults.clear(id)
    expect((await suppliers()).status).toBe(200)
  })

  test('system, method, path as prefix or pattern, and a text in query or body narrow it', async () => {
    sandbox.faults.add({ system: 'procurify', kind: 'status', status: 500 })
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 501, method: 'POST' })
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 502, path: 'contacts$' })
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 503, match: 'code=A/B' })
    expect((await suppliers()).status).toBe(200)
    expect((await suppliers('?code=A%2FB')).status).toBe(503)
    expect((await plexGet(sandbox, '/mdm/v1/contacts')).status).toBe(502)
    sandbox.faults.clear()
    sandbox.faults.add({ system: 'procurify', kind: 'status', match: '"Fresh Vendor"' })
    expect((await procurify(sandbox, VENDORS)).status).toBe(200)
    expect((await create()).status).toBe(500)
  })
})

describe('refusals', () => {
  test.each([
    ['plex', 'code'],
    ['errorsMap', 'errors'],
    ['nonField', 'errors'],
    ['drf', 'name'],
    ['detail', 'detail'],
  ] as const)('a status with a %s body', async (body, member) => {
    onCreate('status', { status: 500, body, headers: { 'x-request-id': 'r-1' } })
    const answer = await create()
    expect([answer.status, Object.keys(answer.body)[0], answer.headers.get('x-request-id')]).toEqual([
      500,
      member,
      'r-1',
    ])
    expect(isCreated()).toBe(false)
  })

  test('an empty body, a page, and given text', async () => {
    onPlex('status', { status: 502, body: 'empty' })
    expect(await suppliers<string>()).toMatchObject({ status: 502, body: '' })
    onPlex('status', { status: 502, body: 'html' })
    expect((await suppliers<string>()).body).toContain('<html>')
    onPlex('status', { status: 400, text: 'no' })
    expect(await suppliers<string>().catch(() => 'not JSON')).toBe('not JSON')
  })

  test('401 and 403 in the words of each system; the login page with status 200', async () => {
    onPlex('unauthorized')
    expect(await suppliers()).toMatchObject({ status: 401, body: { code: 'REQUEST_NOT_AUTHENTICATED' } })
    onCreate('forbidden')
    expect((await create()).body).toHaveProperty('detail')
    onPlex('html')
    const page = await suppliers<string>()
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  })

  test.each([
    ['seconds', { seconds: 7 }, '7', 'Too many requests.'],
    ['absent', {}, null, 'Too many requests.'],
    ['text', { seconds: 9 }, null, 'Retry in 9 seconds.'],
  ] as const)('throttled, waiting time as %s', async (retryAfter, given, header, message) => {
    onPlex('throttle', { retryAfter, ...given })
    const answer = await suppliers()
    expect([answer.status, answer.headers.get('retry-after'), answer.body['message']]).toEqual([429, header, message])
  })

  test('throttled with 503 and a date in sandbox time', async () => {
    sandbox.clock.set('2030-01-01T00:00:00Z')
    onPlex('throttle', { status: 503, retryAfter: 'date', seconds: 30 })
    const answer = await suppliers()
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, 'Tue, 01 Jan 2030 00:00:30 GMT'])
  })

  test('a redirect elsewhere', async () => {
    sandbox.faults.add({ system: 'procurify', kind: 'redirect', location: 'http://127.0.0.1:9/steal' })
    const url = `${sandbox.procurify.url}${VENDORS}`
    const answer = await request(url, { headers: procurifyHeaders(sandbox), redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/steal'])
  })
})

describe('writes of unknown outcome', () => {
  /** Fault, what the client sees, whether the vendor exists afterwards. */
  test.each([
    ['cut-before', 'TypeError', false],
    ['cut-after', 'TypeError', true],
    ['cut-body', 'TypeError', true],
    ['status-after', '504', true],
    ['broken-json', 'SyntaxError', true],
  ] as const)('%s: the client sees %s, written = %s', async (kind, seen, written) => {
    onCreate(kind)
    expect(await outcome(create())).toBe(seen)
    expect(isCreated()).toBe(written)
    expect(sandbox.log.effects()).toHaveLength(written ? 1 : 0)
    expect(sandbox.log.entries[0]).toMatchObject({ method: 'POST', fault: kind })
  })

  /** The client gives up only once the fault has hit, so no time has to be guessed. */
  test.each([
    ['timeout-before', false],
    ['timeout-after', true],
    ['slow', true],
  ] as const)('%s: no answer, written = %s', async (kind, written) => {
    onCreate(kind, { ms: 3_600_000 })
    const patience = new AbortController()
    const seen = outcome(create(patience.signal))
    await expect.poll(() => sandbox.log.entries[0]?.fault, { timeout: 90_000, interval: 5 }).toBe(kind)
    patience.abort()
    expect(await seen).toBe('AbortError')
    expect([isCreated(), sandbox.log.effects().length]).toEqual([written, written ? 1 : 0])
    expect(sandbox.log.entries[0]?.status).toBeNull()
  })

  test('late-effect lands when told to, once, and the log then has the effect', async () => {
    onCreate('late-effect')
    expect((await create()).status).toBe(504)
    expect([isCreated(), sandbox.log.effects().length]).toEqual([false, 0])
    const land = () => request(`${sandbox.procurify.url}/_sandbox/land`, { method: 'POST' })
    expect((await land()).body).toEqual({ landed: 1 })
    expect((await land()).body).toEqual({ landed: 0 })
    expect(isCreated()).toBe(true)
    expect(sandbox.log.effects()[0]?.entry).toMatchObject({ status: 504, fault: 'late-effect' })
  })

  test('late-effect was let in when it arrived, whatever its token is now; a refused one never lands', async () => {
    onCreate('late-effect')
    await create()
    sandbox.procurify.state.tokens.expire()
    sandbox.pending.landAll()
    expect(isCreated()).toBe(true)
    sandbox.reset()
    onCreate('late-effect')
    const url = `${sandbox.procurify.url}${VENDORS}`
    expect((await request(url, { method: 'POST', body: VENDOR })).status).toBe(504)
    sandbox.pending.landAll()
    expect(isCreated()).toBe(false)
  })

  test('late-effect lands by itself after its time', async () => {
    onCreate('late-effect', { ms: 10, status: 502 })
    expect((await create()).status).toBe(502)
    await expect.poll(isCreated, { timeout: 90_000, interval: 5 }).toBe(true)
  })
})

describe('wrong answers', () => {
  test('ignore-filter: rows outside the window come back', async () => {
    const future = '?modifiedDateBegin=2030-01-01T00:00:00Z'
    expect((await suppliers<Json[]>(future)).body).toEqual([])
    onPlex('ignore-filter')
    expect((await suppliers<Json[]>(future)).body).toHaveLength(60)
    onPlex('ignore-filter', { params: ['code'] })
    expect((await suppliers<Json[]>('?code=WURZ')).body).toHaveLength(60)
  })

  test('empty and short lists, with a page description that agrees', async () => {
    onPlex('empty')
    expect(await suppliers<Json[]>()).toMatchObject({ status: 200, body: [] })
    onPlex('short', { rows: 3 })
    expect((await suppliers<Json[]>()).body).toHaveLength(3)
    sandbox.faults.add({ system: 'procurify', kind: 'short', rows: 4 })
    const page = (await procurify<Page>(sandbox, VENDORS)).body
    expect(page).toMatchObject({ metadata: { pagination: { count: 4, next: null } } })
    expect(page.data).toHaveLength(4)
    sandbox.faults.add({ system: 'procurify', kind: 'empty' })
    expect((await procurify<Page>(sandbox, VENDORS)).body).toMatchObject({
      data: [],
      metadata: { pagination: { count: 0 } },
    })
  })

  test('duplicate-page: the rows of the page before, under the number asked for', async () => {
    sandbox.faults.add({ system: 'procurify', kind: 'duplicate-page' })
    const page = (await procurify<Page>(sandbox, `${VENDORS}?page=2`)).body
    expect([page.metadata.pagination['current_page'], page.data[0]?.['id']]).toEqual([2, 1])
  })

  test('expire-token: this request and all later ones with an old token', async () => {
    const headers = procurifyHeaders(sandbox)
    sandbox.faults.add({ system: 'procurify', kind: 'expire-token' })
    const url = `${sandbox.procurify.url}${VENDORS}`
    expect([(await request(url, { headers })).status, (await request(url, { headers })).status]).toEqual([401, 401])
    expect((await request(url, { headers: procurifyHeaders(sandbox) })).status).toBe(200)
  })

  test('slow: complete in the end, with pauses between its pieces', async () => {
    onPlex('slow', { chunkMs: 5 })
    const started = performance.now()
    expect((await suppliers<Json[]>()).body).toHaveLength(60)
    expect(performance.now() - started).toBeGreaterThan(30)
  })

  test('cut-body: half of what the content length promises', async () => {
    onPlex('cut-body')
    const { promised, got } = await rawGet(sandbox, '/mdm/v1/suppliers')
    expect(got).toBeGreaterThan(0)
    expect(got).toBeLessThan(promised * 0.6)
  })

  test('huge: goes on until the client hangs up', async () => {
    onPlex('huge')
    const url = `${sandbox.plex.url}/mdm/v1/suppliers`
    const response = await fetch(url, { headers: { 'X-Plex-Connect-Api-Key': 'plex-sandbox-key' } })
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).length
      if (bytes > 2_000_000) break
    }
    expect(bytes).toBeGreaterThan(2_000_000)
  })
})

describe('the log', () => {
  test('knows order, query, headers without secrets, connections and effects', async () => {
    await suppliers('?code=WURZ&code=YUG')
    await create()
    const [first, second] = sandbox.log.entries
    expect(first).toMatchObject({
      n: expect.any(Number) as number,
      system: 'plex',
      method: 'GET',
      path: '/mdm/v1/suppliers',
      query: { code: ['WURZ', 'YUG'] },
      headers: { authorization: 'Api-Key', pcn: '100001', client: null },
      status: 200,
      effect: null,
    })
    expect(second).toMatchObject({
      system: 'procurify',
      headers: { authorization: 'Bearer', client: 'api' },
      body: VENDOR,
      status: 201,
      effect: { collection: 'vendors', id: '41', kind: 'create' },
    })
    expect((second?.n ?? 0) - (first?.n ?? 0)).toBe(1)
  })

  test('a refused write has no effect', async () => {
    await procurify(sandbox, VENDORS, 'POST', { ...VENDOR, name: '' })
    expect(sandbox.log.entries[0]).toMatchObject({ status: 400, effect: null })
  })

  test('maxPerMinute finds the fullest sliding minute of one system', () => {
    const at = (ms: number, system: 'plex' | 'procurify' = 'plex'): LogEntry => ({ ms, system }) as LogEntry
    expect(maxPerMinute([], 'plex')).toBe(0)
    expect(maxPerMinute([at(0), at(59_999)], 'plex')).toBe(2)
    expect(maxPerMinute([at(0), at(60_000)], 'plex')).toBe(1)
    const entries = [at(0), at(1), at(50_000, 'procurify'), at(59_999), at(60_000), at(60_001), at(119_998)]
    expect(maxPerMinute(entries, 'plex')).toBe(4)
    expect(maxPerMinute(entries, 'procurify')).toBe(1)
  })
})

/** A request on a bare socket, to count what really arrives before the connection ends. */
function rawGet(target: Sandbox, path: string): Promise<{ promised: number; got: number }> {
  const { hostname, port } = new URL(target.plex.url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Plex-Connect-Api-Key: plex-sandbox-key\r\n\r\n`)
    })
    socket.setEncoding('latin1').on('data', (chunk) => (text += String(chunk)))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n')
      resolve({ promised: Number(/content-length: (\d+)/i.exec(head)?.[1]), got: body.length })
    })
  })
}
