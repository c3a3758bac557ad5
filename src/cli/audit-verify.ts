import { walkChain, type AuditRow, type ChainFault } from '../domain/audit.js'
import { EXIT_CODES } from '../domain/outcome.js'
import { openJournal, readHead } from '../store/journal.js'
import { readExport } from './audit-export.js'
import type { AuditVerifyFlags, PrintedHead } from './commands/audit.js'
import type { Context } from './program.js'
import { withState, type State } from './state.js'
import { columnsOf, wrap } from './table.js'

/** The first thing wrong with the journal. */
interface Fault {
  readonly seq: number
  readonly what: 'changed' | 'removed' | 'reordered' | 'head_differs' | 'head_pruned'
  readonly message: string
}

interface Verified {
  readonly rows: number
  readonly start: PrintedHead
  readonly head: PrintedHead
  readonly fault: Fault | null
}

/** Walks the chain in flat memory. Exit 0 = it is intact (and leads to `--head`), 3 = it is not; the first bad seq is named. */
export async function verifyAudit(context: Context, flags: AuditVerifyFlags): Promise<number> {
  const { head: printed = null, file } = flags
  // A file needs neither settings nor a database: an auditor has nothing but the file.
  if (file !== undefined) {
    const { connection, ...verified } = await verifyFile(file, printed)
    return show(context, flags, connection, verified)
  }
  return withState(context, 'audit verify', async (state) =>
    show(context, flags, state.config.connection, await walk(state, printed)),
  )
}

function show(context: Context, flags: AuditVerifyFlags, connection: string, verified: Verified): number {
  const { io } = context
  const { rows, start, head, fault } = verified
  const exitCode = fault === null ? EXIT_CODES.done : EXIT_CODES.partial
  if (flags.json === true) {
    const ends = { start: textOf(start), head: textOf(head) }
    const document = { schema: 'ml-connector/audit-verify@1', exit_code: exitCode, connection, rows, ...ends, fault }
    io.out(`${JSON.stringify(document)}\n`)
  } else {
    const what = flags.file === undefined ? 'journal' : 'file'
    const lines = tell(what, verified, flags.head ?? null).flatMap((line) => wrap(line, columnsOf(io)))
    io.out(`${lines.join('\n')}\n`)
  }
  return exitCode
}

/** A file made by `audit prune`, by itself: the first line says where its rows begin and end. */
export async function verifyFile(
  path: string,
  printed: PrintedHead | null,
): Promise<Verified & { readonly connection: string }> {
  let seen = new Walk(new Set())
  const head = await readExport(path, ({ start, end }) => {
    seen = new Walk(new Set([parse(end).seq, printed?.seq ?? 0]), parse(start))
    return (row) => seen.next(row)
  })
  const [start, end] = [parse(head.start), parse(head.end)]
  seen.hashes.set(start.seq, start.hash)
  const fault = faultOfRows(seen, start) ?? faultOfHeads(seen, start, end, end) ?? faultOfPrinted(seen, start, printed)
  return { connection: head.connection, rows: seen.rows, start, head: end, fault }
}

/** What one walk over the rows saw. */
class Walk {
  rows = 0
  fault: ChainFault | null = null
  /** What the first row says it follows. Where the chain begins is told only after the last row, and compared then. */
  first: PrintedHead | null
  readonly hashes = new Map<number, string>()
  private chain: ReturnType<typeof walkChain> | null

  /** `marks`: the seqs whose hashes are to be kept. `start`: where the chain begins, if that is known beforehand. */
  constructor(
    private readonly marks: ReadonlySet<number>,
    start: PrintedHead | null = null,
  ) {
    this.first = start
    this.chain = start && walkChain(start)
  }

  /** Null = something that is no row. */
  next(row: AuditRow | null): void {
    this.rows += 1
    if (row === null) {
      this.fault ??= { seq: (this.end()?.seq ?? 0) + 1, what: 'changed' }
      return
    }
    if (this.marks.has(row.seq)) this.hashes.set(row.seq, row.hash)
    this.first ??= { seq: row.seq - 1, hash: row.prev_hash }
    this.chain ??= walkChain(this.first)
    this.fault ??= this.chain.next(row)
  }

  end(): PrintedHead | null {
    return this.chain?.end() ?? null
  }
}

/** Runs may go on meanwhile: what was the head before the walk must be met on the way, and the end must not be behind it. */
async function walk({ config, database: { db } }: State, printed: PrintedHead | null): Promise<Verified> {
  const { connection } = config
  const before = parse(await readHead(db, connection))
  const seen = new Walk(new Set([before.seq, printed?.seq ?? 0]))
  const { start } = await openJournal(db, connection).chain((batch) => batch.forEach((row) => seen.next(row)))
  const after = parse(await readHead(db, connection))
  seen.hashes.set(start.seq, start.hash)
  const fault =
    faultOfRows(seen, start) ?? faultOfHeads(seen, start, before, after) ?? faultOfPrinted(seen, start, printed)
  return { rows: seen.rows, start, head: after, fault }
}

function faultOfRows({ first, fault }: Walk, start: PrintedHead): Fault | null {
  if (first !== null && first.seq > start.seq) return removed(start.seq + 1)
  if (first !== null && first.hash !== start.hash) return reordered(start.seq + 1)
  if (fault === null) return null
  const { seq } = fault
  if (fault.what === 'missing') return removed(seq)
  if (fault.what === 'changed')
    return { seq, what: 'changed', message: `Row ${seq} was changed: its hash does not fit what it says.` }
  return reordered(seq)
}

function removed(seq: number): Fault {
  return { seq, what: 'removed', message: `Row ${seq} was removed.` }
}

function reordered(seq: number): Fault {
  return {
    seq,
    what: 'reordered',
    message: `Row ${seq} does not follow the row before it: rows were reordered or replaced.`,
  }
}

function faultOfHeads(seen: Walk, start: PrintedHead, before: PrintedHead, after: PrintedHead): Fault | null {
  const end = seen.end() ?? start
  if (end.seq < before.seq) return removed(end.seq + 1)
  const isMet = seen.hashes.get(before.seq) === before.hash
  if (isMet && end.seq <= after.seq) return null
  const { seq } = isMet ? after : before
  const message = `The head says that row ${seq} is the last one and has the hash ${(isMet ? after : before).hash}; the rows say otherwise.`
  return { seq, what: 'head_differs', message }
}

function faultOfPrinted(seen: Walk, start: PrintedHead, printed: PrintedHead | null): Fault | null {
  if (printed === null) return null
  const { seq, hash } = printed
  const end = seen.end() ?? start
  if (seq > end.seq) {
    return {
      seq: end.seq + 1,
      what: 'removed',
      message: `Row ${seq} was the head once, and what is here ends at row ${end.seq}: the end was removed.`,
    }
  }
  if (seq < start.seq) {
    return {
      seq,
      what: 'head_pruned',
      message: `Row ${seq} was pruned: the journal begins behind row ${start.seq}. Prove this head against the exported file (--file).`,
    }
  }
  if (seen.hashes.get(seq)?.startsWith(hash) === true) return null
  const message = `Row ${seq} has another hash than the head given: it, or a row before it, was replaced and the chain rewritten.`
  return { seq, what: 'head_differs', message }
}

/** Heads on lines of their own: they are copied to where they prove something later. */
function tell(what: 'journal' | 'file', { rows, start, head, fault }: Verified, printed: PrintedHead | null): string[] {
  if (fault?.what === 'head_pruned') return [fault.message]
  if (fault !== null) return [`The ${what} is not intact.`, fault.message]
  const from = start.seq === 0 ? '' : ` from row ${start.seq + 1} on`
  const after = start.seq > 0 && what === 'file' ? ['It follows', textOf(start)] : []
  const proof = printed === null ? [] : ['It leads through', textOf(printed)]
  return [`The ${what} is intact${from}: ${rows} rows, head`, textOf(head), ...after, ...proof]
}

function textOf({ seq, hash }: PrintedHead): string {
  return `${seq}:${hash}`
}

function parse(head: string): PrintedHead {
  const [seq = '0', hash = ''] = head.split(':')
  return { seq: Number(seq), hash }
}
