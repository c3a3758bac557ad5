/** The state database: each business event, and what the schema refuses by itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BLANK_EVENT, type AuditEvent } from '../../src/domain/audit.js'
import type { Claim, Settled } from '../../src/domain/delivery.js'
import type { Lease, Store } from '../../src/ports.js'
import { bindConnection } from '../../src/store/connection.js'
import { appendAudit } from '../../src/store/journal.js'
import { openStore } from '../../src/store/store.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { aPlanned, aTouched, aWanted } from '../support/factories.js'

const RUN = '00000000-0000-4000-8000-000000000001'
const RIVAL_RUN = '00000000-0000-4000-8000-000000000002'
const BINDING = { connection: 'default', plexHost: 'plex:1', pcn: '1', plexTenant: null, procurifyHost: 'procurify:1' }
const ACTOR = { user: 'cron', host: 'host', requester: null, version: '0', settings: 'hash' }
const UNLINKED = new Map()

let database: TestDatabase
let store: Store
let lease: Lease

beforeEach(async () => {
  database = await createTestDatabase()
  const { salt } = await bindConnection(database.db, BINDING, true)
  store = openStore(database.db, { connection: 'default', actor: ACTOR, salt, leaseMs: 60_000, holder: 'me' })
  lease = (await store.takeLease('suppliers', RUN)) as Lease
})
afterEach(() => database.close())

const sql = async (text: string) => (await database.pool.query<Record<string, unknown>>(text)).rows
const short = (leaseMs: number) =>
  openStore(database.db, { connection: 'default', actor: ACTOR, salt: 'x'.repeat(48), leaseMs, holder: 'rival' })

const OBSERVED: AuditEvent = {
  ...{ ...BLANK_EVENT, source_id: 's1' },
  ...{ stream: 'suppliers', action: 'observe', outcome: 'done' },
}
const append = (...events: readonly AuditEvent[]): Promise<void> =>
  database.db
    .transaction()
    .execute((trx) => appendAudit(trx, { connection: 'default', actor: ACTOR, salt: '' }, RUN, events))

/** Notes, plans and claims records `ids` as creations. */
async function claimNew(ids: string[], by: Store = store): Promise<Claim[]> {
  await planNew(ids)
  return by.claim('suppliers', RUN, 100)
}

async function planNew(ids: string[]): Promise<void> {
  await store.note(
    'suppliers',
    lease,
    ids.map((id) => aTouched(id)),
    null,
    false,
  )
  const notes = (await store.notes('suppliers', 0, 100)).filter((note) => ids.includes(note.sourceId))
  await store.commitPlan(
    'suppliers',
    RUN,
    'scope',
    notes.map((note) => aPlanned(note)),
    UNLINKED,
  )
}

const done = (targetId: string): Settled => ({
  kind: 'done',
  action: 'create',
  targetId,
  targetKey: 'Name',
  wanted: aWanted(),
  code: null,
  http: { method: 'POST', path: '/v', status: 201, request_id: null },
})
const retry = (doubt: 'none' | 'kept', inMs = 0): Settled => ({ kind: 'retry', inMs, doubt, failure: null })

describe('what the schema refuses', () => {
  it('any change of an audit row', async () => {
    await append(OBSERVED)
    await expect(sql(`update audit set message = 'x'`)).rejects.toThrow('append-only')
    await expect(sql('delete from audit')).rejects.toThrow('append-only')
    await expect(sql('truncate audit')).rejects.toThrow('append-only')
  })

  it('a watermark that moves back', async () => {
    await store.note('suppliers', lease, [], { position: '2026-03-02T00:00:00Z', anchors: [], loaded: true }, false)
    await expect(
      store.note('suppliers', lease, [], { position: '2026-03-01T00:00:00Z', anchors: [], loaded: true }, false),
    ).rejects.toThrow('move back')
  })

  it('two open intents of one record, and states that make no sense', async () => {
    await planNew(['s1'])
    const copy = `insert into intent (connection, stream, source_id, action, state, draft, wanted_hash, planned_by) select connection, stream, source_id, action, state, draft, wanted_hash, planned_by from intent`
    await expect(sql(copy)).rejects.toThrow('intent_one_open')
    await expect(sql(`update intent set state = 'sending'`)).rejects.toThrow('check')
    await expect(sql(`update intent set state = 'dead', code = null`)).rejects.toThrow('check')
    await expect(sql(`update intent set state = 'done'`)).rejects.toThrow('check')
  })

  it('one target for two source records', async () => {
    const insert = (id: string) =>
      sql(
        `insert into link (connection, stream, source_id, target_id, linked_at) values ('default', 'suppliers', '${id}', '7', now())`,
      )
    await insert('a')
    await expect(insert('b')).rejects.toThrow('link_one_source_per_target')
  })
})

describe('the lease', () => {
  it('is held by one, names the holder, and grows a fence with every owner', async () => {
    expect(await store.takeLease('suppliers', RIVAL_RUN)).toMatchObject({ holder: 'me' })
    await store.releaseLease('suppliers', lease)
    expect(await store.takeLease('suppliers', RIVAL_RUN)).toEqual({ fence: lease.fence + 1 })
  })

  it('lets a former owner note nothing and renew nothing', async () => {
    await sql(`update lease set expires_at = clock_timestamp() - interval '1 second'`)
    await store.takeLease('suppliers', RIVAL_RUN)
    expect(await store.renewLease('suppliers', lease)).toBe(false)
    expect(
      await store.note(
        'suppliers',
        lease,
        [aTouched('s1')],
        { position: '2026-03-01T00:00:00Z', anchors: ['s1'], loaded: true },
        false,
      ),
    ).toBe(false)
    expect(await store.countNotes('suppliers')).toBe(0)
    expect((await store.watermark('suppliers')).position).toBeNull()
    await store.releaseLease('suppliers', lease)
    expect(await store.takeLease('suppliers', RUN)).toHaveProperty('holder')
  })
})

describe('notes', () => {
  it('keep the newest row of a record, and only until exactly that row is planned', async () => {
    await store.note('suppliers', lease, [aTouched('s1')], null, false)
    const [old] = await store.notes('suppliers', 0, 10)
    await store.note('suppliers', lease, [aTouched('s1', { hash: 'newer' })], null, false)
    if (old === undefined) throw new Error('not noted')
    await store.commitPlan('suppliers', RUN, 'scope', [aPlanned(old)], UNLINKED)
    expect(await store.notes('suppliers', 0, 10)).toMatchObject([{ sourceId: 's1', hash: 'newer' }])
  })

  it('know rows that are as the link last saw them; skipped ones only under the same settings', async () => {
    await planNew(['s1'])
    await store.note('suppliers', lease, [aTouched('s2')], null, false)
    const [note] = await store.notes('suppliers', 0, 10)
    if (note === undefined) throw new Error('not noted')
    await store.commitPlan(
      'suppliers',
      RUN,
      'scope',
      [aPlanned(note, { decision: { kind: 'skip', code: 'inactive', message: '' } })],
      UNLINKED,
    )
    const rows = [aTouched('s1'), aTouched('s2'), aTouched('s3'), aTouched('s1', { sourceId: 's4' })]
    expect(await store.unchanged('suppliers', 'scope', rows)).toEqual(new Set(['s1', 's2']))
    expect(await store.unchanged('suppliers', 'other scope', rows)).toEqual(new Set(['s1']))
    expect(await store.unchanged('suppliers', 'scope', [aTouched('s1', { hash: 'changed' })])).toEqual(new Set())
  })

  it('wait behind a try in doubt', async () => {
    await claimNew(['s1'])
    await store.note('suppliers', lease, [aTouched('s1', { hash: 'newer' })], null, false)
    expect(await store.notes('suppliers', 0, 10)).toEqual([])
    expect(await store.countNotes('suppliers')).toBe(1)
  })
})

describe('claims', () => {
  it('go to one of three rivals each', async () => {
    await planNew(['s1', 's2', 's3', 's4', 's5', 's6'])
    const taken = await Promise.all([1, 2, 3].map(() => store.claim('suppliers', RUN, 3)))
    const ids = taken.flat().map((claim) => claim.sourceId)
    expect(ids.sort()).toEqual(['s1', 's2', 's3', 's4', 's5', 's6'])
  })

  it('whose run died come back in doubt, and the zombie settles nothing', async () => {
    const quick = short(1)
    const [dead] = await claimNew(['s1'], quick)
    if (dead === undefined) throw new Error('not claimed')
    await expect
      .poll(async () => (await store.claim('suppliers', RIVAL_RUN, 1))[0])
      .toMatchObject({ sourceId: 's1', inDoubt: true, claimNo: 2 })
    expect(await quick.settle('suppliers', RUN, [{ claim: dead, verdict: done('7') }])).toEqual([])
    expect(await store.links('suppliers', ['s1'])).toMatchObject(
      new Map([['s1', expect.objectContaining({ targetId: null })]]),
    )
    expect(await sql(`select * from audit where outcome = 'done'`)).toEqual([])
    expect(await quick.arm(dead)).toBe(false)
  })

  it('of one run that was slow count once: as the present one, whatever it brings along', async () => {
    const [former] = await claimNew(['s1'], short(1))
    let present: Claim | undefined
    await expect.poll(async () => (present = (await store.claim('suppliers', RUN, 1))[0])).toMatchObject({ claimNo: 2 })
    if (former === undefined || present === undefined) throw new Error('not claimed')
    const brought = [former, present].map((claim) => ({ claim, verdict: done('7') }))
    expect(await store.settle('suppliers', RUN, brought)).toEqual([brought[1]])
    expect(await sql(`select action, outcome from audit`)).toEqual([{ action: 'create', outcome: 'done' }])
  })

  it('leave a newer plan waiting until the try is settled', async () => {
    const [claim] = await claimNew(['s1'])
    if (claim === undefined) throw new Error('not claimed')
    await store.note('suppliers', lease, [aTouched('s1', { hash: 'newer' })], null, false)
    const plan = aPlanned({ ...aTouched('s1', { hash: 'newer' }), hash: 'newer', firstLoad: false, revision: 99 })
    const { left } = await store.commitPlan('suppliers', RUN, 'scope', [plan], await store.links('suppliers', ['s1']))
    expect(left).toEqual(['s1'])
    expect(await store.countNotes('suppliers')).toBe(1)
    await store.settle('suppliers', RUN, [{ claim, verdict: done('7') }])
    expect(await store.notes('suppliers', 0, 10)).toMatchObject([{ hash: 'newer' }])
  })
})

describe('settling', () => {
  it('writes link, attempt and audit row together and forgets the payload', async () => {
    const claims = await claimNew(['s1', 's2'])
    await store.settle(
      'suppliers',
      RUN,
      claims.map((claim, i) => ({ claim, verdict: done(String(i + 1)) })),
    )
    expect((await store.links('suppliers', ['s1'])).get('s1')).toMatchObject({
      targetId: '1',
      targetKey: 'Name',
      sent: { name: 'Name' },
      wantedHash: 'wanted',
    })
    expect(await sql('select state, draft, payload, unresolved_since from intent')).toEqual(
      [1, 2].map(() => ({ state: 'done', draft: null, payload: null, unresolved_since: null })),
    )
    expect(await sql('select outcome from attempt')).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
    expect(await sql(`select action, outcome, target_id from audit order by seq`)).toMatchObject([
      { action: 'create', outcome: 'done', target_id: '1' },
      { target_id: '2' },
    ])
  })

  it('clears a doubt by a definite answer only', async () => {
    const [first] = await claimNew(['s1'])
    if (first === undefined) throw new Error('not claimed')
    await store.settle('suppliers', RUN, [{ claim: first, verdict: retry('kept') }])
    const [second] = await store.claim('suppliers', RUN, 1)
    expect(second).toMatchObject({ inDoubt: true })
    if (second === undefined) throw new Error('not claimed')
    await store.settle('suppliers', RUN, [{ claim: second, verdict: retry('none') }])
    expect((await store.claim('suppliers', RUN, 1))[0]).toMatchObject({ inDoubt: false })
  })

  it('remembers absence across claims, and forgets it before anything is sent again', async () => {
    const [first] = await claimNew(['s1'])
    if (first === undefined) throw new Error('not claimed')
    await store.settle('suppliers', RUN, [{ claim: first, verdict: { kind: 'absent', inMs: 0 } }])
    const [second] = await store.claim('suppliers', RUN, 1)
    expect(second?.absentForMs).toBeGreaterThanOrEqual(0)
    if (second === undefined) throw new Error('not claimed')
    expect(await store.arm(second)).toBe(true)
    expect(await sql('select absent_at from intent')).toEqual([{ absent_at: null }])
  })

  it('parks only the record whose target belongs to another', async () => {
    const claims = await claimNew(['s1', 's2'])
    await store.settle(
      'suppliers',
      RUN,
      claims.map((claim) => ({ claim, verdict: done('same') })),
    )
    expect(await sql('select source_id, state, code from intent order by id')).toEqual([
      { source_id: 's1', state: 'done', code: null },
      { source_id: 's2', state: 'dead', code: 'vendor_relink' },
    ])
  })

  it('notes a record again that is ours with other content', async () => {
    const [claim] = await claimNew(['s1'])
    if (claim === undefined) throw new Error('not claimed')
    await store.settle('suppliers', RUN, [
      {
        claim,
        verdict: {
          kind: 'done',
          action: 'adopt',
          targetId: '7',
          targetKey: 'Old',
          wanted: null,
          code: null,
          http: null,
        },
      },
    ])
    expect(await store.notes('suppliers', 0, 10)).toMatchObject([{ sourceId: 's1', record: null }])
    expect((await store.links('suppliers', ['s1'])).get('s1')).toMatchObject({ targetId: '7', sent: null })
  })
})

describe('plans', () => {
  it('are left alone when the link moved since they were made', async () => {
    await planNew(['s1'])
    await store.note('suppliers', lease, [aTouched('s1', { hash: 'newer' })], null, false)
    const [note] = await store.notes('suppliers', 0, 10)
    if (note === undefined) throw new Error('not noted')
    expect(await store.commitPlan('suppliers', RUN, 'scope', [aPlanned(note)], UNLINKED)).toEqual({ left: ['s1'] })
    expect(await store.countNotes('suppliers')).toBe(1)
  })

  it('record a park once, however often it is repeated, and its end', async () => {
    const park = { kind: 'park', code: 'name_missing', message: 'No name.', changes: [] } as const
    for (const hash of ['a', 'a', 'b']) {
      await store.note('suppliers', lease, [aTouched('s1', { hash })], null, false)
      const [note] = await store.notes('suppliers', 0, 1)
      if (note === undefined) throw new Error('not noted')
      await store.commitPlan(
        'suppliers',
        RUN,
        'scope',
        [aPlanned(note, { decision: park })],
        await store.links('suppliers', ['s1']),
      )
    }
    await store.note('suppliers', lease, [aTouched('s1', { hash: 'c' })], null, false)
    const [note] = await store.notes('suppliers', 0, 1)
    if (note === undefined) throw new Error('not noted')
    await store.commitPlan(
      'suppliers',
      RUN,
      'scope',
      [aPlanned(note, { decision: { kind: 'skip', code: 'inactive', message: '' } })],
      await store.links('suppliers', ['s1']),
    )
    expect(
      (await sql('select action, source_hash from audit order by seq')).map((row) => [
        row['action'],
        row['source_hash'],
      ]),
    ).toEqual([
      ['park', 'a'],
      ['park', 'b'],
      ['supersede', 'c'],
    ])
    expect(await store.openWork('suppliers')).toMatchObject({ dead: 0 })
  })
})

describe('the chain', () => {
  it('does not fork when many append at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => append(OBSERVED, OBSERVED)))
    const { openJournal } = await import('../../src/store/journal.js')
    const { walkChain } = await import('../../src/domain/audit.js')
    const walk = walkChain({ seq: 0, hash: '0'.repeat(64) })
    const faults: unknown[] = []
    await openJournal(database.db, 'default').chain((rows) => rows.forEach((row) => faults.push(walk.next(row))))
    expect(faults).toEqual(Array.from({ length: 40 }, () => null))
    expect(await store.auditHead()).toBe(`40:${walk.end().hash}`)
  })
})

describe('the connection', () => {
  it('belongs to one pair of systems', async () => {
    await store.openRun({ id: RUN, command: 'sync suppliers', stream: 'suppliers' })
    await expect(bindConnection(database.db, { ...BINDING, pcn: '2' }, true)).rejects.toThrow('PLEX_PCN was 1 and is 2')
    await expect(bindConnection(database.db, { ...BINDING, procurifyHost: 'other:1' }, false)).rejects.toThrow(
      'Procurify host',
    )
    await expect(
      bindConnection(database.db, { ...BINDING, connection: 'second', pcn: '2' }, true),
    ).resolves.toBeTruthy()
  })

  it('can be corrected until a run got an answer', async () => {
    const wrong = { ...BINDING, connection: 'new', plexHost: 'typo:1' }
    const { salt } = await bindConnection(database.db, wrong, true)
    const right = { ...BINDING, connection: 'new' }
    // A dry run may go on, and corrects nothing.
    await expect(bindConnection(database.db, right, false)).resolves.toMatchObject({ salt })
    await expect(bindConnection(database.db, wrong, false)).resolves.toMatchObject({ salt })
    await expect(bindConnection(database.db, right, true)).resolves.toMatchObject({ salt })
    // What was noted came from Plex; nobody of Procurify was asked yet.
    await sql(`insert into watermark (connection, stream) values ('new', 'suppliers')`)
    await expect(bindConnection(database.db, wrong, true)).rejects.toThrow('Plex host')
    const elsewhere = { ...right, procurifyHost: 'procurify:2' }
    await expect(bindConnection(database.db, elsewhere, true)).resolves.toMatchObject({ salt })
    await database.db.insertInto('link').values({ connection: 'new', stream: 'suppliers', source_id: 'a' }).execute()
    await expect(bindConnection(database.db, right, true)).rejects.toThrow(
      'Procurify host was procurify:2 and is procurify:1',
    )
  })
})
