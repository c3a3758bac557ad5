/** `replay` through the built program: parked records tried again, settled by a person, or given up. */
import { afterEach, describe, expect, it } from 'vitest'
import { openAlignedBench, type OrderBench } from '../support/orders.js'
import { makeSupplier, openBench, runProgram, type Bench, type Finished } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

/** Arguments with spaces in them. */
const run = (...args: string[]) => runProgram(args, bench.env)

interface Row {
  readonly seq: number
  readonly run_id: string | null
  readonly action: string
  readonly outcome: string
  readonly code: string | null
  readonly message: string | null
  readonly replay_of: number | null
  readonly source_key: string | null
}
const journal = async (filter: string): Promise<Row[]> =>
  (JSON.parse((await bench.run(`audit show ${filter} --limit 10000 --json`)).out) as { rows: Row[] }).rows

interface Preview {
  readonly source_key: string
  readonly would: string
  readonly parked_seq: number
  readonly changes: readonly { field: string }[]
  readonly since_parked: readonly { field: string; from: unknown; to: unknown }[]
}
const previewOf = ({ out }: Finished) => (JSON.parse(out) as { preview: Preview[] }).preview

const addVendor = (fields: Record<string, unknown>) =>
  bench.sandbox.procurify.state.data.vendors.add({ type: 3, active: true, email: [], external_id: null, ...fields })
const editSupplier = (supplier: Record<string, unknown>, changes: Record<string, unknown>) =>
  bench.sandbox.plex.state.data.suppliers.edit(String(supplier['id']), changes)

const REFUSED = { system: 'procurify', method: 'POST', path: '/api/v3/vendors/', kind: 'status', status: 400 } as const

/** A bench whose suppliers are all parked, as Procurify refuses their vendors. */
async function openRefusedBench(suppliers: Record<string, unknown>[]): Promise<Bench> {
  const opened = await openBench({ suppliers })
  opened.sandbox.faults.add({ ...REFUSED, times: -1 })
  const parked = await opened.run('sync suppliers --json')
  if (parked.json().counts['parked'] !== suppliers.length) throw new Error(`not parked: ${parked.out}`)
  opened.sandbox.faults.clear()
  return opened
}

describe('trying again', () => {
  it('shows first what it would do and what changed since, then does it as Plex is now', async () => {
    const supplier = makeSupplier({ code: 'ACME', name: 'Bolt & Nut, Inc.' })
    bench = await openBench({ suppliers: [supplier] })
    addVendor({ name: 'Bolt & Nut LLC' })
    expect((await bench.run('sync suppliers')).code).toBe(3)
    const [park] = await journal('--record ACME')
    editSupplier(supplier, { name: 'Bolts of Tomorrow' })

    const dry = await bench.run('replay ACME --dry-run --json')
    expect(previewOf(dry)).toMatchObject([{ source_key: 'ACME', would: 'create', parked_seq: park?.seq }])
    expect(previewOf(dry)[0]?.since_parked).toContainEqual({
      field: 'supplier.name',
      from: 'Bolt & Nut, Inc.',
      to: 'Bolts of Tomorrow',
    })
    const told = await bench.run('replay ACME --dry-run')
    expect(told.out).toContain('would be created')
    expect(told.out).toContain('"Bolt & Nut, Inc." -> "Bolts of Tomorrow"')
    expect(bench.writes()).toEqual([])
    expect(await journal('--record ACME')).toHaveLength(1)

    const done = await bench.run('replay ACME --json')
    expect(done.json()).toMatchObject({ command: 'replay', exit_code: 0, counts: { created: 1, parked: 0 } })
    expect(bench.vendors().map((row) => row['name'])).toContain('Bolts of Tomorrow')
    const story = await journal('--record ACME')
    expect(story.map(({ action, replay_of }) => [action, replay_of])).toEqual([
      ['park', null],
      ['replay', park?.seq],
      ['create', park?.seq],
    ])
    expect((await bench.run('audit verify')).code).toBe(0)
  })

  it('parks it again with a row of its own where nothing has got better', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ code: 'ACME', name: 'Bolt & Nut, Inc.' })] })
    addVendor({ name: 'Bolt & Nut LLC' })
    await bench.run('sync suppliers')
    expect((await bench.run('replay ACME --json')).json()).toMatchObject({ exit_code: 3, counts: { parked: 1 } })
    const story = await journal('--record ACME')
    expect(story.map(({ action }) => action)).toEqual(['park', 'replay', 'park'])
    // A pass that finds the same again still adds nothing.
    await bench.run('sync suppliers --full')
    expect(await journal('--record ACME')).toHaveLength(3)
  })

  it('chooses by source id, key, row of the journal, code, run and stream', async () => {
    const suppliers = ['A1', 'B2', 'C3', 'D4', 'E5'].map((code) => makeSupplier({ code }))
    bench = await openRefusedBench(suppliers)
    const parks = await journal('--outcome parked')
    const parkOf = (key: string) => parks.find(({ source_key }) => source_key === key)
    const would = async (args: string) =>
      previewOf(await bench.run(`replay ${args} --dry-run --json`))
        .map((one) => one.source_key)
        .sort()
    expect(await would(String(suppliers[0]?.['id']))).toEqual(['A1'])
    expect(await would(`B2 ${parkOf('C3')?.seq}`)).toEqual(['B2', 'C3'])
    expect(await would('--code name_missing')).toEqual([])
    const code = parkOf('A1')?.code ?? ''
    const all = ['A1', 'B2', 'C3', 'D4', 'E5']
    expect(await would(`--code ${code}`)).toEqual(all)
    expect(await would(`--run ${parkOf('A1')?.run_id?.slice(0, 8)}`)).toEqual(all)
    expect(await would('--stream suppliers')).toEqual(all)
    expect(await would('--stream pos')).toEqual([])
    expect(await would('--all')).toEqual(all)
    expect((await bench.run('replay')).code).toBe(2)
    expect((await bench.run('replay --all --stream suppliers')).code).toBe(2)
    const limited = await bench.run('replay --all --limit 2 --json')
    expect(limited.json()).toMatchObject({ exit_code: 4, counts: { created: 2 } })
    expect(bench.vendors()).toHaveLength(2)
  })

  it('has nothing to do where nothing is parked: exit 0', async () => {
    bench = await openBench({ suppliers: [] })
    const none = await bench.run('replay --all --json')
    expect(none.json()).toMatchObject({ exit_code: 0, outcome: 'done', counts: { read: 0 } })
    const unknown = await bench.run('replay NOBODY --json')
    expect(unknown.json()).toMatchObject({ exit_code: 0, problems: [{ code: 'not_parked' }] })
  })

  it('does not send what was delivered meanwhile, and says so once', async () => {
    const supplier = makeSupplier({ code: 'ACME' })
    bench = await openRefusedBench([supplier])
    const [park] = await journal('--outcome parked')
    editSupplier(supplier, { name: 'Mended' })
    await bench.run('sync suppliers')
    const again = await bench.run(`replay ${park?.seq} --json`)
    expect(again.json()).toMatchObject({ exit_code: 0, counts: { created: 0 }, problems: [{ code: 'superseded' }] })
    const byKey = await bench.run('replay ACME --json')
    expect(byKey.json()).toMatchObject({ exit_code: 0, problems: [{ code: 'superseded' }] })
    expect((await journal('--action supersede')).map(({ replay_of }) => replay_of)).toEqual([park?.seq])
    expect(bench.vendors()).toHaveLength(1)
  })

  it('refuses a plan too large to be true and leaves nothing behind for the next pass', async () => {
    bench = await openRefusedBench(Array.from({ length: 4 }, () => makeSupplier()))
    bench.env['SYNC_MAX_CHANGES'] = '1'
    await bench.database.pool.query(`delete from link where source_id not in (select source_id from intent limit 1)`)
    const stopped = await bench.run('replay --all --json')
    expect(stopped.json()).toMatchObject({ exit_code: 7, counts: { created: 0 } })
    expect((await bench.database.pool.query('select from note')).rowCount).toBe(0)
    expect(await journal('--action replay')).toEqual([])
    const confirmed = await bench.run(`replay --all --confirm ${stopped.json().plan_hash} --json`)
    expect(confirmed.json()).toMatchObject({ exit_code: 0, counts: { created: 4 } })
  })
})

describe('a record in doubt', () => {
  it('is looked for, never sent blindly: adopted when it is there', async () => {
    bench = await openBench({ suppliers: [makeSupplier()] })
    await bench.run('sync suppliers')
    bench.sandbox.plex.state.data.suppliers.add(makeSupplier({ code: 'LOST' }))
    const path = '/api/v3/vendors/'
    bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path, kind: 'cut-after' })
    // Lists without our vendors prove nothing, so that a person has to decide.
    bench.sandbox.faults.add({ system: 'procurify', method: 'GET', path, kind: 'empty', after: 2, times: -1 })
    for (let pass = 0; pass < 4 && (await bench.run('sync suppliers')).code !== 3; pass += 1) continue
    expect((await journal('--record LOST')).at(-1)).toMatchObject({ action: 'park', code: 'in_doubt' })
    // Seen again meanwhile, it waits behind the doubt: that leaves a later pass nothing to do.
    expect((await bench.run('sync suppliers --full')).code).toBe(0)
    bench.sandbox.faults.clear()
    expect(previewOf(await bench.run('replay LOST --dry-run --json'))).toMatchObject([{ would: 'look_up' }])
    bench.sandbox.log.clear()
    const done = await bench.run('replay LOST --json')
    expect(done.json(), done.out).toMatchObject({ exit_code: 0, counts: { adopted: 1, created: 0 } })
    expect(bench.sandbox.log.entries.filter(({ method, path: at }) => method === 'POST' && at === path)).toEqual([])
    expect(bench.vendors()).toHaveLength(2)
    const story = await journal('--record LOST')
    const park = story.find(({ action }) => action === 'park')
    expect(story.slice(-2)).toMatchObject([
      { action: 'replay', replay_of: park?.seq },
      { action: 'adopt', code: 'recovered', replay_of: park?.seq },
    ])
  })
})

describe('two replays and a sync at once', () => {
  it('deliver each of a thousand records once', async () => {
    const count = 1000
    const suppliers = Array.from({ length: count }, (_, at) => makeSupplier({ name: `Twin ${at}, Inc.` }))
    bench = await openBench({ suppliers })
    Object.assign(bench.env, { SYNC_CONCURRENCY: '8', SYNC_MAX_CHANGES: '2000', SUPPLIER_ADDRESSES: 'false' })
    // A busy machine must not make time-outs of it.
    Object.assign(bench.env, { SYNC_TIMEOUT: '60s', SYNC_LEASE: '150s', SYNC_DEADLINE: '10m' })
    // Parked without a write each: a vendor of nearly the same name is in the way, until somebody takes it out.
    const inTheWay = suppliers.map((_, at) => addVendor({ name: `Twin ${at} LLC` }))
    expect((await bench.run('sync suppliers --json')).json().counts).toMatchObject({ parked: count })
    inTheWay.forEach((vendor) => bench.sandbox.procurify.state.data.vendors.remove(String(vendor['id'])))
    suppliers.forEach((supplier, at) => at % 2 === 0 && editSupplier(supplier, { note: 'touched' }))
    const finished = await Promise.all(
      ['replay --all', 'replay --all', 'sync suppliers'].map((args) => bench.run(args)),
    )
    for (const { code, err } of finished) expect([0, 4], err).toContain(code)
    // Whoever lost a race says that work is left; there is none.
    expect((await bench.run('sync suppliers --json')).json()).toMatchObject({ exit_code: 0, counts: { created: 0 } })
    const ids = bench.vendors().map((row) => row['external_id'])
    expect(ids).toHaveLength(count)
    expect(new Set(ids).size).toBe(count)
    const rows = await journal('--stream suppliers')
    const of = (name: string) => rows.filter(({ action, outcome }) => action === name && outcome === 'done')
    expect(of('create')).toHaveLength(count)
    expect(of('adopt')).toEqual([])
    expect((await bench.run('replay --all --json')).json().counts).toMatchObject({ read: 0 })
    expect((await bench.run('audit verify')).code).toBe(0)
  }, 240_000)
})

describe('giving up', () => {
  it('drop: not parked again by any pass until the record changes in Plex', async () => {
    const supplier = makeSupplier({ code: 'ACME', name: 'Bolt & Nut, Inc.' })
    bench = await openBench({ suppliers: [supplier] })
    addVendor({ name: 'Bolt & Nut LLC' })
    await bench.run('sync suppliers')
    expect((await bench.run('replay drop ACME')).code).toBe(2)
    const dropped = await run('replay', 'drop', 'ACME', '--reason', 'test supplier')
    expect(dropped.code, dropped.err).toBe(0)
    expect((await journal('--action drop'))[0]).toMatchObject({ code: 'vendor_similar', message: 'test supplier' })
    const full = await bench.run('sync suppliers --full --json')
    expect(full.json()).toMatchObject({ exit_code: 0, counts: { skipped: 1, parked: 0 } })
    expect((await bench.run('sync suppliers --json', { SUPPLIER_SKIP_TYPES: 'Other' })).code).toBe(0)
    expect((await bench.run('status')).code).toBe(0)
    editSupplier(supplier, { name: 'Bolt & Nut Co' })
    expect((await bench.run('sync suppliers --json')).json()).toMatchObject({ exit_code: 3, counts: { parked: 1 } })
  })

  it('drop also holds for a draft that Procurify refused, and for a linked vendor', async () => {
    const supplier = makeSupplier({ code: 'ACME' })
    bench = await openBench({ suppliers: [supplier] })
    await bench.run('sync suppliers')
    editSupplier(supplier, { name: 'Renamed' })
    bench.sandbox.faults.add({ ...REFUSED, method: 'PATCH', times: -1 })
    expect((await bench.run('sync suppliers')).code).toBe(3)
    await run('replay', 'drop', 'ACME', '--reason', 'vendor is locked')
    bench.sandbox.faults.clear()
    expect((await bench.run('sync suppliers --full --json')).json()).toMatchObject({
      exit_code: 0,
      counts: { updated: 0 },
    })
    editSupplier(supplier, { name: 'Renamed again' })
    expect((await bench.run('sync suppliers --json')).json().counts).toMatchObject({ updated: 1 })
  })

  it('accept: what was refused counts as done, so that only later changes are sent', async () => {
    const supplier = makeSupplier({ code: 'ACME' })
    bench = await openBench({ suppliers: [supplier] })
    await bench.run('sync suppliers')
    editSupplier(supplier, { name: 'Renamed' })
    bench.sandbox.faults.add({ ...REFUSED, method: 'PATCH', times: -1 })
    await bench.run('sync suppliers')
    bench.sandbox.faults.clear()
    const accepted = await run('replay', 'accept', 'ACME', '--reason', 'renamed by hand', '--json')
    expect(JSON.parse(accepted.out)).toMatchObject({
      ...{ schema: 'ml-connector/settled@1', action: 'accept', exit_code: 0 },
      records: [{ stream: 'suppliers', source_id: supplier['id'], source_key: 'ACME', code: 'refused_by_target' }],
    })
    expect((await journal('--action accept'))[0]).toMatchObject({ outcome: 'done', message: 'renamed by hand' })
    bench.sandbox.log.clear()
    editSupplier(supplier, { note: 'only this' })
    await bench.run('sync suppliers')
    const patches = bench.sandbox.log.entries.filter(({ method }) => method === 'PATCH')
    expect(patches.map(({ body }) => Object.keys(body as object))).toEqual([['comments']])
  })

  it('refuses a name that nothing parked has, or that several have', async () => {
    bench = await openRefusedBench([makeSupplier({ code: 'SAME' }), makeSupplier({ code: 'SAME' })])
    const several = await run('replay', 'drop', 'SAME', '--reason', 'x')
    expect(several.code).toBe(2)
    expect(several.err).toContain('Several parked records')
    expect((await run('replay', 'accept', 'NOBODY', '--reason', 'x')).code).toBe(2)
  })
})

describe('purchase orders', () => {
  let orders: OrderBench
  const lifecycle = () => orders.sandbox.procurify.state.lifecycle
  const posts = () => orders.requisitions().length
  const openOrders = async () => (bench = orders = await openAlignedBench())

  it('are rebuilt with their supplier, which is synced on demand', async () => {
    await openOrders()
    orders.addOrder({ poNumber: 'PO-7' })
    const path = '/api/v3/requisitions/'
    orders.sandbox.faults.add({ system: 'procurify', method: 'POST', path, kind: 'status', status: 400 })
    expect((await orders.sync()).code).toBe(3)
    const done = await bench.run('replay PO-7 --json')
    expect(done.json(), done.out).toMatchObject({ exit_code: 0, counts: { created: 1 } })
    expect(posts()).toBe(1)
    const story = await journal('--record PO-7')
    expect(story.slice(-2).map(({ action, replay_of }) => [action, replay_of !== null])).toEqual([
      ['replay', true],
      ['create', true],
    ])
  })

  it('accept takes what Plex says now as the base: only later changes are held', async () => {
    await openOrders()
    const order = orders.addOrder({ poNumber: 'PO-7' }, [{ quantity: '2' }])
    await orders.sync()
    const change = (quantity: number) => {
      const { releases, orders: heads } = orders.sandbox.plex.state.data
      releases.edit(String(order.releaseIds[0]), { quantity })
      heads.edit(order.id, { lineItemTotal: quantity * 10 })
    }
    change(3)
    expect((await orders.sync()).code).toBe(3)
    const accepted = await run('replay', 'accept', 'PO-7', '--reason', 'three there as well', '--json')
    expect(accepted.code, accepted.err).toBe(0)
    expect(JSON.parse(accepted.out)).toMatchObject({ records: [{ source_key: 'PO-7' }], problems: [] })
    expect(await journal('--action accept')).toMatchObject([
      { code: 'po_changed_after_send', message: 'three there as well' },
    ])
    expect((await bench.run('sync pos --full --json')).json()).toMatchObject({ exit_code: 0, counts: { parked: 0 } })
    change(4)
    expect((await orders.sync()).json().problems[0]?.message).toContain('quantity: 3 -> 4')
    expect(posts()).toBe(1)
  })

  it('a cancelled order is accepted, and a denial dropped, for good', async () => {
    await openOrders()
    const [cancelled] = [orders.addOrder({ poNumber: 'PO-C' }), orders.addOrder({ poNumber: 'PO-D' })]
    await orders.sync()
    orders.sandbox.plex.state.data.orders.edit(cancelled.id, { status: 'Cancelled' })
    const denied = orders.requisitions().find(({ items }) => String(items[0]?.['name']).includes('PO-D'))
    lifecycle().deny(denied?.uuid ?? '')
    expect((await orders.sync()).json().counts).toMatchObject({ parked: 2 })
    expect((await run('replay', 'accept', 'PO-C', '--reason', 'cancelled there too')).code).toBe(0)
    expect((await run('replay', 'drop', 'PO-D', '--reason', 'not needed')).code).toBe(0)
    expect((await bench.run('sync pos --full --json')).json()).toMatchObject({ exit_code: 0, counts: { parked: 0 } })
    expect((await bench.run('status')).code).toBe(0)
  })

  it('resend: a denied one is sent as its next revision, a living one never', async () => {
    await openOrders()
    orders.addOrder({ poNumber: 'PO-7' })
    await orders.sync()
    const again = () => run('replay', 'PO-7', '--resend', '--reason', 'denied by mistake', '--json')
    const refused = await again()
    expect(refused.code).toBe(2)
    expect(refused.err + refused.out).toContain('only a denied or vanished one')
    expect((await bench.run('replay PO-7 --resend')).code).toBe(2)
    lifecycle().deny(orders.requisitions()[0]?.uuid ?? '')
    expect((await orders.sync()).code).toBe(3)
    const dry = await run('replay', 'PO-7', '--resend', '--reason', 'x', '--dry-run', '--json')
    expect(previewOf(dry)).toMatchObject([{ would: 'create' }])
    expect(posts()).toBe(1)
    const sent = await again()
    expect(sent.json(), sent.out + sent.err).toMatchObject({ exit_code: 0, counts: { created: 1 } })
    expect(posts()).toBe(2)
    expect((await journal('--action replay')).map(({ message }) => message)).toEqual([
      'The requisition is to be sent anew, as its next revision: denied by mistake',
    ])
    expect((await again()).code).toBe(2)
    await orders.sync()
    expect(posts()).toBe(2)
  })
})
