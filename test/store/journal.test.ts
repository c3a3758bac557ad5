/** Reading the journal stays fast however long it gets: every filter finds its rows by an index, in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditFilter } from '../../src/ports.js'
import { openJournal, selectRows } from '../../src/store/journal.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

const ROWS = 40_000
/** Far fewer than there are: a handful of pages. */
const FEW = 1_000

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  // Made by the server, since only the columns that are looked for matter here: one connection's long history of suppliers
  // and orders, a second connection as long, and a few rare things, all of them old.
  await database.pool.query(`
    insert into audit (connection, seq, at, run_id, actor, stream, source_id, source_key, target_id, action, outcome, code, prev_hash, hash)
    select c, n, '2026-01-01'::timestamptz + n * interval '1 minute', lpad(to_hex(n / 100), 32, '0')::uuid, '{}',
      case when n % 20000 = 7 then 'admin' when n % 3 = 0 then 'pos' else 'suppliers' end,
      'id-' || n % 5000, 'KEY-' || n % 5000, case when n % 4 > 0 then (n % 5000)::text end,
      case when n % 20000 = 7 then 'admin' when n % 4 = 0 then 'wait' else 'update' end,
      case when n % 20000 = 9 then 'rejected' when n % 4 = 0 then 'waiting' else 'done' end,
      case when n % 20000 = 9 then 'refused_by_target' when n % 4 = 0 then 'supplier_missing' end, '', ''
    from generate_series(1, ${ROWS}) n, unnest(array['default', 'other']) c`)
  await database.pool.query('analyze audit')
})
afterAll(() => database.close())

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Node[]
}

/** Rows of the table that the server touched, and how it got at them. */
async function readBy(filter: AuditFilter): Promise<{ touched: number; scans: Set<string> }> {
  const { sql, parameters } = selectRows(database.db, 'default', filter).compile()
  const { rows } = await database.pool.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `explain (analyze, format json) ${sql}`,
    [...parameters],
  )
  const scans = new Set<string>()
  let touched = 0
  const walk = (node: Node): void => {
    if (node['Node Type'].includes('Scan') && !node['Node Type'].startsWith('Subquery')) scans.add(node['Node Type'])
    if (node['Relation Name'] === 'audit')
      touched += (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
    node.Plans?.forEach(walk)
  }
  const plan = rows[0]?.['QUERY PLAN'][0].Plan
  if (plan !== undefined) walk(plan)
  return { touched, scans }
}

const RUN = `00000000-0000-0000-0000-${'42'.padStart(12, '0')}`
const CASES: [string, Omit<AuditFilter, 'limit'>, number][] = [
  ['nothing', {}, 50],
  ['--record by source id', { record: 'id-77' }, 8],
  ['--record by source key', { record: 'KEY-77' }, 8],
  ['--record by target id', { record: '77' }, 8],
  ['--record of nobody', { record: 'NOBODY' }, 0],
  ['--stream, common', { stream: 'suppliers' }, 50],
  ['--stream, rare', { stream: 'admin' }, 2],
  ['--stream, unused', { stream: 'invoices' }, 0],
  ['--run', { runId: RUN }, 50],
  ['--action, common', { action: 'update' }, 50],
  ['--action, rare', { action: 'admin' }, 2],
  ['--outcome, common', { outcome: 'done' }, 50],
  ['--outcome, rare', { outcome: 'rejected' }, 2],
  ['--code, common', { code: 'supplier_missing' }, 50],
  ['--code, rare', { code: 'refused_by_target' }, 2],
  ['--since, recent', { since: '2026-01-28T18:30:00Z' }, 11],
  ['--since, long ago', { since: '2026-01-02T00:00:00Z' }, 50],
  ['--since, in the future', { since: '2027-01-01T00:00:00Z' }, 0],
  ['--until, long ago', { until: '2026-01-01T01:00:00Z' }, 50],
  ['--until, before all', { until: '2025-01-01T00:00:00Z' }, 0],
  ['--since and --until', { since: '2026-01-10T00:00:00Z', until: '2026-01-10T00:09:00Z' }, 10],
  ['--stream and --until', { stream: 'pos', until: '2026-01-01T01:00:00Z' }, 20],
  ['--stream, --action and --code', { stream: 'pos', action: 'wait', code: 'supplier_missing' }, 50],
]

describe('audit show', () => {
  it.each(CASES)('reads few rows for %s, by indexes', async (_what, filter, found) => {
    const { touched, scans } = await readBy({ ...filter, limit: 50 })
    expect(touched).toBeLessThan(FEW)
    expect([...scans].filter((scan) => scan === 'Seq Scan')).toEqual([])
    expect((await openJournal(database.db, 'default').rows({ ...filter, limit: 50 })).length).toBe(found)
  })
})
