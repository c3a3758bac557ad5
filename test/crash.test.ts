/**
 * kill -9 at every commit point of one record's life, on the real program. A trigger in the database, or a fault of the simulator,
 * holds the program at the point; then it is killed, and run again until it is done.
 */
import { afterEach, describe, expect, it } from 'vitest'
import pg from 'pg'
import { makeSupplier, openBench, type Bench } from './support/program.js'

let bench: Bench
let blocker: pg.Client | undefined

afterEach(async () => {
  await blocker?.end()
  blocker = undefined
  await bench.close()
})

/** Statements at which the program can be held: the transaction is open and not committed. */
const HELD_AT = {
  'noting, before its commit': 'before insert on note',
  'the watermark, after the notes and before their commit': 'before insert or update on watermark',
  'planning, after the notes are committed': 'before insert on intent',
  'the first claim, after the plan is committed': 'before insert on attempt',
  'settling, after the answer and before its commit': 'before update of outcome on attempt',
  'the audit row of the write': 'before insert on audit',
  'closing the run, after everything is committed': 'before update of outcome on run',
}

const LOCK = 4711

/** Makes the program wait inside that statement for a lock the test holds. */
async function holdAt(when: string): Promise<void> {
  await bench.database.pool.query(`create function hold() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(${LOCK}); return new; end $$`)
  await bench.database.pool.query(`create trigger aaa_hold ${when} for each row execute function hold()`)
  blocker = new pg.Client({ connectionString: bench.database.url })
  await blocker.connect()
  await blocker.query(`select pg_advisory_lock(${LOCK})`)
}

const isHeld = async () =>
  Number(
    (
      await bench.database.pool.query<{ n: number }>(
        `select count(*)::int as n from pg_locks where locktype = 'advisory' and objid = ${LOCK} and not granted`,
      )
    ).rows[0]?.n,
  ) > 0

async function letGo(): Promise<void> {
  await blocker?.end()
  blocker = undefined
  await bench.database.pool.query('drop function hold cascade')
}

/** Runs until nothing is left to do, as cron would. */
async function runUntilDone(): Promise<void> {
  const codes: (number | null)[] = []
  for (let pass = 0; pass < 20; pass += 1) {
    const run = await bench.run('sync suppliers --json')
    codes.push(run.code)
    if (run.code === 0) return
    expect([4, 6], run.out + run.err).toContain(run.code)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  throw new Error(`never done: ${codes.join(' ')}`)
}

/** One vendor for each supplier, one done audit row for each effective write, and a chain that verifies. */
async function expectExactlyOnce(suppliers: readonly Record<string, unknown>[]): Promise<void> {
  expect(
    bench
      .vendors()
      .map((row) => row['external_id'])
      .sort(),
  ).toEqual(suppliers.map((one) => `plex:100001:${String(one['id'])}`).sort())
  const { rows } = await bench.database.pool.query<{ target_id: string }>(
    `select target_id from audit where outcome = 'done' and http is not null order by seq`,
  )
  expect(rows.map((row) => row.target_id).sort()).toEqual(
    bench
      .writes()
      .map(({ id }) => id)
      .sort(),
  )
  expect((await bench.run('audit verify')).code).toBe(0)
}

const QUICK = { SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms' }

describe('kill -9 while the database is being written', () => {
  for (const [point, when] of Object.entries(HELD_AT)) {
    it(`at ${point}`, async () => {
      const suppliers = [makeSupplier(), makeSupplier()]
      bench = await openBench({ suppliers })
      Object.assign(bench.env, QUICK)
      await holdAt(when)
      const { process, finished } = bench.start('sync suppliers', { SYNC_CONCURRENCY: '1' })
      await expect.poll(isHeld, { timeout: 90_000, interval: 20 }).toBe(true)
      process.kill('SIGKILL')
      expect((await finished).signal).toBe('SIGKILL')
      await letGo()
      await runUntilDone()
      await expectExactlyOnce(suppliers)
    })
  }
})

describe('kill -9 around the write itself', () => {
  const points = {
    'after sending, before it took effect': 'timeout-before',
    'after it took effect, before the answer': 'timeout-after',
  } as const
  for (const [point, kind] of Object.entries(points)) {
    it(point, async () => {
      const suppliers = [makeSupplier(), makeSupplier(), makeSupplier()]
      bench = await openBench({ suppliers })
      Object.assign(bench.env, QUICK, { SYNC_TIMEOUT: '1200ms' })
      bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path: '/api/v3/vendors/', kind, after: 1 })
      const { process, finished } = bench.start('sync suppliers', { SYNC_CONCURRENCY: '1' })
      const posts = () =>
        bench.sandbox.log.entries.filter(({ method, path }) => method === 'POST' && path === '/api/v3/vendors/').length
      await expect.poll(posts, { timeout: 90_000, interval: 5 }).toBe(2)
      process.kill('SIGKILL')
      await finished
      await runUntilDone()
      await expectExactlyOnce(suppliers)
    })
  }
})

describe('an unknown outcome without a kill', () => {
  const outcomes = [
    'cut-before',
    'cut-after',
    'cut-body',
    'timeout-before',
    'timeout-after',
    'status-after',
    'late-effect',
    'broken-json',
    'html',
  ] as const
  for (const kind of outcomes) {
    it(`${kind}: settled by reading back, in the same pass or a later one`, async () => {
      const suppliers = [makeSupplier(), makeSupplier(), makeSupplier()]
      bench = await openBench({ suppliers })
      // The late write lands while the grace time runs: absence seen before must not count alone.
      Object.assign(bench.env, QUICK, { SYNC_TIMEOUT: '1s', SYNC_GRACE: '1500ms' })
      bench.sandbox.faults.add({
        system: 'procurify',
        method: 'POST',
        path: '/api/v3/vendors/',
        kind,
        after: 1,
        status: 504,
        ms: kind === 'late-effect' ? 700 : 0,
      })
      await runUntilDone()
      await expectExactlyOnce(suppliers)
    })
  }

  it('an update whose answer was lost is read back and not sent twice', async () => {
    const supplier = makeSupplier({ name: 'Before' })
    bench = await openBench({ suppliers: [supplier, makeSupplier()] })
    Object.assign(bench.env, QUICK)
    await runUntilDone()
    bench.sandbox.plex.state.data.suppliers.edit(String(supplier['id']), { name: 'After' })
    bench.sandbox.faults.add({ system: 'procurify', method: 'PATCH', kind: 'cut-after' })
    await runUntilDone()
    expect(bench.writes().filter(({ method }) => method === 'PATCH')).toHaveLength(1)
    expect(bench.vendors().map((row) => row['name'])).toContain('After')
  })

  it('a new vendor that stays invisible for a while is not created twice', async () => {
    const suppliers = [makeSupplier(), makeSupplier()]
    bench = await openBench({ suppliers })
    Object.assign(bench.env, QUICK, { SYNC_GRACE: '2s' })
    bench.sandbox.procurify.state.options.hiddenForMs = 1500
    bench.sandbox.faults.add({
      system: 'procurify',
      method: 'POST',
      path: '/api/v3/vendors/',
      kind: 'cut-after',
      after: 1,
    })
    await runUntilDone()
    await expectExactlyOnce(suppliers)
  })
})

describe('rivals', () => {
  it('three processes at once create each vendor once', async () => {
    const suppliers = Array.from({ length: 12 }, () => makeSupplier())
    bench = await openBench({ suppliers })
    Object.assign(bench.env, QUICK)
    const started = [1, 2, 3].map(() => bench.start('sync suppliers --json'))
    const codes = (await Promise.all(started.map((one) => one.finished))).map(({ code }) => code)
    expect(codes.every((code) => code === 0 || code === 6 || code === 4)).toBe(true)
    await runUntilDone()
    await expectExactlyOnce(suppliers)
  })

  it('a second installation with a database of its own adopts instead of creating', async () => {
    const suppliers = [makeSupplier(), makeSupplier()]
    bench = await openBench({ suppliers })
    await runUntilDone()
    const { createTestDatabase } = await import('./support/database.js')
    const other = await createTestDatabase()
    try {
      const run = await bench.run('sync suppliers --json', { DATABASE_URL: other.url })
      expect(run.json().counts).toMatchObject({ adopted: 2, created: 0 })
      expect(bench.vendors()).toHaveLength(2)
    } finally {
      await other.close()
    }
  })

  it('a paused process that wakes up after its claim ran out settles nothing', async () => {
    const suppliers = [makeSupplier(), makeSupplier()]
    bench = await openBench({ suppliers })
    Object.assign(bench.env, QUICK)
    bench.sandbox.faults.add({
      system: 'procurify',
      method: 'POST',
      path: '/api/v3/vendors/',
      kind: 'slow',
      ms: 300,
      times: 1,
    })
    const zombie = bench.start('sync suppliers --json', { SYNC_CONCURRENCY: '1' })
    await expect.poll(() => bench.writes().length, { timeout: 90_000, interval: 5 }).toBe(1)
    zombie.process.kill('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 2600))
    await runUntilDone()
    zombie.process.kill('SIGCONT')
    const woken = await zombie.finished
    expect([0, 3, 4]).toContain(woken.code)
    await runUntilDone()
    await expectExactlyOnce(suppliers)
  })
})
