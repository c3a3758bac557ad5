/** How the program ends when it cannot do what it was told. */
import { afterEach, describe, expect, it } from 'vitest'
import { openBench, type Bench } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

describe('what ends a run before it begins', () => {
  it('is one JSON document with --json, whatever it is', async () => {
    bench = await openBench()
    const usage = await bench.run('sync suppliers --json --since 2026-02-30')
    const settings = await bench.run('sync suppliers --json', { PLEX_PCN: 'x y' })
    const database = await bench.run('sync suppliers --json', { DATABASE_URL: 'postgres://127.0.0.1:9/nothing' })
    const unknown = await bench.run('sync suppliers --json', {
      DATABASE_URL: bench.env['DATABASE_URL']?.replace(/ml_test_\w+/, 'no_such_database') ?? '',
    })
    expect([usage, settings, database, unknown].map(({ code }) => code)).toEqual([2, 2, 4, 2])
    const codes = [usage, settings, database, unknown].map(({ out }) => {
      const document = JSON.parse(out) as { schema: string; exit_code: number; problems: { code: string }[] }
      return [document.schema, document.exit_code, document.problems[0]?.code]
    })
    const schema = 'ml-connector/error@1'
    expect(codes).toEqual([
      [schema, 2, 'usage'],
      [schema, 2, 'usage'],
      // That is the end of a run, in the words of one.
      ['ml-connector/run@1', 4, 'database_unavailable'],
      [schema, 2, 'usage'],
    ])
  })

  it('shows no password of the database', async () => {
    bench = await openBench()
    const run = await bench.run('sync suppliers', { DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:9/nothing' })
    expect(run.code).toBe(4)
    expect(run.err + run.out).not.toContain('hunter2')
  })
})
