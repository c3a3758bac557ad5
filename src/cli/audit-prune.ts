import { walkChain, type AuditRow } from '../domain/audit.js'
import { ConfigError } from '../domain/errors.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { findPrefix, mayPrune, MOVED, removePrefix, rowsOfPrefix, type Place, type Prefix } from '../store/prune.js'
import { writeExport } from './audit-export.js'
import { verifyFile } from './audit-verify.js'
import { BLANK_EVENT } from '../domain/audit.js'
import { authorOf } from './author.js'
import type { AuditPruneFlags } from './commands/audit.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'
import { columnsOf, wrap } from './table.js'

/** What became of it; `rows` were exported, and removed where `exitCode` is 0. */
interface Pruned {
  readonly exitCode: number
  readonly rows: number
  readonly prefix: Prefix | null
  readonly message: string
}

/**
 * Moves the rows older than `--before` into a file and then out of the journal. Nothing is removed before the file is on the
 * disk and was read back, link by link; whatever dies in between, every row is in the file, in the journal, or in both.
 * Exit 3 = the chain is broken: nothing was removed, for that would remove the proof. 6 = another prune came first.
 */
export function pruneAudit(context: Context, flags: AuditPruneFlags): Promise<number> {
  return withState(context, 'audit prune', async (state) => {
    const { io } = context
    const { exitCode, rows, prefix, message } = await prune(context, state, flags)
    if (flags.json === true) {
      const { connection } = state.config
      const ends = { start: prefix && textOf(prefix.start), end: prefix && textOf(prefix.end) }
      const facts = { connection, before: flags.before, rows, ...ends, file: prefix && flags.export, message }
      io.out(`${JSON.stringify({ schema: 'ml-connector/audit-prune@1', exit_code: exitCode, ...facts })}\n`)
    } else {
      io.out(`${wrap(message, columnsOf(io)).join('\n')}\n`)
    }
    return exitCode
  })
}

async function prune(context: Context, { config, database: { db } }: State, flags: AuditPruneFlags): Promise<Pruned> {
  const { connection } = config
  const { before, export: file } = flags
  if (!(await mayPrune(db))) {
    const how = 'Use the DATABASE_URL that `ml-connector migrate` is run with, or grant execute on function audit_prune'
    throw new ConfigError(`The user of DATABASE_URL may not take rows out of the journal. ${how}.`)
  }
  const prefix = await findPrefix(db, connection, before)
  if (prefix === null) return done(0, null, `No row of the journal is older than ${before}: nothing to do.`)
  const rows = prefix.end.seq - prefix.start.seq
  const ends = { start: textOf(prefix.start), end: textOf(prefix.end) }
  try {
    const batches = proven(context, prefix, rowsOfPrefix(db, connection, prefix))
    await writeExport(file, { connection, before, rows, ...ends }, batches)
  } catch (error) {
    if (error instanceof Broken) return { exitCode: error.exitCode, rows: 0, prefix: null, message: error.message }
    throw error
  }
  // The disk has the last word: what it gives back is what will be left of these rows.
  const { fault } = await verifyFile(file, null)
  if (fault !== null) throw new ConfigError(`--export ${file} reads back otherwise than written: ${fault.message}`)
  const range = `${prefix.start.seq + 1} to ${prefix.end.seq}`
  const removed = await removePrefix(db, authorOf(context, config), prefix, before, {
    ...BLANK_EVENT,
    stream: 'admin',
    action: 'admin',
    outcome: 'done',
    message: `journal pruned: the rows ${range}, older than ${before}, were exported to ${file} and removed`,
    changes: [{ field: 'journal_start', from: ends.start, to: ends.end }],
  })
  if (removed === MOVED) {
    const message = `Another prune came first. Nothing was removed by this one, and ${file} is not needed.`
    return { exitCode: EXIT_CODES.busy, rows, prefix, message }
  }
  const kept = `Prove the file with: ml-connector audit verify --file ${file}`
  return done(rows, prefix, `The rows ${range} are in ${file} and out of the journal. ${kept}`)
}

function done(rows: number, prefix: Prefix | null, message: string): Pruned {
  return { exitCode: EXIT_CODES.done, rows, prefix, message }
}

/** Why the rows are not to be exported after all. */
class Broken extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(`${message} Nothing was removed, and no file was written.`)
  }
}

/** The batches, as long as they are a chain that leads from the start of the prefix to its end. */
async function* proven(
  { io }: Context,
  { start, end }: Prefix,
  batches: AsyncIterable<AuditRow[]>,
): AsyncGenerator<AuditRow[]> {
  const chain = walkChain(start)
  const verify = 'See: ml-connector audit verify.'
  for await (const rows of batches) {
    if (io.signal.aborted) throw new Broken(EXIT_CODES.interrupted, 'Broken off.')
    const fault = rows.map((row) => chain.next(row)).find((one) => one !== null)
    if (fault != null) throw new Broken(EXIT_CODES.partial, `The journal is not intact at row ${fault.seq}. ${verify}`)
    yield rows
  }
  const last = chain.end()
  if (last.seq !== end.seq || last.hash !== end.hash) {
    throw new Broken(EXIT_CODES.partial, `The journal is not intact: row ${last.seq + 1} was removed. ${verify}`)
  }
}

function textOf({ seq, hash }: Place): string {
  return `${seq}:${hash}`
}
