/** A report as one flat table: figures first, then findings. Each row says on what it rests. */
import type { Finding, Report } from '../domain/reconcile.js'
import type { MonthFigures } from '../domain/reconcile-amounts.js'
import { toCsv, type Cell } from './csv.js'

const HEAD = [
  ...['row', 'stream', 'kind', 'code', 'month', 'currency', 'supplier', 'source_key', 'source_id', 'target_key'],
  ...['target_id', 'field', 'plex', 'procurify', 'difference', 'age_days', 'message', 'advice', 'next'],
  ...['plex_count', 'procurify_count', 'plex_booked', 'plex_unbooked', 'procurify_approved', 'procurify_open'],
  ...['zone', 'taken_at', 'basis'],
] as const
type Column = (typeof HEAD)[number]
type Row = Partial<Record<Column, Cell>>

/** `row` is `amount`, `supplier_amount` or `finding`. */
export function toReportCsv(report: Report): string {
  const basisOf = new Map(report.streams.map(({ stream, basis }) => [stream, basis]))
  const { zone } = report.range
  const of = (row: Row & { readonly stream: Finding['stream'] }): Row => {
    return { ...row, zone, taken_at: report.taken_at, basis: basisOf.get(row.stream) ?? null }
  }
  const rows = [
    ...report.amounts.map((figures) => of({ row: 'amount', ...toAmounts(figures) })),
    ...report.by_supplier.map((figures) => {
      const { supplier, supplier_id: source_id } = figures
      return of({ row: 'supplier_amount', ...toAmounts(figures), supplier, source_id })
    }),
    ...report.findings.map((finding) => of({ row: 'finding', ...finding, difference: number(finding.difference) })),
  ]
  return toCsv(
    HEAD,
    rows.map((row) => HEAD.map((column) => row[column] ?? null)),
  )
}

function toAmounts({ stream, month, currency, plex, procurify, difference }: MonthFigures) {
  return {
    ...{ stream, month, currency, plex: number(plex.total), procurify: number(procurify.total) },
    ...{ difference: number(difference), plex_count: plex.count, procurify_count: procurify.count },
    ...{ plex_booked: number(plex.booked), plex_unbooked: number(plex.unbooked) },
    ...{ procurify_approved: number(procurify.approved), procurify_open: number(procurify.open) },
  }
}

function number(value: string | null): Cell {
  return value === null ? null : { decimal: value }
}
