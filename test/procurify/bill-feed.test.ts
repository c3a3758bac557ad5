/** Changed bills as a feed: what is kept, whom it touches, and what is asked when a bill does not come back. */
import { beforeEach, expect, it } from 'vitest'
import type { BillState } from '../../src/domain/invoice-state.js'
import type { Feed, FeedRow } from '../../src/ports.js'
import { makeBillFeed } from '../../src/procurify/bill-feed.js'
import { billRow } from '../../src/sandbox/procurify-bills.js'
import { valueOf } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, procurify } = await openSimulated()

let feed: Feed
/** By key: the invoices that have it. */
let owners: Map<string, string[]>
let kept: Map<string, BillState>
let vendor: string

const FLOOR = '2026-01-01T00:00:00.000Z'

beforeEach(() => {
  vendor = String(sandbox.procurify.state.data.vendors.add({ name: 'Acme', active: true, type: 3, email: [] })['id'])
  owners = new Map()
  kept = new Map()
  const { http } = procurify()
  const states = () => [...kept].map(([id, state]) => ({ id, state })).filter(({ state }) => !state.gone)
  feed = makeBillFeed(http, {
    ...{ pageSize: 50, zone: 'UTC', floor: FLOOR },
    books: {
      ownersOf: (bills) =>
        Promise.resolve(new Map(bills.map(({ id, matchKey }) => [id, owners.get(matchKey ?? '') ?? []]))),
      unseenBills: (seen) => Promise.resolve(states().filter(({ id }) => !seen.includes(id))),
      newestBills: (limit) => Promise.resolve(states().slice(-limit)),
    },
    onBill: () => undefined,
  })
})

function addBill(n: number, fields: Record<string, unknown> = {}): string {
  const uuid = `5a0000b3-0000-4000-8000-${String(n).padStart(12, '0')}`
  const bill = {
    id: n,
    uuid,
    vendor: Number(vendor),
    invoice_number: `INV-${n}`,
    invoice_date: '2026-03-01',
    currency: 1,
  }
  const last_modified_datetime = `2026-03-0${n}T10:00:00.000000Z`
  sandbox.procurify.state.data.bills.seed(
    billRow({ ...bill, last_modified_datetime, items: [{ quantity: '1', unit_cost: '5' }], ...fields }),
  )
  return uuid.replaceAll('-', '')
}
async function list(from: string): Promise<FeedRow[]> {
  const rows: FeedRow[] = []
  valueOf(
    await feed.list({ by: 'modified', from, to: null }, (batch) => {
      for (const { sourceId, kept: state } of batch) kept.set(sourceId, state as unknown as BillState)
      return Promise.resolve(void rows.push(...batch))
    }),
  )
  return rows
}
const details = () => sandbox.log.entries.filter(({ path }) => path.startsWith('/api/v2/ap/bills/')).length

it('each bill is kept and touches every invoice of its vendor and number; one that is nobody’s is kept as well', async () => {
  const one = addBill(1)
  const two = addBill(2)
  owners.set(`${vendor} inv-1`, ['i1', 'i2'])
  const rows = await list(FLOOR)
  expect(rows.map(({ sourceId, owner }) => [sourceId, owner]).sort()).toEqual([
    [one, 'i1'],
    [one, 'i2'],
    [two, null],
  ])
  expect(kept.get(one)).toMatchObject({ total: '5', number: 'INV-1', gone: false, vendor })
  expect((await list('2026-03-02T00:00:00Z')).map(({ sourceId }) => sourceId)).toEqual([two])
  expect(details()).toBe(0)
})

it('a known bill that a whole list does not show is asked for, and is gone only then', async () => {
  addBill(1)
  const two = addBill(2)
  await list(FLOOR)
  sandbox.procurify.state.data.bills.remove('5a0000b3-0000-4000-8000-000000000002')
  await list(FLOOR)
  expect([kept.get(two)?.gone, details()]).toEqual([true, 1])
})

it('when even the last change does not come back, others tell whether it was deleted or nothing can be seen', async () => {
  const one = addBill(1)
  const two = addBill(2)
  await list(FLOOR)
  sandbox.procurify.state.data.bills.remove('5a0000b3-0000-4000-8000-000000000002')
  const rows = await list('2026-03-02T00:00:00Z')
  expect(rows.map(({ sourceId }) => sourceId).sort()).toEqual([one, two])
  expect([kept.get(two)?.gone, kept.get(one)?.gone]).toEqual([true, false])
})

it('a bill is probed by id', async () => {
  const one = addBill(1)
  expect(valueOf(await feed.probe(one))).toMatchObject({ sourceId: one, sourceKey: 'INV-1' })
  expect(valueOf(await feed.probe('nothing'))).toBeNull()
})
