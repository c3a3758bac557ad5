import { adviceFor } from '../domain/problems.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { Tally } from '../domain/tally.js'
import type { Pass } from '../passes/pass.js'
import { runPass } from '../passes/run.js'
import type { SyncFlags } from './commands/sync.js'
import type { Context } from './program.js'
import { printRun } from './render.js'
import { makeReporter } from './reporter.js'
import { toRunJson } from './result.js'
import { newRunId, openWorld, readConfig, supplierStream } from './wire.js'

/** `sync suppliers`: one pass from settings to exit code. */
export async function syncSuppliers(context: Context, flags: SyncFlags): Promise<number> {
  const command = 'sync suppliers'
  const startedAt = new Date()
  const runId = newRunId()
  const dryRun = flags.dryRun ?? false
  const reporter = makeReporter(context.io, { level: context.global().logLevel, quiet: flags.quiet ?? false, runId })
  const { sync } = readConfig(context)
  const world = await openWorld(context, {
    command,
    runId,
    reporter,
    write: !dryRun,
    deadlineMs: flags.deadline ?? sync.deadlineMs,
  })
  try {
    const { store, clock, deadlineAt } = world
    const pass: Pass = {
      ...{ runId, store, clock, reporter, deadlineAt, settings: sync, signal: context.io.signal, needs: {} },
      stream: supplierStream(world, { repairDrift: flags.repairDrift ?? false }),
      options: {
        dryRun,
        limit: flags.limit ?? null,
        confirm: flags.confirm ?? null,
        since: flags.since ?? null,
        full: (flags.full ?? false) || (flags.repairDrift ?? false),
      },
      tally: new Tally('suppliers', adviceFor),
    }
    const result = await runPass(pass, command)
    const auditHead = await store.auditHead()
    const { connection } = world.config
    const facts = {
      runId,
      command,
      connection,
      dryRun,
      startedAt,
      finishedAt: new Date(),
      auditHead,
      calls: world.calls,
    }
    reporter.clear()
    await printRun(context, flags, toRunJson(facts, result))
    return EXIT_CODES[result.outcome]
  } finally {
    await world.close()
  }
}
