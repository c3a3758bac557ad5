import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { openDatabase } from '../../src/store/database.js'
import type { Database } from '../../src/store/database.js'
import { onServer, urlOfDatabase } from './global-setup.js'

export interface TestDatabase extends Database {
  /** For a second pool on the same database, as another process would have it. */
  readonly url: string
}

/** A database of its own, migrated, empty: a clone of the template. `close` drops it; call it in `afterAll` or `afterEach`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('serverUrl')
  const name = `ml_test_${randomBytes(6).toString('hex')}`
  await onServer(serverUrl, `create database ${name} template ${inject('templateDatabase')}`)
  const url = urlOfDatabase(serverUrl, name)
  const database = openDatabase(url, { applicationName: 'test' })
  const close = async (): Promise<void> => {
    await database.close()
    await onServer(serverUrl, `drop database if exists ${name} with (force)`)
  }
  return { ...database, url, close }
}

/** A URL with settings for the session. A server reached by TCP has no query in its URL yet, one on a socket has. */
export function withSettings(databaseUrl: string, settings: string): string {
  return `${databaseUrl}${databaseUrl.includes('?') ? '&' : '?'}options=${encodeURIComponent(settings)}`
}
