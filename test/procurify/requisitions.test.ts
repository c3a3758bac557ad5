/** Requisitions against the simulated Procurify: sent once, found again by the key in their item names, never guessed at. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Claim, LookUp } from '../../src/domain/delivery.js'
import { Bug } from '../../src/domain/errors.js'
import type { ExistingRequisition } from '../../src/domain/order.js'
import type { RequisitionBody, RequisitionDraft } from '../../src/domain/requisition.js'
import { makeItemName, makeKey } from '../../src/domain/token.js'
import type { Http } from '../../src/http.js'
import type { Target } from '../../src/ports.js'
import { readMe, readRequisitionIndex } from '../../src/procurify/requisition-index.js'
import { makeRequisitionTarget } from '../../src/procurify/requisitions.js'
import { makeScans } from '../../src/procurify/scans.js'
import { aClaim, aWanted } from '../support/factories.js'
import { failureOf, json, makeRig, startServer, valueOf, type TestClock } from '../support/http.js'
import { openSimulated } from '../support/simulated.js'

const { sandbox, database, procurify } = await openSimulated()

let http: Http
let clock: TestClock
let target: Target
let vendorId = ''

const RECENT_MS = 60_000
const DAY_MS = 86_400_000

beforeEach(() => {
  const { data } = sandbox.procurify.state
  ;({ http, clock } = procurify())
  target = makeRequisitionTarget(http, makeScans(index, { clock, recentMs: RECENT_MS }))
  vendorId = String(data.vendors.add({ name: 'Acme', type: 3, active: true, email: [] })['id'])
  data['account-codes'].seed({ id: 1, code: '5100', active: true })
  data.accounts.add({ account_code: 1, department: 1, active: true })
})

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
/** As the caller widens it: a day each side. */
function index(days = 1) {
  const now = sandbox.clock.now()
  const window = { since: dayOf(now - days * DAY_MS), until: dayOf(now + DAY_MS) }
  return readRequisitionIndex(http, { requesterId: '7', ...window, pageSize: 50 })
}
const existing = async (days?: number): Promise<ExistingRequisition[]> => valueOf(await index(days))

/** Of order `n`. */
const keyOf = (n: number): string => makeKey({ stem: `abcd000${n}`, part: 1, revision: 1 })

interface Line {
  readonly quantity?: string
  readonly price?: string
  readonly vendor?: string
}

function bodyOf(n: number, lines: readonly Line[]): RequisitionBody {
  return {
    ...{ required_date: '2026-12-24', location_name: 'Main Plant', department_name: 'Maintenance' },
    line_items: lines.map(({ quantity = '4', price = '12.5', vendor = 'Acme' }, at) => ({
      item_name: makeItemName(`PO-${n}`, `${at + 1}`, keyOf(n), 'Bearing'),
      ...{ vendor_name: vendor, account_code: '5100', unit: 'ea', currency_code: 'USD', custom_fields: [] },
      ...{ unit_price: price, quantity },
    })),
  }
}

/** The wish to have order `n` as a requisition. */
function creation(n: number, lines: readonly Line[] = [{}]): Claim {
  const body = bodyOf(n, lines)
  const facts = { po_number: `PO-${n}`, supplier: 's', currency: 'USD', cancelled: false }
  const draft: RequisitionDraft = {
    ...{ key: keyOf(n), part: 1, revision: 1, vendor_id: vendorId, department_id: '1', location_id: '1', body },
    ...{ order: facts, lines: [], other_lines: [], accepted: null },
  }
  return aClaim({ sourceId: `order-${n}`, wanted: aWanted({ targetKey: null, draft, payload: body }) })
}

const send = async (claim: Claim) => valueOf(await target.send(claim, Infinity)).targetId
const items = () => sandbox.procurify.state.data['order-items']
const firstItem = (): string => String(items().all()[0]?.['id'])
const orderNumOf = (id: string): string => {
  const row = sandbox.procurify.state.data.orders.all().find(({ uuid }) => String(uuid).replaceAll('-', '') === id)
  return String(row?.['num'])
}

const called = (path: string, method = 'GET') =>
  sandbox.log.entries.filter((entry) => entry.method === method && entry.path === path)
const posts = () => called('/api/v3/requisitions/', 'POST')
const itemLists = () => called('/api/v3/order-items/')
const orderLists = () => called('/api/v2/global/orders/')

const refusal = (look: LookUp): string | null =>
  look.kind === 'found' && look.found.refuse !== null ? `${look.found.refuse.code}: ${look.found.refuse.message}` : null

it('the requester is the user the credentials act as, by the id that filters want', async () => {
  const me = { id: '7', name: 'ERP Connector', email: 'erp.connector@works.example', active: true }
  expect(valueOf(await readMe(http))).toMatchObject(me)
})

describe('the index', () => {
  it('shows each requisition of ours by key, with all its items as numbers are written there', async () => {
    const id = await send(creation(1, [{}, { quantity: '0.5', price: '1.23456789' }]))
    const nameOf = (line: number): string => makeItemName('PO-1', `${line}`, keyOf(1), 'Bearing')
    expect(await existing()).toEqual([
      {
        ...{ key: keyOf(1), id, orderNum: orderNumOf(id), status: '0' },
        items: [
          { name: nameOf(2), vendorId, quantity: '0.50000', price: '1.23456789' },
          { name: nameOf(1), vendorId, quantity: '4.00000', price: '12.50000000' },
        ],
      },
    ])
    expect(id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is asked for by requester and days of creation, and never by name', async () => {
    await send(creation(1))
    await existing()
    const days = [[dayOf(sandbox.clock.now() - DAY_MS)], [dayOf(sandbox.clock.now() + DAY_MS)]]
    const common = { requester: ['7'], page: ['1'], page_size: ['50'] }
    expect(itemLists().map(({ query }) => query)).toEqual([
      { ...common, order_created_date_0: days[0], order_created_date_1: days[1] },
    ])
    expect(orderLists().map(({ query }) => query)).toEqual([{ ...common, date_0: days[0], date_1: days[1] }])
  })

  it('needs no orders while no item carries a key', async () => {
    await send(creation(1))
    items().edit(firstItem(), { name: 'Bearing, typed by hand' })
    expect([await existing(), orderLists().length]).toEqual([[], 0])
  })

  it('includes items without a key of a requisition that has one elsewhere', async () => {
    await send(creation(1, [{}, {}]))
    items().edit(firstItem(), { name: 'Bearing, typed by hand' })
    expect((await existing()).map((one) => one.items.length)).toEqual([2])
  })

  it('leaves out what an ignored filter brings, where it says that it is not ours', async () => {
    for (const n of [1, 2]) await send(creation(n))
    items().edit(firstItem(), { requester: { id: 2 } })
    expect((await existing()).map(({ key }) => key)).toEqual([keyOf(2)])
    sandbox.clock.advance(5 * DAY_MS)
    await send(creation(3))
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', path: '/api/v3/order-items/', times: -1 })
    expect((await existing()).map(({ key }) => key)).toEqual([keyOf(3)])
  })

  it('keeps what does not say when it was made, and asks for its order alone', async () => {
    const id = await send(creation(1))
    items().edit(firstItem(), { created_at: null })
    sandbox.clock.advance(5 * DAY_MS)
    sandbox.faults.add({ system: 'procurify', kind: 'ignore-filter', path: '/api/v3/order-items/', times: -1 })
    expect((await existing()).map((one) => one.id)).toEqual([id])
    expect(orderLists().map(({ query }) => query['order'] ?? null)).toEqual([null, [orderNumOf(id)]])
  })

  it('fails where it sees an item of ours and not its order', async () => {
    await send(creation(1))
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: '/api/v2/global/orders/', times: 2 })
    expect(failureOf(await index())).toMatchObject({ kind: 'transient', code: 'answer_incomplete' })
    expect((await existing()).length).toBe(1)
  })
})

describe('the look before a creation', () => {
  it('finds nothing, and reads the index once for many', async () => {
    for (const n of [1, 2, 3]) {
      expect(valueOf(await target.lookFirst(creation(n)))).toEqual({ kind: 'absent', complete: false })
      await send(creation(n))
    }
    expect(itemLists()).toHaveLength(1)
  })

  it('knows what was sent since, and reads the index anew when it has grown old', async () => {
    await target.lookFirst(creation(1))
    const id = await send(creation(1))
    const look = valueOf(await target.lookFirst(creation(1)))
    expect(look).toMatchObject({ kind: 'found', found: { targetId: id, targetKey: null, matches: true, refuse: null } })
    await clock.sleep(RECENT_MS + 1)
    const later = valueOf(await target.lookFirst(creation(1)))
    expect(later).toMatchObject({ found: { targetId: id, targetKey: orderNumOf(id), matches: true, refuse: null } })
    expect(itemLists()).toHaveLength(2)
  })

  it('is repeated after an index that could not be read', async () => {
    sandbox.faults.add({ system: 'procurify', kind: 'forbidden', path: '/api/v3/order-items/' })
    expect(failureOf(await target.lookFirst(creation(1))).kind).toBe('auth')
    expect(valueOf(await target.lookFirst(creation(1))).kind).toBe('absent')
  })

  it.each<[string, readonly Line[]]>([
    ['another quantity', [{ quantity: '5' }]],
    ['another price', [{ price: '12.50000001' }]],
    ['a line more', [{}, {}]],
    ['another vendor', [{ vendor: 'Other Inc' }]],
  ])('refuses one of the same key with %s', async (_what, lines) => {
    sandbox.procurify.state.data.vendors.add({ name: 'Other Inc', type: 3, active: true, email: [] })
    await send(creation(1, lines))
    target = makeRequisitionTarget(http, makeScans(index, { clock, recentMs: RECENT_MS }))
    expect(refusal(valueOf(await target.lookFirst(creation(1))))).toMatch(
      /^requisition_ambiguous: Requisition \d+ carries the key .* differs/,
    )
  })

  it('refuses several of the same key, however alike', async () => {
    await send(creation(1))
    await send(creation(1))
    expect(refusal(valueOf(await target.lookFirst(creation(1))))).toMatch(
      /^requisition_ambiguous: Requisitions \d+, \d+ all carry the key/,
    )
  })
})

describe('the look for one in doubt', () => {
  it('is complete when it shows a witness', async () => {
    const witness = await send(creation(1))
    const absent = async (witnesses: string[]) => valueOf(await target.lookUp(creation(2), witnesses))
    expect(await absent([witness])).toEqual({ kind: 'absent', complete: true })
    expect(await absent(['somebody else'])).toEqual({ kind: 'absent', complete: false })
    expect(await absent([])).toEqual({ kind: 'absent', complete: false })
  })

  it('does not miss a witness that is younger than a reading it would share', async () => {
    await target.lookUp(creation(2), [])
    const witness = await send(creation(1))
    expect(valueOf(await target.lookUp(creation(2), [witness]))).toEqual({ kind: 'absent', complete: true })
    expect(itemLists()).toHaveLength(2)
  })

  it('does not take its own word for what was sent', async () => {
    const id = await send(creation(1))
    sandbox.faults.add({ system: 'procurify', kind: 'empty', path: '/api/v3/order-items/', times: 2 })
    expect(valueOf(await target.lookUp(creation(1), [id]))).toEqual({ kind: 'absent', complete: false })
  })

  it('reads afresh after an outcome that is unknown, and shares a reading with others otherwise', async () => {
    await Promise.all([target.lookUp(creation(1), []), target.lookUp(creation(2), [])])
    await target.lookUp(creation(3), [])
    expect(itemLists()).toHaveLength(1)
    sandbox.faults.add({ system: 'procurify', kind: 'cut-after', path: '/api/v3/requisitions/' })
    expect(failureOf(await target.send(creation(1), Infinity)).kind).toBe('unknown')
    const look = valueOf(await target.lookUp(creation(1), []))
    expect(look).toMatchObject({ found: { matches: true, refuse: null, http: { method: 'POST', status: null } } })
    await clock.sleep(1_001)
    await target.lookUp(creation(1), [])
    expect([itemLists().length, posts().length]).toEqual([3, 1])
  })

  it('finds by its id one that was only to be taken over', async () => {
    const id = await send(creation(1))
    const { wanted } = creation(1)
    const adoption = aClaim({ wanted: { ...wanted, action: 'adopt', targetId: id, payload: null } })
    expect(valueOf(await target.lookUp(adoption, []))).toMatchObject({ found: { targetId: id, matches: true } })
    const gone = aClaim({ wanted: { ...adoption.wanted, targetId: 'f'.repeat(32) } })
    expect(valueOf(await target.lookUp(gone, [id]))).toEqual({ kind: 'absent', complete: true })
  })
})

describe('sending', () => {
  it('what a former run planned is not sent once its vendor is another one', async () => {
    const old = { ...creation(1), isOwnPlan: false }
    const { vendors } = sandbox.procurify.state.data
    for (const change of [{ name: 'Acme Inc' }, { name: 'Acme', active: false }]) {
      vendors.edit(Number(vendorId), change)
      expect(failureOf(await target.send(old, Infinity))).toMatchObject({ kind: 'permanent', code: 'plan_outdated' })
    }
    vendors.edit(Number(vendorId), { active: true })
    sandbox.faults.add({ system: 'procurify', kind: 'status', status: 404, path: `/api/v3/vendors/${vendorId}/` })
    expect(failureOf(await target.send(old, Infinity)).code).toBe('plan_outdated')
    expect(posts()).toHaveLength(0)
    await send(old)
    await send(creation(2))
    // Only what is old is asked about.
    expect([posts().length, called(`/api/v3/vendors/${vendorId}/`).length]).toEqual([2, 4])
  })

  it('posts the payload once and answers the uuid without dashes', async () => {
    const sent = valueOf(await target.send(creation(1), Infinity))
    expect(sent).toMatchObject({ targetKey: null, http: { method: 'POST', status: 201 } })
    expect(sent.targetId).toBe(String(sandbox.procurify.state.data.orders.all()[0]?.['uuid']).replaceAll('-', ''))
    expect(posts().map(({ body }) => body)).toEqual([bodyOf(1, [{}])])
  })

  it('says what Procurify refused', async () => {
    const failure = failureOf(await target.send(creation(1, [{ vendor: 'Nobody' }]), Infinity))
    expect(failure).toMatchObject({ kind: 'permanent', code: 'refused_by_target', status: 400 })
    expect(failure.message).toContain('Nobody')
  })

  it('does not know what an answer without a uuid made', async () => {
    const server = await startServer()
    server.answer = (response) => json(response, { metadata: {}, data: {} }, 201)
    const bare = makeRequisitionTarget(makeRig(server, database).http, makeScans(index, { clock, recentMs: 0 }))
    expect(failureOf(await bare.send(creation(1), Infinity))).toMatchObject({ kind: 'unknown', code: 'broken_answer' })
    await server.close()
  })

  it('is a bug without content, and without a key to find it again', async () => {
    const { wanted } = creation(1)
    await expect(target.send(aClaim({ wanted: { ...wanted, payload: null } }), Infinity)).rejects.toThrow(Bug)
    await expect(target.send(aClaim({ wanted: { ...wanted, draft: null } }), Infinity)).rejects.toThrow(Bug)
    expect(posts()).toEqual([])
  })

  it('costs one call each, and all together one index', async () => {
    const queue = Array.from({ length: 9 }, (_, n) => creation(n))
    const worker = async (): Promise<void> => {
      for (let claim = queue.shift(); claim !== undefined; claim = queue.shift()) {
        expect(valueOf(await target.lookFirst(claim)).kind).toBe('absent')
        await send(claim)
      }
    }
    await Promise.all([worker(), worker(), worker()])
    const calls = sandbox.log.entries.filter(({ path }) => path !== '/oauth/token')
    expect([calls.length, posts().length, (await existing()).length]).toEqual([10, 9, 9])
  })
})
