/** What people do to the program itself is told by the journal: who, when, what; never a secret. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.js'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench
const run = (command: string, extra: Record<string, string> = {}) =>
  runCli(command.split(' '), { ...bench.env, ...extra })
let folder = ''

beforeAll(async () => {
  bench = await openBench({ suppliers: [makeSupplier({ code: 'ACME' })] })
  folder = await mkdtemp(join(tmpdir(), 'ml-admin-'))
})
afterAll(async () => {
  await bench.close()
  await rm(folder, { recursive: true })
})

interface Row {
  readonly seq: number
  readonly stream: string
  readonly action: string
  readonly outcome: string
  readonly code: string | null
  readonly message: string
  readonly run_id: string | null
  readonly changes: readonly { field: string; from: unknown; to: unknown }[]
  readonly actor: { readonly user: string; readonly host: string; readonly settings: string }
}

async function adminRows(): Promise<Row[]> {
  const { out, code } = await run('audit show --action admin --limit 1000 --json')
  expect(code).toBe(0)
  return (JSON.parse(out) as { rows: Row[] }).rows
}

/** The rows that `use` adds. */
async function rowsOf(use: () => Promise<{ code: number | null; err: string }>): Promise<Row[]> {
  const last = (await adminRows()).at(-1)?.seq ?? 0
  const { code, err } = await use()
  expect(code, err).toBe(0)
  const added = (await adminRows()).filter(({ seq }) => seq > last)
  for (const row of added) {
    expect(row.outcome).toBe('done')
    expect(row.actor.user).not.toBe('')
    expect(row.actor.host).not.toBe('')
  }
  return added
}

const one = async (command: string, extra?: Record<string, string>): Promise<Row> => {
  const [row, ...more] = await rowsOf(() => run(command, extra))
  expect(more).toEqual([])
  return row as Row
}

describe('a row of the journal tells of', () => {
  it('logins stored, moved to another master key, and removed', async () => {
    const stored = await one('credentials set plex --from-env')
    expect(stored).toMatchObject({ stream: 'admin', message: 'credentials of plex stored (clientId, clientSecret)' })
    const newer = Buffer.alloc(32, 9).toString('base64')
    const rotated = await one('credentials rotate', { ML_CONNECTOR_KEY: `${newer},${bench.env['ML_CONNECTOR_KEY']}` })
    expect(rotated.message).toContain('re-encrypted')
    expect((await one('credentials remove plex')).message).toBe('credentials of plex removed')
    // What changed nothing leaves no row.
    expect(await rowsOf(() => run('credentials remove plex'))).toEqual([])
  })

  it('the first run with other settings, by name, old and new; and nothing more while they stay', async () => {
    expect(await rowsOf(() => run('sync suppliers'))).toEqual([])
    const changed = await one('sync suppliers', {
      SYNC_CONCURRENCY: '3',
      PLEX_PASSWORD: 'not used, and no open setting',
    })
    expect(changed).toMatchObject({ stream: 'admin', code: 'settings_changed' })
    expect(changed.changes).toEqual([{ field: 'SYNC_CONCURRENCY', from: '4', to: '3' }])
    expect(changed.message).toContain('SYNC_CONCURRENCY')
    expect(changed.run_id).not.toBeNull()
    expect(await rowsOf(() => run('sync suppliers', { SYNC_CONCURRENCY: '3' }))).toEqual([])
    // A dry run stores nothing.
    expect(await rowsOf(() => run('sync suppliers --dry-run', { SYNC_CONCURRENCY: '2' }))).toEqual([])
    expect((await one('sync suppliers')).changes).toEqual([{ field: 'SYNC_CONCURRENCY', from: '3', to: '4' }])
  })

  it('pauses, with what was paused and why', async () => {
    const paused = await one('pause suppliers --reason stocktaking')
    expect(paused).toMatchObject({ stream: 'suppliers', message: 'paused by a person: stocktaking' })
    expect((await one('resume suppliers --reason over')).message).toBe('resumed by a person: over')
  })

  it('pairs taken apart', async () => {
    const removed = await one('link remove ACME --stream suppliers --reason wrong')
    expect(removed.changes).toEqual([{ field: 'target_id', from: expect.anything() as unknown, to: null }])
  })

  it('rows pruned, and where to', async () => {
    const file = join(folder, 'journal.jsonl')
    const pruned = await one(`audit prune --before 2999-01-01 --export ${file}`)
    expect(pruned.message).toContain(file)
    expect(pruned.changes[0]?.field).toBe('journal_start')
    expect((await run('audit verify')).code).toBe(0)
  })

  it('roles made', async () => {
    const role = `ml_test_${randomUUID().slice(0, 8)}`
    try {
      expect((await one(`migrate --roles ${role}`)).message).toContain(`the role ${role} was made`)
    } finally {
      await bench.database.pool.query(`drop owned by ${role}; drop role ${role}`)
    }
  })

  it('none of the secrets that were in play', async () => {
    const rows = JSON.stringify(await adminRows())
    for (const name of ['PLEX_CLIENT_ID', 'PLEX_CLIENT_SECRET', 'PROCURIFY_CLIENT_SECRET', 'ML_CONNECTOR_KEY'])
      expect(rows).not.toContain(bench.env[name])
  })
})
