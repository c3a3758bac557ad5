import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/domain/errors.js'
import { Secret } from '../../src/domain/secret.js'
import { makePlex, type PlexSettings } from '../../src/plex/client.js'
import type { Credentials } from '../../src/ports.js'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { makeDeps, startServer, valueOf } from '../support/http.js'

let database: TestDatabase
let sandbox: Sandbox

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  sandbox = await startSandbox({ seed: 'empty' })
})
afterEach(() => sandbox.close())

function settings(changes: Partial<PlexSettings> = {}): PlexSettings {
  return {
    baseUrl: `${sandbox.plex.url}/api`,
    auth: 'oauth2',
    tokenUrl: `${sandbox.plex.url}/oauth2/token`,
    scope: null,
    pcn: sandbox.plex.state.login.pcn,
    pcnHeader: 'X-Plex-Connect-Customer-Id',
    tenantId: null,
    ...changes,
  }
}

const byOAuth = (): Credentials => {
  const { clientId, clientSecret } = sandbox.plex.state.login
  return { clientId: new Secret(clientId), clientSecret: new Secret(clientSecret) }
}

describe('calls to Plex', () => {
  it('log in by OAuth and name the partition every time', async () => {
    const http = makePlex(settings(), makeDeps(database, byOAuth()))
    valueOf(await http.get('/mdm/v1/tenants'))
    valueOf(await http.get('/mdm/v1/suppliers'))
    const [token, ...calls] = sandbox.log.entries
    expect(token?.path).toBe('/oauth2/token')
    expect(calls.map(({ headers }) => headers)).toEqual(
      [1, 2].map(() => ({ authorization: 'Bearer', pcn: '100001', client: null, userAgent: 'ml-connector/test' })),
    )
  })

  it('log in by API key', async () => {
    const credentials = { apiKey: new Secret(sandbox.plex.state.login.apiKey) }
    const http = makePlex(settings({ auth: 'api-key' }), makeDeps(database, credentials))
    valueOf(await http.get('/mdm/v1/tenants'))
    expect(sandbox.log.entries.map(({ headers }) => headers.authorization)).toEqual(['Api-Key'])
  })

  it('carry the API secret, the tenant and another partition header where they are set', async () => {
    const server = await startServer()
    const credentials = { apiKey: new Secret('key-1'), apiSecret: new Secret('secret-1') }
    const changes = { baseUrl: server.url, auth: 'api-key', tenantId: 't-1', pcnHeader: 'X-Company' } as const
    await makePlex(settings(changes), makeDeps(database, credentials)).get('/x')
    expect(server.seen[0]?.headers).toMatchObject({
      'x-plex-connect-api-key': 'key-1',
      'x-plex-connect-api-secret': 'secret-1',
      'x-plex-connect-tenant-id': 't-1',
      'x-company': '100001',
    })
    await server.close()
  })

  it('log in by Basic', async () => {
    const server = await startServer()
    const credentials = { username: new Secret('joe'), password: new Secret('pass') }
    await makePlex(settings({ baseUrl: server.url, auth: 'basic' }), makeDeps(database, credentials)).get('/x')
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('joe:pass').toString('base64')}`)
    await server.close()
  })

  it('ask for the scope that is set', async () => {
    const server = await startServer()
    const changes = { baseUrl: server.url, tokenUrl: `${server.url}/oauth2/token`, scope: 'purchasing' }
    await makePlex(settings(changes), makeDeps(database, byOAuth())).get('/x')
    expect(new URLSearchParams(server.seen[0]?.body).get('scope')).toBe('purchasing')
    await server.close()
  })

  it.each<[PlexSettings['auth'], string]>([
    ['oauth2', 'PLEX_CLIENT_ID, PLEX_CLIENT_SECRET'],
    ['api-key', 'PLEX_API_KEY'],
    ['basic', 'PLEX_USERNAME, PLEX_PASSWORD'],
  ])('cannot be made for %s without its credentials, and say which', (auth, names) => {
    const make = (): unknown => makePlex(settings({ auth }), makeDeps(database, {}))
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(`No login for plex: run \`ml-connector credentials set plex\`, or set ${names}.`)
  })
})
