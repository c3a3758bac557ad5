import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/domain/errors.js'
import type { Result } from '../../src/domain/failure.js'
import { Secret } from '../../src/domain/secret.js'
import { makeProcurify, membersOf, readPages } from '../../src/procurify/client.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { failureOf, json, makeDeps, makeRig, startServer, valueOf, type TestServer } from '../support/http.js'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  server = await startServer()
})
afterEach(() => server.close())

describe('calls to Procurify', () => {
  it('log in once, with the client header on every call but that', async () => {
    const sandbox = await startSandbox({ seed: 'empty' })
    const { clientId, clientSecret } = sandbox.procurify.state.login
    const credentials = { clientId: new Secret(clientId), clientSecret: new Secret(clientSecret) }
    const http = makeProcurify({ baseUrl: sandbox.procurify.url, clientHeader: 'api' }, makeDeps(database, credentials))
    valueOf(await http.get('/api/v3/users/me/'))
    valueOf(await http.get('/api/v3/vendors/'))
    const seen = sandbox.log.entries.map(({ path, status, headers }) => [
      path,
      status,
      headers.authorization,
      headers.client,
    ])
    expect(seen).toEqual([
      ['/oauth/token', 200, null, null],
      ['/api/v3/users/me/', 200, 'Bearer', 'api'],
      ['/api/v3/vendors/', 200, 'Bearer', 'api'],
    ])
    await sandbox.close()
  })

  it('cannot be made without credentials', () => {
    const make = (): unknown => makeProcurify({ baseUrl: server.url, clientHeader: 'api' }, makeDeps(database, {}))
    expect(make).toThrow(ConfigError)
    expect(make).toThrow('PROCURIFY_CLIENT_ID, PROCURIFY_CLIENT_SECRET')
  })
})

describe('reading a list to its end', () => {
  /** How the list of the test server behaves. */
  interface Paging {
    rows?: number
    /** Largest page the server gives. */
    cap?: number
    /** Does it say what page size is in force? */
    saysSize?: boolean
    /** Requests of this page size or more never get an answer. */
    slowFrom?: number
    envelope?: (rows: unknown[], pagination: Record<string, unknown>) => unknown
    /** Which page is answered when `page` is asked for, the `turn`th time. */
    turnTo?: (page: number, turn: number) => number
    countOf?: (rows: number) => number
  }

  function serveList({ rows = 23, cap = 1000, saysSize = true, slowFrom = Infinity, ...rest }: Paging = {}): void {
    const {
      envelope = (data, pagination) => ({ metadata: { pagination }, data }),
      turnTo = (page) => page,
      countOf = (n) => n,
    } = rest
    server.answer = (response, request, turn) => {
      const query = new URL(request.url, server.url).searchParams
      const asked = Number(query.get('page_size'))
      if (asked >= slowFrom) return
      const size = Math.min(asked, cap)
      const pages = Math.max(1, Math.ceil(rows / size))
      const page = Number(query.get('page'))
      if (page > pages) return json(response, { detail: 'Invalid page.' }, 404)
      const first = (turnTo(page, turn) - 1) * size
      const data = Array.from({ length: Math.min(size, rows - first) }, (_, n) => ({ id: first + n + 1 }))
      const next = page < pages ? `http://elsewhere.invalid/x?page=${page + 1}` : null
      const saying = saysSize ? { page_size: size } : {}
      json(response, envelope(data, { count: countOf(rows), next, num_pages: pages, current_page: page, ...saying }))
    }
  }

  async function read(
    pageSize: number,
    timeoutMs = 10_000,
  ): Promise<{ ids: number[]; result: Result<unknown>; asked: string[] }> {
    const { http } = makeRig(server, database, { timeoutMs, maxTimeouts: null })
    const ids: number[] = []
    const result = await readPages(http, '/list/', { type: '3' }, pageSize, (rows) => {
      ids.push(...rows.map((row) => Number(membersOf(row)['id'])))
    })
    const asked = server.seen.map(({ url }) => url.replace('/list/?type=3&page=', '').replace('&page_size=', ' of '))
    return { ids, result, asked }
  }
  const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1)

  it('goes on until there is no next page, whatever host the links name', async () => {
    serveList()
    const { ids, result, asked } = await read(10)
    expect(result).toEqual({ ok: true, value: { rows: 23 } })
    expect(ids).toEqual(upTo(23))
    expect(asked).toEqual(['1 of 10', '2 of 10', '3 of 10'])
  })

  it('follows the page size that the server allows, said or not', async () => {
    for (const saysSize of [true, false]) {
      serveList({ cap: 10, saysSize })
      server.seen.length = 0
      const { ids, asked } = await read(50)
      expect(ids).toEqual(upTo(23))
      expect(asked).toEqual(['1 of 50', '2 of 10', '3 of 10'])
    }
  })

  it.each<[string, Paging['envelope']]>([
    ['at the top of the answer', (data, pagination) => ({ pagination, data })],
    [
      'without links',
      (data, { num_pages, current_page }) => ({ metadata: { pagination: { num_pages, current_page } }, data }),
    ],
    ['loose in the metadata', (data, pagination) => ({ metadata: pagination, data })],
    ['loose at the top', (results, pagination) => ({ ...pagination, results })],
  ])('finds the pagination %s', async (_where, envelope) => {
    serveList(envelope === undefined ? {} : { envelope })
    expect((await read(10)).ids).toEqual(upTo(23))
  })

  it.each<[string, Paging['envelope']]>([
    ['an envelope without pagination', (data) => ({ metadata: {}, data })],
    ['a bare list', (data) => data],
  ])('takes %s for the only page', async (_what, envelope) => {
    serveList({ rows: 3, ...(envelope === undefined ? {} : { envelope }) })
    expect(await read(10)).toMatchObject({ ids: [1, 2, 3], asked: ['1 of 10'] })
  })

  it('asks for smaller pages after a timeout, and loses no row between the sizes', async () => {
    serveList({ rows: 100 })
    const all = server.answer
    server.answer = (response, request, turn) => (turn === 2 || turn === 4 ? undefined : all(response, request, turn))
    const { ids, asked } = await read(50, 300)
    expect(ids).toEqual(upTo(100))
    // After 50 rows a page of 25 begins there, after 75 rows one of 12 does not, one of 5 does.
    expect(asked.slice(0, 5)).toEqual(['1 of 50', '2 of 50', '3 of 25', '4 of 25', '16 of 5'])
    expect(new Set(asked).size).toBe(asked.length)
  })

  it('gives up when even one row is too slow', async () => {
    serveList({ slowFrom: 1 })
    const { result, asked } = await read(4, 100)
    expect(failureOf(result).code).toBe('timed_out')
    expect(asked).toEqual(['1 of 4', '1 of 2', '1 of 1'])
  })

  it('ends at a page past the end', async () => {
    serveList({
      rows: 20,
      envelope: (data, pagination) => ({ metadata: { pagination: { ...pagination, next: 'http://more' } }, data }),
    })
    const { ids, result } = await read(10)
    expect(result.ok).toBe(true)
    expect(ids).toEqual(upTo(20))
  })

  it('ends at an empty page, whatever it says comes next', async () => {
    serveList({
      rows: 20,
      countOf: () => 0,
      envelope: (data, pagination) => ({ metadata: { pagination: { ...pagination, next: 'http://more' } }, data }),
    })
    const list = server.answer
    server.answer = (response, request, turn) =>
      turn < 3
        ? list(response, request, turn)
        : json(response, { metadata: { pagination: { next: 'http://more' } }, data: [] })
    const { ids, result, asked } = await read(10)
    expect(result.ok).toBe(true)
    expect(ids).toEqual(upTo(20))
    expect(asked).toHaveLength(3)
  })

  it('keeps its page size when a page has fewer rows than it should', async () => {
    serveList({
      rows: 20,
      envelope: (data, pagination) => ({ metadata: { pagination }, data: data.slice(1) }),
      countOf: () => 18,
    })
    expect((await read(10)).asked).toEqual(['1 of 10', '2 of 10'])
  })

  it('fails when there is no first page', async () => {
    server.answer = (response) => json(response, { detail: 'Not found.' }, 404)
    expect(failureOf((await read(10)).result).code).toBe('not_found')
  })

  it('reads once more when rows are missing because a page was answered twice', async () => {
    serveList({ turnTo: (page, turn) => (turn === 2 ? 1 : page) })
    const { ids } = await read(10)
    expect([...ids].sort((a, b) => a - b)).toEqual(upTo(23))
  })

  it('tolerates a count that is never reached', async () => {
    serveList({ rows: 3, countOf: () => 5 })
    const { ids, result, asked } = await read(10)
    expect(result.ok).toBe(true)
    expect(ids).toEqual([1, 2, 3])
    expect(asked).toHaveLength(2)
  })

  it('does not turn pages for ever when the server always shows the same', async () => {
    serveList({ turnTo: () => 1 })
    const { result, asked } = await read(5)
    expect(failureOf(result).message).toContain('page after page with the same rows')
    expect(asked).toHaveLength(3)
  })

  it('refuses an answer without a list', async () => {
    server.answer = (response) => json(response, { metadata: {}, data: { id: 1 } })
    const failure = failureOf((await read(10)).result)
    expect(failure).toMatchObject({ kind: 'transient', code: 'broken_answer' })
    expect(failure.message).toBe('Procurify GET /list/ answered 200 without a list.')
  })
})
