/** What a start costs, in counts that are the same on every machine: what is loaded, and what an idle pass writes. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { makeSupplier, openBench, type Bench } from '../support/program.js'

const BIN = join(import.meta.dirname, '../../dist/bin/ml-connector.js')

/** Runs a command line in a process of its own; answers which of Node's own modules were loaded by its end. */
async function loadedBy(args: readonly string[], env: Record<string, string>): Promise<string[]> {
  const script = `
    process.argv.push(...${JSON.stringify(args)})
    process.on('exit', () => process.stderr.write(JSON.stringify(process.moduleLoadList)))
    await import(${JSON.stringify(BIN)})`
  const { PATH = '', HOME = '' } = process.env
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, BIN], {
    cwd: import.meta.dirname,
    env: { PATH, HOME, ...env },
  })
  const list = JSON.parse(stderr.slice(stderr.indexOf('['))) as string[]
  return list.flatMap((line) => (line.startsWith('NativeModule ') ? [line.slice('NativeModule '.length)] : []))
}

let bench: Bench | undefined
afterEach(async () => {
  await bench?.close()
  bench = undefined
})

describe('a start', () => {
  it('loads HTTP only for a pass, and for that no second client and no way to start programs', async () => {
    bench = await openBench({ suppliers: [makeSupplier()] })
    const help = await loadedBy(['--help'], {})
    expect(help).toContain('fs')
    expect(help.filter((name) => ['http', 'https', 'tls', 'child_process'].includes(name))).toEqual([])
    const pass = await loadedBy(['sync', 'suppliers'], bench.env)
    expect(pass).toContain('http')
    for (const name of ['internal/deps/undici/undici', 'http2', 'child_process']) expect(pass).not.toContain(name)
    expect(await loadedBy(['status'], bench.env)).not.toContain('http')
  })
})

it('is begun by the executable alone: no other file that was built leads back to it', async () => {
  const dist = dirname(BIN)
  const files = (await readdir(dist)).filter((name) => name.endsWith('.js') && name !== basename(BIN))
  const texts = await Promise.all(files.map((name) => readFile(join(dist, name), 'utf8')))
  expect(files).toContain('main.js')
  expect(files.filter((_, at) => texts[at]?.includes(basename(BIN) + '")'))).toEqual([])
})

it('hands every argument to the program: Node would take an --env-file for its own', async () => {
  const missing = await promisify(execFile)(BIN, ['--env-file', '/nonexistent/env', 'status']).catch(
    (error: unknown) => error,
  )
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('/nonexistent/env does not exist') as string,
  })
  expect((await promisify(execFile)(BIN, ['help', 'sync'])).stdout).toContain('Usage: ml-connector sync')
})

describe('a pass with nothing to do', () => {
  it('reads each window once and writes nothing but its own run, lease and call budget', async () => {
    bench = await openBench({ suppliers: [makeSupplier(), makeSupplier(), makeSupplier({ status: 'Inactive' })] })
    expect((await bench.run('sync suppliers')).code).toBe(0)
    const before = await contents(bench)
    expect(before.size).toBeGreaterThan(8)
    const idle = await bench.run('sync suppliers --json')
    expect(idle.json().counts).toMatchObject({ unchanged: idle.json().counts['read'], created: 0 })
    expect(idle.json().calls).toMatchObject({ plex: { requests: 2 }, procurify: { requests: 0 } })
    expect(await contents(bench)).toEqual(before)
  })
})

/** What the tables hold, row versions included. Without those that every pass has a row in. */
async function contents({ database }: Bench): Promise<Map<string, string>> {
  const tables = await database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       and relname not in ('run', 'lease', 'budget') order by 1`,
  )
  const found = new Map<string, string>()
  for (const { name } of tables.rows) {
    const { rows } = await database.pool.query<{ all: string }>(
      `select coalesce(string_agg(t.xmin::text || t::text, e'\\n' order by t::text), '') as all from ${name} t`,
    )
    found.set(name, rows[0]?.all ?? '')
  }
  return found
}
