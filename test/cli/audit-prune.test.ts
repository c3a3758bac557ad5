/** The oldest rows leave the journal for a file: nothing is lost, and what stays and what left can both be proved. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditHash, type AuditEvent, type AuditRow } from '../../src/domain/audit.js'
import { appendAudit } from '../../src/store/journal.js'
import { asUser, idleSettings, runCli } from '../support/cli.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { startProgram } from '../support/program.js'

let database: TestDatabase
let folder = ''
let file = ''
let connection = ''

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ml-prune-'))
  file = join(folder, 'journal.jsonl')
  connection = `c-${randomUUID().slice(0, 8)}`
})
afterEach(() => rm(folder, { recursive: true }))

const ACTOR = { user: 'cron', host: 'erp', requester: null, version: '0', settings: 'abc' }
const NOTHING = {
  ...{ source_id: null, source_key: null, target_id: null, attempt: null, code: null, message: null },
  ...{ changes: [], http: null, source_hash: null, replay_of: null },
}

/** Rows of the journal, one a day from 2020-01-01 on. */
async function writeDays(days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    const name = `S\u2028${day}`
    const event = { ...NOTHING, stream: 'suppliers', source_id: `s${day}`, source_key: name } as const
    const done: AuditEvent = { ...event, action: 'create', outcome: 'done', target_id: String(day) }
    await database.db.transaction().execute(async (trx) => {
      // The server's clock cannot be set, the time of the last row can: rows are never older than that.
      await sql`insert into audit_head (connection, at) values (${connection}, ${`2020-01-01T12:00:00Z`}) on conflict do nothing`.execute(
        trx,
      )
      await appendAudit(trx, { connection, actor: ACTOR, salt: '' }, null, [done])
    })
  }
  await dateRows(days)
}

/** Gives every row its day and chains the rows anew, as they would be had the clock said so. */
async function dateRows(days: number): Promise<void> {
  await asThief(async () => {
    let hash = '0'.repeat(64)
    for (let seq = 1; seq <= days; seq += 1) {
      const at = new Date(Date.UTC(2020, 0, seq, 12)).toISOString().replace('.000Z', '.000000Z')
      const [row] = await rowsBetween(seq, seq)
      const prev_hash = hash
      hash = auditHash({ ...(row as AuditRow), at, prev_hash })
      await sql`update audit set at = ${at}, prev_hash = ${prev_hash}, hash = ${hash}
        where connection = ${connection} and seq = ${seq}`.execute(database.db)
    }
    await sql`update audit_head set hash = ${hash}, at = '2020-12-31' where connection = ${connection}`.execute(
      database.db,
    )
  })
}

async function asThief(use: () => Promise<void>): Promise<void> {
  const guards = (how: string) => sql.raw(`alter table audit ${how} trigger user`).execute(database.db)
  const headGuards = (how: string) => sql.raw(`alter table audit_head ${how} trigger user`).execute(database.db)
  await guards('disable')
  await headGuards('disable')
  await use()
  await guards('enable')
  await headGuards('enable')
}

async function rowsBetween(from: number, to: number): Promise<AuditRow[]> {
  const { rows } =
    await sql<AuditRow>`select * from audit where connection = ${connection} and seq between ${from} and ${to}
    order by seq`.execute(database.db)
  return rows
}

const audit = (words: string, extra: Record<string, string> = {}) =>
  runCli(['audit', ...words.split(' '), '--connection', connection], { ...idleSettings(database.url), ...extra })
const prune = (before: string, extra?: Record<string, string>) =>
  audit(`prune --before ${before} --export ${file} --json`, extra)
const verify = (more = '') => audit(`verify --json${more}`)
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

describe('audit prune', () => {
  it('moves the rows older than a day into a file; what stays and what left are both proved', async () => {
    await writeDays(5)
    const left = await rowsBetween(1, 3)
    const { code, out, err } = await prune('2020-01-04')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject({
      schema: 'ml-connector/audit-prune@1',
      rows: 3,
      start: `0:${'0'.repeat(64)}`,
      end: `3:${left[2]?.hash}`,
      file,
    })
    // Readable by nobody else, whatever the umask.
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const kept = await rowsBetween(1, 99)
    expect(kept.map(({ seq }) => seq)).toEqual([4, 5, 6])
    expect(kept[2]).toMatchObject({ action: 'admin', outcome: 'done', stream: 'admin', actor: { user: 'tester' } })
    expect(kept[2]?.message).toContain('1 to 3')
    const rest = await verify()
    expect(rest.code, rest.out).toBe(0)
    expect(JSON.parse(rest.out)).toMatchObject({ rows: 3, start: `3:${left[2]?.hash}`, fault: null })
    const alone = await runCli(['audit', 'verify', '--file', file, '--json'], {})
    expect(alone.code, alone.err).toBe(0)
    expect(JSON.parse(alone.out)).toMatchObject({ connection, rows: 3, head: `3:${left[2]?.hash}`, fault: null })
    // One document a line, the rows exactly as `audit show --json` prints them.
    const [head, ...lines] = (await readFile(file, 'utf8')).trimEnd().split(/\r?\n|\u2028/)
    expect(JSON.parse(head ?? '')).toMatchObject({ schema: 'ml-connector/audit-export@1', connection, rows: 3 })
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(left)
  })

  it('proves an old head by the file once its row has left, and follows from file to file', async () => {
    await writeDays(4)
    const [first, , third] = await rowsBetween(1, 3)
    const old = ` --head 1:${first?.hash.slice(0, 12)}`
    await prune('2020-01-03')
    const gone = await verify(old)
    expect(gone.code).toBe(3)
    expect(gone.out).toContain('--file')
    expect((await audit(`verify --file ${file}${old}`)).code).toBe(0)
    expect((await audit(`verify --file ${file} --head 1:${'f'.repeat(12)}`)).code).toBe(3)
    const firstFile = file
    file = join(folder, 'second.jsonl')
    const second = JSON.parse((await prune('2020-01-04')).out) as { start: string; end: string }
    const firstHead = JSON.parse((await audit(`verify --file ${firstFile} --json`)).out) as { head: string }
    expect(second).toMatchObject({ start: firstHead.head, end: `3:${third?.hash}` })
    expect((await verify()).code).toBe(0)
  })

  it('has nothing to do where no row is that old, and writes no file', async () => {
    await writeDays(2)
    const { code, out } = await audit(`prune --before 2020-01-01 --export ${file}`)
    expect({ code, out: out.replaceAll('\n', ' ') }).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to do') as string,
    })
    expect(await exists(file)).toBe(false)
    expect((await rowsBetween(1, 9)).length).toBe(2)
  })

  it('overwrites nothing, and removes nothing where it cannot write', async () => {
    await writeDays(3)
    await writeFile(file, 'mine')
    const taken = await prune('2020-01-03')
    expect(taken.code).toBe(2)
    expect(taken.err).toContain('not overwritten')
    expect(await readFile(file, 'utf8')).toBe('mine')
    file = join(folder, 'no', 'such', 'folder')
    expect((await prune('2020-01-03')).code).toBe(2)
    expect((await rowsBetween(1, 9)).length).toBe(3)
  })

  it('removes nothing from a chain that is broken, and leaves no file: exit 3', async () => {
    await writeDays(3)
    await asThief(async () => {
      await sql`update audit set target_id = 'x' where connection = ${connection} and seq = 2`.execute(database.db)
    })
    const { code, out } = await prune('2020-01-03')
    expect(code).toBe(3)
    expect(out).toContain('row 2')
    expect(await exists(file)).toBe(false)
    expect((await rowsBetween(1, 9)).length).toBe(3)
  })

  it('takes the history of runs and settled changes along, and keeps what status tells', async () => {
    await writeDays(3)
    await sql`
      with c as (insert into connection (name, plex_host, plex_pcn, procurify_host, salt)
                 values (${connection}, 'a', '1', 'b', repeat('x', 32)) returning name)
      insert into run (id, connection, command, stream, actor, started_at, finished_at, outcome, exit_code)
      select gen_random_uuid(), c.name, 'sync', 'suppliers', '{}', t.at, t.at, t.outcome, 0
      from c, (values ('2020-01-01'::timestamptz, 'done'), ('2020-01-01 01:00', 'done'), ('2020-01-01 02:00', 'interrupted')) t (at, outcome)`.execute(
      database.db,
    )
    await sql`
      with i as (insert into intent (connection, stream, source_id, action, state, code, planned_by, updated_at)
        select ${connection}, 'suppliers', 's' || n, 'create', case n when 2 then 'dead' else 'done' end, 'x', gen_random_uuid(),
          case n when 3 then now() else '2020-01-01' end from generate_series(1, 3) n returning id)
      insert into attempt (intent_id, claim_no, run_id, payload_hash) select id, 1, gen_random_uuid(), 'x' from i`.execute(
      database.db,
    )
    expect((await prune('2020-01-03')).code).toBe(0)
    const runs = await sql<{
      outcome: string
    }>`select outcome from run where connection = ${connection} order by started_at`.execute(database.db)
    expect(runs.rows.map(({ outcome }) => outcome)).toEqual(['done', 'interrupted'])
    const tries = await sql<{ source_id: string }>`select source_id from intent join attempt on intent_id = id
      where connection = ${connection} order by 1`.execute(database.db)
    expect(tries.rows.map(({ source_id }) => source_id)).toEqual(['s2', 's3'])
  })

  it('loses nothing when it is killed between the file and the removal, and is simply run again', async () => {
    await writeDays(4)
    const client = await database.pool.connect()
    await client.query('begin')
    // Whoever adds to the journal waits for this: reading and writing the file does not.
    await client.query('select from audit_head where connection = $1 for update', [connection])
    const env = { ...idleSettings(database.url), CONNECTION: connection }
    const { process: child, finished } = startProgram(
      ['audit', 'prune', '--before', '2020-01-03', '--export', file],
      env,
    )
    await expect.poll(isWaiting, { timeout: 30_000 }).toBe(true)
    child.kill('SIGKILL')
    await finished
    await client.query('rollback')
    client.release()
    expect((await rowsBetween(1, 9)).length).toBe(4)
    expect((await verify()).code).toBe(0)
    expect((await audit(`verify --file ${file}`)).code).toBe(0)
    file = join(folder, 'again.jsonl')
    expect((await prune('2020-01-03')).code).toBe(0)
    expect((await verify()).code).toBe(0)
  })

  async function isWaiting(): Promise<boolean> {
    const { rows } = await sql`select from pg_stat_activity where datname = current_database()
      and application_name like '%audit prune' and wait_event_type = 'Lock'`.execute(database.db)
    return rows.length > 0
  }

  it('leaves the journal to a rival that has pruned meanwhile: exit 6', async () => {
    await writeDays(3)
    const [one] = await rowsBetween(1, 1)
    const client = await database.pool.connect()
    await client.query('begin')
    await client.query('select from audit_head where connection = $1 for update', [connection])
    const running = prune('2020-01-03')
    await expect.poll(isWaiting, { timeout: 30_000 }).toBe(true)
    await client.query('select audit_prune($1, 1, $2, now())', [connection, one?.hash])
    await client.query('commit')
    client.release()
    expect((await running).code).toBe(6)
    expect((await rowsBetween(1, 9)).map(({ seq }) => seq)).toEqual([2, 3])
    expect((await verify()).code).toBe(0)
  })

  it('is refused to a user who may only add rows, before anything is written', async () => {
    await writeDays(3)
    const role = `ml_test_${randomUUID().slice(0, 8)}`
    await sql
      .raw(
        `create role ${role} login password 'probe'; grant select, insert, update, delete on all tables in schema public to ${role}`,
      )
      .execute(database.db)
    try {
      const { code, err } = await prune('2020-01-03', { DATABASE_URL: asUser(database.url, role, 'probe') })
      expect(code).toBe(2)
      expect(err).toContain('audit_prune')
      expect(await exists(file)).toBe(false)
    } finally {
      await sql.raw(`drop owned by ${role}; drop role ${role}`).execute(database.db)
    }
  })

  it.each([
    ['--before', ['--export', 'x']],
    ['--export', ['--before', '2020-01-01']],
    ['must be a day', ['--before', 'yesterday', '--export', 'x']],
  ])('asks for what it lacks: %s', async (lacking, words) => {
    const { code, err } = await runCli(['audit', 'prune', ...words], idleSettings(database.url))
    expect(code).toBe(2)
    expect(err).toContain(lacking)
  })
})

describe('audit verify --file', () => {
  async function exported(): Promise<string[]> {
    await writeDays(4)
    await prune('2020-01-04')
    return (await readFile(file, 'utf8')).trimEnd().split('\n')
  }
  const faultOf = async (lines: readonly string[]) => {
    await writeFile(file, lines.map((line) => `${line}\n`).join(''))
    const { code, out } = await audit(`verify --file ${file} --json`)
    const { fault } = JSON.parse(out) as { fault: { what: string; seq: number } | null }
    return [code, fault?.what, fault?.seq]
  }

  it('finds what was changed, removed, added or cut off', async () => {
    const [head = '', one = '', two = '', three = ''] = await exported()
    expect(await faultOf([head, one, two, three])).toEqual([0, undefined, undefined])
    expect(await faultOf([head, one, two.replace('"create"', '"update"'), three])).toEqual([3, 'changed', 2])
    expect(await faultOf([head, one, three])).toEqual([3, 'removed', 2])
    expect(await faultOf([head, two, three])).toEqual([3, 'removed', 1])
    expect(await faultOf([head, one, three, two])).toEqual([3, 'removed', 2])
    expect(await faultOf([head, one, two, three, three])).toEqual([3, 'reordered', 4])
    // What a crash or a full disk would leave.
    expect(await faultOf([head, one, two])).toEqual([3, 'removed', 3])
    expect(await faultOf([head, one, two, three.slice(0, 40)])).toEqual([3, 'changed', 3])
    expect(await faultOf([head])).toEqual([3, 'removed', 1])
  })

  it('refuses what is no such file: exit 2', async () => {
    for (const text of ['', 'hello\n', '{"schema":"ml-connector/audit@1","rows":[]}\n']) {
      await writeFile(file, text)
      expect((await audit(`verify --file ${file}`)).code).toBe(2)
    }
    expect((await audit(`verify --file ${folder}/none`)).code).toBe(2)
  })
})

describe('the database', () => {
  const refused = (statement: string) =>
    expect(sql.raw(statement.replaceAll('$C', `'${connection}'`)).execute(database.db)).rejects.toThrow(
      /append-only|audit_prune|never forgotten|would move back|not in the journal|another hash|not older|lacks rows/,
    )

  it('lets rows leave by its one function only, whole and in order', async () => {
    await writeDays(3)
    const [one, two] = await rowsBetween(1, 2)
    await refused(`delete from audit where connection = $C and seq = 1`)
    await refused(`update audit set code = 'x' where connection = $C`)
    await refused(`truncate audit`)
    await refused(`update audit_head set pruned_seq = 1, pruned_hash = '${one?.hash}' where connection = $C`)
    await refused(`update audit_head set seq = 2 where connection = $C`)
    await refused(`delete from audit_head where connection = $C`)
    await refused(`truncate audit_head`)
    await refused(`select audit_prune($C, 9, '${one?.hash}', now())`)
    await refused(`select audit_prune($C, 2, '${one?.hash}', now())`)
    await refused(`select audit_prune($C, 2, '${two?.hash}', '2020-01-02')`)
    await refused(`select audit_prune('nobody', 1, 'x', now())`)
    expect((await rowsBetween(1, 9)).length).toBe(3)
    await sql.raw(`select audit_prune('${connection}', 1, '${one?.hash}', now())`).execute(database.db)
    expect((await rowsBetween(1, 9)).map(({ seq }) => seq)).toEqual([2, 3])
    await refused(`select audit_prune($C, 1, '${one?.hash}', now())`)
  })

  it('gives no row an older time than the row before it, whatever its clock says', async () => {
    await writeDays(1)
    await sql`update audit_head set at = '2199-01-01' where connection = ${connection}`.execute(database.db)
    await database.db
      .transaction()
      .execute((trx) =>
        appendAudit(trx, { connection, actor: ACTOR, salt: '' }, null, [
          { ...NOTHING, stream: 'suppliers', action: 'observe', outcome: 'done' },
        ]),
      )
    expect((await rowsBetween(2, 2))[0]?.at).toBe('2199-01-01T00:00:00.000000Z')
  })
})
