/** kill -9 and lost answers at each kind of write of `align refdata`: afterwards every record is there once, and told once. */
import { afterEach, describe, expect, it } from 'vitest'
import { openAlignBench, type AlignBench } from '../support/align.js'

let bench: AlignBench

afterEach(() => bench.close())

const WRITES = {
  'a new department': { system: 'procurify', method: 'POST', path: '/api/v3/departments/' },
  'a new account code': { system: 'procurify', method: 'POST', path: '/api/v3/account-codes/' },
  'a renamed account code': { system: 'procurify', method: 'PUT', path: '/api/v3/account-codes/' },
  'a new GL account': { system: 'plex', method: 'POST', path: '/mdm/v1/chart-of-accounts' },
} as const

const QUICK = { SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms', ALIGN_DIRECTION: 'both' }
const COMMAND = 'align refdata'

/** In step once; then a change of each kind is due. */
async function openWork(): Promise<void> {
  bench = await openAlignBench({ accounts: ['100', '200'], codes: ['100', '200'] })
  Object.assign(bench.env, QUICK)
  expect((await bench.run(COMMAND)).code).toBe(0)
  bench.addOrder({ building: 'MAIN', department: 'Tool Room' })
  bench.addAccount('300')
  bench.editAccount('100', { name: 'Renamed' })
  bench.sandbox.procurify.state.data['account-codes'].add({
    code: '400',
    description: 'Code 400',
    account_type: 2,
    active: true,
    parent: null,
  })
  bench.sandbox.log.clear()
}

/** Runs until nothing is left to do, as cron would. */
async function runUntilDone(): Promise<void> {
  const codes: (number | null)[] = []
  for (let pass = 0; pass < 20; pass += 1) {
    const run = await bench.run(`${COMMAND} --json`)
    codes.push(run.code)
    if (run.code === 0) return
    expect([4, 6], run.out + run.err).toContain(run.code)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  throw new Error(`never done: ${codes.join(' ')}`)
}

/** One record for each, one done row for each write that took effect, and a chain that verifies. */
async function expectExactlyOnce(): Promise<void> {
  expect(bench.codes().map(({ code, description }) => [code, description])).toEqual([
    ['100', 'Renamed'],
    ['200', 'Account 200'],
    ['400', 'Code 400'],
    ['300', 'Account 300'],
  ])
  expect(bench.plexAccounts().map((row) => row['accountNumber'])).toEqual(['100', '200', '300', '400'])
  expect(bench.departments().filter(({ name }) => name === 'Tool Room')).toHaveLength(1)
  // The code is made after its department, or it could never be linked to it.
  const { accounts } = bench.sandbox.procurify.state.data
  expect(accounts.where('account_code', 4).map(({ department }) => department)).toEqual([1, 9])
  expect([...bench.writes(), ...bench.plexWrites()]).toHaveLength(4)
  const { rows } = await bench.database.pool.query<{ action: string }>(
    `select action from audit where outcome = 'done' and http is not null order by seq`,
  )
  expect(rows).toHaveLength(4)
  expect((await bench.run('audit verify')).code).toBe(0)
  const last = await bench.run(`${COMMAND} --json`)
  expect(last.json().counts).toMatchObject({ created: 0, updated: 0, adopted: 0 })
}

describe('kill -9', () => {
  for (const [what, write] of Object.entries(WRITES)) {
    for (const [moment, kind] of [
      ['before it took effect', 'timeout-before'],
      ['after it took effect', 'timeout-after'],
    ] as const) {
      it(`while ${what} is under way, ${moment}`, async () => {
        await openWork()
        bench.sandbox.faults.add({ ...write, kind })
        const { process, finished } = bench.start(COMMAND)
        const isSent = () =>
          bench.sandbox.log.entries.some(({ method, path }) => method === write.method && path.startsWith(write.path))
        await expect.poll(isSent, { timeout: 90_000, interval: 5 }).toBe(true)
        process.kill('SIGKILL')
        expect((await finished).signal).toBe('SIGKILL')
        await runUntilDone()
        await expectExactlyOnce()
      })
    }
  }
})

describe('an answer that was lost', () => {
  for (const [what, write] of Object.entries(WRITES)) {
    for (const kind of ['cut-before', 'cut-after', 'late-effect'] as const) {
      it(`to ${what} (${kind}) is settled by reading back`, async () => {
        await openWork()
        // The late write lands while the grace time runs: absence seen before must not count alone.
        Object.assign(bench.env, { SYNC_GRACE: '1500ms' })
        bench.sandbox.faults.add({ ...write, kind, status: 504, ms: kind === 'late-effect' ? 700 : 0 })
        await runUntilDone()
        await expectExactlyOnce()
      })
    }
  }
})

describe('rivals', () => {
  it('three processes at once do everything once', async () => {
    await openWork()
    const started = [1, 2, 3].map(() => bench.start(`${COMMAND} --json`))
    const ended = await Promise.all(started.map(({ finished }) => finished))
    for (const { code, out, err } of ended) expect([0, 4, 6], out + err).toContain(code)
    await runUntilDone()
    await expectExactlyOnce()
  })
})
