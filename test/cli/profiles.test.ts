/**
 * The core of `sync suppliers`, `align refdata` and `sync pos` against the two other kinds of Plex. What does not touch Plex (matching
 * vendors, faults of Procurify, crashes) is the same code and tested with the first kind only.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { openAlignedBench, type OrderBench } from '../support/orders.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

/** How a fault finds the list of suppliers: by path, or by the key of its data source. */
const supplierList = () =>
  bench.profile === 'soap' ? { path: '^/DataSource/', match: '990001' } : { path: '^/mdm/v1/suppliers$' }
const plexCalls = () => bench.sandbox.log.entries.filter(({ system }) => system === 'plex')
const watermark = async (): Promise<unknown> =>
  (await bench.database.pool.query('select position, anchors from watermark')).rows

for (const profile of ['connect', 'soap'] as const) {
  describe(`suppliers of the profile ${profile}`, () => {
    it('are planned, created once, left alone, renamed and deactivated', async () => {
      const [one, two, idle] = [
        makeSupplier({ name: 'A & B <Tools> ✶' }),
        makeSupplier(),
        makeSupplier({ status: 'Inactive' }),
      ]
      bench = await openBench({ suppliers: [one, two, idle], profile })
      const dry = await bench.run('sync suppliers --dry-run --json')
      expect(dry.code, dry.err).toBe(0)
      const first = await bench.run('sync suppliers --json')
      expect(first.json().counts, first.out).toMatchObject({ read: 3, created: 2, skipped: 1 })
      const externalIds = [one, two].map(({ id }) => `plex:100001:${bench.idOf('suppliers', id)}`)
      expect(
        bench
          .vendors()
          .map((row) => row['external_id'])
          .sort(),
      ).toEqual(externalIds.sort())
      expect(
        dry
          .json()
          .plan?.map(({ source_id }) => `plex:100001:${source_id}`)
          .sort(),
      ).toEqual(externalIds)
      expect(bench.vendors().map((row) => row['name'])).toContain('A & B <Tools> ✶')

      bench.sandbox.log.clear()
      const again = await bench.run('sync suppliers --json')
      expect(again.json()).toMatchObject({ exit_code: 0, counts: { read: 3, unchanged: 3 } })
      expect(plexCalls().length).toBeLessThanOrEqual(2)

      const { suppliers } = bench.sandbox.plex.state.data
      suppliers.edit(String(one['id']), { name: 'Renamed' })
      suppliers.edit(String(two['id']), { status: 'Inactive' })
      const edited = await bench.run('sync suppliers --json')
      expect(edited.json().counts, edited.out).toMatchObject({ updated: 2, created: 0 })
      const states = new Map(bench.vendors().map((row) => [row['name'], row['active']]))
      expect(states).toEqual(
        new Map([
          ['Renamed', true],
          [two['name'], false],
        ]),
      )
      expect(edited.json().problems).toEqual([])
    })

    it('carry their address, and are halved, not repeated, when a window is too slow', async () => {
      const supplier = makeSupplier()
      bench = await openBench({ suppliers: [supplier], profile })
      const place = { address: '12 Quay St\nDock 4', city: 'Erie', zip: '01650', state: 'PA', country: 'USA' }
      const address = {
        id: '5a01aaaa-0000-4000-8000-000000000001',
        _supplierId: supplier['id'],
        code: 'MAIN',
        main: true,
        ...place,
      }
      bench.sandbox.plex.state.data.addresses.add(address)
      bench.sandbox.faults.add({ system: 'plex', kind: 'timeout-before', times: 1, ...supplierList() })
      const run = await bench.run('sync suppliers --json', { SYNC_TIMEOUT: '700ms' })
      expect(run.code, run.out + run.err).toBe(0)
      expect(bench.vendors()).toMatchObject([
        { addressLineOne: '12 Quay St', addressLineTwo: 'Dock 4', postalCode: '01650' },
      ])
      const asked = plexCalls().map(({ path, query, body }) => JSON.stringify([path, query, body]))
      expect(asked.length).toBeGreaterThan(2)
    })

    it('stop the run when an empty answer hides a record it knows, and move nothing', async () => {
      bench = await openBench({ suppliers: [makeSupplier()], profile })
      await bench.run('sync suppliers')
      const before = await watermark()
      bench.sandbox.faults.add({ system: 'plex', kind: 'empty', times: 1, ...supplierList() })
      bench.sandbox.faults.add({
        system: 'plex',
        kind: 'empty',
        times: profile === 'soap' ? 0 : 1,
        ...supplierList(),
      })
      const run = await bench.run('sync suppliers --json')
      expect(run.code, run.out).toBe(7)
      expect(run.json().problems.map(({ code }) => code)).toEqual(['answer_incomplete'])
      expect(await watermark()).toEqual(before)
    })

    it('that do not keep to the range asked for are filtered here, and that is said', async () => {
      const old = { modifiedDate: '2020-01-01T00:00:00Z', createdDate: '2020-01-01T00:00:00Z' }
      bench = await openBench({ suppliers: [makeSupplier(old), makeSupplier()], profile })
      await bench.run('sync suppliers')
      bench.sandbox.faults.add({ system: 'plex', kind: 'ignore-filter', times: -1, ...supplierList() })
      const run = await bench.run('sync suppliers --json')
      expect(run.json(), run.err).toMatchObject({ exit_code: 0, counts: { read: 1, unchanged: 1 } })
      expect(run.json().problems.map(({ code }) => code)).toEqual(['filter_ignored'])
    })
  })

  describe(`orders of the profile ${profile}`, () => {
    const open = async (): Promise<OrderBench> => {
      const orders = await openAlignedBench(profile)
      bench = orders
      return orders
    }

    it('become one requisition each, with exact numbers, and are followed to the PO', async () => {
      const orders = await open()
      const order = orders.addOrder({ poNumber: '00123' }, [
        { quantity: '3', price: 12.5 },
        { quantity: '0.5', price: 4.0001 },
      ])
      const run = await orders.sync()
      expect(run.json().counts, run.out + run.err).toMatchObject({ created: 1, parked: 0, waiting: 0 })
      const [requisition] = orders.requisitions()
      const sent = bench.sandbox.log.entries.find(
        ({ method, path }) => method === 'POST' && path === '/api/v3/requisitions/',
      )
      expect(sent?.body).toMatchObject({
        ...{ required_date: '2026-12-24', department_name: 'Maintenance', location_name: 'Main Plant' },
        line_items: [
          { quantity: '3', unit_price: '12.5' },
          { quantity: '0.5', unit_price: '4.0001' },
        ],
      })
      expect(String(requisition?.items[0]?.['name'])).toMatch(/^\[PLEX 00123\/1 /)
      bench.sandbox.procurify.state.lifecycle.approve(requisition?.uuid ?? '')
      bench.sandbox.procurify.state.lifecycle.order(requisition?.uuid ?? '')
      await orders.sync()
      const story = await bench.run(`audit show --record ${bench.idOf('orders', order.id)} --json`)
      expect((JSON.parse(story.out) as { rows: { action: string }[] }).rows.map(({ action }) => action)).toEqual([
        'wait',
        'create',
        'observe',
      ])

      bench.sandbox.log.clear()
      const idle = await orders.sync()
      expect(idle.json()).toMatchObject({ exit_code: 0, counts: { created: 0, updated: 0, pending: 0 } })
      expect(bench.sandbox.log.entries.length, JSON.stringify(plexCalls().map(({ body }) => body))).toBeLessThanOrEqual(
        8,
      )
    })

    it('are noticed when a release changes without its order, and held when cancelled', async () => {
      const orders = await open()
      const order = orders.addOrder({}, [{ quantity: '2' }])
      await orders.sync()
      bench.sandbox.plex.state.data.releases.edit(String(order.releaseIds[0]), { quantity: 5 })
      bench.sandbox.plex.state.data.orders.edit(order.id, { lineItemTotal: 50 }, 'keep')
      const changed = await orders.sync()
      expect(
        changed.json().problems.map(({ code }) => code),
        changed.out,
      ).toEqual(['po_changed_after_send'])
      bench.sandbox.plex.state.data.orders.edit(order.id, { status: 'Cancelled' })
      expect((await orders.sync()).json().problems.map(({ code }) => code)).toEqual(['po_cancelled_after_send'])
      expect(orders.requisitions()).toHaveLength(1)
    })

    it('leave out cancelled releases and closed orders, and wait for what is not aligned', async () => {
      const orders = await open()
      orders.addOrder({}, [{ quantity: '2' }, { quantity: '7', release: { status: 'Cancelled' } }])
      bench.sandbox.plex.state.data.orders.edit(orders.addOrder({ status: 'Received' }).id, {})
      const run = await orders.sync()
      // The total still counts the line whose release was cancelled.
      expect(
        run.json().problems.map(({ code }) => code),
        run.out,
      ).toContain('order_total_differs')
      expect(run.json().counts).toMatchObject({ created: 0, parked: 1 })
      expect(orders.requisitions()).toEqual([])
    })
  })
}
