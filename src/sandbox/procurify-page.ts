import { publicRow } from './collection.js'
import { textOf, type Call, type Reply, type Row } from './exchange.js'
import type { ProcurifyOptions } from './procurify.js'

/** One object in the usual envelope. */
export function one(data: Row, status = 200, metadata: Row = {}): Reply {
  return { status, json: { metadata, data: publicRow(data) } }
}

/** No such object, or none the caller may see. */
export function notFound(): Reply {
  return { status: 404, json: { detail: 'Not found.' } }
}

/**
 * One page of a list (procurify.md section 2): `page` from 1, past the end 404; a page size that is no number is the
 * default, one above the cap is the cap. Only the rows of the page are rendered.
 */
export function page(
  rows: readonly Row[],
  render: (row: Row) => Row,
  call: Call,
  options: ProcurifyOptions,
  metadata: Row = {},
): Reply {
  const asked = Number(call.query.get('page_size') ?? options.pageSize)
  const size = Math.min(Number.isInteger(asked) && asked > 0 ? asked : options.pageSize, options.maxPageSize)
  const pageCount = Math.max(1, Math.ceil(rows.length / size))
  const current = Number(call.query.get('page') ?? 1)
  if (!Number.isInteger(current) || current < 1 || current > pageCount) {
    return { status: 404, json: { detail: 'Invalid page.' } }
  }
  const pagination = {
    count: rows.length,
    next: current < pageCount ? pageLink(call, current + 1) : null,
    previous: current > 1 ? pageLink(call, current - 1) : null,
    page_size: size,
    num_pages: pageCount,
    current_page: current,
  }
  return {
    status: 200,
    envelope: { metadata: { ...metadata, pagination } },
    rows: rows.slice((current - 1) * size, current * size).map(render),
  }
}

/** Absolute, and `http:` whatever the outside scheme was, as the samples show. */
function pageLink(call: Call, number: number): string {
  const query = new URLSearchParams(call.query)
  query.set('page', String(number))
  return `${call.origin}${call.path}?${query.toString()}`
}

/** A test of one query parameter: how a row must look for this value. Unknown parameters have none and are ignored. */
export type Filter = (row: Row, value: string) => boolean

/** The rows that pass every filter the query asks for, in the given order. */
export function applyFilters(rows: readonly Row[], query: URLSearchParams, filters: Record<string, Filter>): Row[] {
  const active = Object.entries(filters).flatMap(([name, passes]) => {
    const value = query.get(name)
    return value === null || value === '' ? [] : [(row: Row): boolean => passes(row, value)]
  })
  return rows.filter((row) => active.every((passes) => passes(row)))
}

/** Equal as text: ids, numbers, names (exact, case matters). */
export function equals(member: string): Filter {
  return (row, value) => String(row[member]) === value
}

/** `true` or `1`, else false: any other word is false as well. */
export function isTrue(member: string): Filter {
  return (row, value) => row[member] === (value.toLowerCase() === 'true' || value === '1')
}

/** Any of a comma-separated list of ids. */
export function anyOf(member: string): Filter {
  return (row, value) => value.split(',').includes(String(row[member]))
}

/** Part of one of these members, whatever the case. */
export function contains(...members: readonly string[]): Filter {
  return (row, value) => {
    const wanted = value.toLowerCase()
    return members.some((member) => textOf(row[member]).toLowerCase().includes(wanted))
  }
}

/**
 * `<name>_0` and `<name>_1`: whole days in the tenant's zone, both included. The zone matters: a row of late evening is
 * found under another day than its UTC date, which is why clients widen by a day.
 */
export function dayRange(name: string, member: string, options: ProcurifyOptions): Record<string, Filter> {
  const dayOf = (row: Row): string => localDay(row[member], options.utcOffsetMinutes)
  return {
    [`${name}_0`]: (row, value) => dayOf(row) >= value.slice(0, 10) && dayOf(row) !== '',
    [`${name}_1`]: (row, value) => dayOf(row) <= value.slice(0, 10) && dayOf(row) !== '',
  }
}

/** `<name>_0` and `<name>_1` as instants, both included. */
export function instantRange(name: string, member: string): Record<string, Filter> {
  const timeOf = (row: Row): string => padded(String(row[member]))
  return {
    [`${name}_0`]: (row, value) => timeOf(row) >= padded(value),
    [`${name}_1`]: (row, value) => timeOf(row) <= padded(value),
  }
}

/** UTC text with six fractional digits of any instant, zone offsets resolved; text that is none stays as it is. */
function padded(instant: string): string {
  const fraction = (/\.(\d+)/.exec(instant)?.[1] ?? '').padEnd(6, '0').slice(0, 6)
  const ms = Date.parse(instant.replace(/\.\d+/, ''))
  return Number.isNaN(ms) ? instant : `${new Date(ms).toISOString().slice(0, 19)}.${fraction}Z`
}

function localDay(instant: unknown, utcOffsetMinutes: number): string {
  const ms = typeof instant === 'string' ? Date.parse(instant) : NaN
  return Number.isNaN(ms) ? '' : new Date(ms + utcOffsetMinutes * 60_000).toISOString().slice(0, 10)
}

/** The same instant written with the tenant's offset (`-08:00`) instead of `Z`; both forms occur in real answers. */
export function withOffset(instant: unknown, utcOffsetMinutes: number): unknown {
  if (typeof instant !== 'string' || !instant.endsWith('Z')) return instant
  const local = new Date(Date.parse(instant) + utcOffsetMinutes * 60_000).toISOString().slice(0, 19)
  const fraction = /\.\d+/.exec(instant)?.[0] ?? ''
  const minutes = Math.abs(utcOffsetMinutes)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${local}${fraction}${utcOffsetMinutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}
