/** A role for runs: it does a whole day's work and cannot change what the journal says. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, runCli } from '../support/cli.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench
const run = (command: string, extra: Record<string, string> = {}) =>
  runCli(command.split(' '), { ...bench.env, ...extra })
/** The name of a role is known to the whole server, other tests included. */
const role = `ml_test_${randomUUID().slice(0, 8)}`
const login = `${role}_login`
let asRuntime: Record<string, string> = {}

const query = (text: string) => bench.database.pool.query<Record<string, unknown>>(text)

beforeAll(async () => {
  bench = await openBench({ suppliers: [makeSupplier({ code: 'ACME' }), makeSupplier({ code: 'BOLT' })] })
  await query(`create role ${login} login password 'probe'`)
  asRuntime = { DATABASE_URL: asUser(bench.database.url, login, 'probe') }
})
afterAll(async () => {
  await query(`drop owned by ${role}, ${login}; drop role ${role}, ${login}`)
  await bench.close()
})

const rightsCheck = async (extra: Record<string, string>) => {
  const { out } = await run('check --json', extra)
  const { checks } = JSON.parse(out) as { checks: { name: string; status: string; message: string }[] }
  return checks.find(({ name }) => name === 'database_rights')
}

describe('migrate --roles', () => {
  it('makes the role, may be repeated, and says what an administrator does next', async () => {
    const first = await run(`migrate --roles ${role}`)
    expect(first.code, first.err).toBe(0)
    expect(first.out).toContain(`in role ${role}`)
    const again = await run(`migrate --roles ${role}`)
    expect(again.code, again.err).toBe(0)
    const { rows } = await query(`select rolcanlogin, rolsuper from pg_roles where rolname = '${role}'`)
    expect(rows).toEqual([{ rolcanlogin: false, rolsuper: false }])
    await query(`grant ${role} to ${login}`)
  })

  it('gives it all that runs and people at the command line need', async () => {
    for (const command of [
      'credentials set plex --from-env',
      'sync suppliers',
      'sync suppliers --full',
      'sync pos --dry-run',
      'align refdata --list',
      'pause suppliers --reason x',
      'resume suppliers --reason x',
      'link remove ACME --stream suppliers --reason x',
      'sync suppliers',
      'status',
      'audit show',
      'audit verify',
      'credentials remove plex',
    ]) {
      const { code, err } = await run(command, asRuntime)
      expect({ command, code, err: code === 0 ? '' : err }).toEqual({ command, code: 0, err: '' })
    }
    expect(bench.vendors().length).toBe(2)
  })

  it('lets it add to the journal and read it, and nothing else', async () => {
    const client = await bench.database.pool.connect()
    try {
      await client.query(`set role ${login}`)
      for (const statement of [
        'update audit set code = null',
        'delete from audit',
        'truncate audit',
        'update audit_head set pruned_seq = 1',
        'delete from audit_head',
        `insert into audit_head (connection, seq) values ('x', 9)`,
        `select audit_prune('default', 1, '', now())`,
        'alter table audit disable trigger user',
        'set session_replication_role = replica',
        'drop table audit',
        `insert into database_role (name) values ('x')`,
      ])
        await expect(client.query(statement), statement).rejects.toThrow(/permission denied|must be owner/)
      expect((await client.query('select from audit')).rows.length).toBeGreaterThan(0)
    } finally {
      await client.query('reset role')
      client.release()
    }
  })

  it('is told by check: what a login lacks, and whether it could change the journal', async () => {
    expect(await rightsCheck(asRuntime)).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/only add/) as string,
    })
    const owner = await rightsCheck({})
    expect(owner).toMatchObject({ status: 'ok', message: expect.stringMatching(/may also change/) as string })
    await query(
      `revoke insert on note from ${role}; revoke update (hash), update (seq), update (at), update (connection) on audit_head from ${role}`,
    )
    const lacking = await rightsCheck(asRuntime)
    expect(lacking?.status).toBe('fail')
    expect(lacking?.message).toBe('The user lacks: insert on note, update on audit_head')
    await run(`migrate --roles ${role}`)
    expect((await rightsCheck(asRuntime))?.status).toBe('ok')
  })

  it('refuses a user who may not make roles, a role that could change the journal, and odd names: exit 2', async () => {
    const notAllowed = await run(`migrate --roles ${role}_other`, asRuntime)
    expect(notAllowed.code).toBe(2)
    expect(notAllowed.err).toContain(`create role ${role}_other`)
    await query(`create role ${role}_boss superuser`)
    const boss = await run(`migrate --roles ${role}_boss`)
    await query(`drop owned by ${role}_boss; drop role ${role}_boss`)
    expect(boss.code).toBe(2)
    expect(boss.err).toContain('superuser')
    expect((await run('migrate --roles Robert";--')).code).toBe(2)
  })

  it('renews the rights of its roles when a later version brings new tables', async () => {
    await query(`revoke all on pause from ${role}`)
    const { renewRoles } = await import('../../src/store/roles.js')
    expect(await renewRoles(bench.database.db)).toEqual([role])
    expect((await rightsCheck(asRuntime))?.status).toBe('ok')
  })
})
