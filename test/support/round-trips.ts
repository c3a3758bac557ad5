/**
 * Stands between the program and its database and counts how often the program waits for it: every simple query and every Sync
 * (the end of an extended query) is one round trip. The messages pass through untouched.
 */
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export interface RoundTrips {
  /** The database's URL, by way of the counter. */
  readonly url: string
  count: number
  close(): Promise<void>
}

const QUERY = 0x51
const SYNC = 0x53

export async function countRoundTrips(databaseUrl: string): Promise<RoundTrips> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connectTo(databaseUrl)
    const count = counter(() => (trips.count += 1))
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy()).on('close', () => [client, upstream].forEach((one) => one.destroy()))
    }
    client.on('data', count)
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  url.searchParams.delete('port')
  // A host in the query wins over the address.
  url.searchParams.set('host', '127.0.0.1')
  url.searchParams.set('port', String((server.address() as AddressInfo).port))
  const trips: RoundTrips = {
    url: url.href,
    count: 0,
    close: () => {
      sockets.forEach((socket) => socket.destroy())
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return trips
}

/** The server of the tests listens on a unix socket; another one by TCP. */
function connectTo(databaseUrl: string): Socket {
  const { hostname, port, searchParams } = new URL(databaseUrl)
  const host = searchParams.get('host') ?? hostname
  const number = searchParams.get('port') ?? (port === '' ? '5432' : port)
  return host.startsWith('/')
    ? createConnection(`${host}/.s.PGSQL.${number}`)
    : createConnection(Number(number), host === '' ? 'localhost' : host)
}

/** Walks over the messages of one connection: a type (the first message has none), then a length that includes itself. */
function counter(onTrip: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let isFirst = true
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = isFirst ? 0 : 1
      if (rest.length < head + 4) return
      const length = head + rest.readUInt32BE(head)
      if (rest.length < length) return
      if (!isFirst && (rest[0] === QUERY || rest[0] === SYNC)) onTrip()
      isFirst = false
      rest = rest.subarray(length)
    }
  }
}
