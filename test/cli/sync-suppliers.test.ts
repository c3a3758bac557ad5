/** `sync suppliers` through the built program, with each kind of Plex: the flow of the README, rule by rule, and every exit code. */
import { afterEach, describe, expect, it } from 'vitest'
import { isSupplierList, PROFILES, supplierListFault } from '../support/profiles.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

const addVendor = (fields: Record<string, unknown>) =>
  bench.sandbox.procurify.state.data.vendors.add({ type: 3, active: true, email: [], external_id: null, ...fields })

const editSupplier = (supplier: Record<string, unknown>, changes: Record<string, unknown>) =>
  bench.sandbox.plex.state.data.suppliers.edit(String(supplier['id']), changes)

const externalIdOf = ({ id }: Record<string, unknown>) => `plex:100001:${bench.idOf('suppliers', id)}`

/** Requests since the last call, by system. */
const takeLog = () => {
  const entries = bench.sandbox.log.entries.filter((entry) => !entry.path.includes('token'))
  bench.sandbox.log.clear()
  return {
    plex: entries.filter((entry) => entry.system === 'plex'),
    procurify: entries.filter((entry) => entry.system === 'procurify'),
  }
}

describe.each(PROFILES)('with the profile %s', (profile) => {
  describe('the flow', () => {
    it('plans in a dry run exactly what the run then writes, and leaves the database as it was', async () => {
      bench = await openBench({
        profile,
        suppliers: [makeSupplier({ name: 'A & B <Tools> ✶' }), makeSupplier(), makeSupplier({ status: 'Inactive' })],
      })
      const dry = await bench.run('sync suppliers --dry-run --json')
      expect(dry.code, dry.err).toBe(0)
      expect(bench.writes()).toEqual([])
      expect(await rowsIn('note', 'link', 'intent', 'run', 'audit', 'watermark', 'lease', 'connection')).toBe(0)
      const plan = dry.json().plan ?? []
      expect(plan.map(({ action }) => action)).toEqual(['create', 'create'])
      expect(dry.json().counts).toMatchObject({ read: 3, created: 2, skipped: 1 })

      const run = await bench.run('sync suppliers --json')
      expect(run.code, run.err).toBe(0)
      expect(run.json().counts).toMatchObject({ read: 3, created: 2, skipped: 1, unchanged: 0 })
      expect(
        bench
          .vendors()
          .map((row) => row['external_id'])
          .sort(),
      ).toEqual(plan.map(({ source_id }) => `plex:100001:${source_id}`).sort())
      expect(bench.vendors().map((row) => row['name'])).toContain('A & B <Tools> ✶')
      expect(bench.vendors()[0]).toMatchObject({ type: 3, is_auto_email_po_enabled: false, active: true })
    })

    it('writes nothing and reads one list a window when nothing changed', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier(), makeSupplier()] })
      await bench.run('sync suppliers')
      takeLog()
      const idle = await bench.run('sync suppliers --json')
      expect(idle.json()).toMatchObject({
        exit_code: 0,
        outcome: 'done',
        counts: { read: 2, unchanged: 2, created: 0, updated: 0 },
      })
      const log = takeLog()
      expect(log.procurify).toEqual([])
      // A data source answers what was changed and what was created in one.
      expect(log.plex.map(isSupplierList)).toEqual(profile === 'soap' ? [true] : [true, true])
    })

    it('renames the same vendor with a patch of the name alone', async () => {
      const supplier = makeSupplier({ name: 'Old Name' })
      bench = await openBench({ profile, suppliers: [supplier] })
      await bench.run('sync suppliers')
      const [before] = bench.vendors()
      editSupplier(supplier, { name: 'New Name' })
      takeLog()
      const run = await bench.run('sync suppliers --json')
      expect(run.json().counts).toMatchObject({ updated: 1, created: 0 })
      expect(bench.vendors()).toMatchObject([{ id: before?.['id'], name: 'New Name' }])
      const patch = takeLog().procurify.find(({ method }) => method === 'PATCH')
      expect(patch?.body).toEqual({ name: 'New Name' })
    })

    it('adopts the one vendor of that name by its external id only, and says what it left different', async () => {
      const supplier = makeSupplier({ name: 'Acme  Steel', webAddress: 'https://plex.example' })
      bench = await openBench({ profile, suppliers: [supplier] })
      const vendor = addVendor({ name: 'ACME steel', url: 'https://procurify.example' })
      const run = await bench.run('sync suppliers --json')
      expect(run.json().counts).toMatchObject({ adopted: 1, created: 0 })
      expect(bench.vendors()).toMatchObject([
        {
          id: vendor['id'],
          name: 'ACME steel',
          url: 'https://procurify.example',
          external_id: externalIdOf(supplier),
        },
      ])
      expect(bench.writes()).toMatchObject([{ method: 'PATCH' }])
      const story = await bench.run(`audit show --record ${String(supplier['code'])} --json`)
      expect(story.out).toContain('url')
    })

    it('parks what only a person can decide, with exit 3, and goes on with the rest', async () => {
      bench = await openBench({
        profile,
        suppliers: [
          makeSupplier({ name: 'Twin' }),
          makeSupplier({ name: 'Bolt & Nut, Inc.' }),
          makeSupplier({ name: null }),
          makeSupplier({ name: 'Fine' }),
        ],
      })
      addVendor({ name: 'Twin' })
      addVendor({ name: 'twin ' })
      addVendor({ name: 'Bolt & Nut LLC' })
      const run = await bench.run('sync suppliers --json')
      expect(run.code).toBe(3)
      expect(run.json().counts).toMatchObject({ parked: 3, created: 1 })
      expect(
        run
          .json()
          .problems.map(({ code }) => code)
          .sort(),
      ).toEqual(['name_missing', 'vendor_ambiguous', 'vendor_similar'])
      expect(run.json().problems.every(({ advice }) => advice.length > 10)).toBe(true)
      // Parked before, still parked: not news of this run.
      expect((await bench.run('sync suppliers --json')).code).toBe(0)
    })

    it('gives suppliers that share a name different vendor names', async () => {
      bench = await openBench({
        profile,
        suppliers: [makeSupplier({ name: 'Same', code: 'A1' }), makeSupplier({ name: 'SAME', code: 'B2' })],
      })
      await bench.run('sync suppliers')
      expect(
        bench
          .vendors()
          .map((row) => row['name'])
          .sort(),
      ).toEqual(['SAME (B2)', 'Same'])
    })

    it('deactivates a linked vendor, and never takes absence for a delete', async () => {
      const [gone, retired] = [makeSupplier(), makeSupplier()]
      bench = await openBench({ profile, suppliers: [gone, retired] })
      await bench.run('sync suppliers')
      editSupplier(retired, { status: 'Inactive' })
      bench.sandbox.plex.state.data.suppliers.remove(String(gone['id']))
      const run = await bench.run('sync suppliers --full --json')
      expect(run.code, run.out).toBe(0)
      const isActive = new Map(bench.vendors().map((row) => [row['external_id'], row['active']]))
      expect(isActive).toEqual(
        new Map([
          [externalIdOf(gone), true],
          [externalIdOf(retired), false],
        ]),
      )
    })

    it('carries address and e-mails, and hides them in the journal', async () => {
      const supplier = makeSupplier()
      bench = await openBench({ profile, suppliers: [supplier] })
      const { addresses, contacts } = bench.sandbox.plex.state.data
      addresses.add({
        id: '5a01aaaa-0000-4000-8000-000000000001',
        _supplierId: supplier['id'],
        code: 'MAIN',
        main: true,
        address: '12 Quay St\nDock 4',
        city: 'Erie',
        zip: '01650',
        state: 'PA',
        country: 'USA',
        phone: '555-0100',
      })
      contacts.add({
        id: '5a01aaaa-0000-4000-8000-000000000002',
        supplierId: supplier['id'],
        email: 'orders@quay.example',
      })
      await bench.run('sync suppliers')
      expect(bench.vendors()).toMatchObject([
        {
          addressLineOne: '12 Quay St',
          addressLineTwo: 'Dock 4',
          city: 'Erie',
          postalCode: '01650',
          email: ['orders@quay.example'],
        },
      ])
      const rows = await bench.run('audit show --json')
      expect(rows.out).not.toContain('orders@quay.example')
      expect(rows.out).not.toContain('12 Quay')
      expect(rows.out).toContain('hidden:')
    })

    it('repairs hand edits only when told to', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier({ name: 'Right' })] })
      await bench.run('sync suppliers')
      const [vendor] = bench.vendors()
      bench.sandbox.procurify.state.data.vendors.edit(Number(vendor?.['id']), { name: 'Wrong' })
      await bench.run('sync suppliers --full')
      expect(bench.vendors()).toMatchObject([{ name: 'Wrong' }])
      await bench.run('sync suppliers --repair-drift')
      expect(bench.vendors()).toMatchObject([{ name: 'Right' }])
    })

    it('knows vendors that carry the bare code when SUPPLIER_KNOWN_IDS says so', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier({ code: 'K-1', name: 'Known' })] })
      const vendor = addVendor({ name: 'Another spelling', external_id: 'K-1' })
      await bench.run('sync suppliers', { SUPPLIER_KNOWN_IDS: 'code' })
      expect(bench.vendors()).toHaveLength(1)
      expect(bench.vendors()[0]).toMatchObject({ id: vendor['id'], name: 'Another spelling' })
      expect(String(bench.vendors()[0]?.['external_id'])).toMatch(/^plex:100001:/)
    })

    it('finds its own vendors again after the database was lost, with today’s content', async () => {
      const suppliers = [makeSupplier({ name: 'One' }), makeSupplier({ name: 'Two' })]
      bench = await openBench({ profile, suppliers })
      await bench.run('sync suppliers')
      await forgetEverything()
      editSupplier(suppliers[0] ?? {}, { name: 'One More' })
      const run = await bench.run('sync suppliers --json')
      expect(run.json().counts).toMatchObject({ adopted: 2, created: 0 })
      expect(
        bench
          .vendors()
          .map((row) => row['name'])
          .sort(),
      ).toEqual(['One More', 'Two'])
    })
  })

  describe('windows', () => {
    it('keeps the watermark as Plex wrote it, seven digits and all, and not from the future', async () => {
      bench = await openBench({
        profile,
        suppliers: [
          makeSupplier({ createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-03-04T09:10:11.1234567Z' }),
          makeSupplier({ createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2078-01-01T00:00:00.0000001Z' }),
          makeSupplier({ createdDate: '2026-02-01T00:00:00Z', modifiedDate: null }),
        ],
      })
      const run = await bench.run('sync suppliers --json')
      expect(run.json().counts).toMatchObject({ created: 3 })
      // Data sources tell the time to the second.
      const [to, from] =
        profile === 'soap'
          ? ['2026-03-04T09:10:11Z', '2026-03-04T09:00:11.0000000Z']
          : ['2026-03-04T09:10:11.1234567Z', '2026-03-04T09:00:11.1234567Z']
      expect(run.json().window.to).toBe(to)
      expect((await bench.run('sync suppliers --json')).json().window.from).toBe(from)
      // One that shares the very instant of the watermark, shown later: seen even without an overlap.
      const tied = { createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-03-04T09:10:11.1234567Z' }
      bench.sandbox.plex.state.data.suppliers.add(makeSupplier(tied))
      const again = await bench.run('sync suppliers --json', { SYNC_OVERLAP: '0s' })
      expect(again.json().counts, again.out).toMatchObject({ created: 1 })
    })

    it('tells people once what to do about many records, within 80 columns', async () => {
      const suppliers = [1, 2, 3, 4, 5].map((n) => makeSupplier({ code: `NONAME-${n}`, name: null }))
      bench = await openBench({ profile, suppliers })
      const { out } = await bench.run('sync suppliers')
      const [, ...lines] = out.trimEnd().split('\n')
      expect(lines[0]).toBe('name_missing (5)')
      expect(lines.filter((line) => line.includes('has no name in Plex'))).toHaveLength(3)
      expect(lines).toContain('  ... and 2 more: --verbose shows all')
      expect(lines.filter((line) => line.startsWith('  -> '))).toHaveLength(1)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
      const whole = await bench.run('sync suppliers --full --verbose')
      expect(whole.out.match(/has no name in Plex/g)).toHaveLength(5)
    })

    it('reports an ignored filter and goes on', async () => {
      bench = await openBench({
        profile,
        suppliers: [
          makeSupplier({ modifiedDate: '2020-01-01T00:00:00Z', createdDate: '2020-01-01T00:00:00Z' }),
          makeSupplier(),
        ],
      })
      await bench.run('sync suppliers')
      bench.sandbox.faults.add({ ...supplierListFault(profile), kind: 'ignore-filter', times: -1 })
      const run = await bench.run('sync suppliers --json')
      expect(run.code, run.err).toBe(0)
      expect(run.json().problems.map(({ code }) => code)).toEqual(['filter_ignored'])
      expect(run.json().counts).toMatchObject({ read: 1, unchanged: 1 })
    })

    it('stops when an empty answer hides a record it knows, and moves nothing', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier()] })
      await bench.run('sync suppliers')
      const before = await watermark()
      // The one data source also answers for a record by its key.
      const times = profile === 'soap' ? 1 : -1
      bench.sandbox.faults.add({ ...supplierListFault(profile), kind: 'empty', times })
      const run = await bench.run('sync suppliers --json')
      expect(run.code, run.out).toBe(7)
      expect(run.json().problems.map(({ code }) => code)).toEqual(['answer_incomplete'])
      expect(await watermark()).toEqual(before)
      expect((await bench.run(`sync suppliers --confirm ${run.json().plan_hash ?? ''}`)).code).toBe(0)
    })

    it('does not take an empty first answer for a fact', async () => {
      bench = await openBench({ profile })
      const run = await bench.run('sync suppliers --json')
      expect(run.code).toBe(7)
      expect(run.json().problems[0]).toMatchObject({ code: 'empty_answer' })
    })

    it('halves a window that is too slow instead of asking again for the same', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier(), makeSupplier()] })
      bench.sandbox.faults.add({ ...supplierListFault(profile), kind: 'timeout-before', times: 1 })
      const run = await bench.run('sync suppliers --json', { SYNC_TIMEOUT: '500ms', PLEX_DATE_FILTER: 'modifiedDate' })
      expect(run.code, run.err).toBe(0)
      const queries = takeLog()
        .plex.filter(isSupplierList)
        .map(({ query, body }) => JSON.stringify([query, body]))
      expect(queries.length).toBeGreaterThan(2)
      expect(queries.slice(1)).not.toContain(queries[0])
      expect(bench.vendors()).toHaveLength(2)
    })
  })

  describe('limits and stops', () => {
    it('refuses a plan too large to be true until exactly that plan is confirmed', async () => {
      const suppliers = Array.from({ length: 4 }, () => makeSupplier())
      bench = await openBench({ profile, suppliers })
      await bench.run('sync suppliers')
      for (const supplier of suppliers) editSupplier(supplier, { note: 'mass change' })
      const stopped = await bench.run('sync suppliers --json', { SYNC_MAX_CHANGES: '1' })
      expect(stopped.code).toBe(7)
      expect(stopped.json().problems[0]).toMatchObject({ code: 'plan_too_large' })
      const { plan_hash = '' } = stopped.json()
      const written = bench.writes().length
      expect((await bench.run('sync suppliers --confirm 0000000000000000', { SYNC_MAX_CHANGES: '1' })).code).toBe(7)
      expect(bench.writes()).toHaveLength(written)
      expect((await bench.run(`sync suppliers --confirm ${plan_hash}`, { SYNC_MAX_CHANGES: '1' })).code).toBe(0)
      expect(bench.vendors().every((row) => row['comments'] === 'mass change')).toBe(true)
    })

    it('works on --limit records and goes on with the rest next time', async () => {
      bench = await openBench({ profile, suppliers: Array.from({ length: 5 }, () => makeSupplier()) })
      const first = await bench.run('sync suppliers --limit 2 --json')
      expect(first.json()).toMatchObject({
        exit_code: 4,
        outcome: 'interrupted',
        counts: { read: 5, created: 2, pending: 3 },
      })
      const second = await bench.run('sync suppliers --json')
      expect(second.json()).toMatchObject({ exit_code: 0, counts: { created: 3 } })
      expect(bench.vendors()).toHaveLength(5)
    })

    it('says that another run holds the stream', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier()] })
      bench.sandbox.faults.add({ ...supplierListFault(profile), kind: 'slow', ms: 3000 })
      const first = bench.start('sync suppliers', { SYNC_TIMEOUT: '20s', SYNC_LEASE: '60s' })
      await expect.poll(() => bench.sandbox.log.entries.some(isSupplierList), { timeout: 90_000 }).toBe(true)
      // However slow the second one is, the first one is not over.
      first.process.kill('SIGSTOP')
      const second = await bench.run('sync suppliers --json')
      expect(second.json()).toMatchObject({ exit_code: 6, outcome: 'busy' })
      first.process.kill('SIGCONT')
      expect((await first.finished).code).toBe(0)
    })

    it('ends cleanly on SIGTERM and loses nothing', async () => {
      bench = await openBench({ profile, suppliers: Array.from({ length: 6 }, () => makeSupplier()) })
      bench.sandbox.faults.add({
        system: 'procurify',
        method: 'POST',
        path: '/api/v3/vendors/',
        kind: 'slow',
        ms: 600,
        times: -1,
      })
      const first = bench.start('sync suppliers --json', { SYNC_CONCURRENCY: '1' })
      await expect.poll(() => bench.writes().length, { timeout: 90_000 }).toBeGreaterThan(0)
      first.process.kill('SIGTERM')
      const stopped = await first.finished
      expect(stopped.code, stopped.err).toBe(4)
      expect(stopped.json().counts['in_doubt']).toBe(0)
      bench.sandbox.faults.clear()
      expect((await bench.run('sync suppliers')).code).toBe(0)
      expect(new Set(bench.vendors().map((row) => row['external_id'])).size).toBe(6)
      expect(bench.vendors()).toHaveLength(6)
    })

    it('refuses wrong settings, another pair of systems and a database that is not migrated: exit 2, nothing touched', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier()] })
      const wrong = await bench.run('sync suppliers', { SYNC_OVERLAP: 'soon', PLEX_PCNN: '1', SYNC_LEASE: '1s' })
      expect(wrong.code).toBe(2)
      expect(wrong.err.split('\n').filter((line) => line !== '').length).toBeGreaterThanOrEqual(3)
      expect(bench.sandbox.log.entries).toEqual([])
      expect((await bench.run('sync suppliers --limit none')).code).toBe(2)
      // A misspelt host is no use of the connection: it can be corrected.
      for (const setting of ['PLEX_BASE_URL', 'PROCURIFY_BASE_URL'])
        expect((await bench.run('sync suppliers', { [setting]: 'http://127.0.0.1:9' })).code).toBe(4)
      expect((await bench.run('sync suppliers')).code).toBe(0)
      const other = await bench.run('sync suppliers', { PLEX_PCN: '100002' })
      expect(other.code).toBe(2)
      expect(other.err).toContain('PLEX_PCN')
    })

    it('names a refused login with exit 5 and burns no record', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier(), makeSupplier()] })
      const login = await bench.run('sync suppliers --json', { PROCURIFY_CLIENT_SECRET: 'wrong' })
      expect(login.json()).toMatchObject({ exit_code: 5, outcome: 'refused' })
      expect(login.json().problems[0]).toMatchObject({ code: 'login_refused' })
      bench.sandbox.faults.add({
        system: 'procurify',
        method: 'POST',
        path: '/api/v3/vendors/',
        kind: 'forbidden',
        times: 1,
      })
      const role = await bench.run('sync suppliers --json', { SYNC_CONCURRENCY: '1' })
      expect(role.json()).toMatchObject({ exit_code: 5, counts: { parked: 0 } })
      expect((await bench.run('sync suppliers')).code).toBe(0)
      expect(bench.vendors()).toHaveLength(2)
    })

    it('waits out Retry-After before it calls again, and ends with 4 when that is beyond the deadline', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier()] })
      bench.sandbox.faults.add({
        system: 'procurify',
        path: '/api/v3/vendors/',
        kind: 'throttle',
        retryAfter: 'seconds',
        seconds: 2,
      })
      const waited = await bench.run('sync suppliers --json')
      expect(waited.code, waited.out).toBe(0)
      const calls = bench.sandbox.log.entries.filter(({ system }) => system === 'procurify')
      const hit = calls.findIndex(({ status }) => status === 429)
      expect((calls[hit + 1]?.ms ?? 0) - (calls[hit]?.ms ?? 0)).toBeGreaterThanOrEqual(2000)
      bench.sandbox.faults.add({
        ...supplierListFault(profile),
        kind: 'throttle',
        retryAfter: 'seconds',
        seconds: 9_999_999,
      })
      const stopped = await bench.run('sync suppliers --json --deadline 30s')
      expect(stopped.json()).toMatchObject({ exit_code: 4, outcome: 'interrupted' })
      bench.sandbox.log.clear()
      expect((await bench.run('sync suppliers')).code).toBe(4)
      expect(bench.sandbox.log.entries.filter(isSupplierList)).toEqual([])
    })

    it('leaves Procurify alone after repeated timeouts, counted across passes', async () => {
      bench = await openBench({ profile, suppliers: [makeSupplier()] })
      bench.sandbox.faults.add({ system: 'procurify', path: '/api/v3/vendors/', kind: 'timeout-before', times: -1 })
      const fast = { SYNC_TIMEOUT: '300ms', PROCURIFY_MAX_TIMEOUTS: '2' }
      const run = await bench.run('sync suppliers --json', fast)
      expect(run.code, run.out).toBe(4)
      bench.sandbox.log.clear()
      expect((await bench.run('sync suppliers --json', fast)).code).toBe(4)
      expect(
        bench.sandbox.log.entries.filter(({ system, path }) => system === 'procurify' && path.includes('vendors')),
      ).toEqual([])
    })
  })
})

describe('a first load', () => {
  it('delivers what is planned while the rest is still read, and the next run goes on from there', async () => {
    const planned = 200
    bench = await openBench({ suppliers: Array.from({ length: planned + 10 }, () => makeSupplier()) })
    // Details are read two hundred at a time: those of the second group never come.
    bench.sandbox.faults.add({ system: 'plex', path: 'addresses$', kind: 'timeout-before', after: planned, times: -1 })
    const first = bench.start('sync suppliers --json')
    await expect.poll(() => bench.vendors().length, { timeout: 90_000 }).toBe(planned)
    first.process.kill('SIGTERM')
    const ended = await first.finished
    expect(ended.json()).toMatchObject({
      ...{ exit_code: 4, outcome: 'interrupted' },
      counts: { read: planned + 10, created: planned, pending: 10 },
    })
    bench.sandbox.faults.clear()
    const second = await bench.run('sync suppliers --json')
    expect(second.json()).toMatchObject({ exit_code: 0, counts: { created: 10 } })
    expect(new Set(bench.vendors().map((vendor) => vendor['external_id'])).size).toBe(planned + 10)
    expect(bench.vendors()).toHaveLength(planned + 10)
  })
})

async function rowsIn(...tables: string[]): Promise<number> {
  let total = 0
  for (const table of tables)
    total += Number(
      (await bench.database.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n,
    )
  return total
}

async function watermark(): Promise<unknown> {
  return (await bench.database.pool.query('select position, anchors from watermark')).rows
}

/** What is left after the state database was lost: nothing but the schema. */
async function forgetEverything(): Promise<void> {
  // As a restore would: what keeps rows from being changed does not keep a database from being lost.
  await bench.database.pool.query(
    `begin; set local session_replication_role = replica;
     truncate connection, note, link, intent, attempt, run, watermark, lease, audit, audit_head cascade; commit`,
  )
}
