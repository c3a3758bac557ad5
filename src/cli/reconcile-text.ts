/** A report for people at a terminal, for cron, for programs and for spreadsheets. */
import { EXIT_CODES } from '../domain/outcome.js'
import { KINDS, type Finding, type Report, type StreamFigures } from '../domain/reconcile.js'
import { tellRange } from '../domain/reconcile-range.js'
import { cleanLine } from '../domain/text.js'
import type { ReconcileFlags } from './commands/reconcile.js'
import type { Context } from './program.js'
import { money, nameOf, tellDays } from './reconcile-format.js'
import { toReportCsv } from './reconcile-csv.js'
import { columnsOf, paint, table, wrap, type Style } from './table.js'

/** Mail from cron stays readable. */
const MAX_QUIET_LINES = 15
const EXAMPLES = 3

export function printReport(context: Context, { json, csv, quiet, verbose }: ReconcileFlags, report: Report): void {
  const { io } = context
  if (json === true) return io.out(`${JSON.stringify(report)}\n`)
  if (!report.complete) return printFailed(context, report, quiet ?? false)
  if (csv === true) return io.out(toReportCsv(report))
  if (quiet === true) {
    if (report.exit_code !== EXIT_CODES.done)
      io.out(
        quietLines(report)
          .map((line) => `${line}\n`)
          .join(''),
      )
    return
  }
  const style = paint(io, context.global().color)
  const print = (text: string): void => io.out(`${text}\n`)
  const paragraph = (text: string): void => wrap(cleanLine(text), columnsOf(io)).forEach(print)
  print(style.bold(titleOf(report)))
  paragraph(whenOf(report))
  print(`\n${table(io, style, STREAM_HEAD, report.streams.map(streamCells), STREAM_HEAD.slice(1))}`)
  if (report.amounts.length > 0) print(`\n${table(io, style, AMOUNT_HEAD, amountCells(report), NUMBERS)}`)
  if (report.by_supplier.length > 0) print(`\n${table(io, style, SUPPLIER_HEAD, supplierCells(report), NUMBERS)}`)
  print('')
  report.problems.forEach(({ code, message, advice }) => paragraph(`${code}: ${message} ${advice}`))
  if (report.findings.length === 0) print(style.good('Both sides agree.'))
  else if (verbose === true) print(table(io, style, FINDING_HEAD, report.findings.map(findingCells)))
  else groupsOf(report.findings).forEach((group) => io.out(tellGroup(group, style, columnsOf(io))))
  print('')
  report.streams.forEach(({ stream, basis, days }) => paragraph(`${stream}: ${tellDays(days)}${basis}`))
  paragraph(
    `Stored as ${report.report_id}. As a page: ml-connector reconcile --report ${report.report_id.slice(0, 8)} --html FILE`,
  )
}

/** No figure is shown of a comparison that did not come to its end. */
function printFailed({ io }: Context, report: Report, quiet: boolean): void {
  const isSilent = quiet && report.exit_code === EXIT_CODES.interrupted
  if (isSilent) return
  io.err('ml-connector: the two sides could not be compared, so there is no report.\n')
  for (const { message, advice } of report.problems) io.err(`ml-connector: ${cleanLine(`${message} ${advice}`)}\n`)
}

function titleOf({ range, connection, pcn }: Report): string {
  return cleanLine(`Reconciliation, ${tellRange(range)}: connection ${connection}, PCN ${pcn}`)
}

function whenOf({ taken_at: taken, finished_at: finished, range, calls }: Report): string {
  const shown = (stamp: string): string => stamp.slice(0, 19).replace('T', ' ')
  return (
    `Taken ${shown(taken)} to ${shown(finished).slice(11)} UTC with ${calls.plex} calls to Plex and ${calls.procurify} to ` +
    `Procurify. Days and months are those of ${range.zone}. Differences are Plex less Procurify.`
  )
}

const STREAM_HEAD = ['stream', 'Plex', 'Procurify', 'pairs', 'missing', 'orphan', 'twice', 'stuck', 'drift', 'money']

function streamCells({ stream, plex, procurify, places, findings }: StreamFigures): string[] {
  const { missing, orphaned, duplicate, stuck, drifted, amount_differs: money } = findings
  return [stream, ...[plex, procurify, places.paired, missing, orphaned, duplicate, stuck, drifted, money].map(String)]
}

const AMOUNT_HEAD = ['stream', 'month', 'currency', 'Plex', 'Procurify', 'difference']

const NUMBERS = ['Plex', 'Procurify', 'difference']

function amountCells({ amounts }: Report): string[][] {
  return amounts.map(({ stream, month, currency, plex, procurify, difference }) => {
    return [stream, month, currency, money(plex.total), money(procurify.total), money(difference)]
  })
}

const SUPPLIER_HEAD = ['supplier', 'stream', 'month', 'currency', 'Plex', 'Procurify', 'difference']

function supplierCells({ by_supplier: suppliers }: Report): string[][] {
  return suppliers.map(({ supplier, supplier_id: id, stream, month, currency, plex, procurify, difference }) => {
    return [supplier ?? id ?? '', stream, month, currency, money(plex.total), money(procurify.total), money(difference)]
  })
}

const FINDING_HEAD = ['kind', 'stream', 'record', 'what', 'next']

function findingCells(finding: Finding): string[] {
  const { kind, stream, message, advice, next } = finding
  return [kind, stream, nameOf(finding), message, next ?? advice]
}

/** Findings of one code, which are mended in one way. In the order of their first. */
function groupsOf(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const key = `${finding.stream}\n${finding.kind}\n${finding.code}`
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()]
}

function tellGroup(group: readonly Finding[], style: Style, width: number): string {
  const [first] = group
  if (first === undefined) return ''
  const { stream, kind, code, advice } = first
  const examples = group.slice(0, EXAMPLES).flatMap((finding) => {
    const [line = '', ...rest] = wrap(cleanLine(`${nameOf(finding)}: ${finding.message}`), width - 2)
    return [`  ${line}`, ...rest.map((more) => `    ${more}`)]
  })
  const more = group.length > EXAMPLES ? [`  ... and ${group.length - EXAMPLES} more (--verbose, --csv or --html)`] : []
  const nexts = new Set(group.map(({ next }) => next))
  const next = nexts.size === 1 && first.next !== null ? [`  next: ${first.next}`] : []
  const advised = wrap(cleanLine(`do: ${advice}`), width - 2).map((line) => `  ${line}`)
  const head = `${style.bold(code)} (${stream}, ${kind.replace('_', ' ')}): ${group.length}`
  return `${[head, ...examples, ...more, ...advised, ...next].join('\n')}\n`
}

function quietLines(report: Report): string[] {
  const counts = KINDS.map((kind) => [kind, report.findings.filter((one) => one.kind === kind).length] as const)
  const told = counts.flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind.replace('_', ' ')}`]))
  const groups = groupsOf(report.findings).map((group) => {
    const [first] = group
    const others = group.length > 1 ? ` and ${group.length - 1} more` : ''
    return cleanLine(
      `${first?.code} (${first?.stream}): ${first === undefined ? '' : nameOf(first)}${others}: ${first?.advice}`,
    )
  })
  const room = MAX_QUIET_LINES - 2
  const more = groups.length > room ? [`... and ${groups.length - room + 1} more kinds`] : []
  const next = `Next: ml-connector reconcile --report ${report.report_id.slice(0, 8)}`
  return [`${titleOf(report)}: ${told.join(', ')}`, ...groups.slice(0, room - more.length), ...more, next]
}
