/** What others watch a run by. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench
let folder: string

beforeEach(async () => {
  bench = await openBench({ suppliers: [makeSupplier()] })
  folder = await mkdtemp(join(tmpdir(), 'ml-outside-'))
})
afterEach(async () => {
  await bench.close()
  await rm(folder, { recursive: true, force: true })
})

/** Answers the paths that were pinged, and the settings that lead to them. */
async function listen(): Promise<{ pings: string[]; extra: Record<string, string>; close: () => void }> {
  const pings: string[] = []
  const server = createServer((request, response) => {
    pings.push(request.url ?? '')
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const extra = { HEARTBEAT_URL: `http://127.0.0.1:${port}/abc`, METRICS_FILE: join(folder, 'metrics.prom') }
  return { pings, extra, close: () => server.close() }
}

/** Metric with its labels -> value. Fails on anything the node exporter would not take. */
async function readMetrics(): Promise<Map<string, number>> {
  const samples = new Map<string, number>()
  const seen = new Set<string>()
  let current = ''
  for (const line of (await readFile(join(folder, 'metrics.prom'), 'utf8')).trimEnd().split('\n')) {
    const [, declared] = /^# (?:HELP|TYPE) ([a-z_]+) /.exec(line) ?? []
    const [, name, key, value] = /^(([a-z_]+)\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\}) (-?[\d.]+)$/.exec(line) ?? []
    const metric = declared ?? key ?? ''
    expect(metric, line).toMatch(/^ml_connector_/)
    // All lines of a metric stand together.
    if (metric !== current) expect(seen, metric).not.toContain(metric)
    seen.add((current = metric))
    if (name !== undefined) {
      expect(samples.has(name), line).toBe(false)
      samples.set(name, Number(value))
    }
  }
  return samples
}

const OF_SUPPLIERS = 'command="sync suppliers",connection="default"'

describe('a run', () => {
  it('pings at its start and end, and writes its metrics in one piece', async () => {
    const { pings, extra, close } = await listen()
    await bench.run('sync suppliers', extra)
    expect(pings).toEqual(['/abc/start', '/abc'])
    const first = await readMetrics()
    expect(first.get(`ml_connector_records{${OF_SUPPLIERS},count="created"}`)).toBe(1)
    expect(first.get(`ml_connector_calls{${OF_SUPPLIERS},system="plex",kind="requests"}`)).toBeGreaterThan(0)
    expect(await readdir(folder)).toEqual(['metrics.prom'])
    await bench.run('sync suppliers --repair-drift', { ...extra, PROCURIFY_CLIENT_SECRET: 'wrong' })
    expect(pings.at(-1)).toBe('/abc/5')
    const refused = await readMetrics()
    expect(refused.get(`ml_connector_exit_code{${OF_SUPPLIERS}}`)).toBe(5)
    // An alert on the age of the last success must go on counting.
    const success = `ml_connector_last_success_timestamp_seconds{${OF_SUPPLIERS}}`
    expect(refused.get(success)).toBe(first.get(success))
    close()
  })

  it('leaves no trace outside when it is dry', async () => {
    const { pings, extra, close } = await listen()
    for (const args of ['sync suppliers', 'sync all', 'align refdata', 'replay --all'])
      await bench.run(`${args} --dry-run`, { PLEX_TIMEZONE: 'America/Detroit', ...extra })
    expect(pings).toEqual([])
    expect(await readdir(folder)).toEqual([])
    close()
  })

  it('of every kind is told, one file for all, with what is parked and waits', async () => {
    const { pings, extra, close } = await listen()
    const others = { ...extra, PLEX_TIMEZONE: 'America/Detroit' }
    bench.sandbox.plex.state.data.suppliers.add(makeSupplier({ name: 'Bolt & Nut, Inc.' }))
    const { vendors, 'account-codes': codes } = bench.sandbox.procurify.state.data
    vendors.add({ type: 3, active: true, email: [], external_id: null, name: 'Bolt & Nut LLC' })
    codes.add({ code: 'OTHER', description: 'Other', account_type: 2, active: true, parent: null })
    await bench.run('sync all', others)
    await bench.run('replay --all', others)
    // A Plex without accounts is not believed (7); what `sync all` parked is the worst of the replay.
    expect(pings).toEqual(['/abc/start', '/abc/7', '/abc/start', '/abc/3'])
    const metrics = await readMetrics()
    for (const command of ['align refdata', 'sync suppliers', 'replay'])
      expect([...metrics.keys()].filter((key) => key.includes(`command="${command}"`)).length).toBeGreaterThan(10)
    const parked = 'stream="suppliers",connection="default",state="parked"'
    expect(metrics.get(`ml_connector_open_records{${parked},code="vendor_similar"}`)).toBe(1)
    expect(metrics.get(`ml_connector_open_oldest_seconds{${parked}}`)).toBeGreaterThanOrEqual(0)
    await bench.run('sync suppliers --connection other', extra)
    expect((await readMetrics()).size).toBeGreaterThan(metrics.size)
    close()
  })

  it('that cannot begin is told too', async () => {
    const { pings, extra, close } = await listen()
    await bench.run('sync suppliers', { ...extra, DATABASE_URL: 'postgres://127.0.0.1:9/nowhere' })
    expect(pings).toEqual(['/abc/start', '/abc/4'])
    close()
  })

  it('is not failed by a heartbeat that nobody answers or a file that cannot be written', async () => {
    const extra = { HEARTBEAT_URL: 'http://127.0.0.1:9/abc', METRICS_FILE: join(folder, 'no', 'metrics.prom') }
    const run = await bench.run('sync suppliers', extra)
    expect(run.code).toBe(0)
    expect(run.err).toContain('heartbeat_failed')
    expect(run.err).toContain('metrics_not_written')
  })
})
