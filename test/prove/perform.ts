/** One pass of a schedule: exactly what the command does between its settings and its output. */
import { makeAlignPass } from '../../src/cli/align.js'
import type { Io } from '../../src/cli/io.js'
import { makeReplayPass, REPLAYED } from '../../src/cli/replay-streams.js'
import { makeInvoicePass, makeOrderPass, makeSupplierPass, refuse, toBase } from '../../src/cli/sync.js'
import type { World } from '../../src/cli/wire.js'
import { EMPTY_MAP } from '../../src/domain/refdata-map.js'
import { runAlign } from '../../src/passes/align.js'
import { runReplay, type ReplayPass } from '../../src/passes/replay.js'
import { runPass, type PassResult } from '../../src/passes/run.js'
import type { Reporter } from '../../src/ports.js'
import { readParked } from '../../src/store/parked.js'
import { loadConfig, type Config } from '../../src/config.js'
import type { Sandbox } from '../../src/sandbox/sandbox.js'
import {
  GRACE_MS,
  LEASE_MS,
  OVERLAP_MS,
  TIMEOUT_MS,
  type PassStep,
  type ProofStream,
  type Schedule,
} from './schedule.js'

export const COMMANDS: Readonly<Record<ProofStream, string>> = {
  suppliers: 'sync suppliers',
  pos: 'sync pos',
  invoices: 'sync invoices',
  align: 'align refdata',
  replay: 'replay',
}

interface Run {
  readonly io: Io
  readonly runId: string
  readonly reporter: Reporter
}

export async function perform(
  { stream, limit, full }: Pick<PassStep, 'stream' | 'limit' | 'full'>,
  world: World,
  { io, runId, reporter }: Run,
): Promise<PassResult> {
  const flags = limit === null ? {} : { limit }
  if (stream === 'replay') return replayAll(world, { io, runId, reporter })
  if (stream === 'align')
    return runAlign({ ...makeAlignPass(world, { io }, flags, EMPTY_MAP), runId, reporter }, COMMANDS.align)
  if (stream === 'invoices')
    return runPass(
      await makeInvoicePass(toBase(world, { io }, { ...flags, full }, { runId, reporter }), world),
      COMMANDS.invoices,
    )
  const make = stream === 'pos' ? makeOrderPass : makeSupplierPass
  const given = { ...flags, full }
  const made = await make(toBase(world, { io }, given, { runId, reporter }), world, given)
  return 'refused' in made ? refuse(made) : runPass(made, COMMANDS[stream])
}

/** `replay --all`. */
async function replayAll(world: World, { io, runId, reporter }: Run): Promise<PassResult> {
  const parked = await readParked(world.database.db, world.config.connection, {})
  const context = { io, version: 'proof', exit: { code: 0 }, global: () => ({ color: false }) }
  const shown = { ...reporter, clear: () => undefined }
  const replayWorld = { context, world, runId, reporter: shown, startedAt: new Date(), dryRun: false }
  const passes: ReplayPass[] = []
  for (const stream of REPLAYED) {
    const mine = parked.filter((one) => one.stream === stream)
    const replays = new Map(
      mine.map(({ sourceId, seq }) => [sourceId, { of: seq, action: 'replay', reason: null } as const]),
    )
    if (mine.length > 0) passes.push(await makeReplayPass(replayWorld, stream, replays, {}))
  }
  return runReplay(passes, COMMANDS.replay)
}

/** A process with nobody at its terminal. */
export function makeIo(signal: AbortSignal): Io {
  return {
    env: {},
    out: () => undefined,
    drained: () => Promise.resolve(),
    err: () => undefined,
    isOutTerminal: false,
    isErrTerminal: false,
    columns: 80,
    readStdin: () => Promise.resolve(''),
    askSecret: () => Promise.resolve(null),
    signal,
    user: 'proof',
    host: 'proof',
    runtime: 'proof',
  }
}

/** The settings of every pass of a schedule. */
export function configFor(schedule: Schedule, env: Sandbox['env'], connection: string): Config {
  const { setting, invoicing } = schedule
  return loadConfig({
    ...env,
    DATABASE_URL: 'postgres://proof',
    ML_CONNECTOR_KEY: Buffer.alloc(32, 7).toString('base64'),
    CONNECTION: connection,
    SYNC_OVERLAP: `${OVERLAP_MS}ms`,
    SYNC_GRACE: `${GRACE_MS}ms`,
    SYNC_LEASE: `${LEASE_MS}ms`,
    SYNC_TIMEOUT: `${TIMEOUT_MS}ms`,
    SYNC_CONCURRENCY: String(setting.concurrency),
    PLEX_CALLS_PER_MINUTE: String(setting.callsPerMinute),
    PROCURIFY_CALLS_PER_MINUTE: String(setting.callsPerMinute),
    PO_START_DATE: '2026-01-01',
    PO_MAX_PER_DAY: '0',
    INVOICE_START_DATE: '2026-01-01',
    INVOICE_DELIVERY: invoicing === 'draft' ? 'draft' : 'match',
    PROCURIFY_PAGE_SIZE: String(setting.pageSize),
  })
}
