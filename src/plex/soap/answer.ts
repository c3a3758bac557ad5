/** The answer of ExecuteDataSource as rows of texts, or as the failure it tells of (contracts/plex-soap.md sections 4 and 5). Pure. */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import type { Failure } from '../../domain/failure.js'
import type { Reading } from '../../http-exchange.js'

/** One row: column -> text, null where the cell is nil or empty. Columns as the data source spells them. */
export type TextRow = ReadonlyMap<string, string | null>

/** Text stays text (PO `00123`, `1.10`), and what may repeat is a list even when it comes alone. */
const parser = new XMLParser({
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  htmlEntities: true,
  trimValues: false,
  isArray: (name) => REPEATED.has(name),
})
const REPEATED = new Set(['ResultSet', 'Row', 'Column', 'OutputParameter'])

/** Reads the body of one call. `resultSet` counts from 1. */
export function readAnswer(text: string, status: number, resultSet: number): Reading<readonly TextRow[]> {
  const body = text.replace(/^\uFEFF/, '')
  if (/^\s*<(?:!doctype\s+html|html)\b/i.test(body)) return status < 300 ? broken('html', titleOf(body)) : UNREAD
  const fault = faultOfText(body)
  if (fault !== null) return fault.startsWith('a document type') ? broken('broken', fault) : unreadOr(status, fault)
  const { around, parts } = takeRowsOut(body)
  const document = parser.parse(around) as unknown
  const soapBody = childOf(childOf(document, 'Envelope'), 'Body')
  const soapFault = childOf(soapBody, 'Fault')
  if (soapFault !== undefined) return readFault(soapFault)
  const result = childOf(childOf(soapBody, 'ExecuteDataSourceResponse'), 'ExecuteDataSourceResult')
  if (result === undefined) return unreadOr(status, 'it is XML, but no ExecuteDataSourceResult')
  return readResult(result, resultSet, parts)
}

type Node = unknown
const UNREAD = { kind: 'unread' } as const

/** What is wrong with the text as XML, or null. The parser alone would take an answer that was cut short for a whole one. */
function faultOfText(body: string): string | null {
  if (body.trim() === '') return 'the answer is empty'
  if (!body.trimStart().startsWith('<')) return 'it is no XML'
  if (/<!(?:DOCTYPE|ENTITY)/i.test(body.replace(/<!\[CDATA\[[^]*?\]\]>/g, ''))) return 'a document type is not accepted'
  const checked = XMLValidator.validate(body)
  return checked === true ? null : `it is no whole XML (line ${checked.err.line}: ${checked.err.msg})`
}

/** An error page of the server is judged by its status, as it is anywhere else. */
function unreadOr(status: number, said: string): Reading<never> {
  return status < 300 ? broken('broken', said) : UNREAD
}

function broken(body: 'html' | 'broken', said: string): Reading<never> {
  return { kind: 'unusable', body, said }
}

function refused(kind: Failure['kind'], code: string, said: string): Reading<never> {
  return { kind: 'refused', failure: { kind, code, said } }
}

/** SOAP 1.1 and 1.2 name the same parts differently. A fault of the server's own may pass; one about the request will not. */
function readFault(fault: Node): Reading<never> {
  const code = textOf(childOf(fault, 'faultcode')) ?? textOf(childOf(childOf(fault, 'Code'), 'Value')) ?? ''
  const reason = textOf(childOf(fault, 'faultstring')) ?? textOf(childOf(childOf(fault, 'Reason'), 'Text')) ?? ''
  const said = `SOAP fault ${code}: ${reason}`
  return /(?:server|receiver)$/i.test(code)
    ? refused('transient', 'server_error', said)
    : refused('auth', 'soap_fault', said)
}

function readResult(result: Node, resultSet: number, parts: readonly string[]): Reading<readonly TextRow[]> {
  const message = textOf(childOf(result, 'Message')) ?? ''
  if (isYes(textOf(childOf(result, 'Error')))) {
    const number = textOf(childOf(result, 'ErrorNo')) ?? '?'
    return judgeError(`error ${number}: ${message === '' ? 'no message' : message}`)
  }
  const failing = failingOutput(result)
  if (failing !== null) return judgeError(failing)
  const sets = listOf(childOf(childOf(result, 'ResultSets'), 'ResultSet'))
  const set = sets[resultSet - 1]
  const inside = childOf(set, 'Rows')
  const rows = typeof inside === 'string' ? readParts(parts[Number(inside.slice(1))] ?? '') : readRows(inside)
  const twice = rows.find((row) => typeof row === 'string')
  if (typeof twice === 'string') {
    return refused(
      'permanent',
      'data_source_columns',
      `the column ${twice} comes twice in a row: give one of them another name`,
    )
  }
  const counted = Number(textOf(childOf(set, 'RowCount')) ?? rows.length)
  if (counted > rows.length) return broken('broken', `it counts ${counted} rows and holds ${rows.length}`)
  return { kind: 'value', value: rows as readonly TextRow[] }
}

/** Words of SQL Server and Plex for "not yours", and for what may work the next time. */
const NOT_ALLOWED =
  /permission|privilege|not\s+(?:been\s+)?(?:authoriz|authoris|granted|allowed)|access|denied|unauthori/i
const PASSING = /deadlock|try again|temporar/i
/** Such a query is worth asking for less, never for the same again. */
const TOO_SLOW = /time-?out|timed out/i

/**
 * `Error` says that it failed, never why: only its words tell a missing grant and a busy server from a mistake. A mistake in a data
 * source or in the map holds for every record alike, so it stops the pass as a refused login does, and a person hears of it.
 */
function judgeError(said: string): Reading<never> {
  if (TOO_SLOW.test(said)) return refused('transient', 'timed_out', said)
  if (PASSING.test(said)) return refused('transient', 'server_error', said)
  return NOT_ALLOWED.test(said) ? refused('auth', 'role_missing', said) : refused('auth', 'data_source_failed', said)
}

/** `@Result_Error`, `@ResultCode` and their like: a procedure says in them that it failed, inside an answer that worked. */
function failingOutput(result: Node): string | null {
  const outputs = listOf(childOf(childOf(result, 'OutputParameters'), 'OutputParameter')).map((one) => ({
    name: (textOf(childOf(one, 'Name')) ?? '').replace(/^@/, ''),
    value: (textOf(childOf(one, 'Value')) ?? '').trim(),
  }))
  const failed = outputs.find(
    ({ name, value }) => /^result_?(?:error|code)$/i.test(name) && !/^(?:0*|false)$/i.test(value),
  )
  if (failed === undefined) return null
  const message = outputs.find(({ name }) => /^result_?message$/i.test(name))?.value ?? ''
  return `output ${failed.name} is ${failed.value}: ${message === '' ? 'no message' : message}`
}

function readRows(rows: Node): (TextRow | string)[] {
  return listOf(childOf(rows, 'Row')).map(readRow)
}

const ROWS = /<((?:[\w.-]+:)?Rows)(?:\s[^>]*)?(?<!\/)>([^]*?)<\/\1\s*>/g
const END_OF_ROW = /<\/(?:[\w.-]+:)?Row\s*>/g
/** Characters of rows that are parsed at a time. */
const PART_SIZE = 128 * 1024

/**
 * While it works the parser holds twenty times what it reads, so it gets the rows in parts. The answer without them has a number in
 * the place of each list of rows. Where a tag may stand inside a text (CDATA, comments), nothing is taken out.
 */
function takeRowsOut(body: string): { readonly around: string; readonly parts: readonly string[] } {
  if (body.includes('<!')) return { around: body, parts: [] }
  const parts: string[] = []
  const around = body.replace(ROWS, (_, tag: string, rows: string) => {
    parts.push(rows)
    return `<${tag}>#${parts.length - 1}</${tag}>`
  })
  return { around, parts }
}

function readParts(text: string): (TextRow | string)[] {
  const rows: (TextRow | string)[] = []
  let start = 0
  const readUntil = (end: number): void => {
    const { Rows } = parser.parse(`<Rows>${text.slice(start, end)}</Rows>`) as { Rows: Node }
    for (const row of readRows(Rows)) rows.push(row)
    start = end
  }
  for (const { index, 0: tag } of text.matchAll(END_OF_ROW)) {
    if (index + tag.length - start >= PART_SIZE) readUntil(index + tag.length)
  }
  if (start < text.length) readUntil(text.length)
  return rows
}

/** The name of a column that comes twice, in any case, makes the row ambiguous. */
function readRow(row: Node): TextRow | string {
  const cells = new Map<string, string | null>()
  for (const cell of listOf(childOf(childOf(row, 'Columns'), 'Column'))) {
    const name = (textOf(childOf(cell, 'Name')) ?? '').trim()
    const column = name.toLowerCase()
    if (cells.has(column)) return name
    cells.set(column, textOf(childOf(cell, 'Value')))
  }
  return cells
}

// ------------------------------------------------------------------------------------------------- the parsed document

/** Undefined also for a text, an empty element and a nil one: none of them has children. */
function childOf(node: Node, name: string): Node {
  return typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)[name] : undefined
}

function listOf(node: Node): readonly Node[] {
  return Array.isArray(node) ? (node as readonly Node[]) : []
}

/** Null for what is absent, nil or empty. Characters no database can hold become U+FFFD. */
function textOf(node: Node): string | null {
  const isNil = isYes(childOf(node, '@nil'))
  const text = typeof node === 'string' ? node : isNil ? null : childOf(node, '#text')
  return typeof text !== 'string' || text === '' ? null : text.toWellFormed().replaceAll('\0', '\uFFFD')
}

function isYes(node: Node): boolean {
  return typeof node === 'string' && /^\s*(?:true|1)\s*$/i.test(node)
}

function titleOf(html: string): string {
  return /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim() ?? ''
}
