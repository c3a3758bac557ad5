/** `sync suppliers`, `sync pos` and `sync invoices`: one pass from settings to exit code. */
import { adviceFor } from '../domain/problems.js'
import { Tally } from '../domain/tally.js'
import type { Pass } from '../passes/pass.js'
import { runPass } from '../passes/run.js'
import type { Reporter } from '../ports.js'
import type { SyncFlags } from './commands/sync.js'
import { withHeartbeat } from './outside.js'
import { performRun } from './perform.js'
import type { Context } from './program.js'
import { printRun } from './render.js'
import type { RunJson } from './result.js'
import { supplierStream, type World } from './wire.js'
import type { InvoiceWiring } from './wire-invoices.js'

export function syncSuppliers(context: Context, flags: SyncFlags): Promise<number> {
  return showRun(context, flags, runSuppliers)
}

export function syncOrders(context: Context, flags: SyncFlags): Promise<number> {
  return showRun(context, flags, runOrders)
}

export function syncInvoices(context: Context, flags: SyncFlags): Promise<number> {
  return showRun(context, flags, runInvoices)
}

/** Performs one run under the eyes of a dead-man switch, and prints it. */
function showRun(
  context: Context,
  flags: SyncFlags,
  perform: (context: Context, flags: SyncFlags) => Promise<RunJson>,
): Promise<number> {
  return withHeartbeat(context, flags, async () => {
    const run = await perform(context, flags)
    await printRun(context, flags, run)
    return run.exit_code
  })
}

export function runSuppliers(context: Context, flags: SyncFlags): Promise<RunJson> {
  return runSync(context, flags, 'sync suppliers', makeSupplierPass)
}

export function runOrders(context: Context, flags: SyncFlags): Promise<RunJson> {
  return runSync(context, flags, 'sync pos', makeOrderPass)
}

export function runInvoices(context: Context, flags: SyncFlags): Promise<RunJson> {
  return runSync(context, flags, 'sync invoices', makeInvoicePass)
}

export function makeSupplierPass(base: Base, world: World, flags: SyncFlags): Promise<Pass> {
  return Promise.resolve({
    ...base,
    stream: supplierStream(world, { repairDrift: flags.repairDrift ?? false }),
    needs: {},
    follower: null,
    tally: new Tally('suppliers', adviceFor),
  })
}

export async function makeOrderPass(base: Base, world: World, flags: SyncFlags): Promise<Pass | Refused> {
  const { requireStartDate, wireOrders } = await import('./wire-orders.js')
  const dryRun = flags.dryRun ?? false
  requireStartDate(world, dryRun)
  const orders = wireOrders(world)
  const tally = new Tally('pos', adviceFor)
  const refused = await orders.checkRequester(!dryRun)
  // Suppliers that orders wait for are synced by their own stream, and told of in its own words.
  const suppliers: Pass = {
    ...base,
    stream: supplierStream(world, { repairDrift: false }),
    options: { ...base.options, limit: null, since: null, full: false },
    needs: {},
    follower: null,
    tally: new Tally('suppliers', adviceFor),
  }
  const pass: Pass = {
    ...base,
    stream: orders.stream,
    needs: { supplier: suppliers },
    follower: orders.follower(flags.full ?? false),
    tally,
  }
  return refused === null ? pass : { pass, refused }
}

export async function makeInvoicePass(base: Base, world: World): Promise<InvoicePass> {
  const { wireInvoices } = await import('./wire-invoices.js')
  const wiring = await wireInvoices(world, { dryRun: base.options.dryRun, isFresh: false })
  const tally = new Tally('invoices', adviceFor)
  const countFindings = () => wiring.countFindings()
  return { ...base, stream: wiring.stream, needs: {}, follower: null, tally, countFindings }
}

/** Tells, once it is over, how many invoices there are of each finding. */
type InvoicePass = Pass & Pick<InvoiceWiring, 'countFindings'>

/** A pass but for its stream. */
export type Base = Omit<Pass, 'stream' | 'needs' | 'follower' | 'tally'>
export type Refused = { readonly pass: Pass; readonly refused: { readonly code: string; readonly message: string } }

async function runSync(
  context: Context,
  flags: SyncFlags,
  command: string,
  makePass: (base: Base, world: World, flags: SyncFlags) => Promise<Pass | InvoicePass | Refused>,
): Promise<RunJson> {
  return performRun(context, flags, command, async ({ world, runId, reporter, finish }) => {
    const made = await makePass(toBase(world, context, flags, { runId, reporter }), world, flags)
    if ('refused' in made) return finish(refuse(made))
    const result = await runPass(made, command)
    return finish(result, 'countFindings' in made ? { findings: await made.countFindings() } : {})
  })
}

export function toBase(
  world: World,
  { io }: Pick<Context, 'io'>,
  flags: SyncFlags,
  run: { runId: string; reporter: Reporter },
): Base {
  const { store, clock, deadlineAt, config } = world
  return {
    ...{ ...run, store, clock, deadlineAt, settings: config.sync, signal: io.signal },
    options: {
      dryRun: flags.dryRun ?? false,
      limit: flags.limit ?? null,
      confirm: flags.confirm ?? null,
      since: flags.since ?? null,
      // Hand edits are found only by comparing everything.
      full: (flags.full ?? false) || (flags.repairDrift ?? false),
    },
  }
}

/** The login is not the one this connection knows: nothing was read, nothing is sent. */
export function refuse({ pass: { tally, stream }, refused }: Refused) {
  const isRefused =
    refused.code === 'requester_changed' || refused.code === 'login_refused' || refused.code === 'role_missing'
  tally.end(isRefused ? 'refused' : 'interrupted')
  tally.problem(refused.code, refused.message)
  const { problems } = tally
  const window = { from: null, to: null }
  return {
    outcome: tally.outcome(),
    window,
    counts: tally.counts(),
    problems,
    plan: [],
    planHash: null,
    stream: stream.name,
  }
}
