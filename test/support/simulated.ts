/** Both simulated systems for the tests of one file, emptied before each, with a database and clients on them. */
import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { Secret } from '../../src/domain/secret.js'
import type { ClientDeps } from '../../src/http-auth.js'
import type { Http } from '../../src/http.js'
import { makePlex } from '../../src/plex/client.js'
import { makeProcurify } from '../../src/procurify/client.js'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { createTestDatabase, type TestDatabase } from './database.js'
import { makeDeps, type TestClock } from './http.js'

/** A client and the clock it lives by. */
interface Client {
  readonly http: Http
  readonly clock: TestClock
}

export interface Simulated {
  readonly sandbox: Sandbox
  readonly database: TestDatabase
  /** Logged in with an API key unless told otherwise. */
  readonly plex: (options?: { auth?: 'api-key' | 'oauth2'; baseUrl?: string; changes?: Partial<ClientDeps> }) => Client
  readonly procurify: (changes?: Partial<ClientDeps>) => Client
}

/** Call it at the top of a test file: it closes what it opened when the file is done. */
export async function openSimulated(): Promise<Simulated> {
  const database = await createTestDatabase()
  const sandbox = await startSandbox({ seed: 'empty' })
  beforeEach(() => sandbox.reset())
  // A fault that was not reached would mean that a test did not test what it says.
  afterEach(() => expect(sandbox.faults.list().filter(({ hits }) => hits === 0)).toEqual([]))
  afterAll(async () => {
    await sandbox.close()
    await database.close()
  })
  const loginOf = ({ clientId, clientSecret }: { clientId: string; clientSecret: string }) => ({
    clientId: new Secret(clientId),
    clientSecret: new Secret(clientSecret),
  })
  return {
    sandbox,
    database,
    plex: ({ auth = 'api-key', baseUrl, changes } = {}) => {
      const { url, state } = sandbox.plex
      const credentials = auth === 'oauth2' ? loginOf(state.login) : { apiKey: new Secret(state.login.apiKey) }
      const deps = makeDeps(database, credentials, changes)
      const { pcn } = state.login
      const settings = { auth, tokenUrl: `${url}/oauth2/token`, scope: null, tenantId: null, pcn }
      const base = baseUrl ?? (auth === 'oauth2' ? `${url}/api` : url)
      const http = makePlex({ ...settings, baseUrl: base, pcnHeader: 'X-Plex-Connect-Customer-Id' }, deps)
      return { http, clock: deps.clock }
    },
    procurify: (changes) => {
      const { url, state } = sandbox.procurify
      const deps = makeDeps(database, loginOf(state.login), changes)
      return { http: makeProcurify({ baseUrl: url, clientHeader: 'api' }, deps), clock: deps.clock }
    },
  }
}
