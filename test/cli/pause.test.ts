/** `pause` and `resume`: what is on hold is neither planned nor sent, nothing of it is lost, and both are in the journal. */
import { afterEach, describe, expect, it } from 'vitest'
import { runProgram, makeSupplier, openBench, type Bench } from '../support/program.js'

let bench: Bench

afterEach(() => bench.close())

/** Arguments with spaces in them. */
const run = (...args: string[]) => runProgram(args, bench.env)

interface Status {
  readonly exit_code: number
  readonly streams: readonly { readonly stream: string; readonly paused: boolean; readonly noted: number }[]
  readonly paused: readonly Record<string, unknown>[]
}
const status = async (): Promise<Status> => JSON.parse((await bench.run('status --json')).out) as Status

describe('a paused stream', () => {
  it('ends its passes at once with exit 0 and says so, until it is resumed', async () => {
    bench = await openBench({ suppliers: [makeSupplier()] })
    const paused = await run('pause', 'suppliers', '--reason', 'stock-taking')
    expect(paused.code, paused.err).toBe(0)
    const pass = await bench.run('sync suppliers --json')
    expect(pass.json()).toMatchObject({ exit_code: 0, counts: { read: 0, created: 0 } })
    expect(pass.json().problems).toMatchObject([
      { code: 'paused', message: expect.stringContaining('stock-taking') as string },
    ])
    expect(bench.sandbox.log.entries).toEqual([])

    expect((await run('resume', '--stream', 'suppliers', '--reason', 'done')).out).toContain('is resumed')
    expect((await bench.run('sync suppliers --json')).json().counts).toMatchObject({ created: 1 })
  })

  it('sends nothing for a run of another kind either', async () => {
    bench = await openBench({ suppliers: [makeSupplier()] })
    // Decided and not delivered: the write is refused for the moment.
    bench.sandbox.faults.add({
      system: 'procurify',
      method: 'POST',
      path: '/api/v3/vendors/',
      kind: 'status',
      status: 400,
    })
    expect((await bench.run('sync suppliers')).code).toBe(3)
    await run('pause', 'suppliers', '--reason', 'wait')
    const replay = await bench.run('replay --all --json')
    expect(replay.json()).toMatchObject({ exit_code: 0, counts: { created: 0 } })
    expect(replay.json().problems.map(({ code }) => code)).toEqual(['paused'])
    expect(bench.vendors()).toEqual([])
  })

  it('is shown by status, which does not call it late', async () => {
    bench = await openBench({ suppliers: [makeSupplier()] })
    await bench.run('sync suppliers')
    await bench.database.pool.query(
      `update run set started_at = now() - interval '3 days', finished_at = now() - interval '3 days'`,
    )
    expect((await status()).exit_code).toBe(3)
    await run('pause', 'suppliers', '--reason', 'stock-taking')
    const shown = await status()
    expect(shown).toMatchObject({ exit_code: 0, streams: [{ stream: 'suppliers', paused: true }] })
    expect(shown.paused).toMatchObject([{ stream: 'suppliers', source_id: null, reason: 'stock-taking' }])
    expect((await bench.run('status')).out).toContain('suppliers: paused by')
  })
})

describe('a paused record', () => {
  it('is left out while the others go on, and taken up where it was when it is resumed', async () => {
    const [held, other] = [makeSupplier({ code: 'HELD' }), makeSupplier()]
    bench = await openBench({ suppliers: [held, other] })
    await bench.run('sync suppliers')
    await run('pause', '--stream', 'suppliers', '--record', 'HELD', '--reason', 'merger')
    const { suppliers } = bench.sandbox.plex.state.data
    suppliers.edit(String(held['id']), { name: 'Held Renamed' })
    suppliers.edit(String(other['id']), { name: 'Other Renamed' })
    const names = () => bench.vendors().map((row) => row['name'])

    const pass = await bench.run('sync suppliers --json')
    expect(pass.json()).toMatchObject({ exit_code: 0, counts: { read: 2, updated: 1, skipped: 1, pending: 0 } })
    expect(pass.json().problems.map(({ code }) => code)).toEqual(['paused'])
    expect(names()).toContain('Other Renamed')
    expect(names()).not.toContain('Held Renamed')
    expect((await status()).streams[0]?.noted).toBe(1)
    const dry = await bench.run('sync suppliers --dry-run --json')
    expect(dry.json().plan).toEqual([])

    await run('resume', '--stream', 'suppliers', '--record', 'HELD', '--reason', 'merged')
    expect((await bench.run('sync suppliers --json')).json().counts).toMatchObject({ updated: 1 })
    expect(names()).toContain('Held Renamed')
  })

  it('is not sent either when its change was decided before, and nobody waits for it', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ code: 'HELD' })] })
    const fault = { system: 'procurify', method: 'POST', path: '/api/v3/vendors/', kind: 'status' } as const
    bench.sandbox.faults.add({ ...fault, status: 503, times: -1 })
    const cut = await bench.run('sync suppliers --deadline 4s --json')
    expect(cut.code).toBe(4)
    bench.sandbox.faults.clear()
    await run('pause', '--stream', 'suppliers', '--record', 'HELD', '--reason', 'merger')
    const started = Date.now()
    const pass = await bench.run('sync suppliers --json')
    expect(pass.json(), pass.out).toMatchObject({ exit_code: 0, counts: { created: 0 } })
    expect(Date.now() - started).toBeLessThan(10_000)
    expect(bench.vendors()).toEqual([])
  })
})

describe('who and why', () => {
  it('are in the journal, and a reason is required', async () => {
    bench = await openBench({ suppliers: [makeSupplier({ code: 'HELD' })] })
    await bench.run('sync suppliers')
    await run('pause', '--record', 'HELD', '--reason', 'merger')
    await run('resume', 'suppliers', '--record', 'HELD', '--reason', 'merged')
    const { rows } = JSON.parse((await bench.run('audit show --action admin --json')).out) as { rows: unknown[] }
    expect(rows).toMatchObject([
      { stream: 'suppliers', source_key: 'HELD', outcome: 'done', message: 'paused by a person: merger' },
      { stream: 'suppliers', source_key: 'HELD', outcome: 'done', message: 'resumed by a person: merged' },
    ])
    expect((await bench.run('audit verify')).code).toBe(0)
    expect((await run('pause', 'suppliers')).code).toBe(2)
    expect((await run('pause', 'suppliers', '--reason', ' ')).code).toBe(2)
    expect((await run('pause', '--reason', 'x')).code).toBe(2)
    expect((await run('pause', 'suppliers', '--stream', 'pos', '--reason', 'x')).code).toBe(2)
    const unknown = await run('pause', '--stream', 'suppliers', '--record', 'NOBODY', '--reason', 'x')
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('NOBODY')
    expect((await run('resume', 'suppliers', '--reason', 'x')).out).toContain('was not paused')
  })
})
