/** kill -9 around a requisition, which nobody can take back: run again until it is done, and count what is there. */
import { afterEach, describe, expect, it } from 'vitest'
import { openAlignedBench, type OrderBench } from './support/orders.js'
import { runUntilDone } from './support/program.js'

let bench: OrderBench

afterEach(() => bench.close())

const posts = () =>
  bench.sandbox.log.entries.filter(({ method, path }) => method === 'POST' && path === '/api/v3/requisitions/').length

const POINTS = {
  'after sending, before it took effect': 'timeout-before',
  'after it took effect, before the answer': 'timeout-after',
} as const

// How Plex is read matters to what a killed pass finds again; what it wrote is the same.
const CASES = [
  ['cloud', 'after sending, before it took effect'],
  ['soap', 'after it took effect, before the answer'],
] as const

describe('kill -9 around a requisition', () => {
  for (const [profile, point] of CASES) {
    const kind = POINTS[point]
    it(`${point} (${profile}): one requisition for each order, one row for each write`, async () => {
      bench = await openAlignedBench(profile)
      Object.assign(bench.env, { SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms', SYNC_GRACE: '500ms' })
      bench.addOrder()
      await runUntilDone(() => bench.sync())
      bench.addOrder()
      bench.addOrder()
      bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path: '/api/v3/requisitions/', kind })
      const { process, finished } = bench.start('sync pos', { SYNC_CONCURRENCY: '1' })
      await expect.poll(posts, { timeout: 90_000, interval: 5 }).toBe(2)
      process.kill('SIGKILL')
      await finished
      await runUntilDone(() => bench.sync())
      expect(bench.requisitions()).toHaveLength(3)
      const { rows } = await bench.database.pool.query<{ target_id: string }>(
        `select target_id from audit where stream = 'pos' and outcome = 'done' and http is not null`,
      )
      expect(new Set(rows.map((row) => row.target_id)).size).toBe(3)
      expect(rows).toHaveLength(3)
      expect((await bench.run('audit verify')).code).toBe(0)
    })
  }
})

describe('the first requisitions ever, with no other to prove a look-up', () => {
  const path = '/api/v3/requisitions/'
  const cut = (kind: 'cut-before' | 'cut-after', times: number) =>
    bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path, kind, times })

  it('are all made when their outcome was unknown: one that is found is a witness for the others', async () => {
    bench = await openAlignedBench()
    Object.assign(bench.env, { SYNC_GRACE: '300ms', SYNC_CONCURRENCY: '1' })
    for (let count = 0; count < 3; count += 1) bench.addOrder()
    cut('cut-after', 1)
    cut('cut-before', 2)
    await runUntilDone(() => bench.sync())
    expect(bench.requisitions()).toHaveLength(3)
  })

  it('wait for a person where nothing proves it, who may have one sent that is not there', async () => {
    bench = await openAlignedBench()
    Object.assign(bench.env, { SYNC_GRACE: '300ms' })
    bench.addOrder({ poNumber: 'PO-FIRST' })
    cut('cut-before', 1)
    const parked = await bench.sync()
    expect(parked.json(), parked.out).toMatchObject({ exit_code: 3, counts: { parked: 1 } })
    expect((await bench.run('replay PO-FIRST --json')).json().problems).toMatchObject([{ code: 'in_doubt' }])
    expect(posts()).toBe(1)
    const sent = await bench.run('replay PO-FIRST --resend --reason looked --json')
    expect(sent.json(), sent.out).toMatchObject({ exit_code: 0, counts: { created: 1 } })
    expect(bench.requisitions()).toHaveLength(1)
    expect((await bench.sync()).json().counts).toMatchObject({ unchanged: 2 })
    const { rows } = await bench.database.pool.query<{ message: string }>(
      `select message from audit where action = 'replay' order by seq desc limit 1`,
    )
    expect(rows[0]?.message).toBe('A person did not find it there; it is sent again: looked')
  })
})
