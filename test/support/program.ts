/**
 * The built program, real sockets, a real database. `startProgram` starts it as an operator does, as a process of its own; `runProgram`
 * calls the same built files in the process of the test, since starting a process was two thirds of what a short run takes.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { main as Main } from '../../src/cli/main.js'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { makeIo } from './cli.js'
import { createTestDatabase, type TestDatabase } from './database.js'

const DIST = join(import.meta.dirname, '../../dist/bin')
const BIN = join(DIST, 'ml-connector.js')

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
  /** stdout as the one JSON document it must be. */
  json(): RunDocument
}

/** The members of a run document that tests look at. */
export interface RunDocument {
  readonly schema: string
  readonly outcome: string
  readonly exit_code: number
  readonly audit_head: string
  readonly window: { readonly from: string | null; readonly to: string | null }
  readonly counts: Readonly<Record<string, number>>
  readonly calls: Readonly<
    Record<'plex' | 'procurify', { readonly requests: number; readonly throttled: number; readonly retried: number }>
  >
  readonly plan?: readonly {
    readonly stream: string
    readonly source_id: string
    readonly source_key: string
    readonly action: string
    readonly target_id: string | null
    readonly changes: readonly { field: string; from: unknown; to: unknown }[]
  }[]
  readonly plan_hash?: string
  readonly problems: readonly {
    readonly code: string
    readonly source_id: string | null
    readonly message: string
    readonly stream: string
    readonly advice: string
  }[]
}

export interface Started {
  readonly process: ChildProcess
  readonly finished: Promise<Finished>
}

export function startProgram(args: readonly string[], env: Record<string, string>): Started {
  const { PATH = '', HOME = '' } = process.env
  // A directory without .env, and nothing of the caller's environment.
  const child = spawn(process.execPath, [BIN, ...args], { cwd: import.meta.dirname, env: { PATH, HOME, ...env } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err, json: () => JSON.parse(out) as RunDocument }))
  })
  return { process: child, finished }
}

let isFirst = true

/**
 * One command to its end. The first one of each test file is a process, so that every command is also seen as it ships; whatever is
 * about a process (signals, kills, rivals, memory, stdin) starts one itself.
 */
export async function runProgram(args: readonly string[], env: Record<string, string>): Promise<Finished> {
  if (isFirst) {
    isFirst = false
    return startProgram(args, env).finished
  }
  const { main } = (await import(pathToFileURL(join(DIST, 'main.js')).href)) as { main: typeof Main }
  const { PATH = '', HOME = '' } = process.env
  const { io, written } = makeIo({ PATH, HOME, ...env })
  const actor = { user: userInfo().username, host: hostname() }
  // As with a process: no `.env` of the working directory gets in.
  const code = await main(['--env-file', '/dev/null', ...args], { ...io, ...actor })
  return { code, signal: null, ...written, json: () => JSON.parse(written.out) as RunDocument }
}

/** As cron would: the same pass again until nothing is left to do. */
export async function runUntilDone(pass: () => Promise<Finished>): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const run = await pass()
    if (run.code === 0) return
    if (run.code !== 4 && run.code !== 6) throw new Error(`ended with ${run.code}: ${run.out}${run.err}`)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  throw new Error('never done')
}

/** A database and a pair of simulators of one test's own, with the settings that lead to them. */
export type Profile = 'cloud' | 'connect' | 'soap'

export interface Bench {
  /** The kind of Plex the program talks to; the simulator is all of them at once. */
  readonly profile: Profile
  /** A record's id as this kind of Plex shows it: over data sources it is a whole number. */
  idOf(kind: 'suppliers' | 'orders' | 'invoices', id: unknown): string
  readonly sandbox: Sandbox
  readonly database: TestDatabase
  readonly env: Record<string, string>
  /** `runProgram` with the settings of the bench. */
  run(args: string, extra?: Record<string, string>): Promise<Finished>
  /** `startProgram` with the settings of the bench. */
  start(args: string, extra?: Record<string, string>): Started
  /** Writes to Procurify that took effect, in order. */
  writes(): { readonly method: string; readonly path: string; readonly id: string; readonly kind: string }[]
  vendors(): Record<string, unknown>[]
  close(): Promise<void>
}

export async function openBench(
  options: { suppliers?: Record<string, unknown>[]; seed?: 'demo' | 'empty'; profile?: Profile } = {},
): Promise<Bench> {
  const { seed = 'empty', profile = 'cloud' } = options
  const [database, sandbox] = await Promise.all([createTestDatabase(), startSandbox({ seed, profile })])
  for (const supplier of options.suppliers ?? []) sandbox.plex.state.data.suppliers.add(supplier)
  const env = {
    ...sandbox.env,
    DATABASE_URL: database.url,
    ML_CONNECTOR_KEY: Buffer.alloc(32, 7).toString('base64'),
    PLEX_CALLS_PER_MINUTE: '100000',
    PROCURIFY_CALLS_PER_MINUTE: '100000',
    SYNC_TIMEOUT: '2s',
    SYNC_LEASE: '5s',
    SYNC_GRACE: '200ms',
  }
  const start = (args: string, extra: Record<string, string> = {}) =>
    startProgram(args.split(' '), { ...env, ...extra })
  return {
    profile,
    idOf: (kind, id) => (profile === 'soap' ? String(sandbox.plex.state.keys.of(kind, id)) : String(id)),
    sandbox,
    database,
    env,
    start,
    run: (args, extra = {}) => runProgram(args.split(' '), { ...env, ...extra }),
    writes: () =>
      sandbox.log.entries.flatMap(({ system, method, path, effect }) =>
        system === 'procurify' && effect !== null ? [{ method, path, id: String(effect.id), kind: effect.kind }] : [],
      ),
    vendors: () => sandbox.procurify.state.data.vendors.all().filter((row) => row['type'] !== 1),
    close: async () => {
      await sandbox.close()
      await database.close()
    },
  }
}

let counter = 0

/** A supplier with everything a vendor needs; each its own name and code. */
export function makeSupplier(fields: Record<string, unknown> = {}): Record<string, unknown> {
  counter += 1
  const number = String(counter).padStart(4, '0')
  return {
    id: `5a00${number}-0000-4000-8000-00000000${number}`,
    code: `SUP-${number}`,
    name: `Supplier ${number}`,
    status: 'Active',
    type: 'Raw Material',
    webAddress: `https://supplier-${number}.example`,
    note: null,
    ...fields,
  }
}
