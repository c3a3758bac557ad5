/** `sync pos` through the built program, with each kind of Plex: an order's way to a requisition, and what people do to it there. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/sandbox/log.js'
import { isLineList, PROFILES } from '../support/profiles.js'
import { openAlignedBench, openOrderBench, type OrderBench } from '../support/orders.js'

let bench: OrderBench

afterEach(() => bench.close())

const posts = () =>
  bench.sandbox.log.entries.filter(({ method, path }) => method === 'POST' && path === '/api/v3/requisitions/')
const lifecycle = () => bench.sandbox.procurify.state.lifecycle
const states = async () =>
  (
    await bench.database.pool.query<{ state: string | null }>(
      `select detail ->> 'state' as state from link where stream = 'pos' and target_id is not null order by source_id`,
    )
  ).rows.map((row) => row.state)

describe.each(PROFILES)('with the profile %s', (profile) => {
  describe('the way of an order', () => {
    it('syncs the supplier on demand, creates one requisition with a key, and follows it to the PO', async () => {
      bench = await openAlignedBench(profile)
      const order = bench.addOrder({ poNumber: '00123' }, [
        { quantity: '3', price: 12.5 },
        { quantity: '0.5', price: 4.0001 },
      ])
      // The plan is the run: a supplier that would be synced on demand is in it, and the order as it would be sent then.
      const dry = (await bench.run('sync pos --dry-run --json')).json()
      expect(dry.plan?.map(({ stream, action }) => `${action} ${stream}`)).toEqual(['create suppliers', 'create pos'])
      expect(posts()).toEqual([])
      const run = await bench.sync()
      expect(run.code, run.out + run.err).toBe(0)
      expect(run.json().counts).toMatchObject({ created: 1, parked: 0, waiting: 0 })
      expect(run.json()).toMatchObject({ counts: dry.counts, problems: dry.problems })
      const made = JSON.parse((await bench.run('audit show --stream pos --action create --json')).out) as {
        rows: unknown[]
      }
      expect(made.rows).toMatchObject([{ changes: dry.plan?.at(-1)?.changes }])
      // What it waited for came in this very run.
      expect(run.json().problems.map(({ code }) => code)).not.toContain('supplier_not_linked')
      const [requisition] = bench.requisitions()
      expect(requisition?.items.map((item) => String(item['name']))).toEqual([
        expect.stringMatching(/^\[PLEX 00123\/1 [0-9a-z]{8,16}\] Thing 1$/),
        expect.stringMatching(/^\[PLEX 00123\/2 [0-9a-z]{8,16}\] Thing 2$/),
      ])
      expect(posts()[0]?.body).toMatchObject({
        required_date: '2026-12-24',
        department_name: 'Maintenance',
        line_items: [
          { quantity: '3', unit_price: '12.5' },
          { quantity: '0.5', unit_price: '4.0001' },
        ],
      })

      const uuid = requisition?.uuid ?? ''
      lifecycle().approve(uuid)
      expect((await bench.sync()).json().counts).toMatchObject({ observed: 1, created: 0 })
      expect(await states()).toEqual(['approved'])
      lifecycle().order(uuid)
      await bench.sync()
      expect(await states()).toEqual(['ordered'])
      const story = await bench.run(`audit show --record ${bench.idOf('orders', order.id)} --json`)
      expect((JSON.parse(story.out) as { rows: { action: string }[] }).rows.map(({ action }) => action)).toEqual([
        'wait',
        'create',
        'observe',
        'observe',
      ])
      expect((await bench.run('audit verify')).code).toBe(0)
    })

    it('parks one that Procurify shows no more, once two complete lists agree', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder({ poNumber: 'PO-LOST' })
      bench.addOrder({ poNumber: 'PO-KEPT' })
      await bench.sync()
      const { orders, 'order-items': items } = bench.sandbox.procurify.state.data
      const lost = bench.requisitions().find(({ items }) => String(items[0]?.['name']).includes('PO-LOST'))
      const row = orders.all().find(({ uuid }) => uuid === lost?.uuid)
      lost?.items.forEach((item) => items.remove(Number(item['id'])))
      orders.remove(Number(row?.['id'] ?? row?.['num']))
      const full = () => bench.run('sync pos --full --json', { SYNC_GRACE: '1ms' })
      const first = await full()
      expect(first.code, first.out).toBe(0)
      const second = await full()
      expect(second.code, second.out).toBe(3)
      expect(second.json().problems).toContainEqual(
        expect.objectContaining({ code: 'requisition_vanished', source_key: 'PO-LOST' }),
      )
      expect(posts()).toHaveLength(2)
    })

    it('goes to the department and location that REFDATA_MAP gives its name, whatever building Plex names', async () => {
      const file = join(tmpdir(), `refdata-map-${process.pid}.json`)
      await writeFile(
        file,
        JSON.stringify({ departments: { Tooling: { name: 'Maintenance', location: 'Main Plant' } } }),
      )
      bench = await openOrderBench(profile)
      const place = { building: 'ANNEX', department: 'Tooling' }
      bench.addOrder(place, [{ line: place }])
      const extra = { REFDATA_MAP: file }
      const aligned = await bench.run('align refdata --json', extra)
      expect(aligned.code, aligned.out).toBe(0)
      const run = await bench.sync(extra)
      expect(run.code, run.out).toBe(0)
      expect(posts()[0]?.body).toMatchObject({ department_name: 'Maintenance', location_name: 'Main Plant' })
    })

    it('names the vendor as Procurify calls it now, also after somebody renamed it there', async () => {
      bench = await openAlignedBench(profile)
      await bench.run('sync suppliers')
      const [vendor] = bench.vendors()
      bench.sandbox.procurify.state.data.vendors.edit(Number(vendor?.['id']), { name: 'Renamed by hand' })
      bench.addOrder()
      const run = await bench.sync()
      expect(run.code, run.out).toBe(0)
      expect(posts()[0]?.body).toMatchObject({ line_items: [{ vendor_name: 'Renamed by hand' }] })
    })

    it('names it so in what was planned before it was renamed, and sent after', async () => {
      bench = await openAlignedBench(profile)
      // What was delivered before proves later that the others were not.
      bench.addOrder()
      expect((await bench.sync()).code).toBe(0)
      for (let n = 0; n < 2; n += 1) bench.addOrder()
      const post = { system: 'procurify', method: 'POST', path: '/api/v3/requisitions/' } as const
      // Neither arrives: one is held back, of the other it is not known.
      bench.sandbox.faults.add({ ...post, kind: 'cut-before' })
      bench.sandbox.faults.add({ ...post, kind: 'throttle', seconds: 3600 })
      expect((await bench.sync({ SYNC_CONCURRENCY: '1', SYNC_GRACE: '40s' })).code).toBe(4)
      await bench.database.pool.query(
        `update intent set next_attempt_at = now(), unresolved_since = unresolved_since - interval '1 hour' where stream = 'pos';
         update budget set not_before = now()`,
      )
      bench.sandbox.plex.state.data.suppliers.edit(String(bench.supplier['id']), { name: 'Acme under a new name' })
      await bench.run('sync suppliers')
      // As free text it would be ordered from nobody, or from a vendor made of it.
      bench.sandbox.procurify.state.options.unknownVendor = 'other'
      for (let pass = 0; pass < 6 && (await bench.sync()).code !== 0; pass += 1) continue
      const [, ...later] = bench.requisitions().map(({ items }) => items[0]?.['vendor'])
      expect(later).toEqual(['Acme under a new name', 'Acme under a new name'])
    })

    it('costs one call for the lines and one for the requisition, and shares the rest', async () => {
      bench = await openAlignedBench(profile)
      for (let n = 0; n < 3; n += 1) bench.addOrder()
      bench.sandbox.log.clear()
      await bench.sync()
      const { entries } = bench.sandbox.log
      expect(entries.filter(({ path }) => /^\/purchasing\/v1\/purchase-orders\/[^/]+$/.test(path))).toEqual([])
      expect(entries.filter(isLineList).length).toBeLessThanOrEqual(4)
      expect(posts()).toHaveLength(3)
    })

    it('waits for a supplier that waits for a person: told once, and the lists are read once a pass', async () => {
      bench = await openAlignedBench(profile)
      const twin = { type: 3, active: true, email: [], external_id: null, name: bench.supplier['name'] }
      for (let n = 0; n < 2; n += 1) bench.sandbox.procurify.state.data.vendors.add(twin)
      bench.addOrder()
      const dry = (await bench.run('sync pos --dry-run --json')).json()
      const first = (await bench.sync()).json()
      expect(first).toMatchObject({ exit_code: 3, counts: { waiting: 1, parked: 0 } })
      const told = first.problems.map(({ stream, code }) => `${stream} ${code}`)
      expect(told.slice(0, 2)).toEqual(['pos supplier_not_linked', 'suppliers vendor_ambiguous'])
      expect(dry).toMatchObject({ exit_code: 3, counts: first.counts, problems: first.problems })
      bench.sandbox.log.clear()
      // It was told of when it was parked; what waits for it is told as long as it waits.
      const again = (await bench.sync()).json()
      expect(again).toMatchObject({ exit_code: 0, problems: [{ code: 'supplier_not_linked' }], counts: { waiting: 1 } })
      expect(bench.sandbox.log.entries.filter(({ path }) => path === '/api/v3/accounts/')).toHaveLength(1)
      expect((await bench.run('sync pos --full --dry-run --json')).json()).toMatchObject({
        exit_code: 0,
        counts: { waiting: 1 },
      })
    })

    it('sends nothing when nothing changed, with at most eight list reads', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder()
      await bench.sync()
      bench.sandbox.log.clear()
      const idle = await bench.sync()
      expect(idle.json()).toMatchObject({ exit_code: 0, counts: { created: 0, updated: 0, pending: 0 } })
      expect(bench.sandbox.log.entries.length).toBeLessThanOrEqual(8)
      const asks = ({ method, path }: LogEntry) => method === 'GET' || path.startsWith('/DataSource/')
      expect(bench.sandbox.log.entries.filter((entry) => !asks(entry))).toEqual([])
    })

    it('notices a release edited without its order', async () => {
      bench = await openAlignedBench(profile)
      const order = bench.addOrder({}, [{ quantity: '2' }])
      await bench.sync()
      bench.sandbox.plex.state.data.releases.edit(String(order.releaseIds[0]), { quantity: 5 })
      bench.sandbox.plex.state.data.orders.edit(order.id, { lineItemTotal: 50 }, 'keep')
      const run = await bench.sync()
      expect(run.code).toBe(3)
      expect(run.json().problems.map(({ code }) => code)).toEqual(['po_changed_after_send'])
      expect(bench.requisitions()).toHaveLength(1)
    })
  })

  describe('what an order adds up from', () => {
    it('leaves out closed orders and cancelled releases, whose line the total still counts', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder({}, [{ quantity: '2' }, { quantity: '7', release: { status: 'Cancelled' } }])
      bench.addOrder({ status: 'Received' })
      const run = await bench.sync()
      expect(
        run.json().problems.map(({ code }) => code),
        run.out,
      ).toContain('order_total_differs')
      expect(run.json().counts).toMatchObject({ created: 0, parked: 1 })
      expect(bench.requisitions()).toEqual([])
    })
  })

  describe('going live gently', () => {
    it('runs only as a dry run until PO_START_DATE is set', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder({ createdDate: new Date().toISOString() })
      const refused = await bench.sync({ PO_START_DATE: '' })
      expect(refused.code).toBe(2)
      expect(refused.err).toContain('PO_START_DATE')
      const dry = await bench.run('sync pos --dry-run --json', { PO_START_DATE: '' })
      expect([0, 3]).toContain(dry.code)
      expect(posts()).toEqual([])
    })

    it('never sends what is older than PO_START_DATE, whatever touches it', async () => {
      bench = await openAlignedBench(profile)
      const old = bench.addOrder({ createdDate: '2025-06-01T00:00:00Z' })
      const first = await bench.sync()
      expect(first.json().problems).toContainEqual(
        expect.objectContaining({ code: 'before_start', source_id: bench.idOf('orders', old.id) }),
      )
      bench.sandbox.plex.state.data.releases.edit(String(old.releaseIds[0]), { quantity: 9 })
      const run = await bench.run('sync pos --full --since 2020-01-01T00:00:00Z --json')
      expect(run.json().counts).toMatchObject({ created: 0, parked: 0 })
      expect(bench.requisitions()).toEqual([])
    })

    it('leaves out what PO_EXCLUDE names and plans it when that changes', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder({ poNumber: 'PO-A' })
      bench.addOrder({ poNumber: 'PO-B' })
      const first = await bench.sync({ PO_EXCLUDE: 'po:PO-A' })
      expect(first.json().counts).toMatchObject({ created: 1, skipped: 2 })
      expect((await bench.sync()).json().counts).toMatchObject({ created: 1 })
      expect(bench.requisitions()).toHaveLength(2)
    })

    it('keeps to the daily ration; the rest comes later', async () => {
      bench = await openAlignedBench(profile)
      for (let n = 0; n < 3; n += 1) bench.addOrder()
      const first = await bench.sync({ PO_MAX_PER_DAY: '2' })
      expect(bench.requisitions()).toHaveLength(2)
      expect(first.json()).toMatchObject({ exit_code: 4, counts: { created: 2, pending: 1 } })
      await bench.sync({ PO_MAX_PER_DAY: '2' })
      expect(bench.requisitions()).toHaveLength(2)
      await bench.sync({ PO_MAX_PER_DAY: '0' })
      expect(bench.requisitions()).toHaveLength(3)
    })

    it('keeps to SYNC_MAX_CHANGES with the suppliers that orders bring along, too', async () => {
      bench = await openAlignedBench(profile)
      const { suppliers } = bench.sandbox.plex.state.data
      suppliers.add({ ...bench.supplier, id: '5a00ffff-0000-4000-8000-000000000002', code: 'OTHER', name: 'Other' })
      for (const supplier of suppliers.all()) bench.addOrder({ supplierId: supplier['id'] })
      const few = { SYNC_MAX_CHANGES: '1' }
      const first = (await bench.run('sync pos --json', few)).json()
      expect(first.exit_code).toBe(7)
      expect(first.problems).toContainEqual(expect.objectContaining({ stream: 'suppliers', code: 'plan_too_large' }))
      expect(bench.vendors()).toEqual([])
      const second = (await bench.run(`sync pos --json --confirm ${first.plan_hash ?? ''}`, few)).json()
      expect(second.exit_code).toBe(7)
      expect([bench.vendors().length, posts().length]).toEqual([2, 0])
      const third = (await bench.run(`sync pos --json --confirm ${second.plan_hash ?? ''}`, few)).json()
      expect(third).toMatchObject({ exit_code: 0, counts: { created: 2 } })
    })

    it('waits until an order has been left alone for PO_QUIET', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder()
      expect((await bench.sync({ PO_QUIET: '1h' })).json().counts).toMatchObject({ waiting: 1, created: 0 })
      expect((await bench.sync()).json().counts).toMatchObject({ created: 1 })
    })
  })

  describe('what an order waits for', () => {
    it('an account that is not aligned: picked up by itself once it is', async () => {
      bench = await openOrderBench(profile)
      bench.addOrder()
      const waiting = await bench.sync()
      expect(waiting.json().counts).toMatchObject({ waiting: 1, created: 0 })
      expect((await bench.run('align refdata')).code).toBe(0)
      bench.sandbox.log.clear()
      const run = await bench.sync()
      expect(run.json().counts, run.out).toMatchObject({ created: 1 })
      // Planned again from what was read: its lines are not asked for once more.
      expect(bench.sandbox.log.entries.filter(isLineList)).toEqual([])
    })

    it('what it asks for by then, though a pass that stopped early had noted what it asked for before', async () => {
      bench = await openAlignedBench(profile)
      // Outside of what the next pass reads of orders: its release is all that is seen of it.
      const order = bench.addOrder({ modifiedDate: '2026-06-01T00:00:00Z' }, [{ quantity: '2' }])
      const refusal = { kind: 'throttle', retryAfter: 'seconds', seconds: 1 } as const
      bench.sandbox.faults.add({ ...refusal, system: 'procurify', method: 'POST', path: '/api/v3/vendors/' })
      expect((await bench.run('sync pos --limit 2 --json')).json().counts).toMatchObject({ waiting: 1 })
      const { releases, orders } = bench.sandbox.plex.state.data
      releases.edit(String(order.releaseIds[0]), { quantity: 3 })
      orders.edit(order.id, { lineItemTotal: 30 }, 'keep')
      expect((await bench.sync()).json().counts).toMatchObject({ created: 1 })
      expect(posts()[0]?.body).toMatchObject({ line_items: [{ quantity: '3' }] })
    })

    it('a supplier that is looked at and left out parks the order, for nothing would come by itself', async () => {
      bench = await openAlignedBench(profile)
      const { suppliers } = bench.sandbox.plex.state.data
      const [supplier] = suppliers.all()
      suppliers.edit(String(supplier?.['id']), { status: 'Inactive' })
      bench.addOrder()
      const dry = (await bench.run('sync pos --dry-run --json')).json()
      const held = await bench.sync()
      expect(held.json()).toMatchObject({ exit_code: dry.exit_code, counts: dry.counts })
      expect(held.code, held.out).toBe(3)
      const told = held.json().problems.filter(({ code }) => code.startsWith('supplier'))
      expect(told).toMatchObject([{ code: 'supplier_left_out' }])
      expect(told[0]?.message).toContain('(inactive)')
      suppliers.edit(String(supplier?.['id']), { status: 'Active' })
      const again = await bench.run('replay --code supplier_left_out --json')
      expect(again.code, again.out).toBe(0)
      expect(posts()).toHaveLength(1)
    })

    it('a supplier that was left out before and is active again is synced on demand, not held against the order', async () => {
      bench = await openAlignedBench(profile)
      const { suppliers } = bench.sandbox.plex.state.data
      const [supplier] = suppliers.all()
      suppliers.edit(String(supplier?.['id']), { status: 'Inactive' })
      await bench.run('sync suppliers')
      suppliers.edit(String(supplier?.['id']), { status: 'Active' })
      bench.addOrder()
      expect((await bench.sync()).json().counts).toMatchObject({ created: 1, parked: 0 })
    })

    it('a vendor that e-mails its POs parks the order unless that is allowed', async () => {
      bench = await openAlignedBench(profile)
      await bench.run('sync suppliers')
      const [vendor] = bench.vendors()
      bench.sandbox.procurify.state.data.vendors.edit(Number(vendor?.['id']), { is_auto_email_po_enabled: true })
      bench.addOrder()
      const held = (await bench.sync()).json()
      expect(held).toMatchObject({ counts: { parked: 1, created: 0 } })
      expect(held.problems.map(({ code }) => code)).toContain('vendor_auto_email')
      expect((await bench.run('sync pos --full --json', { PO_ALLOW_AUTO_EMAIL: 'true' })).json().counts).toMatchObject({
        created: 1,
      })
    })
  })

  describe('changes after sending', () => {
    it('are held with the diff; dates alone are observed; a second requisition never happens', async () => {
      bench = await openAlignedBench(profile)
      const order = bench.addOrder({}, [{ quantity: '2' }])
      await bench.sync()
      const { releases, orders } = bench.sandbox.plex.state.data
      releases.edit(String(order.releaseIds[0]), { dueDate: '2026-12-27T05:00:00Z' })
      expect((await bench.sync()).json()).toMatchObject({ exit_code: 0, counts: { observed: 1, parked: 0 } })
      releases.edit(String(order.releaseIds[0]), { quantity: 3 })
      orders.edit(order.id, { lineItemTotal: 30 })
      const held = await bench.sync()
      expect(held.json().problems.map(({ code }) => code)).toEqual(['po_changed_after_send'])
      orders.edit(order.id, { status: 'Cancelled' })
      expect((await bench.sync()).json().problems.map(({ code }) => code)).toEqual(['po_cancelled_after_send'])
      expect(bench.requisitions()).toHaveLength(1)
    })

    it('a denied requisition is parked with the reason Procurify gave', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder()
      await bench.sync()
      lifecycle().deny(bench.requisitions()[0]?.uuid ?? '', 2, 'over the limit')
      const run = await bench.sync()
      expect(run.code).toBe(3)
      expect(run.json().problems[0]?.message).toContain('over the limit')
      expect(await states()).toEqual(['denied'])
    })
  })

  describe('exactly one requisition', () => {
    const faults = ['cut-before', 'cut-after', 'timeout-after', 'status-after', 'late-effect', 'broken-json'] as const
    for (const kind of faults) {
      it(`after ${kind}`, async () => {
        bench = await openAlignedBench(profile)
        Object.assign(bench.env, { SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms', SYNC_GRACE: '1200ms' })
        bench.addOrder()
        await bench.sync()
        bench.addOrder()
        bench.sandbox.faults.add({
          system: 'procurify',
          method: 'POST',
          path: '/api/v3/requisitions/',
          kind,
          status: 504,
          ms: 600,
        })
        for (let pass = 0; pass < 6 && (await bench.sync()).code !== 0; pass += 1) continue
        expect(bench.requisitions()).toHaveLength(2)
        const { rows } = await bench.database.pool.query<{ n: number }>(
          `select count(*)::int as n from audit where stream = 'pos' and outcome = 'done' and action in ('create', 'adopt')`,
        )
        expect(rows[0]?.n).toBe(2)
      })
    }

    it('after the database was lost: what is there is found by its key and adopted', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder()
      bench.addOrder()
      await bench.sync()
      await bench.database.pool.query(
        `delete from link where stream in ('pos', 'releases'); delete from intent where stream = 'pos'; delete from watermark where stream in ('pos', 'releases'); delete from run where stream = 'pos'`,
      )
      const run = await bench.sync()
      expect(run.json().counts, run.out).toMatchObject({ adopted: 2, created: 0 })
      expect(bench.requisitions()).toHaveLength(2)
    })

    it('with two processes at once', async () => {
      bench = await openAlignedBench(profile)
      for (let n = 0; n < 6; n += 1) bench.addOrder()
      const codes = await Promise.all([1, 2].map(() => bench.start('sync pos --json').finished))
      expect(codes.map(({ code }) => code).every((code) => code === 0 || code === 6)).toBe(true)
      await bench.sync()
      expect(bench.requisitions()).toHaveLength(6)
    })

    it('refuses another requester than the one it has sent by', async () => {
      bench = await openAlignedBench(profile)
      bench.addOrder()
      await bench.sync()
      bench.sandbox.procurify.state.data.users.add({
        id: 99,
        firstName: 'New',
        lastName: 'User',
        email: 'new@example.com',
        is_active: true,
        role: 7,
      })
      bench.sandbox.procurify.state.ownerId = 99
      bench.addOrder()
      const run = await bench.sync()
      expect(run.json()).toMatchObject({ exit_code: 5, outcome: 'refused' })
      expect(run.json().problems.map(({ code }) => code)).toEqual(['requester_changed'])
      expect(bench.requisitions()).toHaveLength(1)
      expect((await bench.run('check')).code).toBe(5)
      expect((await bench.run('check --accept-requester')).code).toBe(0)
      const told = await bench.database.pool.query(
        "select message from audit where action = 'admin' order by seq desc limit 1",
      )
      expect(told.rows).toEqual([{ message: 'The requester changed from user 7 to user 99, accepted by a person.' }])
      expect((await bench.sync()).json().counts).toMatchObject({ created: 1 })
    })
  })
})

it('the daily ration is one, however many orders are read at a time', async () => {
  bench = await openAlignedBench()
  for (let n = 0; n < 45; n += 1) bench.addOrder()
  // A deadline of forty seconds lets forty orders at most be read at a time.
  const rationed = (args: string) => bench.run(`${args} --deadline 40s --json`, { PO_MAX_PER_DAY: '2' })
  expect((await rationed('sync pos --dry-run')).json().counts).toMatchObject({ created: 2, pending: 43 })
  expect((await rationed('sync pos')).json().counts).toMatchObject({ created: 2, pending: 43 })
  expect(bench.requisitions()).toHaveLength(2)
})
