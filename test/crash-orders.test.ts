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

describe('kill -9 around a requisition', () => {
  for (const [point, kind] of Object.entries(POINTS)) {
    it(`${point}: one requisition for each order, one row for each write`, async () => {
      bench = await openAlignedBench()
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
