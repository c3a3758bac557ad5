/** `link`: pairs decided by people, one by one and from a file; each is checked first and kept in the journal. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openAlignedBench, type OrderBench } from '../support/orders.js'
import { makeSupplier, openBench, runProgram, type Bench } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

/** Arguments with spaces in them. */
const run = (...args: string[]) => runProgram(args, bench.env)

const addVendor = (fields: Record<string, unknown>) =>
  bench.sandbox.procurify.state.data.vendors.add({ type: 3, active: true, email: [], external_id: null, ...fields })

interface Row {
  readonly action: string
  readonly outcome: string
  readonly code: string | null
  readonly message: string
  readonly target_id: string | null
  readonly replay_of: number | null
}
const journal = async (filter: string): Promise<Row[]> =>
  (JSON.parse((await bench.run(`audit show ${filter} --json`)).out) as { rows: Row[] }).rows

const links = async () =>
  (JSON.parse((await bench.run('link list --json')).out) as { links: Record<string, unknown>[] }).links

/** Writes a file for one command and removes it again. */
async function withFile(text: string, use: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ml-link-'))
  try {
    const file = join(folder, 'pairs.csv')
    await writeFile(file, text)
    await use(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('link set and remove', () => {
  it('pairs a parked supplier with the vendor a person chose; the next pass takes it from there', async () => {
    const supplier = makeSupplier({ code: 'ACME', name: 'Bolt & Nut, Inc.' })
    bench = await openBench({ suppliers: [supplier] })
    const vendor = addVendor({ name: 'Bolt & Nut LLC' })
    expect((await bench.run('sync suppliers')).code).toBe(3)
    const set = await run(
      'link',
      'set',
      '--stream',
      'suppliers',
      'ACME',
      String(vendor['id']),
      '--reason',
      'same company',
    )
    expect(set.code, set.err).toBe(0)
    expect((await bench.run('status')).code).toBe(0)
    const story = await journal('--record ACME')
    expect(story.at(-1)).toMatchObject({
      ...{ action: 'adopt', outcome: 'done', code: 'vendor_similar', target_id: String(vendor['id']) },
      message: 'paired by a person: same company',
    })
    expect(story.at(-1)?.replay_of).not.toBeNull()

    const pass = await bench.run('sync suppliers --json')
    expect(pass.json(), pass.out).toMatchObject({ exit_code: 0, counts: { created: 0, parked: 0 } })
    expect(bench.vendors()).toMatchObject([{ id: vendor['id'], external_id: `plex:100001:${String(supplier['id'])}` }])
    expect(await links()).toMatchObject([{ stream: 'suppliers', source_key: 'ACME', target_id: String(vendor['id']) }])
    expect((await bench.run('link list --csv')).out).toContain('suppliers,')
  })

  it('reads both sides first: what does not exist or belongs to another is refused', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ code: 'ONE' }), makeSupplier({ code: 'TWO' })] })
    await bench.run('sync suppliers')
    const [first] = await links()
    const free = addVendor({ name: 'Free' })
    const set = (source: string, target: string) =>
      run('link', 'set', '--stream', 'suppliers', source, target, '--reason', 'x')
    expect((await set('NOBODY', '999999')).err).toMatch(
      /no supplier of Plex called NOBODY[^]*no vendor of Procurify called 999999/,
    )
    expect((await set('TWO', String(first?.['target_id']))).err).toContain('ONE is paired with vendor')
    expect((await set('ONE', String(free['id']))).code).toBe(2)
    expect((await run('link', 'set', '--stream', 'suppliers', 'ONE', '1')).code).toBe(2)
    expect(await links()).toHaveLength(2)
    expect(await journal('--action admin')).toEqual([])
  })

  it('takes a pair apart, so that another one can be made', async () => {
    const supplier = makeSupplier({ code: 'ACME' })
    bench = await openBench({ suppliers: [supplier] })
    await bench.run('sync suppliers')
    const [wrong] = bench.vendors()
    const right = addVendor({ name: 'The right one' })
    expect((await run('link', 'remove', '--stream', 'suppliers', 'ACME', '--reason', 'paired wrongly')).code).toBe(0)
    expect(await journal('--action admin')).toMatchObject([
      { target_id: String(wrong?.['id']), message: 'pair taken apart by a person: paired wrongly' },
    ])
    expect(await links()).toEqual([])
    expect((await run('link', 'remove', '--stream', 'suppliers', 'ACME', '--reason', 'again')).code).toBe(2)
    await run('link', 'set', '--stream', 'suppliers', 'ACME', String(right['id']), '--reason', 'this one')
    expect((await bench.run('sync suppliers')).code).toBe(0)
    expect(await links()).toMatchObject([{ target_id: String(right['id']) }])
    expect((await bench.run('audit verify')).code).toBe(0)
  })
})

describe('link propose and import', () => {
  it('proposes pairs before a first load; the list, corrected by a person, is what the load then finds', async () => {
    bench = await openBench({
      suppliers: [
        makeSupplier({ code: 'EXACT', name: 'Acme Steel' }),
        makeSupplier({ code: 'NEAR', name: 'Bolt & Nut, Inc.' }),
        makeSupplier({ code: 'TWINS', name: 'Twin' }),
        makeSupplier({ code: 'NEW', name: 'Nobody Knows' }),
        makeSupplier({ code: 'GONE', status: 'Inactive' }),
      ],
    })
    const exact = addVendor({ name: 'ACME steel' })
    const near = addVendor({ name: 'Bolt & Nut LLC' })
    const twins = [addVendor({ name: 'Twin' }), addVendor({ name: 'Twin' })]
    const proposed = await bench.run('link propose --stream suppliers --json')
    expect(proposed.code, proposed.err).toBe(0)
    const { proposals } = JSON.parse(proposed.out) as { proposals: Record<string, unknown>[] }
    const shown: Record<string, Record<string, unknown>> = Object.fromEntries(
      proposals.map((one) => [String(one['source']), one]),
    )
    expect(Object.keys(shown).sort()).toEqual(['EXACT', 'NEAR', 'NEW', 'TWINS'])
    expect(shown['EXACT']).toMatchObject({ proposal: 'adopt', target: String(exact['id']) })
    expect(shown['NEAR']).toMatchObject({ proposal: 'similar', target: null, candidates: [{ id: String(near['id']) }] })
    expect(shown['TWINS']).toMatchObject({ proposal: 'ambiguous', target: null })
    expect((shown['TWINS']?.['candidates'] as { id: string }[]).map(({ id }) => id).sort()).toEqual(
      twins.map((row) => String(row['id'])).sort(),
    )
    expect(shown['NEW']).toMatchObject({ proposal: 'create', target: null, candidates: [] })
    expect(bench.writes()).toEqual([])

    const csv = (await bench.run('link propose --stream suppliers --csv')).out
    const approved = csv
      .replace(/^NEAR,,/m, `NEAR,${String(near['id'])},`)
      .replace(/^TWINS,,/m, `TWINS,${String(twins[1]?.['id'])},`)
    await withFile(approved, async (file) => {
      const imported = await run('link', 'import', file, '--stream', 'suppliers', '--reason', 'approved')
      expect(imported.code, imported.err).toBe(0)
      expect(imported.out).toContain('1 lines have no target')
      const again = await run('link', 'import', file, '--stream', 'suppliers', '--reason', 'approved')
      expect(again.out).toContain('Everything is paired so already.')
    })
    // However many pairs were imported, it still is the first load: no safety stop.
    expect((await bench.run('sync suppliers --json', { SYNC_MAX_CHANGES: '1' })).json()).toMatchObject({
      exit_code: 0,
      counts: { created: 1, parked: 0 },
    })
    expect(bench.vendors()).toHaveLength(5)
    expect(await links()).toHaveLength(4)
  })

  it('lists the mistakes of every line and writes nothing', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ code: 'ONE' }), makeSupplier({ code: 'TWO' })] })
    const vendor = String(addVendor({ name: 'Vendor' })['id'])
    const text = `source,target,reason\r\nONE,${vendor},"ok, really"\r\nNOBODY,${vendor},x\r\nTWO,${vendor},x\r\nTWO,404,\r\n`
    await withFile(text, async (file) => {
      const refused = await run('link', 'import', file, '--stream', 'suppliers')
      expect(refused.code).toBe(2)
      expect(refused.err).toContain('line 3: There is no supplier of Plex called NOBODY')
      expect(refused.err).toContain(`line 4: ${vendor} is paired twice`)
      expect(refused.err).toContain('line 5: There is no vendor of Procurify called 404')
      expect(refused.err).toContain('line 5: There is no reason')
      expect(refused.err).not.toContain('line 2')
    })
    await withFile('from,to\n1,2\n', async (file) => {
      expect((await run('link', 'import', file, '--stream', 'suppliers')).err).toContain('source, target')
    })
    expect((await run('link', 'import', '/no/such/file', '--stream', 'suppliers')).code).toBe(2)
    expect(await links()).toEqual([])
    expect(await journal('--stream suppliers')).toEqual([])
  })

  it('pairs orders typed by hand into both systems: never sent, and later changes are held', async () => {
    const orders: OrderBench = await openAlignedBench()
    bench = orders
    orders.addOrder({ poNumber: 'TEMPLATE' })
    await orders.sync()
    makeHandTyped(orders, 'HAND-1')
    await orders.database.pool.query(
      `delete from link where stream in ('pos', 'releases'); delete from intent where stream = 'pos'`,
    )
    const plex = orders.sandbox.plex.state.data
    for (const row of plex.orders.all().filter(({ poNumber }) => poNumber === 'TEMPLATE'))
      plex.orders.remove(String(row['id']))
    const order = orders.addOrder({ poNumber: 'PO-B', createdDate: '2025-06-01T00:00:00Z' }, [{ quantity: '2' }])
    await withFile('source;target\nPO-B;HAND-1\n', async (file) => {
      const imported = await run('link', 'import', file, '--stream', 'pos', '--reason', 'typed by hand')
      expect(imported.code, imported.err).toBe(0)
    })
    await withFile('source,target\nPO-B,HAND-2\n', async (file) => {
      const unknown = await run('link', 'import', file, '--stream', 'pos', '--reason', 'x')
      expect(unknown.err).toContain('line 2: There is no PO or requisition of Procurify called HAND-2')
    })
    const before = orders.requisitions().length
    expect((await orders.sync()).json()).toMatchObject({ exit_code: 0, counts: { created: 0, adopted: 1 } })
    const full = await bench.run('sync pos --full --json')
    expect(full.json(), full.out).toMatchObject({ exit_code: 0, counts: { created: 0 } })
    expect((await links()).filter(({ stream }) => stream === 'pos')).toMatchObject([
      { source_key: 'PO-B', target_key: 'HAND-1' },
    ])
    plex.releases.edit(String(order.releaseIds[0]), { quantity: 5 })
    plex.orders.edit(order.id, { lineItemTotal: 50 })
    expect((await orders.sync()).json().problems.map(({ code }) => code)).toEqual(['po_changed_after_send'])
    expect(orders.requisitions()).toHaveLength(before)
  })
})

it('an order is paired with a requisition that has no PO yet, by its number or uuid', async () => {
  const orders: OrderBench = await openAlignedBench()
  bench = orders
  const order = orders.addOrder({ poNumber: 'PO-R' })
  await orders.sync()
  const forget = `delete from link where stream in ('pos', 'releases'); delete from intent where stream = 'pos'`
  await orders.database.pool.query(forget)
  const plex = orders.sandbox.plex.state.data
  plex.releases.edit(String(order.releaseIds[0]), { quantity: 5 })
  plex.orders.edit(order.id, { lineItemTotal: 50 })
  expect((await orders.sync()).json().problems.map(({ code }) => code)).toContain('requisition_ambiguous')
  const [{ uuid, items }] = orders.requisitions() as [ReturnType<OrderBench['requisitions']>[0]]
  const num = String(items[0]?.['orderNum'])
  orders.sandbox.procurify.state.lifecycle.approve(uuid)
  for (const name of [uuid, num]) {
    const set = await run('link', 'set', '--stream', 'pos', 'PO-R', name, '--reason', 'it is right')
    expect(set.code, set.err).toBe(0)
  }
  expect((await orders.sync()).json()).toMatchObject({ exit_code: 0, counts: { created: 0, parked: 0 } })
  expect((await links()).filter(({ stream }) => stream === 'pos')).toMatchObject([
    { source_key: 'PO-R', target_key: num },
  ])
  const { rows } = await orders.database.pool.query<{ state: string }>(
    `select detail ->> 'state' as state from link where stream = 'pos' and target_id is not null`,
  )
  expect(rows).toEqual([{ state: 'approved' }])
  expect(orders.requisitions()).toHaveLength(1)
})

/** The one requisition there is becomes a PO of this number, without a trace of who sent it. */
function makeHandTyped(orders: OrderBench, number: string): void {
  const { lifecycle, data } = orders.sandbox.procurify.state
  const [requisition] = orders.requisitions()
  lifecycle.approve(requisition?.uuid ?? '')
  lifecycle.order(requisition?.uuid ?? '', undefined, number)
  for (const item of requisition?.items ?? []) data['order-items'].edit(String(item['id']), { name: 'Typed by hand' })
}
