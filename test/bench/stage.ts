/** What a measurement needs: a database server of its own, both simulators, and the built program as a process. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { startEmbedded, stopEmbedded } from '../../src/store/embedded.js'

const PROGRAM = 'dist/bin/ml-connector.js'

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly wallMs: number
  /** Largest resident memory of the process, megabytes (10^6 bytes). */
  readonly peakMb: number
  /** Processor time of the process, user and system. */
  readonly cpuMs: number
}

export interface Stage {
  readonly sandbox: Sandbox
  /** Of the server's own database: for creating others, and for generated rows. */
  readonly serverUrl: string
  /** A new database with our tables. */
  newDatabase(): Promise<string>
  env(databaseUrl: string, extra?: Record<string, string>): Record<string, string>
  close(): Promise<void>
}

/** The server keeps its ordinary settings (it waits for the disk); BENCH_DATABASE_URL names another one instead. */
export async function openStage(): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'ml-bench-'))
  await chmod(home, 0o755)
  const external = process.env['BENCH_DATABASE_URL']
  const serverUrl = external ?? (await startEmbedded(home)).url
  const sandbox = await startSandbox({ seed: 'empty' })
  const names: string[] = []
  const env = (databaseUrl: string, extra: Record<string, string> = {}): Record<string, string> => ({
    ...sandbox.env,
    DATABASE_URL: databaseUrl,
    ML_CONNECTOR_KEY: Buffer.alloc(32, 7).toString('base64'),
    PLEX_CALLS_PER_MINUTE: '900000',
    PROCURIFY_CALLS_PER_MINUTE: '900000',
    ...extra,
  })
  return {
    sandbox,
    serverUrl,
    env,
    newDatabase: async () => {
      const name = `ml_bench_${randomBytes(6).toString('hex')}`
      names.push(name)
      await query(serverUrl, `create database ${name}`)
      const url = urlOf(serverUrl, name)
      const migrated = await runProgram(['migrate'], env(url))
      if (migrated.code !== 0) throw new Error(migrated.err)
      return url
    },
    close: async () => {
      await sandbox.close()
      if (external !== undefined)
        for (const name of names) await query(serverUrl, `drop database if exists ${name} with (force)`)
      await stopEmbedded(home)
      await rm(home, { recursive: true, force: true })
    },
  }
}

function urlOf(serverUrl: string, name: string): string {
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
}

export async function query<Row extends pg.QueryResultRow>(url: string, ...statements: string[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Row[] = []
    for (const statement of statements) rows = (await client.query<Row>(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

export function runProgram(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  return runNode([PROGRAM, '--env-file', '/dev/null', ...args], env)
}

/** One process from its start to its end. The kernel's own high-water mark, read while it lives; Linux only. */
export async function runNode(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...args], { env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const peak = { kb: 0, ticks: 0 }
  const watch = async (): Promise<void> => {
    while (child.exitCode === null && child.signalCode === null) {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
      peak.kb = Math.max(peak.kb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '')
      const [, , , , , , , , , , , user = '0', system = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      peak.ticks = Math.max(peak.ticks, Number(user) + Number(system))
      await sleep(20)
    }
  }
  const watching = watch()
  const code = await ended
  const wallMs = performance.now() - startedAt
  await watching
  return { code, out, err, wallMs, peakMb: (peak.kb * 1024) / 1e6, cpuMs: peak.ticks * 10 }
}

/** The smallest of several measurements: what disturbs one only ever makes it slower. */
export async function best(times: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity
  for (let time = 0; time < times; time += 1) least = Math.min(least, await measure())
  return least
}

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
