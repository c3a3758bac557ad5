/** `sync all`: one crontab line for everything. */
import { afterEach, describe, expect, it } from 'vitest'
import { openOrderBench, type OrderBench } from '../support/orders.js'
import { makeSupplier, type Finished, type RunDocument } from '../support/program.js'

let bench: OrderBench

afterEach(() => bench.close())

type Run = RunDocument & { readonly command: string }
function runsOf({ out }: Finished): Run[] {
  const { runs, ...rest } = JSON.parse(out) as { runs: Run[]; schema: string }
  expect(rest).toEqual({ schema: 'ml-connector/runs@1' })
  return runs
}
const outcomes = (finished: Finished) => runsOf(finished).map(({ command, outcome }) => `${command}: ${outcome}`)

const addSupplier = (fields: Record<string, unknown>) =>
  bench.sandbox.plex.state.data.suppliers.add(makeSupplier(fields))
const addVendor = (name: string) =>
  bench.sandbox.procurify.state.data.vendors.add({ type: 3, active: true, email: [], external_id: null, name })

describe('sync all', () => {
  it('makes one run of each step in the order they need each other; what was parked stops nobody', async () => {
    bench = await openOrderBench()
    bench.env['PLEX_TIMEZONE'] ??= 'America/Detroit'
    bench.addOrder()
    addSupplier({ name: 'Bolt & Nut, Inc.' })
    addVendor('Bolt & Nut LLC')
    const all = await bench.run('sync all --json')
    expect(all.code, all.err).toBe(3)
    expect(outcomes(all).slice(0, 3)).toEqual(['align refdata: done', 'sync suppliers: partial', 'sync pos: done'])
    expect(bench.requisitions()).toHaveLength(1)
    const again = await bench.run('sync all --quiet')
    expect([again.code, again.out]).toEqual([0, ''])
    const { rows } = await bench.database.pool.query<{ command: string }>(
      `select command from run group by id, command order by min(started_at)`,
    )
    const kept = rows.map(({ command }) => command)
    expect(kept.filter((command) => command === 'sync pos')).toHaveLength(2)
  })

  it('tells in one mail at most what a person must do, the worst exit code first in mind', async () => {
    bench = await openOrderBench()
    for (let at = 0; at < 20; at += 1) {
      addSupplier({ name: `Twin ${at}, Inc.` })
      addVendor(`Twin ${at} LLC`)
    }
    bench.env['ALIGN_MAX_CHANGES'] = '0'
    const all = await bench.run('sync all --quiet')
    expect(all.code).toBe(7)
    const lines = all.out.trimEnd().split('\n')
    expect(lines).toHaveLength(15)
    expect(lines[0]).toContain('align refdata: stopped (7)')
    expect(lines[1]).toContain('sync suppliers: partial (3)')
    expect(lines.at(-1)).toBe('Next: ml-connector align refdata --dry-run')
  })

  it('leaves orders out, and says so, until PO_START_DATE is set; a dry run shows them all the same', async () => {
    bench = await openOrderBench()
    bench.addOrder({ createdDate: new Date().toISOString() })
    bench.env['PO_START_DATE'] = ''
    const dry = await bench.run('sync all --dry-run --json')
    expect(runsOf(dry)[2]?.problems.map(({ code }) => code)).not.toContain('start_date_missing')
    expect(bench.writes()).toEqual([])
    const all = await bench.run('sync all --json')
    expect(all.code, all.err).toBe(0)
    expect(runsOf(all)[2]).toMatchObject({
      ...{ command: 'sync pos', outcome: 'done', exit_code: 0, counts: { read: 0 } },
      problems: [{ code: 'start_date_missing', advice: expect.stringContaining('PO_START_DATE') as string }],
    })
    expect(bench.requisitions()).toEqual([])
    expect((await bench.run('sync all')).out).toContain('PO_START_DATE')
  })

  it('ends with the first refused login, and when the time for all of it is over', async () => {
    bench = await openOrderBench()
    const refused = await bench.run('sync all --json', { PROCURIFY_CLIENT_SECRET: 'wrong' })
    expect(refused.code).toBe(5)
    expect(outcomes(refused)).toEqual(['align refdata: refused'])
    const late = await bench.run('sync all --json --deadline 1ms')
    expect(late.code).toBe(4)
    expect(new Set(runsOf(late).map(({ outcome }) => outcome))).toEqual(new Set(['interrupted']))
    const unset = await bench.run('sync all', { PLEX_TIMEZONE: '' })
    expect([unset.code, unset.err]).toEqual([2, expect.stringContaining('PLEX_TIMEZONE')])
  })
})
