/**
 * One database server for the whole test run, with a migrated template database that `createTestDatabase` clones.
 * With TEST_DATABASE_URL that server is used (its user must be allowed to create databases) and left as it was.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openDatabase, requirePostgres15 } from '../../src/store/database.js'
import { startEmbedded, stopEmbedded } from '../../src/store/embedded.js'
import { migrate } from '../../src/store/migrate.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** For creating and dropping databases only: tests never write into the database it names. */
    serverUrl: string
    templateDatabase: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env['TEST_DATABASE_URL']
  const server = external === undefined ? await startServer() : { url: external, stop: () => Promise.resolve() }
  const template = `ml_template_${randomBytes(6).toString('hex')}`
  const tearDown = async (): Promise<void> => {
    if (external !== undefined) await onServer(external, `drop database if exists ${template} with (force)`)
    await server.stop()
  }
  try {
    await onServer(server.url, `create database ${template}`)
    const { db, close } = openDatabase(urlOfDatabase(server.url, template), { applicationName: 'test template' })
    await requirePostgres15(db)
    await migrate(db)
    await close()
  } catch (error) {
    // Vitest tears down only what was set up.
    await tearDown()
    throw error
  }
  project.provide('serverUrl', server.url)
  project.provide('templateDatabase', template)
  return tearDown
}

async function startServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  await removeAbandoned()
  const dataHome = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`))
  // When the tests run as root, the server runs as another user, who must be able to enter.
  await chmod(dataHome, 0o755)
  const { url } = await startEmbedded(dataHome)
  // The data are thrown away, so nothing has to wait for the disk: a clone takes 30 ms instead of 46.
  await onServer(url, 'alter system set fsync = off')
  await onServer(url, 'select pg_reload_conf()')
  return { url, stop: () => remove(dataHome) }
}

const PREFIX = 'ml-test-'

/** A run that was killed left its server behind; the number in the name says whose it was. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN
    // What fails to go is another user's, and for that user to remove.
    if (pid > 0 && !lives(pid)) await remove(join(tmpdir(), name)).catch(() => undefined)
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH'
  }
}

async function remove(dataHome: string): Promise<void> {
  await stopEmbedded(dataHome)
  await rm(dataHome, { recursive: true, force: true })
}

/** The same server, another database. */
export function urlOfDatabase(serverUrl: string, name: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
}

export async function onServer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
