/**
 * `npm run prove -- --real N`: the same promises with nothing simulated but the two systems. The built program runs as processes
 * of its own, several at a time, on real time, and dies by `kill -9` at a moment that nobody chose; then it is left alone.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox, type FaultKind, type Sandbox } from '../../src/sandbox/sandbox.js'
import { openDatabase, type Database } from '../../src/store/database.js'
import { migrate } from '../../src/store/migrate.js'
import { Dice } from './dice.js'
import { judgeStage } from './judge.js'
import { ProofSource } from './source.js'
import { urlOf, withClient } from './state.js'

const PROGRAM = join(process.cwd(), 'dist/bin/ml-connector.js')
const FAULTS: readonly FaultKind[] = [
  'cut-before',
  'cut-after',
  'cut-body',
  'timeout-after',
  'status-after',
  'late-effect',
]
const MOST_ROUNDS = 25
/** Exit code of a pass that left records for a person. */
const PARKED = 3
type Command = 'align refdata' | 'sync suppliers' | 'sync pos'
/** Where a command writes, and after how long it is done at the latest, about. */
const WRITTEN = {
  'sync suppliers': ['/api/v3/vendors/'],
  'sync pos': ['/api/v3/requisitions/', '/api/v3/vendors/'],
} as const
const MOST_MS = { 'sync suppliers': 900, 'sync pos': 1600 } as const
const NOW = { kind: 'now', ms: 0 } as const

export interface RealVerdict {
  readonly seed: number
  readonly broken: readonly string[]
  readonly killed: number
  readonly passes: number
}

export async function proveReally(serverUrl: string, seed: number): Promise<RealVerdict> {
  const name = `proof_real_${seed}`
  await withClient(serverUrl, (client) => client.query(`create database ${name}`))
  const url = urlOf(serverUrl, name)
  const database = openDatabase(url, { applicationName: 'proof' })
  const sandbox = await startSandbox({ seed: 'empty' })
  try {
    await migrate(database.db)
    return await playReally(new Dice(seed), seed, sandbox, database, url)
  } finally {
    await sandbox.close()
    await database.close()
    await withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`))
  }
}

async function playReally(
  dice: Dice,
  seed: number,
  sandbox: Sandbox,
  { pool }: Database,
  url: string,
): Promise<RealVerdict> {
  const env = {
    ...sandbox.env,
    ...{ DATABASE_URL: url, ML_CONNECTOR_KEY: Buffer.alloc(32, 7).toString('base64') },
    ...{ PO_START_DATE: '2026-01-01', PO_QUIET: '0s', PO_MAX_PER_DAY: '0' },
    ...{ PLEX_CALLS_PER_MINUTE: '100000', PROCURIFY_CALLS_PER_MINUTE: '100000' },
    ...{ SYNC_TIMEOUT: '1s', SYNC_LEASE: '2500ms', SYNC_GRACE: '1s', SYNC_CONCURRENCY: dice.pick(['1', '4']) },
  }
  const source = new ProofSource(sandbox)
  // Every other schedule is about orders: suppliers that these need are synced by the same pass.
  const orders = seed % 2 === 0 ? 0 : dice.between(1, 3)
  source.begin({ suppliers: dice.between(2, 8), orders })
  const command = orders > 0 ? 'sync pos' : 'sync suppliers'
  const tally = { killed: 0, passes: 0 }
  if (orders > 0) await runOnce('align refdata', env, null)
  for (let round = 0; round < dice.between(1, 3); round += 1) {
    if (dice.chance(0.6)) {
      const kind = dice.pick(FAULTS)
      const rule = { kind, status: 504, after: dice.between(0, 3), ms: 400 }
      sandbox.faults.add({ ...rule, system: 'procurify', method: 'POST', path: dice.pick(WRITTEN[command]) })
    }
    const rivals = Array.from({ length: dice.chance(0.3) ? 2 : 1 }, () =>
      dice.chance(0.8) ? dice.between(50, MOST_MS[command]) : null,
    )
    const codes = await Promise.all(rivals.map((killAfterMs) => runOnce(command, env, killAfterMs)))
    tally.passes += codes.length
    tally.killed += codes.filter((code) => code === null).length
    const change = dice.pick(['add', 'rename', 'url', 'off'] as const)
    const at = dice.between(0, 9)
    source.changeSupplier({ do: 'supplier', at, change, stamp: NOW })
    if (orders > 0) source.changeOrder({ do: 'order', at, change: dice.pick(['add', 'touch', 'cancel']), stamp: NOW })
  }
  sandbox.faults.clear()
  await sleep(500)
  sandbox.pending.landAll()
  const isDone = await leaveAlone(orders > 0 ? ['sync suppliers', 'sync pos'] : ['sync suppliers'], env, tally)
  const stage = {
    ...{ sandbox, connection: 'default', pcn: sandbox.plex.state.login.pcn, forgottenUntil: 0, heads: [] },
    state: { rows: async <T>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as T[] },
  }
  const broken = await judgeStage(stage)
  return { seed, ...tally, broken: isDone ? broken : ['restless: passes never came to an end', ...broken] }
}

/** As cron would, until there is nothing left to do. */
async function leaveAlone(
  commands: readonly Command[],
  env: Record<string, string>,
  tally: { passes: number },
): Promise<boolean> {
  let calm = 0
  for (let round = 0; round < MOST_ROUNDS && calm < 2; round += 1) {
    let isCalm = true
    for (const command of commands) {
      const code = await runOnce(command, env, null)
      tally.passes += 1
      // What waits for a person is for the judge.
      isCalm &&= code === 0 || (code === PARKED && round > MOST_ROUNDS / 2)
    }
    calm = isCalm ? calm + 1 : 0
    if (!isCalm) await sleep(300)
  }
  return calm === 2
}

/** The exit code; null = killed. */
function runOnce(command: Command, env: Record<string, string>, killAfterMs: number | null): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...command.split(' '), '--quiet'], { env, stdio: 'ignore' })
    const timer = killAfterMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(code)
    })
  })
}
