/** What a pass costs, in figures that do not depend on the machine: calls, and a bounded heap. */
import { afterEach, describe, expect, it } from 'vitest'
import { runBare, toBareWork } from '../support/bare-loop.js'
import { serveManySuppliers } from '../support/many-suppliers.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'
import { countRoundTrips } from '../support/round-trips.js'

let bench: Bench
afterEach(() => bench.close())

describe('a first load of suppliers', () => {
  it('takes two calls a record, three with its address', async () => {
    const suppliers = Array.from({ length: 60 }, () => makeSupplier())
    bench = await openBench({ suppliers: suppliers.slice(0, 20) })
    const load = async (extra: Record<string, string>, created: number) => {
      const patience = { SYNC_TIMEOUT: '20s', SYNC_LEASE: '60s', SYNC_CONCURRENCY: '16' }
      const run = await bench.run('sync suppliers --json', { ...patience, ...extra })
      expect(run.json()).toMatchObject({ exit_code: 0, counts: { created } })
      expect(run.err).not.toContain('Warning')
      const { plex, procurify } = run.json().calls
      return plex.requests + procurify.requests
    }
    // Tokens, two list reads of suppliers, the contacts, and pages of vendors are a pass's own; a page holds 50.
    const own = 2 + 2 + 1 + 2
    expect(await load({}, 20)).toBeLessThanOrEqual(3 * 20 + own)
    suppliers.slice(20).forEach((supplier) => bench.sandbox.plex.state.data.suppliers.add(supplier))
    expect(await load({ SUPPLIER_ADDRESSES: 'false' }, 40)).toBeLessThanOrEqual(2 * 40 + own)
  })
})

describe('a first load beside the bare loop that makes the same calls', () => {
  const CONCURRENCY = 8

  it('takes no more than twice as long: nothing waits for the database or for another record', async () => {
    bench = await openBench()
    const reset = (): void => {
      bench.sandbox.reset()
      for (let n = 0; n < 200; n += 1) bench.sandbox.plex.state.data.suppliers.add(makeSupplier())
      for (const system of ['plex', 'procurify'] as const)
        bench.sandbox.faults.add({ system, kind: 'slow', ms: 100, times: -1 })
    }
    reset()
    const patience = { SYNC_TIMEOUT: '20s', SYNC_LEASE: '60s', SUPPLIER_ADDRESSES: 'false' }
    const [run, programMs] = await timed(() =>
      bench.run('sync suppliers --json', { ...patience, SYNC_CONCURRENCY: String(CONCURRENCY) }),
    )
    expect(run.json().counts['created']).toBe(200)
    const work = toBareWork(bench.sandbox, bench.sandbox.log.entries, CONCURRENCY)
    reset()
    const [, bareMs] = await timed(() => runBare(work))
    expect(bench.vendors()).toHaveLength(200)
    expect(programMs / bareMs).toBeLessThan(2)
  })

  async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
    const startedAt = performance.now()
    return [await work(), performance.now() - startedAt]
  }
})

describe('round trips to the database', () => {
  /** Of one run of this command. A slow machine books calls once or twice more: what was booked ahead is good for a moment only. */
  const tripsOf = async (command: string, counts: object, extra: Record<string, string> = {}): Promise<number> => {
    const trips = await countRoundTrips(bench.database.url)
    try {
      const run = await bench.run(`${command} --json`, { ...extra, DATABASE_URL: trips.url })
      expect(run.json()).toMatchObject({ counts })
      return trips.count
    } finally {
      await trips.close()
    }
  }

  it('are one and a half a record at most where many are sent', async () => {
    bench = await openBench({ suppliers: Array.from({ length: 120 }, () => makeSupplier()) })
    const patience = { SYNC_TIMEOUT: '20s', SYNC_LEASE: '60s', SYNC_CONCURRENCY: '8' }
    expect(await tripsOf('sync suppliers', { created: 120 }, patience)).toBeLessThan(1.5 * 120)
  })

  it('are some fifteen for a pass with nothing to do, and thirty more with one new supplier', async () => {
    bench = await openBench({ suppliers: [makeSupplier(), makeSupplier()] })
    await bench.run('sync suppliers')
    expect(await tripsOf('sync suppliers', { unchanged: 2 })).toBeLessThanOrEqual(19)
    bench.sandbox.plex.state.data.suppliers.add(makeSupplier())
    expect(await tripsOf('sync suppliers', { created: 1 })).toBeLessThanOrEqual(52)
  })
})

describe('a target that throttles', () => {
  it('is called more slowly, also by the next run, and the output says so', async () => {
    bench = await openBench({ suppliers: [makeSupplier(), makeSupplier()] })
    bench.sandbox.faults.add({
      system: 'procurify',
      kind: 'throttle',
      method: 'POST',
      path: '/api/v3/vendors/',
      seconds: 1,
    })
    const run = await bench.run('sync suppliers --json')
    // The pace grows again from the first moment, so the last digits are not known.
    const told = run.json().problems.find(({ code }) => code === 'slowed_down')
    expect(told?.message).toMatch(/^Procurify answered 429: 70\d{3} calls a minute are made now instead of 100000\.$/)
    expect(bench.vendors()).toHaveLength(2)
    const status = JSON.parse((await bench.run('status --json')).out) as { calls: { learned_limit: number | null }[] }
    expect(status.calls).toContainEqual(expect.objectContaining({ system: 'procurify', learned_limit: 70_000 }))
  })
})

describe('a list of any length', () => {
  /** A pass over 20,000 suppliers whose heap cannot grow beyond so many megabytes; a larger one ends it. */
  const passWithin = async (heapMb: number, flags: string) => {
    bench = await openBench()
    const many = await serveManySuppliers(bench.sandbox, 20_000)
    try {
      const { finished } = bench.start(`sync suppliers --json ${flags}`, {
        PLEX_BASE_URL: many.url,
        SUPPLIER_ADDRESSES: 'false',
        NODE_OPTIONS: `--max-old-space-size=${heapMb}`,
        SYNC_TIMEOUT: '20s',
        SYNC_LEASE: '60s',
      })
      const run = await finished
      expect(run.err).not.toContain('heap')
      return run.json()
    } finally {
      many.close()
    }
  }

  it('is read in the same memory: 20,000 suppliers pass through a heap of 40 MB', async () => {
    const run = await passWithin(40, '--limit 1')
    expect(run).toMatchObject({ exit_code: 4, counts: { read: 20_000, created: 1, pending: 19_999 } })
  })

  it('is planned in little more: a dry run of 20,000 new suppliers holds what it will print compressed', async () => {
    const run = await passWithin(30, '--dry-run')
    expect(run).toMatchObject({ exit_code: 0, counts: { read: 20_000, created: 20_000 } })
    expect(run.plan).toHaveLength(20_000)
  })
})
