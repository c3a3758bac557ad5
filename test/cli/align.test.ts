/** `align refdata` through the built program: both systems simulated, every exit code it can have. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { aligned, openAlignBench, problemsOf, type AlignBench } from '../support/align.js'

let bench: AlignBench

afterEach(() => bench.close())

const align = (args = '') => aligned(bench, args)

describe('the flow', () => {
  it('plans in a dry run exactly what the run then writes, and leaves both systems and the database as they were', async () => {
    bench = await openAlignBench({ accounts: ['100', '200', '300'], codes: ['300'] })
    const dry = await align('--dry-run --json')
    expect(dry.code, dry.err + dry.out).toBe(0)
    expect([...bench.writes(), ...bench.plexWrites()]).toEqual([])
    expect(await bench.rows('note', 'link', 'intent', 'run', 'audit', 'watermark', 'lease')).toBe(0)
    const plan = dry.json().plan ?? []
    expect(plan.filter(({ action }) => action === 'create').map(({ source_key }) => source_key)).toEqual(['100', '200'])

    const run = await align('--json')
    expect(run.code, run.err + run.out).toBe(0)
    expect(run.json()).toMatchObject({ schema: 'ml-connector/run@1', command: 'align refdata', outcome: 'done' })
    expect(run.json().counts).toMatchObject({ created: 2, adopted: plan.length - 2 })
    expect(bench.codes()).toMatchObject([
      { code: '300' },
      { code: '100', description: 'Account 100', account_type: 2 },
      { code: '200' },
    ])
    const { accounts } = bench.sandbox.procurify.state.data
    expect(accounts.all().map((row) => [row['account_code'], row['department']])).toEqual([
      [2, 1],
      [3, 1],
    ])
  })

  it('writes nothing the second time, and reads each list once', async () => {
    bench = await openAlignBench({ accounts: ['100', '200'], codes: ['200'] })
    await align()
    bench.sandbox.log.clear()
    const again = await align('--json')
    expect(again.json()).toMatchObject({ exit_code: 0, counts: { created: 0, updated: 0, adopted: 0, observed: 0 } })
    expect([...bench.writes(), ...bench.plexWrites()]).toEqual([])
    const paths = bench.sandbox.log.entries.map(({ path }) => path).filter((path) => !path.includes('token'))
    expect(paths.sort()).toEqual([
      ...[
        '/api/v2/locations/',
        '/api/v3/account-codes/',
        '/api/v3/departments/',
        '/mdm/v1/buildings',
        '/mdm/v1/chart-of-accounts',
      ],
      // Orders changed or created since, and the lines of the one that the overlap brings back.
      ...[
        '/purchasing/v1/purchase-orders',
        '/purchasing/v1/purchase-orders',
        expect.stringMatching(/line-items$/) as string,
      ],
    ])
  })

  it('makes departments before account codes, which are linked to them when they are made', async () => {
    bench = await openAlignBench({
      accounts: ['100'],
      codes: ['900'],
      places: [
        ['MAIN', 'Tool Room'],
        ['WEST', 'Paint'],
      ],
    })
    const run = await align('--json')
    expect(run.code, run.out + run.err).toBe(0)
    expect(bench.writes().map(({ path }) => path)).toEqual([
      '/api/v3/departments/',
      '/api/v3/departments/',
      '/api/v3/account-codes/',
    ])
    expect(bench.departments().slice(-2)).toMatchObject([
      { name: 'Tool Room', branch: 1, external_id: 'plex:100001:department:MAIN:Tool Room' },
      { name: 'Paint', branch: 2 },
    ])
    const [code] = bench.writes().slice(-1)
    const { accounts } = bench.sandbox.procurify.state.data
    expect(accounts.where('account_code', code?.id).map((row) => row['department'])).toEqual([9, 10])
  })

  it('knows departments that only a line names, and those once seen when no order names them any more', async () => {
    bench = await openAlignBench({
      accounts: ['100'],
      codes: ['100'],
      lines: [
        ['WEST', 'Paint'],
        [null, 'Oven'],
      ],
    })
    await align()
    expect(bench.departments().slice(-2)).toMatchObject([
      { name: 'Oven', branch: 1 },
      { name: 'Paint', branch: 2 },
    ])
    bench.sandbox.plex.state.data.orders.clear()
    bench.addOrder({ building: 'MAIN', department: 'Quality' })
    bench.sandbox.log.clear()
    const list = await bench.run('align refdata --list --json')
    const pairs = (JSON.parse(list.out) as { pairs: { state: string; plex: { key: string } | null }[] }).pairs
    expect(pairs.filter(({ state }) => state === 'paired').map(({ plex }) => plex?.key)).toEqual(
      expect.arrayContaining(['WEST / Paint', 'MAIN / Oven', 'MAIN / Quality']),
    )
  })

  it('renames in Procurify what was renamed in Plex, and only that', async () => {
    bench = await openAlignBench({ accounts: ['100', '200', '300'], codes: ['100', '200', '300'] })
    await align()
    bench.editAccount('100', { name: 'Renamed in Plex' })
    bench.editCode('200', { description: 'Renamed in Procurify' })
    bench.editAccount('300', { name: 'Plex says' })
    bench.editCode('300', { description: 'Procurify says' })
    bench.sandbox.log.clear()
    const run = await align('--json')
    expect(run.code, run.out).toBe(0)
    expect(run.json().counts).toMatchObject({ updated: 1, observed: 2 })
    expect(
      run
        .json()
        .problems.filter(({ source_id }) => source_id !== null)
        .map(({ code }) => code),
    ).toEqual(expect.arrayContaining(['renamed_in_procurify', 'changed_on_both_sides']))
    expect(bench.writes()).toMatchObject([{ method: 'PUT', kind: 'update' }])
    expect(bench.codes().map((row) => row['description'])).toEqual([
      'Renamed in Plex',
      'Renamed in Procurify',
      'Procurify says',
    ])
    bench.sandbox.log.clear()
    expect((await align('--json')).json().counts).toMatchObject({ updated: 0, observed: 0 })
    expect(bench.writes()).toEqual([])
  })

  it('says what it cannot do: deactivations, missing locations, records of one side only', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['100', '999'] })
    await align()
    bench.editAccount('100', { active: false })
    const run = await align('--json')
    const said = problemsOf(run).map(({ code, source_key }) => `${code} ${String(source_key)}`)
    expect(said).toEqual(
      expect.arrayContaining([
        'inactive_in_plex 100',
        'missing_in_plex 999',
        'missing_in_procurify NORTH',
        'missing_in_plex Sales Office',
      ]),
    )
    expect(run.json().problems.every(({ advice }) => advice.length > 10)).toBe(true)
    expect(bench.codes()[0]).toMatchObject({ active: true })
  })

  it('tells the story of every pair', async () => {
    bench = await openAlignBench({ accounts: ['100', '200'], codes: ['200'] })
    await align()
    const shown = JSON.parse((await bench.run('audit show --stream accounts --json')).out) as {
      rows: { source_key: string; target_id: string; action: string; outcome: string; run_id: string }[]
    }
    expect(
      shown.rows.map(({ source_key, target_id, action, outcome }) => [source_key, target_id, action, outcome]).sort(),
    ).toEqual([
      ['100', '2', 'create', 'done'],
      ['200', '1', 'adopt', 'done'],
    ])
    // One run for the user, whatever streams it worked on: its first digits are enough to name it.
    const all = await bench.run(`audit show --run ${shown.rows[0]?.run_id.slice(0, 8) ?? ''} --json`)
    const streams = (JSON.parse(all.out) as { rows: { stream: string }[] }).rows.map(({ stream }) => stream)
    expect(new Set(streams)).toEqual(new Set(['locations', 'departments', 'accounts']))
    expect((await bench.run('audit verify')).code).toBe(0)
    const status = JSON.parse((await bench.run('status --json')).out) as {
      streams: { stream: string; last_run: { command: string } | null }[]
    }
    const last = status.streams
      .filter(({ stream }) => stream !== 'suppliers')
      .map(({ stream, last_run }) => [stream, last_run?.command])
    expect(last).toEqual([
      ['locations', 'align refdata'],
      ['departments', 'align refdata'],
      ['accounts', 'align refdata'],
    ])
  })
})

describe('the direction', () => {
  it('to-plex creates GL accounts under ids of ours, and writes nothing to Procurify', async () => {
    bench = await openAlignBench({ accounts: ['100', '200'], codes: ['200', 'T&E'], places: [['MAIN', 'Tool Room']] })
    const run = await align('--direction to-plex --json')
    expect(run.code, run.out + run.err).toBe(0)
    expect(bench.writes()).toEqual([])
    expect(bench.plexWrites()).toMatchObject([{ method: 'POST', path: '/mdm/v1/chart-of-accounts' }])
    const made = bench.plexAccounts().at(-1) ?? {}
    expect(made).toMatchObject({ accountNumber: 'T&E', name: 'Code T&E', categoryType: 'Expense' })
    expect(run.json().counts).toMatchObject({ created: 1 })
    bench.sandbox.log.clear()
    expect((await align('--direction both --json')).json().counts).toMatchObject({ created: 2 })
    expect(bench.plexWrites()).toEqual([])
    expect(bench.writes().map(({ path }) => path)).toEqual(['/api/v3/departments/', '/api/v3/account-codes/'])
  })

  it('comes from ALIGN_DIRECTION where it is not given', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['100', 'T&E'] })
    Object.assign(bench.env, { ALIGN_DIRECTION: 'both' })
    await align()
    expect(bench.plexWrites()).toHaveLength(1)
  })

  it('a second installation with a database of its own recognises what the first one made', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['T&E'], places: [['MAIN', 'Tool Room']] })
    await align('--direction both')
    bench.sandbox.log.clear()
    await bench.withOtherDatabase(async (extra) => {
      const run = await bench.run('align refdata --direction both --json', extra)
      expect(run.json().counts).toMatchObject({ created: 0, updated: 0 })
    })
    expect([...bench.writes(), ...bench.plexWrites()]).toEqual([])
  })
})

describe('safety', () => {
  it('stops before the first write when a side would get more than ALIGN_MAX_CHANGES, and goes on with the hash', async () => {
    const accounts = Array.from({ length: 4 }, (_, n) => `10${n}`)
    bench = await openAlignBench({ accounts, codes: ['900'], places: [['MAIN', 'Tool Room']] })
    const within = await align('--dry-run --json')
    Object.assign(bench.env, { ALIGN_MAX_CHANGES: '4' })
    const stopped = await align('--json')
    expect(stopped.code).toBe(7)
    expect(stopped.json().problems.at(-1)).toMatchObject({
      code: 'plan_too_large',
      message: expect.stringMatching(/5 records to Procurify; more than 4 .*--confirm/) as string,
    })
    expect(bench.writes()).toEqual([])
    expect(await bench.rows('intent', 'audit', 'note', 'watermark')).toBe(0)
    const hash = stopped.json().plan_hash ?? ''
    expect(hash).toBe(within.json().plan_hash)
    const wrong = await align('--confirm 0123456789abcdef --json')
    expect(wrong.code).toBe(7)
    expect(wrong.json().problems.map(({ code }) => code)).toContain('plan_changed')
    expect((await align(`--confirm ${hash} --json`)).json()).toMatchObject({ exit_code: 0, counts: { created: 5 } })
  })

  it('asks for orders that are too many in halves, not again for the same', async () => {
    bench = await openAlignBench({ accounts: ['1'], codes: ['1'] })
    Object.assign(bench.env, { SYNC_TIMEOUT: '700ms', PLEX_DATE_FILTER: 'modifiedDate' })
    const path = '/purchasing/v1/purchase-orders'
    bench.sandbox.faults.add({ system: 'plex', method: 'GET', path: `^${path}$`, kind: 'timeout-before', times: 1 })
    const run = await align('--json')
    expect(run.code, run.out + run.err).toBe(0)
    expect(run.err).toContain('"window_halved"')
    const asked = bench.sandbox.log.entries.filter((entry) => entry.path === path)
    const windows = asked.map(({ query }) => JSON.stringify(query))
    expect(windows.length).toBeGreaterThan(2)
    expect(new Set(windows).size).toBe(windows.length)
  })

  it('does not ask again for what was allowed and then cut short', async () => {
    bench = await openAlignBench({ accounts: ['1', '2', '3', '4', '5', '6'], codes: ['900'] })
    Object.assign(bench.env, { ALIGN_MAX_CHANGES: '2', SYNC_TIMEOUT: '4s', SYNC_LEASE: '9s' })
    const { plan_hash: hash = '' } = (await align('--json')).json()
    bench.sandbox.faults.add({ system: 'procurify', method: 'POST', path: '/api/', kind: 'slow', ms: 2500, times: -1 })
    const short = await align(`--confirm ${hash} --deadline 7s --json`)
    expect(short.code, short.out).toBe(4)
    expect(bench.codes().length).toBeLessThan(7)
    bench.sandbox.faults.clear()
    expect((await align('--json')).json()).toMatchObject({ exit_code: 0 })
    expect(bench.codes()).toHaveLength(7)
  })

  it('counts each side alone, and pairs not at all', async () => {
    bench = await openAlignBench({ accounts: ['1', '2', '3', '4'], codes: ['3', '4', '5', '6'] })
    Object.assign(bench.env, { ALIGN_MAX_CHANGES: '2' })
    expect((await align('--direction both --json')).json()).toMatchObject({ exit_code: 0, counts: { created: 4 } })
  })

  const lists = {
    buildings: ['plex', '/mdm/v1/buildings'],
    locations: ['procurify', '/api/v2/locations/'],
    departments: ['procurify', '/api/v3/departments/'],
    accounts: ['plex', '/mdm/v1/chart-of-accounts'],
    'account codes': ['procurify', '/api/v3/account-codes/'],
    orders: ['plex', '/purchasing/v1/purchase-orders'],
  } as const
  for (const [what, [system, path]] of Object.entries(lists)) {
    it(`takes no empty list of ${what} for a fact`, async () => {
      bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
      bench.sandbox.faults.add({ system, path, method: 'GET', kind: 'empty', times: -1 })
      const run = await align('--json')
      expect(run.code, run.out + run.err).toBe(7)
      expect(run.json().problems.map(({ code }) => code)).toContain('empty_answer')
      expect([...bench.writes(), ...bench.plexWrites()]).toEqual([])
      expect(await bench.rows('link', 'intent', 'audit', 'watermark')).toBe(0)
    })
  }

  it('pairs what exists where no order names a department yet, and makes codes for none only when a person says so', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['100'], places: [] })
    const paired = await align('--json')
    expect(paired.code, paired.out).toBe(0)
    expect(paired.json().counts).toMatchObject({ created: 0, updated: 0 })
    expect(bench.writes()).toEqual([])
    bench.addAccount('200')
    const stopped = await align('--json')
    expect(stopped.code, stopped.out).toBe(7)
    expect(stopped.json().problems.map(({ code }) => code)).toContain('empty_answer')
    expect(bench.writes()).toEqual([])
    expect((await align(`--confirm ${stopped.json().plan_hash ?? ''}`)).code).toBe(0)
  })

  it('learns departments from a year of orders on the day of going live', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
    const [order] = bench.sandbox.plex.state.data.orders.all()
    const monthAgo = new Date(Date.now() - 30 * 86_400_000).toISOString()
    bench.sandbox.plex.state.data.orders.edit(String(order?.['id']), { createdDate: monthAgo, modifiedDate: monthAgo })
    const run = await bench.run('align refdata --json', { PO_START_DATE: new Date().toISOString().slice(0, 10) })
    expect(run.code, run.out).toBe(0)
    expect(bench.codes().map(({ code }) => code)).toContain('100')
  })

  for (const [what, [system, path]] of Object.entries(lists).filter(([name]) => name.startsWith('account'))) {
    it(`takes no list of ${what} that lost most of what is paired for a fact, unless a person says so`, async () => {
      const numbers = ['1', '2', '3', '4', '5', '6']
      bench = await openAlignBench({ accounts: numbers, codes: numbers })
      await align()
      bench.addAccount('7')
      bench.sandbox.log.clear()
      bench.sandbox.faults.add({ system, path, method: 'GET', kind: 'short', rows: 2, times: -1 })
      const run = await align('--json')
      expect(run.code, run.out).toBe(7)
      expect(run.json().problems.find(({ code }) => code === 'answer_short')?.message).toContain('without 4 of the 6')
      expect(bench.writes()).toEqual([])
      expect((await align(`--confirm ${run.json().plan_hash ?? ''}`)).code).toBe(0)
    })
  }

  it('notices orders that are missing though one can still be read by its id', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['100'] })
    await align()
    bench.sandbox.faults.add({ system: 'plex', path: 'purchase-orders$', method: 'GET', kind: 'empty', times: -1 })
    const run = await align('--json')
    expect(run.code, run.out).toBe(7)
    expect(run.json().problems.map(({ code }) => code)).toContain('answer_incomplete')
  })

  it('says once that a date filter is ignored, and goes on', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['100'] })
    bench.addOrder({
      building: 'WEST',
      department: 'Ancient',
      createdDate: '2019-01-01T00:00:00Z',
      modifiedDate: '2019-01-01T00:00:00Z',
    })
    bench.sandbox.faults.add({
      system: 'plex',
      path: 'purchase-orders$',
      method: 'GET',
      kind: 'ignore-filter',
      times: -1,
    })
    const run = await align('--json')
    expect(run.json().problems.map(({ code }) => code)).toContain('filter_ignored')
    expect(bench.departments().map((row) => row['name'])).not.toContain('Ancient')
  })
})

describe('how it ends', () => {
  it('busy while any of its streams is held, without having touched the others', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
    await align('--limit 1')
    const hold = `insert into lease (connection, stream, owner, holder, expires_at) values ('default', 'accounts', '00000000-0000-4000-8000-000000000001', 'a rival', now() + interval '1 minute')
      on conflict (connection, stream) do update set owner = excluded.owner, holder = excluded.holder, expires_at = excluded.expires_at`
    await bench.database.pool.query(hold)
    bench.sandbox.log.clear()
    const run = await align('--json')
    expect(run.code).toBe(6)
    expect(run.json().problems).toMatchObject([
      { code: 'lease_held', message: expect.stringContaining('a rival') as string },
    ])
    expect(bench.sandbox.log.entries).toEqual([])
    await bench.database.pool.query(`delete from lease where stream = 'accounts'`)
    expect((await align()).code).toBe(0)
  })

  it('interrupted at --limit, and goes on from there', async () => {
    bench = await openAlignBench({ accounts: ['1', '2', '3'], codes: ['900'] })
    const first = await align('--limit 2 --json')
    expect(first.code).toBe(4)
    expect(first.json().problems.map(({ code }) => code)).toContain('limit_reached')
    let code = first.code
    for (let pass = 0; pass < 5 && code === 4; pass += 1) code = (await align('--limit 2')).code
    expect(code).toBe(0)
    expect(bench.codes()).toHaveLength(4)
  })

  it('parks what Procurify refuses, does the rest, and tries again in each run until it is accepted', async () => {
    bench = await openAlignBench({ accounts: ['1', '2'], codes: ['900'] })
    bench.sandbox.faults.add({
      system: 'procurify',
      method: 'POST',
      path: '/api/v3/account-codes/',
      kind: 'status',
      status: 400,
      match: '"code":"1"',
      times: -1,
    })
    const run = await align('--json')
    expect(run.code, run.out).toBe(3)
    expect(run.json()).toMatchObject({ counts: { parked: 1, created: 1 } })
    expect((await align('--json')).json()).toMatchObject({ exit_code: 3, counts: { parked: 1, created: 0 } })
    bench.sandbox.faults.clear()
    expect((await align('--json')).json()).toMatchObject({ exit_code: 0, counts: { parked: 0, created: 1 } })
    expect(bench.codes()).toHaveLength(3)
  })

  it('done and saying so while a stream or a record is paused: it is neither planned nor sent', async () => {
    bench = await openAlignBench({ accounts: ['1', '2'], codes: ['900'], places: [['MAIN', 'Tool Room']] })
    const pause = (stream: string, sourceId: string) =>
      bench.database.pool.query(
        'insert into pause (connection, stream, source_id, reason, paused_by) values ($1, $2, $3, $4, $5)',
        ['default', stream, sourceId, 'year end', 'me'],
      )
    await pause('accounts', String(bench.plexAccounts()[0]?.['id']))
    await pause('departments', '')
    const run = await align('--json')
    expect(run.code, run.out).toBe(0)
    expect(problemsOf(run).map(({ code }) => code)).toContain('paused')
    expect(bench.writes().map(({ path }) => path)).toEqual(['/api/v3/account-codes/'])
    expect(bench.codes().map((row) => row['code'])).toEqual(['900', '2'])
    await bench.database.pool.query('delete from pause')
    expect((await align('--json')).json()).toMatchObject({ exit_code: 0, counts: { created: 2 } })
  })

  it('refused when a role is missing, with nothing concluded from the other lists', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
    bench.sandbox.faults.add({ system: 'procurify', path: '/api/v3/departments/', kind: 'forbidden', times: -1 })
    const run = await align('--json')
    expect(run.code).toBe(5)
    expect(bench.writes()).toEqual([])
  })

  it('with exit 2 and every mistake when REFDATA_MAP is wrong', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
    const path = join(tmpdir(), `refdata-map-${process.pid}.json`)
    await writeFile(path, JSON.stringify({ accounts: { '100': 900 }, offices: {} }))
    Object.assign(bench.env, { REFDATA_MAP: path })
    const wrong = await align('--json')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('"offices" is unknown')
    expect(wrong.err).toContain('"accounts", "100": must be a text in quotes, not 900.')
    await writeFile(path, JSON.stringify({ accounts: { '100': '900' } }))
    const right = await align('--json')
    expect(right.json()).toMatchObject({ exit_code: 0, counts: { created: 0 } })
    expect((await align('--csv')).code).toBe(2)
  })
})

describe('the list', () => {
  it('shows every pair in its state, for people, programs and spreadsheets', async () => {
    bench = await openAlignBench({ accounts: ['100', '200', '=300'], codes: ['100', '999'] })
    await align('--limit 9')
    bench.editAccount('100', { name: 'Plex says' })
    bench.editCode('100', { description: 'Procurify says' })
    const json = JSON.parse((await bench.run('align refdata --list --json')).out) as {
      schema: string
      counts: unknown
      pairs: { stream: string; state: string; plex: { key: string } | null; procurify: { key: string } | null }[]
    }
    expect(json.schema).toBe('ml-connector/align@1')
    expect(json.counts).toMatchObject({
      accounts: { conflict: 1, only_in_procurify: 1 },
      locations: { paired: 4, only_in_plex: 1, only_in_procurify: 1 },
    })
    const accounts = json.pairs
      .filter(({ stream }) => stream === 'accounts')
      .map(({ state, plex, procurify }) => [state, plex?.key, procurify?.key])
    expect(accounts).toContainEqual(['conflict', '100', '100'])
    expect(accounts).toContainEqual(['only_in_procurify', undefined, '999'])
    const csv = (await bench.run('align refdata --list --csv')).out
    expect(csv.split('\r\n')[0]).toBe(
      'stream,state,plex_id,plex_key,plex_name,plex_active,procurify_id,procurify_key,procurify_name,procurify_active,code,message',
    )
    expect(csv).toContain(`'=300`)
    const text = (await bench.run('align refdata --list')).out
    expect(text).toMatch(/^kind +state +Plex +Procurify/)
    expect(text).toContain('conflict')
    expect(text).toContain('locations: 4 paired, 1 only in Plex, 1 only in Procurify')
  })

  it('writes nothing anywhere, and is no run', async () => {
    bench = await openAlignBench({ accounts: ['100'], codes: ['900'] })
    const list = await bench.run('align refdata --list')
    expect(list.code, list.err).toBe(0)
    expect(await bench.rows('link', 'run', 'audit', 'connection')).toBe(0)
    expect(bench.writes()).toEqual([])
  })

  it('of a dry run says for people what would change on which side', async () => {
    bench = await openAlignBench({ accounts: ['100', '300'], codes: ['200', '300'] })
    const { out } = await bench.run('align refdata --dry-run --direction both')
    const flat = out.replace(/\s+/g, ' ')
    expect(flat).toContain('create in Procurify: code "100"')
    expect(flat).toMatch(/create in Plex: .*"200"/)
    expect(flat).toContain('plan hash')
    expect(flat).not.toContain('Nothing would be changed')
  })
})

describe('a large chart of accounts', () => {
  it('of 1,000 takes one call in Plex and a page for each 50 codes, and two calls for each code that is made', async () => {
    const numbers = Array.from({ length: 1000 }, (_, n) => String(10_000 + n))
    bench = await openAlignBench({ accounts: numbers, codes: numbers.slice(20) })
    Object.assign(bench.env, { SYNC_CONCURRENCY: '8' })
    const run = await align('--json')
    expect(run.code, run.err).toBe(0)
    expect(run.json().counts).toMatchObject({ created: 20 })
    expect(bench.calls('/mdm/v1/chart-of-accounts')).toBe(1)
    expect(bench.calls('/api/v3/account-codes/')).toBe(20 + 20 * 2)
    bench.sandbox.log.clear()
    const again = await align('--json')
    expect(again.json().calls).toMatchObject({ plex: { requests: 5 }, procurify: { requests: 22 } })
    expect(bench.writes()).toEqual([])
  })
})
