/** However many records go together, the database is waited for as often as for one of them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease, Store } from '../../src/ports.js'
import { bindConnection } from '../../src/store/connection.js'
import { openDatabase, type Database } from '../../src/store/database.js'
import { openStore } from '../../src/store/store.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { aPlanned, aTouched, aWanted } from '../support/factories.js'
import { countRoundTrips, type RoundTrips } from '../support/round-trips.js'

const RUN = '00000000-0000-4000-8000-000000000001'
const BINDING = { connection: 'default', plexHost: 'plex:1', pcn: '1', plexTenant: null, procurifyHost: 'procurify:1' }
const ACTOR = { user: 'cron', host: 'host', requester: null, version: '0', settings: 'hash' }

let database: TestDatabase
let trips: RoundTrips
let counted: Database
let store: Store
let lease: Lease

beforeEach(async () => {
  database = await createTestDatabase()
  trips = await countRoundTrips(database.url)
  counted = openDatabase(trips.url, { applicationName: 'counted' })
  const { salt } = await bindConnection(counted.db, BINDING, true)
  store = openStore(counted.db, { connection: 'default', actor: ACTOR, salt, leaseMs: 60_000, holder: 'me' })
  lease = (await store.takeLease('suppliers', RUN)) as Lease
})
afterEach(async () => {
  await counted.close()
  await trips.close()
  await database.close()
})

/** From the row of the source to the settled link. */
async function deliver(ids: readonly string[]): Promise<number> {
  const before = trips.count
  const rows = ids.map((id) => aTouched(id))
  await store.unchanged('suppliers', 'scope', rows)
  await store.note('suppliers', lease, rows, null, false)
  const notes = await store.notes('suppliers', 0, 1000)
  const links = await store.links('suppliers', ids)
  const planned = notes.map((note) => aPlanned(note))
  await store.commitPlan('suppliers', RUN, 'scope', planned, links)
  const claims = await store.claim('suppliers', RUN, 1000)
  const settled = claims.map((claim) => ({
    claim,
    verdict: {
      ...({ kind: 'done', action: 'create', targetKey: 'Name', wanted: aWanted(), code: null } as const),
      ...{ targetId: `t-${claim.sourceId}`, http: null },
    },
  }))
  expect(await store.settle('suppliers', RUN, settled)).toHaveLength(ids.length)
  return trips.count - before
}

describe('round trips to the database', () => {
  it('are as many for 200 records as for one', async () => {
    const one = await deliver(['s0'])
    const many = await deliver(Array.from({ length: 200 }, (_, n) => `s${n + 1}`))
    expect(many).toBe(one)
    expect(one).toBeLessThan(40)
  })
})

describe('links by target', () => {
  it('come whole for some targets, and with a few members of what was sent for all', async () => {
    await deliver(['s1', 's2'])
    const whole = await store.linksByTarget('suppliers', ['t-s2', 'nobody'])
    expect([...whole.keys()]).toEqual(['t-s2'])
    expect(whole.get('t-s2')).toEqual((await store.linkedTargets('suppliers')).get('t-s2'))
    const slim = await store.linkedTargets('suppliers', ['name', 'none'])
    expect([...slim.keys()].sort()).toEqual(['t-s1', 't-s2'])
    expect(slim.get('t-s1')).toMatchObject({ sourceId: 's1', targetKey: 'Name', sent: { name: 'Name' }, detail: null })
    expect((await store.linkedTargets('suppliers', ['none'])).get('t-s1')?.sent).toEqual({})
  })
})
