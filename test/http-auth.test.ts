import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../src/domain/secret.js'
import { basicAuth, loginFingerprint, oauthAuth, type OAuthOptions } from '../src/http-auth.js'
import type { HttpOptions } from '../src/http.js'
import { newMasterKey, openVault } from '../src/store/vault.js'
import { createTestDatabase, type TestDatabase } from './support/database.js'
import { failureOf, json, makeClock, makeRig, startServer, type Rig, type TestServer } from './support/http.js'

let database: TestDatabase
let server: TestServer
let connections = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  server = await startServer()
  connections += 1
})
afterEach(() => server.close())

const key = new Secret(newMasterKey())

interface Login extends Rig {
  readonly options: HttpOptions
}

/** A run that logs in by OAuth: runs of one test share the vault, as runs of one connection do. */
function startRun(
  changes: Partial<OAuthOptions> & { keys?: Secret[]; rig?: Parameters<typeof makeRig>[2] } = {},
): Login {
  const { keys = [key], rig = {}, ...rest } = changes
  const clock = makeClock(database)
  const auth = oauthAuth({
    system: 'procurify',
    tokenUrl: `${server.url}/oauth/token`,
    clientId: new Secret('the-client'),
    clientSecret: new Secret('the-secret'),
    style: 'json',
    extra: { audience: 'https://api.procurify.com/' },
    defaultLifeSec: 86_400,
    vault: openVault(database.db, `connection-${connections}`, keys),
    fingerprint: 'f1',
    clock,
    ...rest,
  })
  return makeRig(server, database, { auth, clock, ...rig })
}

/** A server that gives out token-1, token-2, ... and accepts only the newest, unless told otherwise. */
function serveTokens(options: { life?: number; accepts?: (token: string) => boolean } = {}): { issued: () => number } {
  let issued = 0
  server.answer = (response, request) => {
    if (request.url === '/oauth/token') {
      issued += 1
      const life = options.life === undefined ? {} : { expires_in: options.life }
      return json(response, { access_token: `token-${issued}`, token_type: 'Bearer', ...life })
    }
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const isAccepted = options.accepts?.(token) ?? token === `token-${issued}`
    return isAccepted ? json(response, { token }) : json(response, { detail: 'Token expired.' }, 401)
  }
  return { issued: () => issued }
}

const paths = (): string[] => server.seen.map((request) => request.url)

describe('a fixed login', () => {
  it('is refused at once, and once', async () => {
    server.answer = (response) => json(response, { code: 'REQUEST_NOT_AUTHENTICATED', message: 'No.' }, 401)
    const auth = basicAuth(new Secret('jo:e'), new Secret('pä"ss'))
    const failure = failureOf(await makeRig(server, database, { auth }).http.get('/x'))
    expect(failure).toMatchObject({ kind: 'auth', code: 'login_refused', status: 401 })
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('jo:e:pä"ss').toString('base64')}`)
  })
})

describe('a token', () => {
  it('is asked for once, in JSON, and used for every call of this run and the next', async () => {
    const { issued } = serveTokens({ life: 86_400 })
    const first = startRun()
    await first.http.get('/a')
    await first.http.get('/b')
    await startRun().http.get('/c')
    expect(issued()).toBe(1)
    expect(paths()).toEqual(['/oauth/token', '/a', '/b', '/c'])
    const [request] = server.seen
    expect(request?.headers['content-type']).toBe('application/json')
    expect(request?.headers['x-procurify-client']).toBeUndefined()
    expect(JSON.parse(request?.body ?? '')).toEqual({
      ...{ client_id: 'the-client', client_secret: 'the-secret', grant_type: 'client_credentials' },
      audience: 'https://api.procurify.com/',
    })
    expect(server.seen[3]?.headers.authorization).toBe('Bearer token-1')
    expect(first.counts.requests).toBe(3)
  })

  it('may be asked for as a form', async () => {
    serveTokens()
    await startRun({ style: 'form', extra: { scope: 'a b' } }).http.get('/a')
    expect(server.seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
      ...{ client_id: 'the-client', client_secret: 'the-secret', grant_type: 'client_credentials', scope: 'a b' },
    })
  })

  it('is asked for once by calls that start together', async () => {
    const { issued } = serveTokens()
    const { http } = startRun({ keys: [] })
    const answers = await Promise.all([1, 2, 3, 4].map(() => http.get('/a')))
    expect(answers.every((answer) => answer.ok)).toBe(true)
    expect(issued()).toBe(1)
  })

  it('is renewed a minute before its end', async () => {
    const { issued } = serveTokens({ life: 600, accepts: () => true })
    const { http, clock } = startRun({ keys: [] })
    await http.get('/a')
    await clock.sleep(530_000)
    await http.get('/a')
    expect(issued()).toBe(1)
    await clock.sleep(15_000)
    await http.get('/a')
    expect(issued()).toBe(2)
  })

  it('of an earlier run is renewed in time although its end is known to the database only', async () => {
    const { issued } = serveTokens({ life: 100, accepts: () => true })
    await startRun().http.get('/a')
    const later = startRun()
    await later.http.get('/a')
    expect(issued()).toBe(1)
    await database.pool.query("update token set expires_at = expires_at - interval '50 seconds'")
    await later.clock.sleep(50_000)
    await later.http.get('/a')
    expect(issued()).toBe(2)
  })

  it('with a very short life is used for half of it', async () => {
    const { issued } = serveTokens({ life: 10, accepts: () => true })
    const { http, clock } = startRun()
    await http.get('/a')
    await http.get('/a')
    expect(issued()).toBe(1)
    await clock.sleep(6_000)
    await http.get('/a')
    expect(issued()).toBe(2)
  })

  it('lives as long as the system usually lets it when the answer does not say', async () => {
    const { issued } = serveTokens({ accepts: () => true })
    const { http, clock } = startRun({ keys: [], defaultLifeSec: 600 })
    await http.get('/a')
    await clock.sleep(500_000)
    await http.get('/a')
    expect(issued()).toBe(1)
    await clock.sleep(50_000)
    await http.get('/a')
    expect(issued()).toBe(2)
  })

  it('that is refused is replaced once, and the call made again, a write too', async () => {
    const { issued } = serveTokens({ accepts: (token) => token !== 'token-1' })
    const run = startRun()
    const answer = await run.http.write('POST', '/things/', { a: 1 })
    expect(answer.ok && answer.value.value).toEqual({ token: 'token-2' })
    expect(paths()).toEqual(['/oauth/token', '/things/', '/oauth/token', '/things/'])
    expect(run.counts).toMatchObject({ requests: 4, retried: 0 })
    // The refused one is gone from the vault as well.
    await startRun().http.get('/b')
    expect(issued()).toBe(2)
  })

  it('that is refused again ends the call', async () => {
    const { issued } = serveTokens({ accepts: () => false })
    const failure = failureOf(await startRun().http.get('/a'))
    expect(failure).toMatchObject({ kind: 'auth', code: 'login_refused' })
    expect(failure.message).toBe('Procurify GET /a answered 401: Token expired.')
    expect(issued()).toBe(2)
  })

  it('is replaced once for all calls that were refused together', async () => {
    const { issued } = serveTokens({ accepts: (token) => token !== 'token-1' })
    const { http } = startRun()
    const answers = await Promise.all([1, 2, 3, 4].map(() => http.get('/a')))
    expect(answers.every((answer) => answer.ok)).toBe(true)
    expect(issued()).toBe(2)
  })

  it('is not replaced again for a call whose 401 comes late', async () => {
    const { issued } = serveTokens({ accepts: (token) => token !== 'token-1' })
    const tokens = server.answer
    let letGo = (): void => undefined
    server.answer = (response, request, turn) => {
      const isFirstOfSlow = request.url === '/slow' && request.headers.authorization === 'Bearer token-1'
      if (isFirstOfSlow) letGo = () => tokens(response, request, turn)
      else tokens(response, request, turn)
    }
    const { http } = startRun()
    const slow = http.get('/slow')
    await http.get('/quick')
    letGo()
    expect((await slow).ok).toBe(true)
    expect(issued()).toBe(2)
  })

  it('being replaced is not used by calls that start meanwhile', async () => {
    serveTokens({ accepts: (token) => token !== 'token-1' })
    const tokens = server.answer
    const { http } = startRun()
    let meanwhile: Promise<unknown> = Promise.resolve()
    server.answer = (response, request, turn) => {
      if (turn === 3) meanwhile = http.get('/meanwhile')
      setTimeout(() => tokens(response, request, turn), turn === 3 ? 50 : 0)
    }
    await http.get('/a')
    await meanwhile
    expect(server.seen.filter(({ url }) => url === '/meanwhile')).toHaveLength(1)
  })

  it('that cannot be replaced ends the call with the answer to the token call, asked once', async () => {
    serveTokens()
    const { http } = startRun()
    await http.get('/a')
    server.seen.length = 0
    server.answer = (response, request) => json(response, { error: 'invalid_client', path: request.url }, 401)
    expect(failureOf(await http.get('/b')).message).toContain('invalid_client')
    expect(paths()).toEqual(['/b', '/oauth/token'])
  })

  it('renewed by another run meanwhile is taken from there', async () => {
    const { issued } = serveTokens()
    const slow = startRun()
    await slow.http.get('/a')
    const other = startRun()
    await database.pool.query('delete from token')
    await other.http.get('/b')
    expect(issued()).toBe(2)
    expect((await slow.http.get('/c')).ok).toBe(true)
    expect(issued()).toBe(2)
  })

  it('made for other credentials is not used', async () => {
    const { issued } = serveTokens({ accepts: () => true })
    await startRun({ fingerprint: 'old' }).http.get('/a')
    await startRun({ fingerprint: 'new' }).http.get('/a')
    expect(issued()).toBe(2)
  })
})

describe('a token call', () => {
  it.each([400, 401, 403])('answered %i means a refused login, with advice and without the secret', async (status) => {
    server.answer = (response) => json(response, { error: 'invalid_client', secret: 'the-secret' }, status)
    const failure = failureOf(await startRun().http.get('/a'))
    expect(failure).toMatchObject({ kind: 'auth', code: 'login_refused', status })
    expect(failure.message).toContain(`POST /oauth/token answered ${status}: invalid_client`)
    expect(failure.message).toContain('ml-connector credentials set procurify')
    expect(failure.message).not.toContain('the-secret')
    expect(paths()).toEqual(['/oauth/token'])
  })

  it('as a form that is refused as a login is made once more with Basic', async () => {
    const { issued } = serveTokens()
    const tokens = server.answer
    const basic = `Basic ${Buffer.from('the-client:the-secret').toString('base64')}`
    server.answer = (response, request, turn) =>
      request.url === '/oauth/token' && request.headers.authorization !== basic
        ? json(response, { error: 'invalid_client' }, 401)
        : tokens(response, request, turn)
    expect((await startRun({ style: 'form', extra: { scope: 'a' } }).http.get('/a')).ok).toBe(true)
    expect(issued()).toBe(1)
    expect(server.seen[1]?.body).toBe('grant_type=client_credentials&scope=a')
  })

  it.each([400, 415])('as a form that is answered %i is made once more as JSON', async (status) => {
    const { issued } = serveTokens()
    const tokens = server.answer
    server.answer = (response, request, turn) =>
      request.headers['content-type']?.includes('form') === true
        ? json(response, { error: 'invalid_request' }, status)
        : tokens(response, request, turn)
    expect((await startRun({ style: 'form', extra: {} }).http.get('/a')).ok).toBe(true)
    expect(issued()).toBe(1)
    expect(JSON.parse(server.seen[1]?.body ?? '')).toMatchObject({ client_secret: 'the-secret' })
  })

  it('as a form that is refused either way tells the first refusal, and never the login', async () => {
    server.answer = (response, request, turn) =>
      json(response, { error: turn === 1 ? 'invalid_client' : `no ${request.headers.authorization ?? ''}` }, 401)
    const failure = failureOf(await startRun({ style: 'form', extra: {} }).http.get('/a'))
    expect(failure).toMatchObject({ kind: 'auth', code: 'login_refused', status: 401 })
    expect(failure.message).toContain('invalid_client')
    expect(paths()).toEqual(['/oauth/token', '/oauth/token'])
  })

  it('is repeated like a read', async () => {
    server.answer = (response, _request, turn) =>
      turn < 3 ? json(response, {}, 503) : json(response, turn === 3 ? { access_token: 'token-1' } : {})
    const run = startRun()
    expect((await run.http.get('/a')).ok).toBe(true)
    expect(run.counts).toMatchObject({ requests: 4, retried: 2 })
  })

  it('without a token in its answer names the address', async () => {
    server.answer = (response) => json(response, { ok: true })
    const failure = failureOf(await startRun().http.get('/a'))
    expect(failure).toMatchObject({ kind: 'auth', code: 'login_refused' })
    expect(failure.message).toContain(`${server.url}/oauth/token answered 200 without an access_token`)
  })

  it('that is answered does not clear the timeouts of the API', async () => {
    const { issued } = serveTokens()
    const { http, pacer } = startRun({ keys: [], rig: { timeoutMs: 300 } })
    await pacer.timedOut()
    const tokens = server.answer
    server.answer = (response, request, turn) =>
      request.url === '/oauth/token' ? tokens(response, request, turn) : undefined
    await http.get('/a')
    expect(issued()).toBe(1)
    expect(await pacer.timedOut()).toEqual({ inARow: 3, stop: true })
  })

  it('takes its turn in the budget', async () => {
    serveTokens()
    const { http, pacer } = startRun({ rig: { perMinute: 2 } })
    await http.get('/a')
    expect((await pacer.take()).waitMs).toBeGreaterThan(0)
  })
})

it('the fingerprint of a login tells logins and hosts apart and shows nothing of them', () => {
  const login = { clientId: new Secret('id'), clientSecret: new Secret('secret') }
  const print = loginFingerprint('https://a.example.com', login)
  expect(print).toMatch(/^[0-9a-f]{16}$/)
  expect(loginFingerprint('https://a.example.com', login)).toBe(print)
  expect(loginFingerprint('https://b.example.com', login)).not.toBe(print)
  expect(loginFingerprint('https://a.example.com', { ...login, clientSecret: new Secret('other') })).not.toBe(print)
})
