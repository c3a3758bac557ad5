/** One pass of a schedule: exactly what the command does between its settings and its output. */
import { makeAlignPass } from '../../src/cli/align.js'
import type { Io } from '../../src/cli/io.js'
import { makeReplayPass, REPLAYED } from '../../src/cli/replay-streams.js'
import { makeOrderPass, makeSupplierPass, refuse, toBase } from '../../src/cli/sync.js'
import type { World } from '../../src/cli/wire.js'
import { EMPTY_MAP } from '../../src/domain/refdata-map.js'
import { runAlign } from '../../src/passes/align.js'
import { runReplay, type ReplayPass } from '../../src/passes/replay.js'
import { runPass, type PassResult } from '../../src/passes/run.js'
import type { Reporter } from '../../src/ports.js'
import { readParked } from '../../src/store/parked.js'
import type { PassStep, ProofStream } from './schedule.js'

export const COMMANDS: Readonly<Record<ProofStream, string>> = {
  suppliers: 'sync suppliers',
  pos: 'sync pos',
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
export function makeIo(): Io {
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
    signal: new AbortController().signal,
    user: 'proof',
    host: 'proof',
    runtime: 'proof',
  }
}
