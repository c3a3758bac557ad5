import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sandbox } from '../../src/sandbox/sandbox.js'

/**
 * A Plex with so many suppliers that neither side can hold them: the list is made while it is sent, 370 bytes a row as real ones
 * have. Everything else is the sandbox's. `url` is for PLEX_BASE_URL.
 */
export async function serveManySuppliers(
  { plex }: Pick<Sandbox, 'plex'>,
  count: number,
): Promise<{ readonly url: string; close(): void }> {
  const { hostname, port } = new URL(plex.url)
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
  const { port: own } = server.address() as AddressInfo
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${own}/api`, close }
}

async function sendSuppliers(res: ServerResponse, count: number): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json' })
  const dates = { createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-01-02T00:00:00.1234567Z' }
  const rest = { status: 'Active', type: 'Raw Material', note: 'x'.repeat(120), ...dates }
  let text = '['
  for (let n = 1; n <= count; n += 1) {
    const number = String(n).padStart(7, '0')
    const row = { id: `5a000000-0000-4000-8000-00000${number}`, code: `SUP-${number}`, name: `Supplier ${number}` }
    text += `${n === 1 ? '' : ','}${JSON.stringify({ ...row, ...rest })}`
    if (text.length < 64 * 1024) continue
    if (!res.write(text)) await once(res, 'drain')
    text = ''
  }
  res.end(`${text}]`)
}
