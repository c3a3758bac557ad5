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

describe('a run', () => {
  it('pings at its start and end, and writes its metrics in one piece', async () => {
    const pings: string[] = []
    const server = createServer((request, response) => {
      pings.push(request.url ?? '')
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const file = join(folder, 'metrics.prom')
    const extra = { HEARTBEAT_URL: `http://127.0.0.1:${port}/abc`, METRICS_FILE: file }
    await bench.run('sync suppliers', extra)
    expect(pings).toEqual(['/abc/start', '/abc'])
    const text = await readFile(file, 'utf8')
    expect(text).toContain('ml_connector_records{command="sync suppliers",connection="default",count="created"} 1\n')
    expect(
      text.split('\n').filter((line) => line !== '' && !/^[a-z_]+\{([a-z_]+="[^"]*",?)+\} [\d.]+$/.test(line)),
    ).toEqual([])
    expect(await readdir(folder)).toEqual(['metrics.prom'])
    await bench.run('sync suppliers', { ...extra, PROCURIFY_CLIENT_SECRET: 'wrong', SUPPLIER_SKIP_TYPES: 'x' })
    await bench.run('sync suppliers --repair-drift', { ...extra, PROCURIFY_CLIENT_SECRET: 'wrong' })
    expect(pings.at(-1)).toBe('/abc/5')
    server.close()
  })

  it('is not failed by a heartbeat that nobody answers or a file that cannot be written', async () => {
    const extra = { HEARTBEAT_URL: 'http://127.0.0.1:9/abc', METRICS_FILE: join(folder, 'no', 'metrics.prom') }
    const run = await bench.run('sync suppliers', extra)
    expect(run.code).toBe(0)
    expect(run.err).toContain('heartbeat_failed')
    expect(run.err).toContain('metrics_not_written')
  })

  it('refuses the profile that is still to come', async () => {
    const run = await bench.run('sync suppliers', { PLEX_PROFILE: 'soap' })
    expect(run.code).toBe(2)
    expect(run.err).toContain('PLEX_PROFILE=soap')
  })
})
