import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Json } from '../src/domain/record.js'
import { createTestDatabase, type TestDatabase } from './support/database.js'
import { failureOf, json, makeRig, startServer, type Rig, type TestServer } from './support/http.js'

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

const rig = (changes?: Parameters<typeof makeRig>[2]): Rig => makeRig(server, database, changes)

/** Answers each turn by the next of these, the last one for ever. */
function inTurn(...answers: ((response: ServerResponse) => void)[]): void {
  server.answer = (response, _request, turn) => answers[Math.min(turn, answers.length) - 1]?.(response)
}
const ok = (response: ServerResponse): void => json(response, { fine: true })
const status = (code: number, headers: Record<string, string> = {}, body: unknown = {}) => {
  return (response: ServerResponse): void => json(response, body, code, headers)
}
const reset = (response: ServerResponse): void => void response.socket?.resetAndDestroy()
const never = (): void => undefined
const text = (body: string, type = 'application/json') => {
  return (response: ServerResponse): void => void response.writeHead(200, { 'content-type': type }).end(body)
}
/** Promises more than it sends, then hangs up. */
const cut = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': '1000' }).write('{"half":')
  setImmediate(() => response.destroy())
}

describe('an answer', () => {
  it('comes with its numbers as written, its date and its request id', async () => {
    const headers = { date: 'Mon, 23 Nov 2026 10:00:00 GMT', 'x-request-id': 'r-1' }
    inTurn((response) => response.writeHead(200, headers).end('{"price":1.10,"id":12345678901234567890}'))
    const answer = await rig().http.get('/api/v3/things/', { page: '2' })
    expect(answer).toEqual({
      ok: true,
      value: {
        value: { price: '1.10', id: '12345678901234567890' },
        status: 200,
        dateMs: Date.UTC(2026, 10, 23, 10),
        requestId: 'r-1',
        http: { method: 'GET', path: '/api/v3/things/', status: 200, request_id: 'r-1' },
      },
    })
  })

  it('may begin with a byte order mark', async () => {
    inTurn(text('\ufeff{"a":true}'))
    const answer = await rig().http.get('/')
    expect(answer.ok && answer.value.value).toEqual({ a: true })
  })

  it('may be gzipped', async () => {
    inTurn((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[1]')))
    const answer = await rig().http.get('/')
    expect(answer.ok && answer.value.value).toEqual(['1'])
    expect(server.seen[0]?.headers['accept-encoding']).toBe('gzip')
  })

  it('is asked for with our headers, the login and an encoded query', async () => {
    await rig().http.get('/a', { from: '2026-03-01T00:00:00Z', id: ['x y', '+'] })
    const [request] = server.seen
    expect(request?.url).toBe('/a?from=2026-03-01T00%3A00%3A00Z&id=x%20y&id=%2B')
    expect(request?.headers).toMatchObject({
      ...{ 'user-agent': 'ml-connector/test', 'x-procurify-client': 'api', 'x-key': 'k-secret-123' },
      accept: 'application/json',
    })
  })

  it('reuses its connection', async () => {
    const { http } = rig()
    const sockets = new Set<unknown>()
    server.answer = (response) => {
      sockets.add(response.socket)
      ok(response)
    }
    for (let n = 0; n < 3; n += 1) await http.get('/')
    expect(sockets.size).toBe(1)
  })
})

describe('a read', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['500', status(500)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['429', status(429)],
    ['a reset connection', reset],
    ['a body cut short', cut],
    ['broken JSON', text('{"a":')],
    ['an empty body', text('')],
  ])('is repeated after %s', async (_what, trouble) => {
    inTurn(trouble, ok)
    const { http, counts } = rig()
    expect((await http.get('/')).ok).toBe(true)
    expect(counts).toMatchObject({ requests: 2, retried: 1 })
  })

  it('is given up after four tries, with growing pauses', async () => {
    inTurn(status(503, {}, { detail: 'busy' }))
    const { http, counts, clock } = rig()
    const failure = failureOf(await http.get('/api/x/', { secret: 'query' }))
    expect(failure).toMatchObject({ kind: 'transient', code: 'server_error', status: 503, retryAfterMs: null })
    expect(failure.message).toBe('Procurify GET /api/x/ answered 503: busy')
    expect(failure.http).toEqual({ method: 'GET', path: '/api/x/', status: 503, request_id: null })
    expect(counts).toEqual({ requests: 4, retried: 3, throttled: 0 })
    expect(clock.slept).toHaveLength(3)
    clock.slept.forEach((ms, n) => {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** n)
      expect(ms).toBeLessThanOrEqual(500 * 2 ** n)
    })
  })

  it.each<[number, string, string]>([
    [400, 'permanent', 'refused_by_target'],
    [401, 'auth', 'login_refused'],
    [403, 'auth', 'role_missing'],
    [404, 'permanent', 'not_found'],
    [501, 'transient', 'server_error'],
  ])('is not repeated after %i', async (code, kind, problem) => {
    inTurn(status(code))
    const { http } = rig()
    expect(failureOf(await http.get('/'))).toMatchObject({ kind, code: problem, status: code })
    expect(server.seen).toHaveLength(1)
  })

  it('is not repeated after a timeout, whether nothing came or half a body', async () => {
    const half = (response: ServerResponse): void => void response.writeHead(200).write('{"a":')
    for (const silence of [never, half]) {
      inTurn(silence)
      server.seen.length = 0
      const { http, counts } = rig({ timeoutMs: 100 })
      const failure = failureOf(await http.get('/'))
      expect(failure).toMatchObject({ kind: 'transient', code: 'timed_out' })
      expect(failure.message).toBe('Procurify GET / did not answer within 0.1 s')
      expect(counts.requests).toBe(1)
    }
  })

  it('says when nobody listens', async () => {
    const { http } = rig({ baseUrl: 'http://127.0.0.1:1' })
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'transient', code: 'unreachable', status: null })
  })

  it('does not follow a redirect, and names its host only', async () => {
    inTurn(status(302, { location: 'https://login.example.com/in?token=abc' }))
    const failure = failureOf(await rig().http.get('/'))
    expect(failure).toMatchObject({ kind: 'permanent', code: 'redirected' })
    expect(failure.message).toBe('Procurify GET / answered 302, a redirect to login.example.com, which is not followed')
  })

  it('takes a login page for what it is', async () => {
    inTurn(text('\n<!DOCTYPE html><title>Sign in</title>', 'text/html'))
    expect(failureOf(await rig().http.get('/'))).toMatchObject({ kind: 'transient', code: 'html_answer' })
  })

  it('refuses an answer that is too large, also when it is small on the wire', async () => {
    inTurn((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(`"${'x'.repeat(2e6)}"`)))
    const failure = failureOf(await rig({ maxBytes: 1_000_000 }).http.get('/'))
    expect(failure).toMatchObject({ kind: 'permanent', code: 'answer_too_large' })
    expect(server.seen).toHaveLength(1)
  })

  it('ends at once when the run is told to stop', async () => {
    const { http, stop, counts } = rig()
    server.answer = () => stop.abort()
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'stop', code: 'interrupted' })
    expect(counts).toEqual({ requests: 1, retried: 0, throttled: 0 })
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'stop', code: 'interrupted' })
    expect(server.seen).toHaveLength(1)
  })
})

describe('a message', () => {
  it('never shows the login, even if the other side echoes it', async () => {
    server.answer = (response, { headers }) => json(response, { detail: `bad key ${String(headers['x-key'])}` }, 400)
    expect(failureOf(await rig().http.get('/')).message).toBe('Procurify GET / answered 400: bad key ***')
  })
})

describe('patience', () => {
  it('is at least what Retry-After asks for, for everybody', async () => {
    inTurn(status(429, { 'retry-after': '90' }), ok)
    const { http, counts, clock, pacer } = rig()
    expect((await http.get('/')).ok).toBe(true)
    expect(counts).toEqual({ requests: 2, retried: 1, throttled: 1 })
    expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(89_000)
    // The clock of this test moved on; another process, whose time did not, had been held back.
    await pacer.coolDown(1000, 'x')
    expect((await pacer.take()).waitMs).toBeLessThanOrEqual(1000)
  })

  it('after a 429 includes a lower limit', async () => {
    inTurn(status(429), ok)
    const { http, pacer } = rig({ perMinute: 10 })
    await http.get('/')
    let left = 0
    while ((await pacer.take()).waitMs === 0) left += 1
    expect(left).toBe(7 - 2)
  })

  it('understands a date by the clock of the answer, and words', async () => {
    const date = 'Mon, 23 Nov 2026 10:00:00 GMT'
    inTurn(status(503, { date, 'retry-after': 'Mon, 23 Nov 2026 10:00:30 GMT' }), ok)
    const first = rig()
    await first.http.get('/')
    expect(first.clock.slept[0]).toBeGreaterThan(29_000)
    inTurn(status(429, {}, { message: 'Retry in 45 seconds.' }), ok)
    server.seen.length = 0
    const second = rig()
    await second.http.get('/')
    expect(second.clock.slept[0]).toBeGreaterThan(44_000)
  })

  it('ends where the pass ends; whoever comes next is held back too', async () => {
    inTurn(status(429, { 'retry-after': '9999999999' }))
    const deadline = performance.now() + 60_000
    const { http, clock } = rig({ deadlineAt: () => deadline })
    const failure = failureOf(await http.get('/'))
    expect(failure).toMatchObject({ kind: 'stop', code: 'cooling_down' })
    expect(failure.retryAfterMs).toBeGreaterThan(23 * 3_600_000)
    expect(failure.message).toContain('Procurify asked for a pause')
    expect(failureOf(await http.get('/')).code).toBe('cooling_down')
    expect(server.seen).toHaveLength(1)
    expect(clock.slept).toEqual([])
  })

  it('gives way to the deadline between tries, with the trouble that was', async () => {
    inTurn(status(500))
    const deadline = performance.now() + 200
    const { http, counts } = rig({ deadlineAt: () => deadline })
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'transient', code: 'server_error' })
    expect(counts).toMatchObject({ requests: 1, retried: 0 })
  })

  it('sends nothing after the deadline', async () => {
    const { http, counts } = rig({ deadlineAt: () => performance.now() - 1 })
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'stop', code: 'out_of_time', http: null })
    expect(counts.requests).toBe(0)
  })

  it('spends the budget on every try', async () => {
    inTurn(status(500), status(500), ok)
    const { http, pacer } = rig({ perMinute: 3 })
    expect((await http.get('/')).ok).toBe(true)
    expect((await pacer.take()).waitMs).toBeGreaterThan(0)
  })

  it('waits for the budget when there is time for it', async () => {
    const { http, clock } = rig({ perMinute: 1 })
    await http.get('/')
    expect((await http.get('/')).ok).toBe(true)
    expect(clock.slept.length).toBeGreaterThan(0)
  })
})

describe('timeouts in a row', () => {
  it('stop the reads of everybody after the third', async () => {
    inTurn(never)
    const { http } = rig({ timeoutMs: 60, deadlineAt: () => performance.now() + 60_000 })
    expect(failureOf(await http.get('/')).code).toBe('timed_out')
    expect(failureOf(await http.get('/')).code).toBe('timed_out')
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'stop', code: 'too_many_timeouts' })
    expect(failureOf(await http.get('/'))).toMatchObject({ kind: 'stop', code: 'cooling_down' })
    expect(server.seen).toHaveLength(3)
  })

  it('leave a write unknown, never stopped', async () => {
    inTurn(never)
    const { http } = rig({ timeoutMs: 60, maxTimeouts: 1 })
    const failure = failureOf(await http.write('POST', '/', {}))
    expect(failure).toMatchObject({ kind: 'unknown', code: 'too_many_timeouts' })
    expect(failure.http).toEqual({ method: 'POST', path: '/', status: null, request_id: null })
  })

  it('are forgotten when anything is answered, be it an error', async () => {
    inTurn(ok, never, never, status(400))
    const { http, pacer } = rig({ timeoutMs: 500 })
    for (let n = 0; n < 4; n += 1) await http.get('/')
    expect(await pacer.timedOut()).toEqual({ inARow: 1, stop: false })
  })

  it('count when half a body came, too', async () => {
    inTurn((response) => void response.writeHead(200).write('{'))
    const { http } = rig({ timeoutMs: 60, maxTimeouts: 1 })
    expect(failureOf(await http.get('/')).code).toBe('too_many_timeouts')
  })

  it('of other processes are not forgotten while our own calls go well: that would cost a query each', async () => {
    const { http, pacer } = rig()
    await http.get('/')
    await pacer.timedOut()
    await http.get('/')
    expect(await pacer.timedOut()).toEqual({ inARow: 2, stop: false })
  })

  it('of an earlier pass are forgotten with the first answer of this one', async () => {
    const { http, pacer } = rig()
    await pacer.timedOut()
    await http.get('/')
    expect(await pacer.timedOut()).toEqual({ inARow: 1, stop: false })
  })
})

describe('a write', () => {
  it('sends its JSON once and answers what came back', async () => {
    inTurn(status(201, {}, { data: { id: 7 } }))
    const answer = await rig().http.write('POST', '/api/v3/vendors/', { name: 'Ä', email: [], score: null })
    expect(answer.ok && answer.value).toMatchObject({ status: 201, value: { data: { id: '7' } } })
    const [request] = server.seen
    expect(request?.method).toBe('POST')
    expect(request?.headers['content-type']).toBe('application/json')
    expect(request?.body).toBe('{"name":"Ä","email":[],"score":null}')
  })

  it.each<[string, (response: ServerResponse) => void, string, string]>([
    ['500', status(500), 'unknown', 'server_error'],
    ['503', status(503), 'unknown', 'server_error'],
    ['504', status(504), 'unknown', 'server_error'],
    ['429', status(429, { 'retry-after': '1' }), 'transient', 'throttled'],
    ['a reset connection', reset, 'unknown', 'connection_lost'],
    ['silence', never, 'unknown', 'timed_out'],
    ['201 with a body cut short', cut, 'unknown', 'broken_answer'],
    ['201 with a login page', text('<html>', 'text/html'), 'unknown', 'html_answer'],
    ['201 with broken JSON', text('{'), 'unknown', 'broken_answer'],
    ['400', status(400), 'permanent', 'refused_by_target'],
    ['403', status(403), 'auth', 'role_missing'],
  ])('is never repeated: %s', async (_what, answer, kind, code) => {
    inTurn(answer)
    const { http } = rig({ timeoutMs: 500 })
    expect(failureOf(await http.write('PATCH', '/', {}))).toMatchObject({ kind, code })
    expect(server.seen).toHaveLength(1)
  })

  it('that never left is known not to have', async () => {
    const { http } = rig({ baseUrl: 'http://127.0.0.1:1' })
    expect(failureOf(await http.write('POST', '/', {}))).toMatchObject({ kind: 'transient', code: 'unreachable' })
  })

  it('may be answered without a body', async () => {
    inTurn((response) => response.writeHead(200).end())
    const answer = await rig().http.write('POST', '/', {})
    expect(answer.ok && answer.value.value).toBeNull()
  })

  it('makes everybody wait after a 429', async () => {
    inTurn(status(429, { 'retry-after': '30' }))
    const { http, pacer } = rig()
    expect(failureOf(await http.write('POST', '/', {})).retryAfterMs).toBe(30_000)
    expect((await pacer.take()).waitMs).toBeGreaterThan(29_000)
  })

  it('is not sent when its turn comes after the moment the claim allows', async () => {
    const { http, pacer, clock, counts } = rig()
    await pacer.coolDown(20_000, 'pause')
    const late = await http.write('POST', '/', {}, { sendBefore: clock.now() + 10_000 })
    expect(failureOf(late)).toMatchObject({ kind: 'stop', code: 'cooling_down', http: null })
    expect(failureOf(await http.write('POST', '/', {}, { sendBefore: clock.now() })).kind).toBe('stop')
    expect(counts.requests).toBe(0)
    const inTime = await http.write('POST', '/', {}, { sendBefore: clock.now() + 30_000 })
    expect(inTime.ok).toBe(true)
  })

  it('on the wire is awaited when the run is told to stop; the next one is not sent', async () => {
    const { http, stop } = rig()
    server.answer = (response) => {
      stop.abort()
      setImmediate(() => json(response, { id: 1 }, 201))
    }
    expect((await http.write('POST', '/', {})).ok).toBe(true)
    expect(failureOf(await http.write('POST', '/', {}))).toMatchObject({ kind: 'stop', code: 'interrupted' })
    expect(server.seen).toHaveLength(1)
  })
})

describe('a streamed list', () => {
  const rows = (count: number): string =>
    JSON.stringify(Array.from({ length: count }, (_, n) => ({ n, name: 'x'.repeat(50) })))

  /** Collects what a stream hands on. */
  function collector(): { groups: Json[][]; take: (items: Json[]) => Promise<void> } {
    const groups: Json[][] = []
    return { groups, take: (items) => (groups.push(items), Promise.resolve()) }
  }

  it('comes in groups of at most 500 with the date of the answer', async () => {
    const date = 'Mon, 23 Nov 2026 10:00:00 GMT'
    inTurn((response) => response.writeHead(200, { date }).end(rows(1201)))
    const dates = new Set<number | null>()
    const sizes: number[] = []
    const listed = await rig().http.stream('/list', {}, (items, dateMs) => {
      sizes.push(items.length)
      dates.add(dateMs)
      return Promise.resolve()
    })
    expect(listed).toEqual({ ok: true, value: { items: 1201 } })
    expect(sizes).toEqual([500, 500, 201])
    expect([...dates]).toEqual([Date.parse(date)])
  })

  it('may be empty', async () => {
    inTurn(text('[]'))
    const { groups, take } = collector()
    expect(await rig().http.stream('/', {}, take)).toEqual({ ok: true, value: { items: 0 } })
    expect(groups).toEqual([])
  })

  it('waits for a slow consumer without calling it a timeout, and holds the sender back meanwhile', async () => {
    const total = 2000
    let written = 0
    server.answer = (response) => {
      const item = `"${'x'.repeat(20_000)}"`
      const more = (): void => {
        while (written < total) {
          written += 1
          if (!response.write(`${written === 1 ? '[' : ','}${item}`)) return void response.once('drain', more)
        }
        response.end(']')
      }
      more()
    }
    const { http } = rig({ timeoutMs: 1000 })
    const writtenMeanwhile: number[] = []
    const listed = await http.stream('/', {}, async () => {
      if (writtenMeanwhile.length === 0) await new Promise((resolve) => setTimeout(resolve, 1300))
      writtenMeanwhile.push(written)
    })
    expect(listed).toEqual({ ok: true, value: { items: total } })
    expect(writtenMeanwhile[0]).toBeLessThan(total)
  })

  it('times out when the sender pauses too long, and does not ask again', async () => {
    inTurn((response) => void response.writeHead(200).write('[{"a":1},'))
    const { http, counts } = rig({ timeoutMs: 100 })
    const { take } = collector()
    expect(failureOf(await http.stream('/', {}, take))).toMatchObject({ kind: 'transient', code: 'timed_out' })
    expect(counts.requests).toBe(1)
  })

  it('is asked for again when it broke off before anything was handed on', async () => {
    inTurn(cut, text(rows(3)))
    const { groups, take } = collector()
    expect((await rig().http.stream('/', {}, take)).ok).toBe(true)
    expect(groups.flat()).toHaveLength(3)
  })

  it('is not asked for again once items were handed on', async () => {
    inTurn((response) => {
      response.writeHead(200).write(rows(600).slice(0, -1))
      setTimeout(() => response.destroy(), 50)
    })
    const { groups, take } = collector()
    const failure = failureOf(await rig().http.stream('/', {}, take))
    expect(failure).toMatchObject({ kind: 'transient', code: 'broken_answer' })
    expect(groups.flat()).toHaveLength(500)
    expect(server.seen).toHaveLength(1)
  })

  it('that ends in the middle of the array is broken, although the connection was closed politely', async () => {
    inTurn(text('[{"a":1},{"a":2}'))
    const { groups, take } = collector()
    expect(failureOf(await rig().http.stream('/', {}, take)).message).toContain('the list was cut short')
    expect(groups).toEqual([])
    expect(server.seen).toHaveLength(4)
  })

  it.each<[string, string, string]>([
    ['an object', '{"code":"X"}', 'broken_answer'],
    ['a page', '<html><body>', 'html_answer'],
    ['an item that is no JSON', '[{"a":1]]', 'broken_answer'],
  ])('refuses %s', async (_what, body, code) => {
    inTurn(text(body))
    const { take } = collector()
    expect(failureOf(await rig().http.stream('/', {}, take)).code).toBe(code)
  })

  it('has a size limit of its own', async () => {
    inTurn(text(rows(100)))
    const { take } = collector()
    const { http } = rig({ maxBytes: 100, maxListBytes: 5000 })
    expect(failureOf(await http.stream('/', {}, take))).toMatchObject({ kind: 'permanent', code: 'answer_too_large' })
    expect((await rig({ maxBytes: 100 }).http.stream('/', {}, take)).ok).toBe(true)
  })

  it('stops reading when the pass is over', async () => {
    inTurn(text(rows(2000)))
    let deadline = Infinity
    const { http } = rig({ deadlineAt: () => deadline })
    const listed = await http.stream('/', {}, () => ((deadline = 0), Promise.resolve()))
    expect(failureOf(listed)).toMatchObject({ kind: 'stop', code: 'out_of_time' })
  })

  it('passes on what its consumer throws, and closes the connection', async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer = (response) => {
        response.writeHead(200).write(rows(600).slice(0, -1))
        void once(response, 'close').then(() => resolve())
      }
    })
    const broken = new Error('the database went away')
    await expect(rig().http.stream('/', {}, () => Promise.reject(broken))).rejects.toBe(broken)
    await closed
  })
})
