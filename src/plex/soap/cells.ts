/** The texts of a row as members of a record (contracts/plex-soap.md section 4). Pure. */
import type { Json } from '../../domain/record.js'
import type { TextRow } from './answer.js'
import { readDate } from './dates.js'
import type { Block, CellFormat } from './map.js'
import type { MemberKind } from './members.js'

/** A record in the members of the REST API; `id` is made of the key columns. */
export type PlexRow = { readonly [member: string]: Json }

/** The columns a row must have, in small letters; none of them may be missing, or a field would be taken for empty. */
export function columnsOf({ keyColumns, columns, pcnColumn }: Block): string[] {
  return [...new Set([...keyColumns, ...Object.values(columns), ...(pcnColumn === null ? [] : [pcnColumn])])]
}

export function readRow(row: TextRow, block: Block): PlexRow {
  const members = Object.entries(block.columns).map(
    ([member, column]) => [member, readCell(block.rule.members[member] ?? 'text', cellOf(row, column), block)] as const,
  )
  return { ...Object.fromEntries(members), id: keyOf(row, block.keyColumns) }
}

export function cellOf(row: TextRow, column: string): string | null {
  return row.get(column.toLowerCase()) ?? null
}

/** Null when a part of the key is missing: such a row belongs to nothing. */
function keyOf(row: TextRow, keyColumns: readonly string[]): string | null {
  const parts = keyColumns.map((column) => toId(cellOf(row, column)))
  return parts.some((part) => part === null) ? null : parts.join('-')
}

/** Keys become ids; a slash would part a record (domain/record.ts). */
function toId(cell: string | null): string | null {
  const text = cell?.trim() ?? ''
  return text === '' ? null : text.replaceAll('%', '%25').replaceAll('/', '%2F')
}

/** The key an id was made of, as it is asked for. */
export function fromId(id: string): string {
  return id.replaceAll('%2F', '/').replaceAll('%25', '%')
}

function readCell(kind: MemberKind, cell: string | null, format: CellFormat): Json {
  if (cell === null || cell.trim() === '') return null
  switch (kind) {
    case 'text':
    case 'building':
    case 'department':
      return cell
    case 'id':
      // Plex writes 0 where nothing is referred to.
      return cell.trim() === '0' ? null : toId(cell)
    case 'date':
      return orUnreadable(readDate(cell, format.dateFormat, format.timeZone), cell, `is no date (${format.dateFormat})`)
    case 'decimal':
      return orUnreadable(readNumber(cell, format.decimalFormat), cell, `is no number (${format.decimalFormat})`)
    case 'flag':
      return orUnreadable(
        readFlag(cell, format),
        cell,
        `is neither ${format.yes.join(', ')} nor ${format.no.join(', ')}`,
      )
  }
}

function orUnreadable(value: Json | undefined, cell: string, why: string): Json {
  return value === undefined ? { unreadable: `holds ${JSON.stringify(cell.slice(0, 60))}, which ${why}` } : value
}

const GROUPED = /^[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:E[+-]?\d{1,3})?$/i

/** The digits as they were written, without thousands separators; `.5` gets its zero. */
function readNumber(cell: string, form: CellFormat['decimalFormat']): string | undefined {
  const text = cell.trim()
  const pointed = form === '1,234.56' ? text : text.replace(/[.,]/g, (mark) => (mark === '.' ? ',' : '.'))
  if (!GROUPED.test(pointed) || !/\d/.test(pointed)) return undefined
  return pointed
    .replaceAll(',', '')
    .replace(/^([+-]?)\./, '$10.')
    .replace(/\.(?=$|E)/i, '')
}

function readFlag(cell: string, { yes, no }: CellFormat): boolean | undefined {
  const word = cell.trim().toLowerCase()
  return yes.includes(word) ? true : no.includes(word) ? false : undefined
}
