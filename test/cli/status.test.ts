import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StatusJson } from '../../src/cli/status.js'
import { asUser, idleSettings, runCli } from '../support/cli.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
  await exec(`insert into connection (name, plex_host, plex_pcn, procurify_host, salt)
              values ('default', 'a', '1', 'b', repeat('x', 32)), ('other', 'c', '2', 'd', repeat('y', 32))`)
})
afterEach(() => database.close())

const exec = (statement: string) => sql.raw(statement).execute(database.db)

// Both systems are where nobody listens: whatever succeeds here made no call.
const status = (...words: string[]) => runCli(['status', ...words], idleSettings(database.url))

async function read(...words: string[]): Promise<StatusJson> {
  const { code, out, err } = await status('--json', ...words)
  expect(err).toBe('')
  const document = JSON.parse(out) as StatusJson
  expect(document).toMatchObject({ schema: 'ml-connector/status@1', exit_code: code })
  return document
}
const suppliers = async () => (await read()).streams[0]

/** A run that began so long ago (an interval of Postgres), and took five seconds unless it never ended. */
async function addRun(ago: string, outcome: string | null, connection = 'default'): Promise<string> {
  const id = randomUUID()
  const end =
    outcome === null ? 'null, null, null' : `now() - interval '${ago}' + interval '5 seconds', '${outcome}', 0`
  await exec(`insert into run (id, connection, command, stream, actor, started_at, finished_at, outcome, exit_code)
              values ('${id}', '${connection}', 'sync suppliers', 'suppliers', '{}', now() - interval '${ago}', ${end})`)
  return id
}

interface Intent {
  readonly state: 'waiting' | 'pending' | 'dead'
  readonly code?: string
  readonly ago?: string
  readonly doubtFor?: string
  readonly connection?: string
}

async function addIntent(
  key: string,
  { state, code, ago = '1 minute', doubtFor, connection = 'default' }: Intent,
): Promise<void> {
  const wanted = state === 'pending' ? `'create', '{}', 'h'` : `'none', null, null`
  const doubt = doubtFor === undefined ? 'null' : `now() - interval '${doubtFor}'`
  const reason = code === undefined ? 'null' : `'${code}'`
  await exec(`insert into intent (connection, stream, source_id, source_key, state, action, draft, wanted_hash, code, created_at, unresolved_since, planned_by)
              values ('${connection}', 'suppliers', 'id-${key}', '${key}', '${state}', ${wanted}, ${reason}, now() - interval '${ago}', ${doubt}, '${randomUUID()}')`)
}

describe('status --json', () => {
  it('shows suppliers even before the first run', async () => {
    const { connection, streams, calls, problems, exit_code } = await read()
    expect({ connection, calls, problems, exit_code }).toEqual({
      connection: 'default',
      calls: [],
      problems: [],
      exit_code: 0,
    })
    expect(streams).toEqual([
      {
        ...{ stream: 'suppliers', watermark: null, lag_seconds: null, last_run: null, linked: 0, noted: 0, pending: 0 },
        ...{
          in_doubt: 0,
          in_doubt_oldest_seconds: null,
          waiting: 0,
          waiting_oldest_seconds: null,
          waiting_by_code: [],
        },
        ...{ parked: 0, parked_by_code: [], paused: false },
      },
    ])
  })

  it('shows the watermark as the source wrote it, and how far it lies back', async () => {
    const position = new Date(Date.now() - 600_000).toISOString().replace('Z', '4567Z')
    await exec(
      `insert into watermark (connection, stream, position, position_key) values ('default', 'suppliers', '${position}', '${position}')`,
    )
    const stream = await suppliers()
    expect(stream?.watermark).toBe(position)
    expect(stream?.lag_seconds).toBeGreaterThanOrEqual(599)
    expect(stream?.lag_seconds).toBeLessThan(660)
  })

  it('shows the last run, and tells one under way from one that was killed', async () => {
    await addRun('2 hours', 'done')
    const id = await addRun('1 hour', 'partial')
    expect((await suppliers())?.last_run).toMatchObject({
      ...{ run_id: id, command: 'sync suppliers', outcome: 'partial', exit_code: 0, duration_ms: 5000, running: false },
    })
    const last = await addRun('10 minutes', null)
    expect((await suppliers())?.last_run).toMatchObject({
      run_id: last,
      outcome: null,
      finished_at: null,
      running: false,
    })
    expect((await status()).out).toMatch(/suppliers +10 min +killed/)
    // The lease is another run's: ours is not the one that lives.
    await exec(`insert into lease (connection, stream, owner, expires_at)
                values ('default', 'suppliers', '${randomUUID()}', now() + interval '1 minute')`)
    expect((await suppliers())?.last_run).toMatchObject({ run_id: last, running: false })
    await exec(`update lease set owner = '${last}'`)
    expect((await suppliers())?.last_run).toMatchObject({ run_id: last, running: true })
    expect((await status()).out).toMatch(/suppliers +10 min +running/)
    await exec(`update lease set expires_at = now() - interval '1 second'`)
    expect((await suppliers())?.last_run).toMatchObject({ run_id: last, running: false })
  })

  it('counts links, notes and open records by state and reason, of this connection only', async () => {
    await exec(`insert into link (connection, stream, source_id, target_id, linked_at)
                values ('default', 'suppliers', 'a', '1', now()), ('default', 'suppliers', 'b', null, null), ('other', 'suppliers', 'c', '1', now())`)
    await exec(
      `insert into note (connection, stream, source_id) values ('default', 'suppliers', 'x'), ('default', 'suppliers', 'y')`,
    )
    await addIntent('PEND', { state: 'pending' })
    await addIntent('DOUBT', { state: 'pending', doubtFor: '10 minutes' })
    await addIntent('W1', { state: 'waiting', code: 'account_not_linked', ago: '2 days' })
    await addIntent('W2', { state: 'waiting', code: 'account_not_linked', ago: '1 hour' })
    await addIntent('W3', { state: 'waiting', code: 'po_without_quantity', ago: '1 hour' })
    for (const n of [1, 2, 3, 4])
      await addIntent(`P${n}`, { state: 'dead', code: 'vendor_similar', ago: `${9 - n} hours` })
    await addIntent('Q', { state: 'dead', code: 'in_doubt', doubtFor: '1 day' })
    await addIntent('X', { state: 'dead', code: 'vendor_similar', connection: 'other' })
    await exec(
      `insert into intent (connection, stream, source_id, state, action, planned_by) values ('default', 'suppliers', 'done', 'done', 'create', '${randomUUID()}')`,
    )
    const stream = await suppliers()
    expect(stream).toMatchObject({ linked: 1, noted: 2, pending: 1, in_doubt: 1, waiting: 3, parked: 5, paused: false })
    expect(stream?.in_doubt_oldest_seconds).toBeGreaterThanOrEqual(600)
    expect(stream?.waiting_oldest_seconds).toBeGreaterThanOrEqual(2 * 86_400)
    expect(stream?.waiting_by_code).toMatchObject([
      { code: 'account_not_linked', count: 2, examples: ['W1', 'W2'] },
      { code: 'po_without_quantity', count: 1, examples: ['W3'] },
    ])
    expect(stream?.parked_by_code).toMatchObject([
      { code: 'vendor_similar', count: 4, examples: ['P1', 'P2', 'P3'] },
      { code: 'in_doubt', count: 1, examples: ['Q'] },
    ])
    expect((await read('--connection', 'other')).streams[0]).toMatchObject({ linked: 1, parked: 1, waiting: 0 })
  })

  it('lists a stream as soon as something is known of it', async () => {
    await exec(`insert into link (connection, stream, source_id) values ('default', 'pos', 'a')`)
    await exec(`insert into watermark (connection, stream) values ('default', 'invoices')`)
    await exec(`insert into note (connection, stream, source_id) values ('other', 'accounts', 'a')`)
    // Skipped records and an empty watermark are knowledge of the past, too.
    await exec(`insert into note (connection, stream, source_id) values ('default', 'departments', 'a')`)
    expect((await read()).streams.map(({ stream }) => stream)).toEqual(['suppliers', 'pos', 'invoices', 'departments'])
  })

  it('shows what is left of the call budgets', async () => {
    await exec(`insert into budget (name, seconds, counts, learned_limit, not_before, reason, timeouts) values
      ('plex:aaaa', array[floor(extract(epoch from now())) - 300, floor(extract(epoch from now())) - 20, floor(extract(epoch from now()))]::bigint[], '{9,10,5}', null, '-infinity', 'old', 0),
      ('procurify:bbbb', '{}', '{}', 40, now() + interval '10 minutes', 'asked for a pause', 2)`)
    const { calls } = await read()
    expect(calls).toMatchObject([
      {
        system: 'plex',
        per_minute: 180,
        learned_limit: null,
        used_last_minute: 15,
        left: 165,
        cool_down_until: null,
        reason: null,
      },
      {
        system: 'procurify',
        per_minute: 120,
        learned_limit: 40,
        used_last_minute: 0,
        left: 0,
        reason: 'asked for a pause',
        timeouts_in_a_row: 2,
      },
    ])
    expect(calls[1]?.cool_down_until).toMatch(/^\d{4}-.*Z$/)
    await exec(`update budget set not_before = '-infinity'`)
    expect((await read()).calls[1]).toMatchObject({ left: 40, cool_down_until: null })
  })

  it('knows the size of the database', async () => {
    expect((await read()).database_bytes).toBeGreaterThan(1_000_000)
  })
})

describe('exit code 3', () => {
  const troubles = async () => {
    const { exit_code, problems } = await read()
    expect(exit_code).toBe(problems.length === 0 ? 0 : 3)
    return problems.map(({ code, stream, next }) => ({ code, stream, next }))
  }

  it('when something is parked', async () => {
    await addIntent('A', { state: 'dead', code: 'vendor_ambiguous' })
    const next = 'ml-connector audit show --stream suppliers --code vendor_ambiguous'
    expect(await troubles()).toEqual([{ code: 'vendor_ambiguous', stream: 'suppliers', next }])
  })

  it('when something waits for over three days, not before', async () => {
    await addIntent('A', { state: 'waiting', code: 'account_not_linked', ago: '71 hours' })
    expect(await troubles()).toEqual([])
    await addIntent('B', { state: 'waiting', code: 'account_not_linked', ago: '73 hours' })
    expect(await troubles()).toEqual([
      { code: 'waits_long', stream: 'suppliers', next: 'ml-connector explain account_not_linked' },
    ])
  })

  it('when something is in doubt for over an hour, not before', async () => {
    await addIntent('A', { state: 'pending', doubtFor: '59 minutes' })
    expect(await troubles()).toEqual([])
    await addIntent('B', { state: 'pending', doubtFor: '61 minutes' })
    expect(await troubles()).toEqual([{ code: 'in_doubt', stream: 'suppliers', next: 'ml-connector sync suppliers' }])
  })

  it('when no run was done or partial for 24 hours, however often it was started', async () => {
    await addRun('25 hours', 'done')
    const trouble = { code: 'not_run', stream: 'suppliers', next: 'ml-connector sync suppliers' }
    expect(await troubles()).toEqual([trouble])
    for (const outcome of ['interrupted', 'refused', 'stopped', 'failed', null]) await addRun('1 hour', outcome)
    expect(await troubles()).toEqual([trouble])
    await addRun('2 hours', 'partial')
    expect(await troubles()).toEqual([])
  })

  it('names the command that works on the stream, also where none ran yet', async () => {
    await addIntent('A', { state: 'pending', doubtFor: '2 hours' })
    await exec(`update intent set stream = 'departments'`)
    expect(await troubles()).toEqual([{ code: 'in_doubt', stream: 'departments', next: 'ml-connector align refdata' }])
  })

  it('counts the 24 hours of a stream that never finished from its first run', async () => {
    await addRun('1 hour', 'interrupted')
    expect(await troubles()).toEqual([])
    await addRun('25 hours', 'interrupted')
    expect((await troubles()).map(({ code }) => code)).toEqual(['not_run'])
  })
})

describe('status for people', () => {
  it('fits one screen of 80 columns with all kinds of trouble, each with its next command', async () => {
    await addRun('25 hours', 'interrupted')
    for (const code of ['vendor_ambiguous', 'vendor_similar'])
      await addIntent(code.toUpperCase(), { state: 'dead', code })
    await addIntent('WAITS', { state: 'waiting', code: 'account_not_linked', ago: '4 days' })
    await addIntent('DOUBT', { state: 'pending', doubtFor: '2 hours' })
    const { code, out } = await status()
    expect(code).toBe(3)
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(25)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines.filter((line) => line.startsWith('  next: ml-connector '))).toHaveLength(5)
    expect(out).toMatch(/suppliers +25 h +interrupted +- +0 +0 +1 +2 +1\n/)
    expect(out).toContain('the oldest for 4 days')
  })

  it('says when nothing needs a person', async () => {
    await addRun('1 minute', 'done')
    const { code, out } = await status()
    expect(code).toBe(0)
    expect(out).toContain('Nothing needs a person.')
  })

  it('cleans keys of records, which come from outside', async () => {
    await addIntent('E\u001b[2JVIL', { state: 'dead', code: 'vendor_similar' })
    await addIntent('E\u001b[2JVIL2', { state: 'waiting', code: 'account_not_linked' })
    expect((await status()).out).not.toMatch(/[^\P{Cc}\n]/u)
  })
})

describe('trouble with the database', () => {
  it('is exit 4 when it cannot be reached', async () => {
    const { code, out } = await runCli(['status', '--json'], idleSettings('postgres://nobody:hunter2@127.0.0.1:1/none'))
    expect(code).toBe(4)
    expect(JSON.parse(out)).toMatchObject({ exit_code: 4, problems: [{ code: 'database_unavailable' }] })
    expect(out).not.toContain('hunter2')
  })

  it('is exit 2 when the user may not read the tables', async () => {
    const role = `ml_test_${randomUUID().slice(0, 8)}`
    await exec(`create role ${role} login password 'probe'`)
    try {
      const { code, err } = await runCli(['status'], idleSettings(asUser(database.url, role, 'probe')))
      expect(code).toBe(2)
      expect(err).toContain('permission denied')
    } finally {
      await exec(`drop role ${role}`)
    }
  })
})
