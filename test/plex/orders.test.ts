/** Orders with their lines and releases against the simulated Plex: what is asked for, and what a bad answer costs. */
import { describe, expect, it } from 'vitest'
import type { Detail } from '../../src/domain/decision.js'
import type { OrderDetail } from '../../src/domain/order.js'
import type { Json, Note, Touched } from '../../src/domain/record.js'
import type { Http } from '../../src/http.js'
import { readOrderStatuses, readPlexAccounts, readReleaseStatuses } from '../../src/plex/order-setup.js'
import { makeOrderSource } from '../../src/plex/orders.js'
import { makeReleaseFeed } from '../../src/plex/releases.js'
import type { FeedRow } from '../../src/ports.js'
import { aNote } from '../support/factories.js'
import { failureOf, valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, plex: plexClient } = await openSimulated()

const plex = (timeoutMs = 10_000): Http => plexClient({ changes: { timeoutMs } }).http
const source = (http = plex()) => makeOrderSource(http, { dateFilter: 'modifiedDate', concurrency: 2 })
const feed = (http = plex()) => makeReleaseFeed(http, { dateFilter: 'modifiedDate' })

const id = (kind: string, n: number): string => `5a0000${kind}-0000-4000-8000-${String(n).padStart(12, '0')}`
const orderId = (n: number): string => id('0a', n)
const lineId = (n: number): string => id('1a', n)
const releaseId = (n: number): string => id('1e', n)

type Fields = Record<string, unknown>

/** Order `n` with line `n` and release `n`, unless told otherwise. */
function addOrder(
  n: number,
  { order = {}, line = {}, release = {} }: { order?: Fields; line?: Fields; release?: Fields } = {},
) {
  const { orders, lines, releases } = sandbox.plex.state.data
  const dates = { createdDate: '2026-01-01T00:00:00Z', modifiedDate: `2026-03-0${(n % 9) + 1}T10:00:00.1234567Z` }
  orders.seed({ id: orderId(n), poNumber: `PO-${n}`, status: 'On order', lineItemCount: 1, ...dates, ...order })
  addLine(n, n, line)
  addRelease(n, n, release)
  return { orders, lines, releases }
}
const addLine = (n: number, ofOrder: number, fields: Fields = {}): unknown =>
  sandbox.plex.state.data.lines.seed({
    _poId: orderId(ofOrder),
    id: lineId(n),
    lineItemNumber: n,
    unitPrice: 2.5,
    ...fields,
  })
const addRelease = (n: number, ofOrder: number, fields: Fields = {}): unknown =>
  sandbox.plex.state.data.releases.seed({
    ...{ id: releaseId(n), poId: orderId(ofOrder), poLineItemId: lineId(ofOrder), status: 'Open', quantity: 4 },
    ...{ createdDate: '2026-01-01T00:00:00Z', modifiedDate: `2026-03-0${(n % 9) + 1}T11:00:00.1234567Z`, ...fields },
  })

/** What the last calls asked for: path, and how many values each parameter had. */
const asked = (): string[] =>
  sandbox.log.entries.map(({ path, query }) =>
    [path, ...Object.entries(query).map(([name, values]) => `${name} x ${values.length}`)].join(' '),
  )
const LINES = (n: number): string => `/purchasing/v1/purchase-orders/${orderId(n)}/line-items`
const RELEASES = '/purchasing/v2-beta1/releases'

const unread = (n: number): Note => aNote(orderId(n), { record: null })
const read = async (notes: readonly Note[], http = plex()) => valueOf(await source(http).read(notes))

async function listed(window: Parameters<ReturnType<typeof source>['list']>[0] = null): Promise<Touched[]> {
  const rows: Touched[] = []
  valueOf(await source().list(window, (batch) => (rows.push(...batch), Promise.resolve())))
  return rows
}
/** Notes as a window makes them: the header is known already. */
const noted = async (): Promise<Note[]> => {
  const notes = (await listed()).map(({ sourceId, record }) => aNote(sourceId, { record }))
  sandbox.log.clear()
  return notes
}

function recordOf(detail: Detail<OrderDetail> | undefined): OrderDetail {
  if (detail?.kind !== 'record') throw new Error(`expected a record, not ${JSON.stringify(detail)}`)
  return detail.record
}
const failureIn = (detail: Detail<OrderDetail> | undefined): string | undefined =>
  detail?.kind === 'failed' ? `${detail.failure.kind} ${detail.failure.code}` : detail?.kind

describe('the list of orders', () => {
  it('delivers each header as it is, numbers to the digit, unsaid flags as unsaid', async () => {
    addOrder(1, {
      order: { lineItemTotal: 10.5, blanketOrder: 1, receive: '', supplierId: '00000000-0000-0000-0000-000000000000' },
    })
    const [row] = await listed({ by: 'modified', from: '2026-03-02T00:00:00Z', to: null })
    expect(row).toMatchObject({ sourceId: orderId(1), sourceKey: 'PO-1', modifiedAt: '2026-03-02T10:00:00.1234567Z' })
    const flags = { active: null, receive: null, blanketOrder: true }
    expect(row?.record).toMatchObject({ lineItemTotal: '10.5', lineItemCount: '1', supplierId: null, ...flags })
    expect(asked()).toEqual(['/purchasing/v1/purchase-orders modifiedDateBegin x 1'])
  })

  it('finds one by id, and says when Plex does not show it', async () => {
    addOrder(1)
    expect(valueOf(await source().probe(orderId(1)))).toMatchObject({ sourceKey: 'PO-1' })
    expect(valueOf(await source().probe(orderId(2)))).toBeNull()
  })
})

describe('reading orders', () => {
  it('takes one call an order for lines and one for the releases of all, and hashes the whole', async () => {
    addOrder(1)
    addOrder(2, { line: { unitPrice: 0.123456 } })
    addRelease(3, 2, { quantity: 0.5 })
    const notes = await noted()
    const details = await read(notes)
    expect(asked().sort()).toEqual([LINES(1), LINES(2), `${RELEASES} pOId x 2`])
    expect(details.map((detail) => recordOf(detail).order.poNumber)).toEqual(['PO-1', 'PO-2'])
    expect(recordOf(details[1])).toMatchObject({
      lines: [{ id: lineId(2), unitPrice: '0.123456', partNumber: null }],
      releases: [
        { id: releaseId(2), quantity: '4', poLineItemId: lineId(2) },
        { id: releaseId(3), quantity: '0.5' },
      ],
    })
    const hashes = async (): Promise<unknown[]> => (await read(notes)).map((one) => ('hash' in one ? one.hash : null))
    const before = await hashes()
    sandbox.plex.state.data.releases.edit(releaseId(3), { quantity: 0.6 }, 'keep')
    const after = await hashes()
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false])
  })

  it('hashes alike whatever the order of the rows', async () => {
    addOrder(1)
    addLine(2, 1)
    const [first] = await read([unread(1)])
    sandbox.plex.state.data.lines.remove(lineId(1))
    addLine(1, 1)
    const [second] = await read([unread(1)])
    expect(recordOf(second).lines).toHaveLength(2)
    expect(second).toEqual(first)
  })

  it('asks for no lines where the header counts none, and for no releases where there are no lines', async () => {
    addOrder(1, { order: { lineItemCount: 0 } })
    expect(recordOf((await read(await noted()))[0])).toMatchObject({ lines: [], releases: [] })
    expect(asked()).toEqual([])
  })

  it('reads the header by id where the note has none', async () => {
    addOrder(1)
    expect(recordOf((await read([unread(1)]))[0]).order.poNumber).toBe('PO-1')
    expect(asked()).toEqual([`/purchasing/v1/purchase-orders/${orderId(1)}`, LINES(1), `${RELEASES} pOId x 1`])
    expect((await read([unread(7)]))[0]?.kind).toBe('gone')
  })

  it('takes a note that holds a whole order as it is, without a call', async () => {
    addOrder(1)
    const [first] = await read([unread(1)])
    const kept = JSON.parse(JSON.stringify(recordOf(first))) as Json
    sandbox.log.clear()
    const [again] = await read([aNote(orderId(1), { record: kept })])
    expect([asked(), again?.kind === 'record' && again.record, again?.kind === 'record' && again.hash]).toEqual([
      [],
      recordOf(first),
      first?.kind === 'record' && first.hash,
    ])
  })

  it('reads an order anew that was kept without the lines it counts', async () => {
    addOrder(1)
    sandbox.faults.add({ system: 'plex', kind: 'empty', path: LINES(1) })
    const [first] = await read([unread(1)])
    expect(recordOf(first).lines).toEqual([])
    const [again] = await read([aNote(orderId(1), { record: recordOf(first) as unknown as Json })])
    expect(recordOf(again).lines).toHaveLength(1)
  })

  it('leaves out releases of orders it did not ask for, and finds the order of one that names its line only', async () => {
    addOrder(1, { release: { poId: null } })
    addOrder(2)
    sandbox.faults.add({ system: 'plex', kind: 'ignore-filter', path: RELEASES, params: ['pOId'] })
    expect(recordOf((await read([unread(1)]))[0]).releases.map((release) => release.id)).toEqual([releaseId(1)])
  })

  it('rejects an order of which a line or a release cannot be read, and that one only', async () => {
    addOrder(1, { line: { description: { text: 'x' } } })
    addOrder(2, { release: { quantity: [4] } })
    addOrder(3)
    const details = await read([unread(1), unread(2), unread(3), aNote('x', { rejection: 'No id.' })])
    expect(details.map((one) => (one.kind === 'rejected' ? `${one.code}: ${one.message}` : one.kind))).toEqual([
      'record_unreadable: The order line of Plex cannot be read: description is no text.',
      'record_unreadable: The release of Plex cannot be read: quantity is no text.',
      'record',
      'record_unreadable: No id.',
    ])
  })

  it('takes a 404 for lines as none, unless the order itself is gone', async () => {
    addOrder(1)
    addOrder(2)
    const notes = await noted()
    sandbox.plex.state.data.orders.remove(orderId(1))
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 404, path: LINES(2) })
    expect((await read(notes)).map((one) => [one.kind, 'record' in one && one.record.lines])).toEqual([
      ['gone', false],
      ['record', []],
    ])
  })

  it('fails the one order whose lines do not come, and reads the others', async () => {
    addOrder(1)
    addOrder(2)
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 503, path: LINES(1), times: -1 })
    expect((await read([unread(1), unread(2)])).map(failureIn)).toEqual(['transient server_error', 'record'])
  })

  it.each([LINES(1), RELEASES, `/purchasing/v1/purchase-orders/${orderId(1)}`])(
    'is refused whole where %s is',
    async (path) => {
      for (const n of [1, 2, 3]) addOrder(n)
      sandbox.faults.add({ system: 'plex', kind: 'forbidden', path: `^${path}$`, times: -1 })
      expect(failureOf(await source().read([1, 2, 3].map(unread))).kind).toBe('auth')
    },
  )

  it('asks for nothing more once it was refused', async () => {
    for (const n of [1, 2, 3, 4, 5, 6]) addOrder(n)
    sandbox.faults.add({ system: 'plex', kind: 'forbidden', path: 'line-items$', times: -1 })
    expect(failureOf(await source().read([1, 2, 3, 4, 5, 6].map(unread))).kind).toBe('auth')
    expect(asked()).not.toContain(LINES(6))
  })
})

describe('the releases of many orders', () => {
  const many = async (count: number): Promise<Note[]> => {
    for (let n = 1; n <= count; n += 1) addOrder(n)
    return noted()
  }
  const sizes = (): number[] =>
    sandbox.log.entries.flatMap(({ query: { pOId } }) => (pOId === undefined ? [] : pOId.length))

  it('are asked for in as few calls as addresses allow', async () => {
    const notes = await many(200)
    const details = await read(notes)
    expect(details.every((one) => recordOf(one).releases.length === 1)).toBe(true)
    expect(sizes()).toEqual([138, 62])
    // What one order costs: its lines, and its share of two calls.
    expect(sandbox.log.entries).toHaveLength(202)
  })

  it('are never asked for again at a size that was too much', async () => {
    const notes = await many(8)
    const slow = (wanted: number): unknown =>
      sandbox.faults.add({ system: 'plex', kind: 'timeout-before', path: RELEASES, match: orderId(wanted), times: 1 })
    slow(8)
    slow(4)
    const http = plex(200)
    const reader = source(http)
    const details = valueOf(await reader.read(notes))
    expect(details.every((one) => recordOf(one).releases.length === 1)).toBe(true)
    expect(sizes()).toEqual([8, 4, 2, 3, 3])
    sandbox.log.clear()
    valueOf(await reader.read(notes))
    expect(sizes()).toEqual([3, 3, 2])
  })

  it('do not fail together because of one order', async () => {
    const notes = await many(8)
    sandbox.faults.add({ system: 'plex', kind: 'timeout-before', path: RELEASES, match: orderId(3), times: -1 })
    const details = await read(notes, plex(200))
    expect(details.map(failureIn)).toEqual(notes.map((_, n) => (n === 2 ? 'transient timed_out' : 'record')))
    expect(sizes()).toEqual([8, 4, 2, 3, 1, 1, 2, 2])
  })

  it('are given up for all when even single orders fail, or the fault is another one', async () => {
    const notes = await many(6)
    sandbox.faults.add({ system: 'plex', kind: 'timeout-before', path: RELEASES, times: -1 })
    const slow = await read(notes, plex(100))
    expect(new Set(slow.map(failureIn))).toEqual(new Set(['transient timed_out']))
    expect(sizes()).toEqual([6, 3, 1, 1])
    sandbox.faults.clear()
    sandbox.faults.add({ system: 'plex', kind: 'status', status: 400, path: RELEASES })
    sandbox.log.clear()
    expect(new Set((await read(notes)).map(failureIn))).toEqual(new Set(['permanent refused_by_target']))
    expect(sizes()).toEqual([6])
  })
})

describe('the feed of releases', () => {
  it('lists them globally by window, each with the order it touches', async () => {
    addOrder(1)
    addOrder(2, { release: { poId: null } })
    addOrder(3)
    const rows: FeedRow[] = []
    const window = { by: 'modified', from: '2026-03-03T00:00:00Z', to: '2026-03-04T23:00:00Z' } as const
    const outcome = await feed().list(window, (batch) => (rows.push(...batch), Promise.resolve()))
    expect(outcome).toEqual({ ok: true, value: { rows: 2, outside: 0 } })
    expect(rows.map(({ sourceId, owner }) => [sourceId, owner])).toEqual([
      [releaseId(2), null],
      [releaseId(3), orderId(3)],
    ])
    expect(asked()).toEqual([`${RELEASES} modifiedDateBegin x 1 modifiedDateEnd x 1`])
  })

  it('drops and counts rows outside the window, and notices any change we look at', async () => {
    addOrder(1)
    addOrder(2)
    sandbox.faults.add({ system: 'plex', kind: 'ignore-filter' })
    const rows: FeedRow[] = []
    const list = (from: string) =>
      feed().list({ by: 'modified', from, to: null }, (batch) => (rows.push(...batch), Promise.resolve()))
    expect(valueOf(await list('2026-03-03T00:00:00Z'))).toEqual({ rows: 1, outside: 1 })
    sandbox.plex.state.data.releases.edit(releaseId(2), { dueDate: '2026-09-01T04:00:00Z' }, 'keep')
    await list('2026-03-03T00:00:00Z')
    expect(rows.map(({ sourceId }) => sourceId)).toEqual([releaseId(2), releaseId(2)])
    expect(rows[0]?.hash).not.toBe(rows[1]?.hash)
  })

  it('still tells the order of a release it cannot read', async () => {
    addOrder(1, { release: { quantity: {} } })
    expect(valueOf(await feed().probe(releaseId(1)))).toMatchObject({
      ...{ sourceId: releaseId(1), owner: orderId(1) },
      rejection: 'The release of Plex cannot be read: quantity is no text.',
    })
    expect(valueOf(await feed().probe(releaseId(9)))).toBeNull()
  })
})

describe('what orders refer to', () => {
  it('is read with the flags that decide', async () => {
    const orders = valueOf(await readOrderStatuses(plex()))
    expect(orders.find(({ name }) => name === 'Denied')).toEqual({
      name: 'Denied',
      cancelled: true,
      received: true,
      onOrder: true,
    })
    const releases = valueOf(await readReleaseStatuses(plex()))
    expect(releases).toContainEqual({ name: 'Cancelled', cancelled: true, received: false })
  })

  it('is refused where the answer is empty: setup tables never are', async () => {
    for (const read of [readOrderStatuses, readReleaseStatuses]) {
      sandbox.faults.add({ system: 'plex', kind: 'empty' })
      expect(failureOf(await read(plex()))).toMatchObject({ kind: 'auth', code: 'role_missing' })
    }
  })

  it('is the number of every account that has one, inactive ones too', async () => {
    const { accounts } = sandbox.plex.state.data
    accounts.seed({ id: 'a', accountNumber: '61200-010', active: false })
    accounts.seed({ id: 'b', accountNumber: null })
    expect(valueOf(await readPlexAccounts(plex()))).toEqual(new Map([['a', '61200-010']]))
  })
})
