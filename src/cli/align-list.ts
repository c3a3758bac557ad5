/** The pairs of reference data, for people, spreadsheets and programs. */
import { EXIT_CODES } from '../domain/outcome.js'
import type { Pair, PairState, Shown } from '../domain/refdata.js'
import type { PlanLine } from '../passes/pass.js'
import type { AlignFlags } from './commands/align.js'
import { toCsv } from './csv.js'
import type { Context } from './program.js'
import { printRun } from './render.js'
import type { RunJson } from './result.js'
import { paint, table } from './table.js'

const STATES: Readonly<Record<PairState, string>> = {
  paired: 'paired',
  only_in_plex: 'only in Plex',
  only_in_procurify: 'only in Procurify',
  conflict: 'conflict',
}

/** `align refdata --list`. What could not be read is told like a run that failed; then there are no pairs to print. */
export async function printList(
  context: Context,
  flags: AlignFlags,
  run: RunJson,
  pairs: readonly Pair[],
): Promise<number> {
  const { io } = context
  // A safety stop forbids writing, not looking.
  const isRead = pairs.length > 0 || run.outcome === 'done' || run.outcome === 'stopped'
  if (flags.json === true) {
    const { connection, problems } = run
    io.out(
      `${JSON.stringify({ schema: 'ml-connector/align@1', connection, counts: countStates(pairs), pairs: pairs.map(toJson), problems })}\n`,
    )
  } else if (!isRead) {
    await printRun(context, flags, run)
  } else if (flags.csv === true) {
    io.out(toCsv(CSV_HEAD, pairs.map(flatten)))
  } else {
    const style = paint(io, context.global().color)
    const rows = pairs.map((pair) => [
      pair.stream,
      STATES[pair.state],
      tellSide(pair.plex),
      tellSide(pair.procurify),
      tellIssue(pair),
    ])
    io.out(`${table(io, style, ['kind', 'state', 'Plex', 'Procurify', 'remark'], rows)}\n${tellCounts(pairs)}`)
  }
  return isRead ? EXIT_CODES.done : run.exit_code
}

/** A run for people begins with the pairs it is about: those that change or need somebody; all of them with --verbose. */
export function printPairs(
  context: Context,
  flags: AlignFlags,
  pairs: readonly Pair[],
  plan: readonly PlanLine[],
): void {
  const { io } = context
  if (pairs.length === 0 || (flags.dryRun !== true && !io.isOutTerminal)) return
  const changes = new Map(
    plan.flatMap((line) => [line.source_id, line.source_key].map((name) => [`${line.stream} ${name}`, line])),
  )
  // What is created in Plex has no record there yet: it goes by its code.
  const changeOf = ({ stream, plex, procurify }: Pair): PlanLine | undefined =>
    changes.get(`${stream} ${plex?.id ?? procurify?.key ?? ''}`)
  const isTold = (pair: Pair): boolean =>
    flags.verbose === true || changeOf(pair) !== undefined || (pair.code !== null && pair.code !== 'inactive_unpaired')
  if (flags.dryRun === true) {
    const rows = pairs.filter(isTold).map((pair) => {
      const line = changeOf(pair)
      return [
        pair.stream,
        tellSide(pair.plex),
        tellSide(pair.procurify),
        line === undefined ? tellIssue(pair) : tellChange(line, pair),
      ]
    })
    const style = paint(io, context.global().color)
    const text =
      rows.length === 0
        ? 'Nothing would be changed.'
        : table(io, style, ['kind', 'Plex', 'Procurify', 'what would happen'], rows)
    io.out(`${text}\n`)
  }
  io.out(tellCounts(pairs))
}

/** `accounts: 50 paired, 210 only in Plex, 2 only in Procurify` */
function tellCounts(pairs: readonly Pair[]): string {
  return Object.entries(countStates(pairs))
    .map(([stream, counts]) => {
      const parts = Object.entries(counts).flatMap(([state, count]) =>
        count === 0 ? [] : [`${count} ${STATES[state as PairState]}`],
      )
      return `${stream}: ${parts.join(', ')}\n`
    })
    .join('')
}

function countStates(pairs: readonly Pair[]): Record<string, Record<PairState, number>> {
  const counts: Record<string, Record<PairState, number>> = {}
  for (const { stream, state } of pairs) {
    const ofStream = (counts[stream] ??= { paired: 0, only_in_plex: 0, only_in_procurify: 0, conflict: 0 })
    ofStream[state] += 1
  }
  return counts
}

function tellChange({ action, changes }: PlanLine, { plex, procurify }: Pair): string {
  if (action === 'create') return `create in ${plex === null ? 'Plex' : 'Procurify'}: ${tellNew(changes)}`
  const fields = changes
    .map(({ field, from, to }) => `${field} ${JSON.stringify(from)} -> ${JSON.stringify(to)}`)
    .join(', ')
  if (action === 'update') return `change in Procurify: ${fields}`
  if (fields !== '') return `note: ${fields}`
  return plex?.name === procurify?.name ? 'pair' : 'pair; the names stay different'
}

/** Ids are for the journal; of a list of names, their number is enough here. */
function tellNew(changes: PlanLine['changes']): string {
  const told = changes.filter(({ field }) => field !== 'id' && field !== 'external_id')
  return told.map(({ field, to }) => `${field} ${Array.isArray(to) ? `(${to.length})` : JSON.stringify(to)}`).join(', ')
}

function tellSide(side: Shown | null): string {
  if (side === null) return ''
  const isTold = side.name === null || side.key.endsWith(side.name)
  return `${side.key}${isTold ? '' : ` ${side.name}`}${side.active ? '' : ' (inactive)'}`
}

function tellIssue({ code, message }: Pair): string {
  return code === null ? '' : `${code}: ${message ?? ''}`
}

function toJson({ stream, state, plex, procurify, code, message }: Pair) {
  return { stream, state, plex, procurify, code, message }
}

const CSV_HEAD = [
  ...['stream', 'state', 'plex_id', 'plex_key', 'plex_name', 'plex_active'],
  ...['procurify_id', 'procurify_key', 'procurify_name', 'procurify_active', 'code', 'message'],
]

function flatten({ stream, state, plex, procurify, code, message }: Pair): (string | null)[] {
  return [stream, state, ...cells(plex), ...cells(procurify), code, message]
}

function cells(side: Shown | null): (string | null)[] {
  return side === null ? [null, null, null, null] : [side.id, side.key, side.name, String(side.active)]
}
