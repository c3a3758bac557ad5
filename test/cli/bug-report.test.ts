/** Exit 1: the program's own fault. Provoked by numbers in the database that no server of ours would ever make. */
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../src/domain/problems.js'
import { makeSupplier, openBench, startProgram, type Bench } from '../support/program.js'

let bench: Bench
let folder = ''

beforeAll(async () => {
  bench = await openBench({ suppliers: [makeSupplier()] })
  folder = mkdtempSync(join(tmpdir(), 'ml-bug-'))
  expect((await bench.run('sync suppliers')).code).toBe(0)
  // Larger than a number of ours can hold: whatever notes a record from now on cannot read it back.
  await bench.database.pool.query('alter table note alter column revision restart with 9007199254740993')
  bench.sandbox.plex.state.data.suppliers.add(makeSupplier())
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

describe('a bug', () => {
  it('ends with a report that says where, in which run and how far the journal had come, and nothing secret', async () => {
    const { code, out, err } = await bench.start('sync suppliers --limit 7 --json --connection default').finished
    expect(code).toBe(1)
    const document = JSON.parse(out) as {
      problems: { code: string }[]
      report: {
        command: string
        settings: string[]
        run_id: string
        audit_head: string
        error: string
        stack: string[]
      }
    }
    expect(document.problems.map((problem) => problem.code)).toEqual(['bug'])
    const { report } = document
    expect(report.command).toBe('sync suppliers --limit --json --connection')
    expect(report.error).toContain('int8')
    expect(report.stack.join('\n')).toMatch(/^at .*\(?dist\/bin\/[\w.-]+\.js:\d+:\d+/m)
    expect(report.stack.join('\n')).toMatch(/js:\d+:\d+\)? of src\/store\/\w+\.ts$/m)
    expect(
      report.stack.filter((line) => !/^at .*(dist|node_modules|node:|native|<anonymous>|index \d)/.test(line)),
    ).toEqual([])
    expect(report.settings).toEqual(expect.arrayContaining(['DATABASE_URL', 'ML_CONNECTOR_KEY', 'PLEX_PCN']))
    const { rows } = await bench.database.pool.query<{ id: string; outcome: string; head: string }>(
      `select r.id, r.outcome, h.seq || ':' || h.hash as head from run r, audit_head h order by r.started_at desc limit 1`,
    )
    expect(rows[0]).toEqual({ id: report.run_id, outcome: 'failed', head: report.audit_head })
    // The same for people, on stderr, where cron mails it from.
    for (const text of [report.command, report.error, report.run_id, report.audit_head, report.settings.join(' ')])
      expect(err).toContain(text)
    for (const [name, value] of Object.entries(bench.env))
      if (/SECRET|KEY|CLIENT_ID|URL/.test(name)) expect(out + err).not.toContain(value)
    // Not even the folder it is installed in.
    expect(err).not.toContain(import.meta.dirname.split('/test/')[0])
  })

  it('names the settings of an env file, and shows no value of an option or a setting', async () => {
    const file = join(folder, 'env')
    const { DATABASE_URL, ...others } = bench.env
    writeFileSync(file, `DATABASE_URL=${DATABASE_URL}\nMETRICS_FILE=/tmp/planted-path\n`, { mode: 0o600 })
    const { finished } = startProgram(['--env-file', file, 'audit', 'show', '--record=planted-record'], others)
    expect((await finished).code).toBe(0)
    await bench.database.pool.query(`alter table audit_head disable trigger user`)
    await bench.database.pool.query(`update audit_head set seq = 9007199254740993`)
    const verify = startProgram(['--env-file', file, 'audit', 'verify', '--head', '1:aaaaaaaaaaaa'], others)
    const { code, err } = await verify.finished
    expect(code).toBe(1)
    expect(err).toContain('command   --env-file audit verify --head\n')
    expect(err).toMatch(/settings {2}.*METRICS_FILE/)
    expect(err).toContain('run       none')
    expect(err).toContain('journal   not readable')
    expect(err).not.toMatch(/planted|aaaaaaaaaaaa/)
  })

  it('has an entry in the catalogue, as wrong usage has', () => {
    expect(PROBLEMS.bug.advice).toContain('issue')
    expect(PROBLEMS.usage.what).toContain('exit code 2')
  })
})
