/** What only Plex over data sources has: its map, its ways to fail inside HTTP 200, its dates and whole-number keys. */
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openOrderBench } from '../support/orders.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

type Block = Record<string, unknown> & { columns: Record<string, string> }

let bench: Bench
let folder = ''

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ml-soap-'))))
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => bench.close())

const EXAMPLE = readFileSync(new URL('../../src/plex/soap-map.example.json', import.meta.url), 'utf8')

/** The example, changed; answers the setting that names it. */
function mapFile(change: (map: Record<string, Block>) => void): Record<string, string> {
  const map = JSON.parse(EXAMPLE) as Record<string, Block>
  change(map)
  const path = join(folder, `map-${Math.random()}.json`)
  writeFileSync(path, JSON.stringify(map))
  return { PLEX_SOAP_MAP: path }
}

const fault = (kind: string, more: Record<string, unknown> = {}) =>
  bench.sandbox.faults.add({ system: 'plex', kind, times: -1, match: '990001', ...more } as never)
const problemOf = (run: Awaited<ReturnType<Bench['run']>>) => run.json().problems[0]

describe('the map', () => {
  it('tells every mistake at once, before anything is touched', async () => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    const wrong = mapFile((map) => {
      Object.assign(map['suppliers'] ?? {}, { keyColumns: [], timeZone: 'Detroit' })
      Object.assign(map, { suplliers: {} })
    })
    const run = await bench.run('sync suppliers', wrong)
    expect(run.code).toBe(2)
    for (const part of ['suppliers.keyColumns', 'suppliers.timeZone', 'suplliers']) expect(run.err).toContain(part)
    const checked = await bench.run('check --json', wrong)
    expect(checked.code).toBe(2)
    expect(checked.out).toContain('suppliers.keyColumns')
    expect((await bench.run('sync suppliers', { PLEX_SOAP_MAP: join(folder, 'none.json') })).err).toContain(
      'cannot be read',
    )
    expect(bench.sandbox.log.entries).toEqual([])
  })

  it('need only have the blocks of the streams that run', async () => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    const alone = mapFile((map) => {
      for (const name of Object.keys(map)) if (name !== 'suppliers') delete map[name]
    })
    expect((await bench.run('sync suppliers', alone)).code).toBe(0)
    const orders = await bench.run('sync pos --dry-run', alone)
    expect(orders.code).toBe(2)
    expect(orders.err).toContain('no block for orders, lines, releases, accounts')
  })

  it.each([
    [
      'a column that is not there',
      { columns: { name: 'Name', code: 'Kode', note: 'Remarks' } },
      2,
      'without the columns Kode, Remarks',
    ],
    ['a form that is wrong', { columns: { name: 'Name', createdDate: 'Name' } }, 2, 'which is no date (M/D/YYYY)'],
    ['a source that does not exist', { dataSourceKey: 5 }, 5, 'Data source 5 was not found'],
  ])('is tried out by check, which names %s', async (_, change, exit, said) => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    const run = await bench.run(
      'check',
      mapFile((map) => Object.assign(map['suppliers'] ?? {}, change)),
    )
    expect(run.code, run.out).toBe(exit)
    expect(run.out.replace(/\s+/g, ' ')).toContain(said)
  })

  it('is found in order by check, unless a right or the login is refused', async () => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    const fine = await bench.run('check')
    expect(fine.code, fine.out).toBe(0)
    expect(fine.out).toMatch(/ok\s+plex suppliers/)
    Object.assign(bench.sandbox.plex.state.options, { soapUngranted: ['990001'] })
    const grant = await bench.run('check')
    expect(grant.code).toBe(5)
    expect(grant.out.replace(/\s+/g, ' ')).toContain('does not have permission')
    const login = await bench.run('check', { PLEX_PASSWORD: 'wrong' })
    expect(login.code).toBe(5)
    expect(login.out).toMatch(/fail\s+plex login/)
  })
})

describe('answers that are none', () => {
  it.each([
    ['data-source-error', { text: 'Invalid object name' }, 'data_source_failed', 5],
    ['data-source-error', { text: 'Timeout expired' }, 'timed_out', 4],
    ['data-source-output', { text: 'Locked by Ann' }, 'data_source_failed', 5],
    ['soap-fault', { status: 500 }, 'server_error', 4],
    ['html', {}, 'html_answer', 4],
    ['broken-json', {}, 'broken_answer', 4],
    ['unauthorized', {}, 'login_refused', 5],
  ] as const)('%s %o is told as %s', async (kind, more, code, exit) => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    fault(kind, more)
    const run = await bench.run('sync suppliers --json --deadline 40s')
    expect([problemOf(run)?.code, run.code], run.out + run.err).toEqual([code, exit])
    if ('text' in more) expect(problemOf(run)?.message).toContain(more.text)
    expect(bench.writes()).toEqual([])
    expect(run.out + run.err).not.toContain('plex-sandbox-password')
  })

  it('are refused whole when a mapped column is gone, so that no field is emptied', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ note: 'Keep me' })], profile: 'soap' })
    await bench.run('sync suppliers')
    const run = await bench.run(
      'sync suppliers --full --json',
      mapFile((map) => Object.assign(map['suppliers']?.columns ?? {}, { note: 'Gone' })),
    )
    expect(problemOf(run)).toMatchObject({
      code: 'data_source_columns',
      message: expect.stringContaining('Gone') as string,
    })
    expect(run.code).toBe(5)
    expect(bench.vendors()[0]).toMatchObject({ comments: 'Keep me' })
  })

  it('are refused when they are of another company', async () => {
    bench = await openBench({ suppliers: [makeSupplier()], profile: 'soap' })
    const run = await bench.run('sync suppliers --json', { PLEX_PCN: '100009' })
    expect(problemOf(run)?.code, run.out).toBe('wrong_tenant')
    expect(run.code).toBe(5)
  })
})

describe('rows', () => {
  it.each([
    ['us', 'absent'],
    ['named', 'nil'],
    ['iso', 'zero'],
  ] as const)(
    'with %s dates and %s for none give the same instants and a watermark to the second',
    async (soapDates, soapNoRows) => {
      const stamps = { createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-03-04T14:10:11.1234567Z' }
      bench = await openBench({ suppliers: [makeSupplier(stamps)], profile: 'soap' })
      Object.assign(bench.sandbox.plex.state.options, { soapDates, soapNoRows })
      const run = await bench.run('sync suppliers --json')
      expect(run.json(), run.out).toMatchObject({ exit_code: 0, window: { to: '2026-03-04T14:10:11Z' } })
      const idle = await bench.run('sync suppliers --json')
      expect(idle.json()).toMatchObject({
        exit_code: 0,
        counts: { unchanged: 1 },
        window: { from: '2026-03-04T14:00:11.0000000Z' },
      })
    },
  )

  it('changed in the hour that happens twice are not missed', async () => {
    const { clock } = (bench = await openBench({
      suppliers: [makeSupplier({ createdDate: '2025-01-01T00:00:00Z' })],
      profile: 'soap',
    })).sandbox
    const { suppliers } = bench.sandbox.plex.state.data
    const rename = (name: string) =>
      suppliers.edit(String(suppliers.all()[0]?.['id']), { name, modifiedDate: new Date(clock.now()).toISOString() })
    // Half past one in the summer half of the night, then ten past one in the winter half: later, and yet earlier by the clock.
    clock.set('2025-11-02T05:30:00Z')
    rename('At half past one')
    await bench.run('sync suppliers')
    clock.set('2025-11-02T06:10:00Z')
    rename('At ten past one')
    await bench.run('sync suppliers')
    expect(bench.vendors().map((row) => row['name'])).toEqual(['At ten past one'])
  })

  it('that cannot be read park their record with the cell and the form it should have', async () => {
    bench = await openBench({ suppliers: [makeSupplier(), makeSupplier()], profile: 'soap' })
    const run = await bench.run(
      'sync suppliers --json',
      mapFile((map) =>
        Object.assign(map['suppliers'] ?? {}, { columns: { name: 'Name', createdDate: 'Supplier_Code' } }),
      ),
    )
    expect(run.code).toBe(3)
    expect(problemOf(run)).toMatchObject({
      code: 'record_unreadable',
      message: expect.stringContaining('no date (M/D/YYYY)') as string,
    })
  })

  it('come in pages where the map says so, and from both windows in one call where it does not', async () => {
    bench = await openBench({ suppliers: Array.from({ length: 5 }, () => makeSupplier()), profile: 'soap' })
    const capped = mapFile((map) => Object.assign(map['suppliers'] ?? {}, { rowCap: 3 }))
    const cut = await bench.run('sync suppliers --json', capped)
    expect(problemOf(cut)?.code, cut.out).toBe('answer_too_large')
    expect(bench.vendors()).toEqual([])
    await bench.run('sync suppliers')
    bench.sandbox.log.clear()
    await bench.run('sync suppliers')
    expect(bench.sandbox.log.entries.filter(({ system }) => system === 'plex')).toHaveLength(1)
  })

  it('that are too many for one answer are read in shorter ranges, e-mails too, and nothing is asked for twice', async () => {
    const years = [2012, 2016, 2019, 2022, 2024].map((year) => ({ modifiedDate: `${year}-05-05T00:00:00Z` }))
    const suppliers = years.map((stamp) => makeSupplier({ ...stamp, createdDate: '2010-01-01T00:00:00Z' }))
    bench = await openBench({ suppliers, profile: 'soap' })
    suppliers.forEach(({ id, code }, n) => {
      const contact = {
        id: `5a01bbbb-0000-4000-8000-00000000000${n}`,
        supplierId: id,
        email: `${String(code)}@ex.test`,
      }
      bench.sandbox.plex.state.data.contacts.add(contact)
    })
    const run = await bench.run(
      'sync suppliers --json',
      mapFile((map) => Object.assign(map['suppliers'] ?? {}, { rowCap: 3 })),
    )
    expect(run.json().counts, run.out).toMatchObject({ read: 5, created: 5 })
    // Several are sent at a time, so they come in any order.
    const emails = bench.vendors().flatMap((row) => row['email'] as string[])
    expect(emails.sort()).toEqual(suppliers.map(({ code }) => `${String(code)}@ex.test`).sort())
    const asked = bench.sandbox.log.entries.filter(({ system }) => system === 'plex').map(({ body }) => String(body))
    expect(asked.filter((body) => body === asked[0])).toHaveLength(1)
  })

  it('of departments and buildings stand behind the keys on orders, and pair in the alignment', async () => {
    const orders = await openOrderBench('soap')
    bench = orders
    orders.addOrder({ department: 'Production' })
    const list = await bench.run('align refdata --list --json')
    expect(list.code, list.err).toBe(0)
    const { pairs } = JSON.parse(list.out) as {
      pairs: { stream: string; plex: { key: string } | null; state: string }[]
    }
    const paired = pairs
      .filter(({ state }) => state === 'paired')
      .map(({ stream, plex }) => `${stream} ${plex?.key ?? ''}`)
    expect(paired).toEqual(expect.arrayContaining(['locations MAIN', 'departments MAIN / Production']))
  })
})

describe('a record that was parked', () => {
  it('is replayed from what its data source says of its key now', async () => {
    const supplier = makeSupplier({ name: null })
    bench = await openBench({ suppliers: [supplier], profile: 'soap' })
    expect((await bench.run('sync suppliers --json')).json().counts).toMatchObject({ parked: 1, created: 0 })
    bench.sandbox.plex.state.data.suppliers.edit(String(supplier['id']), { name: 'Named' }, 'keep')
    bench.sandbox.log.clear()
    const run = await bench.run(`replay ${bench.idOf('suppliers', supplier['id'])} --json`)
    expect(run.json().counts, run.out + run.err).toMatchObject({ created: 1 })
    expect(bench.vendors()).toMatchObject([{ name: 'Named' }])
    const [asked] = bench.sandbox.log.entries.filter(({ system }) => system === 'plex')
    expect(String(asked?.body)).toMatch(/<Value>4001<.Value><Name>@Supplier_Nos</)
  })
})

describe('Plex', () => {
  it('is only read: nothing is tried that would write to it', async () => {
    const orders = await openOrderBench('soap')
    bench = orders
    orders.addOrder()
    expect((await bench.run('align refdata --direction to-plex')).code).toBe(2)
    const both = await bench.run('align refdata --direction both --json')
    expect(
      both.json().problems.map(({ code }) => code),
      both.out,
    ).toContain('plex_read_only')
    const paths = bench.sandbox.log.entries.filter(({ system }) => system === 'plex').map(({ path }) => path)
    expect(new Set(paths)).toEqual(new Set(['/DataSource/Service.asmx']))
  })
})
