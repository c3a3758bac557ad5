import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditHash, type AuditEvent, type AuditRow } from '../../src/domain/audit.js'
import { appendAudit } from '../../src/store/journal.js'
import { idleSettings, runCli, type CliOptions } from '../support/cli.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'

let database: TestDatabase
let connection = ''
let count = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
// A chain of its own for each test: rows can never be removed again.
beforeEach(() => {
  count += 1
  connection = `test-${count}`
})

const RUN = '1f0c2a3b-0000-4000-8000-000000000001'
const ACTOR = { user: 'cron', host: 'erp-host', requester: null, version: '0.1.0', settings: 'abc' }
const NOTHING = {
  ...{ source_id: null, source_key: null, target_id: null, attempt: null, code: null, message: null },
  ...{ changes: [], http: null, source_hash: null, replay_of: null },
}

function event(given: Partial<AuditEvent> = {}): AuditEvent {
  const record = { stream: 'suppliers', source_id: 'id-acme', source_key: 'ACME' }
  return { ...NOTHING, ...record, action: 'create', outcome: 'done', target_id: '1042', ...given }
}

function append(events: readonly Partial<AuditEvent>[], runId: string | null = RUN): Promise<void> {
  const author = { connection, actor: ACTOR, salt: 'salt' }
  return database.db.transaction().execute((trx) => appendAudit(trx, author, runId, events.map(event)))
}

const audit = (words: string[], options: CliOptions = {}) =>
  runCli(['audit', ...words, '--connection', connection], idleSettings(database.url), options)

async function rowsOf(...words: string[]): Promise<AuditRow[]> {
  const { code, out, err } = await audit(['show', ...words, '--json'])
  expect(code, err).toBe(0)
  const document = JSON.parse(out) as { schema: string; rows: AuditRow[] }
  expect(document.schema).toBe('ml-connector/audit@1')
  return document.rows
}
const seqsOf = async (...words: string[]) => (await rowsOf(...words)).map(({ seq }) => seq)

/** As a thief with the password of a superuser would: triggers off, rows changed at will. */
async function tamper(statement: string): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql.raw(statement.replaceAll('$C', `'${connection}'`)).execute(trx)
  })
}

describe('audit show --json', () => {
  it('has every member of a row, in the order of the documentation, and a hash anyone can recompute', async () => {
    const http = { method: 'POST', path: '/api/v3/vendors/', status: 201, request_id: 'req-1' }
    const changes = [{ field: 'name', from: null, to: 'Acme' }]
    await append([{ changes, http, attempt: 1, source_hash: 'abc' }])
    const [row] = await rowsOf()
    expect(row).toMatchObject({
      seq: 1,
      run_id: RUN,
      connection,
      actor: ACTOR,
      changes,
      http,
      prev_hash: '0'.repeat(64),
    })
    expect(Object.keys(row ?? {})).toEqual([
      ...[
        'seq',
        'at',
        'run_id',
        'connection',
        'actor',
        'stream',
        'source_id',
        'source_key',
        'target_id',
        'action',
        'outcome',
      ],
      ...['attempt', 'code', 'message', 'changes', 'http', 'source_hash', 'replay_of', 'prev_hash', 'hash'],
    ])
    expect(Object.keys(row?.changes[0] ?? {})).toEqual(['field', 'from', 'to'])
    expect(Object.keys(row?.http ?? {})).toEqual(['method', 'path', 'status', 'request_id'])
    expect(row && auditHash(row)).toBe(row?.hash)
  })

  it('finds a record by source id, source key or target id, in every stream', async () => {
    await append([
      {},
      { source_id: 'id-bolt', source_key: 'BOLT', target_id: '7' },
      {
        stream: 'pos',
        source_id: 'po-1',
        source_key: 'ACME',
        target_id: null,
        action: 'wait',
        outcome: 'waiting',
        code: 'x',
      },
    ])
    expect(await seqsOf('--record', 'id-acme')).toEqual([1])
    expect(await seqsOf('--record', 'ACME')).toEqual([1, 3])
    expect(await seqsOf('--record', '7')).toEqual([2])
    expect(await seqsOf('--record', 'ACME', '--stream', 'pos')).toEqual([3])
    expect(await seqsOf('--record', 'acme')).toEqual([])
  })

  it('filters by action, outcome, code and run', async () => {
    const other = randomUUID()
    await append([{}, { action: 'park', outcome: 'parked', code: 'vendor_similar' }])
    await append([{ action: 'update' }, { action: 'update', outcome: 'rejected', code: 'refused_by_target' }], other)
    expect(await seqsOf('--action', 'update')).toEqual([3, 4])
    expect(await seqsOf('--outcome', 'done')).toEqual([1, 3])
    expect(await seqsOf('--code', 'vendor_similar')).toEqual([2])
    expect(await seqsOf('--run', other)).toEqual([3, 4])
    expect(await seqsOf('--run', other.toUpperCase(), '--outcome', 'done')).toEqual([3])
  })

  it('takes the first digits of a run, unless several runs begin so', async () => {
    await sql`insert into connection (name, plex_host, plex_pcn, procurify_host, salt) values (${connection}, 'a', '1', 'b', repeat('x', 32))`.execute(
      database.db,
    )
    const openRun = (id: string, stream = 'suppliers') =>
      sql`insert into run (id, connection, command, stream, actor) values (${id}, ${connection}, 'sync', ${stream}, '{}')`.execute(
        database.db,
      )
    const [first, second] = ['aaaa1111', 'aaaa2222'].map((start) => `${start}${randomUUID().slice(8)}`) as [
      string,
      string,
    ]
    await openRun(first)
    await openRun(second)
    // A run of several streams has a row for each.
    await openRun(second, 'accounts')
    await append([{}], first)
    await append([{}], second)
    expect(await seqsOf('--run', 'aaaa2222')).toEqual([2])
    expect(await seqsOf('--run', 'bbbb')).toEqual([])
    const both = await audit(['show', '--run', 'aaaa'])
    expect(both.code).toBe(2)
    expect(both.err).toContain(first)
    expect(both.err).toContain(second)
  })

  it('takes --since and --until as instants or as whole days, both ends included', async () => {
    const at = ['2026-11-01T00:00:00Z', '2026-11-01T23:59:59.999999Z', '2026-11-02T00:00:00Z', '2026-11-03T10:00:00.5Z']
    await append(at.map(() => ({})))
    for (const [index, stamp] of at.entries())
      await tamper(`update audit set at = '${stamp}' where connection = $C and seq = ${index + 1}`)
    expect(await seqsOf('--since', '2026-11-02')).toEqual([3, 4])
    expect(await seqsOf('--until', '2026-11-01')).toEqual([1, 2])
    expect(await seqsOf('--since', '2026-11-01', '--until', '2026-11-02')).toEqual([1, 2, 3])
    expect(await seqsOf('--since', '2026-11-03T12:00:00.5+02:00')).toEqual([4])
    expect(await seqsOf('--until', '2026-11-01T00:00:00Z')).toEqual([1])
  })

  it('shows people the newest 50 rows, programs all of them, or as many as --limit says', async () => {
    await append(Array.from({ length: 60 }, () => ({})))
    expect((await audit(['show'])).out).toContain('These are the newest 50 rows')
    expect(await seqsOf('--limit', '3')).toEqual([58, 59, 60])
    // A program that counts rows is not served some of them.
    expect(await seqsOf()).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
    expect((await audit(['show', '--csv'])).out.trim().split('\n')).toHaveLength(61)
    expect((await audit(['show', '--limit', '3'])).out).toContain('--limit shows more')
    expect((await audit(['show', '--limit', '61'])).out).not.toContain('--limit shows more')
  })

  it('finds nothing with exit 0: no rows in JSON, a plain sentence for people', async () => {
    expect(await seqsOf('--record', 'NOBODY')).toEqual([])
    for (const words of [
      ['--record', 'NOBODY'],
      ['--code', 'in_doubt'],
    ]) {
      const { code, out } = await audit(['show', ...words])
      expect({ code, out }).toEqual({ code: 0, out: 'No row of the journal fits.\n' })
    }
  })

  it.each([
    ['--since', '2026-02-30'],
    ['--since', 'yesterday'],
    ['--since', '2026-11-01T06:00:00'],
    ['--until', '2026-11-01 06:00:00Z'],
    ['--until', '2026-13-01'],
    ['--until', '2026-11-01T24:00:00Z'],
    ['--limit', '0'],
    ['--limit', '1000000'],
    ['--limit', 'all'],
    ['--stream', 'vendors'],
    ['--action', 'delete'],
    ['--outcome', 'fine'],
    ['--code', 'Vendor Similar'],
    ['--run', 'zzz'],
    ['--record', ' '],
    ['--csv', '--json'],
  ])('refuses %s %s with exit 2', async (option, value) => {
    const { code, out, err } = await audit(['show', option, value])
    const printed = value === '--json' ? (JSON.parse(out) as { exit_code: number }).exit_code : out
    expect({ code, printed }).toEqual({ code: 2, printed: value === '--json' ? 2 : '' })
    expect(err).toContain(option)
  })
})

describe('audit show for people', () => {
  const http = { method: 'POST', path: '/api/v3/vendors/', status: 201, request_id: 'req-1' }

  it('tells the story of a record in sentences, oldest first, one line each', async () => {
    await append([
      { changes: [{ field: 'name', from: null, to: 'Acme' }, { field: 'active', from: null, to: true }], http }, // prettier-ignore
      { action: 'update', changes: [{ field: 'name', from: 'Acme', to: 'Acme "Steel"' }, { field: 'url', from: 'a.example', to: null }], message: 'url cut.' }, // prettier-ignore
      {
        action: 'update',
        outcome: 'in_doubt',
        code: 'timed_out',
        message: 'No answer.',
        http: { ...http, status: null, request_id: null },
      },
      { action: 'park', outcome: 'parked', code: 'vendor_similar', message: 'Looks like 7.' },
      { source_key: 'OTHER', source_id: 'other' },
    ])
    const { code, out } = await audit(['show', '--record', 'id-acme'])
    expect(code).toBe(0)
    const lines = out.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'WHEN').split('\n')
    expect(lines).toEqual([
      'ACME, id-acme (suppliers)',
      'WHEN UTC  created in Procurify as vendor 1042 by cron@erp-host (run 1f0c2a3b): name "Acme"; active true; POST /api/v3/vendors/ answered 201, request req-1',
      'WHEN UTC  changed in Procurify, vendor 1042 by cron@erp-host (run 1f0c2a3b): url cut; name "Acme" -> "Acme "Steel""; url "a.example" removed',
      'WHEN UTC  change was sent, outcome unknown by cron@erp-host (run 1f0c2a3b): timed out; No answer; POST /api/v3/vendors/ was not answered',
      'WHEN UTC  parked for a person (vendor_similar) by cron@erp-host (run 1f0c2a3b): Looks like 7',
      '',
    ])
  })

  it('has a sentence for every action and outcome', async () => {
    const done = ['create', 'update', 'adopt', 'observe', 'replay', 'supersede', 'accept', 'drop'] as const
    await append([
      ...done.map((action) => ({ action })),
      { action: 'wait', outcome: 'waiting', code: 'account_not_linked' },
      { action: 'create', outcome: 'rejected', code: 'refused_by_target' },
      { stream: 'admin', source_id: null, source_key: null, action: 'admin', message: 'credentials of plex stored' },
    ])
    const { out } = await audit(['show', '--record', '1042'])
    for (const deed of [
      ...[
        'created in Procurify',
        'changed in Procurify',
        'adopted vendor 1042',
        'noticed',
        'put back to be tried',
        'superseded',
      ],
      ...['settled by a person', 'given up by a person', 'waits (account_not_linked)', 'creation was refused'],
      'administration by cron@erp-host (run 1f0c2a3b): credentials of plex stored',
    ]) {
      expect(out).toContain(deed)
    }
  })

  it('tells the first dozen of many changes and how many more there are', async () => {
    const changes = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ field: `f${at + 1}`, from: null, to: 'x' }))
    await append([{ changes: changes(13) }, { changes: changes(100) }])
    const [short = '', long = ''] = (await audit(['show', '--record', 'ACME'])).out.trim().split('\n').slice(1)
    expect(short).toMatch(/f13 "x"$/)
    expect(long).toMatch(/f12 "x"; 88 more \(--json shows all\)$/)
  })

  it('says which system was written to', async () => {
    const accounts = { stream: 'accounts', source_id: '17', source_key: '4000' }
    await append([
      { ...accounts, target_id: 'a', http },
      { ...accounts, target_id: 'b', http: { ...http, path: '/mdm/v1/chart-of-accounts' } },
    ])
    const { out } = await audit(['show', '--record', '4000'])
    expect(out).toContain('created in Procurify as account code a')
    expect(out).toContain('created in Plex as account code b')
  })

  it('tells of contact data only that it changed', async () => {
    const changes = [
      { field: 'email', from: [], to: ['sales@acme.example'] },
      { field: 'phoneOne', from: '555', to: '777' },
      { field: 'fax', from: '1', to: null },
      { field: 'name', from: null, to: 'Acme' },
    ]
    await append([{ changes }])
    const { out } = await audit(['show', '--record', 'ACME'])
    expect(out).toContain('name "Acme"; email set (not shown); phoneOne changed (not shown); fax removed (not shown)')
    for (const secret of ['sales@', '555', '777', 'hidden:']) expect(out).not.toContain(secret)
  })

  it('tells apart records that share a key', async () => {
    await append([{}, { stream: 'pos', source_id: 'po-1', target_id: '5' }, { action: 'update' }])
    const { out } = await audit(['show', '--record', 'ACME'])
    expect(out.split('\n').map((line) => line.replace(/^.*UTC {2}/, '').slice(0, 42))).toEqual([
      'ACME, id-acme (suppliers)',
      'created in Procurify as vendor 1042 by cro',
      'changed in Procurify, vendor 1042 by cron@',
      '',
      'ACME, po-1 (pos)',
      'created in Procurify as requisition 5 by c',
      '',
    ])
  })

  it('wraps to the terminal, and lists many records as a table of 80 columns', async () => {
    const message = 'A long explanation of what is the matter. '.repeat(5)
    await append([{ action: 'park', outcome: 'parked', code: 'vendor_similar', message }])
    for (const words of [['show', '--record', 'ACME'], ['show']]) {
      const { out } = await audit([...words, '--no-color'], { terminal: 80 })
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
      expect(out.replace(/\s+/g, ' ')).toContain('parked for a person (vendor_similar)')
    }
    expect((await audit(['show'])).out).toMatch(/^UTC +record +what happened +run\n\d{4}-\d\d-\d\d \d\d:\d\d {2}ACME /)
  })

  it('lets no control character of foreign text reach the terminal', async () => {
    await append([
      {
        source_key: 'E\u001b[2JVIL',
        message: 'a\u0007\r\nb',
        changes: [{ field: 'name', from: null, to: '\u001b]0;x\u0007y' }],
      },
    ])
    for (const words of [['show', '--record', '1042'], ['show']]) {
      expect((await audit(words)).out).not.toMatch(/[^\P{Cc}\n]/u)
    }
  })

  it('gives the same flat as CSV, safe for spreadsheets', async () => {
    await append([
      {
        source_key: '+49 Logistik',
        message: '=HYPERLINK("x")',
        http,
        changes: [{ field: 'name', from: null, to: 'A' }],
      },
    ])
    const { code, out } = await audit(['show', '--csv'])
    expect(code).toBe(0)
    const [head, row, end] = out.split('\r\n')
    expect(head?.split(',').slice(0, 5)).toEqual(['seq', 'at', 'run_id', 'connection', 'actor_user'])
    expect(end).toBe('')
    expect(row).toMatch(
      new RegExp(`^1,[^,]+,${RUN},${connection},cron,erp-host,,0.1.0,abc,suppliers,id-acme,'\\+49 Logistik,1042,`),
    )
    expect(row).toContain(`"'=HYPERLINK(""x"")"`)
    expect(row).toContain('"[{""field"":""name"",""from"":null,""to"":""A""}]",POST,/api/v3/vendors/,201,req-1,')
    expect((await audit(['show', '--csv', '--record', 'NOBODY'])).out.split('\r\n')).toEqual([head, ''])
  })
})

describe('audit verify', () => {
  interface Verified {
    exit_code: number
    rows: number
    start: string
    head: string
    fault: { seq: number; what: string; message: string } | null
  }

  async function verify(...words: string[]): Promise<Verified> {
    const { code, out, err } = await audit(['verify', ...words, '--json'])
    expect(err).toBe('')
    const document = JSON.parse(out) as Verified & { schema: string }
    expect(document).toMatchObject({ schema: 'ml-connector/audit-verify@1', exit_code: code, connection })
    return document
  }
  const faultOf = async (...words: string[]) => {
    const { exit_code, fault } = await verify(...words)
    expect(exit_code).toBe(fault === null ? 0 : 3)
    return fault && [fault.seq, fault.what]
  }

  it('proves an untouched journal, with its count and head', async () => {
    await append(Array.from({ length: 5 }, () => ({})))
    const [last] = await rowsOf('--limit', '1')
    expect(await verify()).toMatchObject({
      rows: 5,
      start: `0:${'0'.repeat(64)}`,
      head: `5:${last?.hash}`,
      fault: null,
    })
    const { code, out } = await audit(['verify'])
    expect(code).toBe(0)
    expect(out).toContain('intact: 5 rows')
    expect(out).toContain(`5:${last?.hash}`)
  })

  it('proves an empty journal too', async () => {
    expect(await verify()).toMatchObject({ exit_code: 0, rows: 0, head: `0:${'0'.repeat(64)}`, fault: null })
    expect(await faultOf('--head', `0:${'0'.repeat(64)}`)).toBeNull()
  })

  it.each([
    ['a changed message', `update audit set message = 'x' where connection = $C and seq = 3`, [3, 'changed']],
    [
      'a changed change',
      `update audit set changes = '[{"field":"name","from":null,"to":"B"}]' where connection = $C and seq = 2`,
      [2, 'changed'],
    ],
    [
      'a changed time',
      `update audit set at = at + interval '1 microsecond' where connection = $C and seq = 4`,
      [4, 'changed'],
    ],
    ['a changed hash', `update audit set hash = repeat('a', 64) where connection = $C and seq = 3`, [3, 'changed']],
    ['the first row removed', `delete from audit where connection = $C and seq = 1`, [1, 'removed']],
    ['a row in the middle removed', `delete from audit where connection = $C and seq = 3`, [3, 'removed']],
    ['the last row removed', `delete from audit where connection = $C and seq = 5`, [5, 'removed']],
    ['all rows removed', `delete from audit where connection = $C`, [1, 'removed']],
    [
      'two rows swapped',
      `update audit set seq = -2 where connection = $C and seq = 2;
       update audit set seq = 2 where connection = $C and seq = 3;
       update audit set seq = 3 where connection = $C and seq = -2`,
      [2, 'reordered'],
    ],
    ['the head set back', `update audit_head set seq = 3 where connection = $C`, [3, 'head_differs']],
    ['the head removed', `delete from audit_head where connection = $C`, [0, 'head_differs']],
    [
      'another hash in the head',
      `update audit_head set hash = repeat('a', 64) where connection = $C`,
      [5, 'head_differs'],
    ],
    ['the start moved', `update audit_head set pruned_hash = repeat('a', 64) where connection = $C`, [1, 'reordered']],
  ])('notices %s', async (_what, statement, fault) => {
    await append(Array.from({ length: 5 }, () => ({})))
    for (const step of statement.split(';')) await tamper(step)
    expect(await faultOf()).toEqual(fault)
    const { code, out } = await audit(['verify'])
    expect(code).toBe(3)
    expect(out).toContain('not intact')
    expect(out).toContain(`ow ${fault[0]}`)
  })

  it('names the first bad row of several', async () => {
    await append(Array.from({ length: 5 }, () => ({})))
    await tamper(`update audit set message = 'x' where connection = $C and seq in (2, 4)`)
    expect(await faultOf()).toEqual([2, 'changed'])
  })

  it('proves the journal against a head printed earlier, whole or cut as people see it', async () => {
    await append([{}, {}])
    const { head } = await verify()
    await append([{}])
    expect(await faultOf('--head', head)).toBeNull()
    expect(await faultOf('--head', head.slice(0, 14))).toBeNull()
    expect((await audit(['verify', '--head', head])).out).toContain(`leads through\n${head}\n`)
    expect(await faultOf('--head', `3:${head.slice(2)}`)).toEqual([3, 'head_differs'])
    expect(await faultOf('--head', `9:${head.slice(2)}`)).toEqual([4, 'removed'])
  })

  it('finds by the printed head a journal that was rewritten with sound hashes', async () => {
    await append([{}, { message: 'the truth' }])
    const { head } = await verify()
    await tamper('delete from audit where connection = $C')
    await tamper('delete from audit_head where connection = $C')
    await append([{}, { message: 'a lie' }, {}])
    expect(await faultOf()).toBeNull()
    expect(await faultOf('--head', head)).toEqual([2, 'head_differs'])
  })

  it('begins where a pruned journal begins', async () => {
    await append(Array.from({ length: 5 }, () => ({})))
    const [second, third] = (await rowsOf()).slice(1)
    const { head } = await verify()
    await tamper('delete from audit where connection = $C and seq <= 3')
    await tamper(`update audit_head set pruned_seq = 3, pruned_hash = '${third?.hash}' where connection = $C`)
    expect(await verify()).toMatchObject({ rows: 2, start: `3:${third?.hash}`, head, fault: null })
    expect((await audit(['verify'])).out).toContain('from row 4 on')
    expect(await faultOf('--head', head)).toBeNull()
    expect(await faultOf('--head', `3:${third?.hash}`)).toBeNull()
    expect(await faultOf('--head', `2:${second?.hash}`)).toEqual([2, 'head_pruned'])
    await tamper('delete from audit where connection = $C and seq = 4')
    expect(await faultOf()).toEqual([4, 'removed'])
  })

  it('is not confused by runs that go on meanwhile', async () => {
    await append(Array.from({ length: 50 }, () => ({})))
    let isOver = false
    const writer = (async () => {
      while (!isOver) await append([{}, {}])
    })()
    const faults = []
    for (let round = 0; round < 10; round += 1) faults.push(await faultOf())
    isOver = true
    await writer
    expect(faults).toEqual(faults.map(() => null))
    expect((await verify()).rows).toBeGreaterThan(50)
  })

  it.each(['12', 'x:abc', '5:abc', `5:${'g'.repeat(64)}`, `-1:${'a'.repeat(64)}`])(
    'refuses --head %s with exit 2',
    async (head) => {
      expect(await audit(['verify', '--head', head])).toMatchObject({ code: 2, out: '' })
    },
  )
})
