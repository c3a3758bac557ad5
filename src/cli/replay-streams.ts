/** The passes that replay records: those of `sync`, over chosen records. */
import type { Replay } from '../domain/decision.js'
import { adviceFor } from '../domain/problems.js'
import type { Link, StreamName } from '../domain/record.js'
import { Tally } from '../domain/tally.js'
import type { Pass } from '../passes/pass.js'
import type { ReplayPass } from '../passes/replay.js'
import type { ReplayFlags } from './commands/replay.js'
import type { OpenRun } from './perform.js'
import { supplierStream } from './wire.js'
import { wireInvoices } from './wire-invoices.js'
import { requireStartDate, wireOrders } from './wire-orders.js'

/** Streams that can be replayed record by record, in the order they need each other. */
export const REPLAYED: readonly StreamName[] = ['suppliers', 'pos', 'invoices']

export interface ReplayWorld extends Omit<OpenRun, 'finish'> {
  /** Parts of orders that a person has put right in Procurify. */
  readonly accept?: ReadonlySet<string>
  /** Links as they would be, for a preview of something that is not stored. */
  readonly links?: ReadonlyMap<string, Link> | undefined
}

/** A pass whose login is refused comes back ended, so that nothing of it is sent. */
export async function makeReplayPass(
  replayWorld: ReplayWorld,
  stream: StreamName,
  replays: ReadonlyMap<string, Replay>,
  flags: ReplayFlags,
): Promise<ReplayPass> {
  const { world, dryRun } = replayWorld
  const suppliers = toSupplierPass(replayWorld, flags)
  if (stream === 'suppliers') return { ...suppliers, replays }
  if (stream === 'invoices') {
    const { stream: invoices } = await wireInvoices(world, { dryRun, isFresh: true })
    return { ...suppliers, stream: invoices, tally: new Tally('invoices', adviceFor), replays }
  }
  requireStartDate(world, dryRun)
  const orders = wireOrders(world, replayWorld.accept)
  const tally = new Tally('pos', adviceFor)
  const store = withLinks(suppliers.store, replayWorld.links)
  const pass = { ...suppliers, store, stream: orders.stream, needs: { supplier: suppliers }, tally, replays }
  const refused = await orders.checkRequester(!dryRun)
  if (refused !== null) {
    tally.end(refused.kind === 'auth' ? 'refused' : 'interrupted')
    tally.problem(refused.code, refused.message)
  }
  return pass
}

function toSupplierPass({ world, context, runId, reporter, dryRun }: ReplayWorld, flags: ReplayFlags): Pass {
  const { store, clock, deadlineAt, config } = world
  return {
    ...{ runId, reporter, store, clock, deadlineAt, settings: config.sync, signal: context.io.signal },
    options: { dryRun, limit: null, confirm: flags.confirm ?? null, since: null, full: false },
    stream: supplierStream(world, { repairDrift: false }),
    tally: new Tally('suppliers', adviceFor),
    ...{ needs: {}, follower: null },
  }
}

function withLinks(store: Pass['store'], links: ReplayWorld['links']): Pass['store'] {
  if (links === undefined) return store
  return { ...store, links: async (stream, ids) => new Map([...(await store.links(stream, ids)), ...links]) }
}
