/** What a pass costs, in figures that do not depend on the machine: calls, and a bounded heap. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench
afterEach(() => bench.close())

describe('a first load of suppliers', () => {
  it('takes two calls a record, three with its address', async () => {
    const suppliers = Array.from({ length: 60 }, () => makeSupplier())
    bench = await openBench({ suppliers: suppliers.slice(0, 20) })
    const load = async (extra: Record<string, string>, created: number) => {
      const patience = { SYNC_TIMEOUT: '20s', SYNC_LEASE: '60s' }
      const run = await bench.run('sync suppliers --json', { ...patience, ...extra })
      expect(run.json()).toMatchObject({ exit_code: 0, counts: { created } })
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

describe('a list of any length', () => {
  it('is read in the same memory: 20,000 suppliers pass through a heap of 40 MB', async () => {
    bench = await openBench()
    const server = await serveManySuppliers(bench, 20_000)
    try {
      const { port } = server.address() as AddressInfo
      const run = await bench.run('sync suppliers --json --limit 1', {
        PLEX_BASE_URL: `http://127.0.0.1:${port}/api`,
        SUPPLIER_ADDRESSES: 'false',
        NODE_OPTIONS: '--max-old-space-size=40',
        SYNC_TIMEOUT: '20s',
        SYNC_LEASE: '60s',
      })
      expect(run.err).not.toContain('heap')
      expect(run.json()).toMatchObject({ exit_code: 4, counts: { read: 20_000, created: 1, pending: 19_999 } })
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

/** The list is made while it is sent, some 5 MB; everything else is the sandbox's. */
async function serveManySuppliers({ sandbox }: Bench, count: number): Promise<Server> {
  const { hostname, port } = new URL(sandbox.plex.url)
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    if (req.url === '/api/mdm/v1/suppliers') {
      void sendSuppliers(res, count)
      return
    }
    const { url: path, method, headers } = req
    const passed = request({ hostname, port, path, method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(res)
    })
    req.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function sendSuppliers(res: ServerResponse, count: number): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json' })
  let text = '['
  for (let n = 1; n <= count; n += 1) {
    const number = String(n).padStart(7, '0')
    const dates = { createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-01-02T00:00:00.1234567Z' }
    const row = { id: `5a000000-0000-4000-8000-00000${number}`, code: `SUP-${number}`, name: `Supplier ${number}` }
    text += `${n === 1 ? '' : ','}${JSON.stringify({ ...row, status: 'Active', type: 'Raw Material', ...dates })}`
    if (text.length < 64 * 1024) continue
    if (!res.write(text)) await once(res, 'drain')
    text = ''
  }
  res.end(`${text}]`)
}
