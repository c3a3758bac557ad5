import type { Reply } from './exchange.js'

/** A row as a data source selects it: columns in order, texts as they are written; null = nil. */
export type Cells = readonly (readonly [column: string, text: string | null])[]

/** How an answer without rows looks: all four forms have been seen or may be expected (contracts/plex-soap.md section 4). */
export type NoRows = 'absent' | 'nil' | 'empty' | 'zero'

const NAMESPACE = 'http://www.plexus-online.com/DataSource'
const HEADERS = { 'content-type': 'text/xml; charset=utf-8' }

/** What the answer says besides its rows. */
export interface Outcome {
  readonly key: string
  readonly name: string
  readonly error?: { readonly number: number; readonly message: string }
  readonly outputs?: readonly (readonly [name: string, value: string])[]
  readonly element?: 'ExecuteDataSource' | 'ExecuteDataSourcePost'
}

/** An answer with rows, which the `empty` and `short` faults can still cut. */
export function rowsReply(outcome: Outcome, rows: readonly Cells[], noRows: NoRows): Reply {
  return {
    status: 200,
    headers: HEADERS,
    rows,
    render: (some) => resultText(outcome, setsText(some as readonly Cells[], noRows)),
  }
}

/** Refused inside HTTP 200, as Plex does it: no result sets at all. */
export function refusedReply(outcome: Outcome): Reply {
  return { status: 200, headers: HEADERS, text: resultText(outcome, '') }
}

/** As ASMX answers what it cannot understand, and what it stumbles over. */
export function faultReply(code: 'Client' | 'Server', reason: string, status = 500): Reply {
  const fault = `<soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${xml(reason)}</faultstring><detail /></soap:Fault>`
  return { status, headers: HEADERS, text: envelope(fault) }
}

function resultText({ key, name, error, outputs = [], element = 'ExecuteDataSource' }: Outcome, sets: string): string {
  const parameters = outputs.map(
    ([output, value]) => `<OutputParameter><Name>${xml(output)}</Name><Value>${xml(value)}</Value></OutputParameter>`,
  )
  const said = error === undefined ? '<Error>false</Error><ErrorNo>0</ErrorNo><Message />' : errorText(error)
  return envelope(
    `<${element}Response xmlns="${NAMESPACE}"><${element}Result><DataSourceKey>${xml(key)}</DataSourceKey>` +
      `<DataSourceName>${xml(name)}</DataSourceName><InstanceNo>1</InstanceNo><StatusNo>0</StatusNo>${said}` +
      `<OutputParameters>${parameters.join('')}</OutputParameters>${sets}</${element}Result></${element}Response>`,
  )
}

function errorText({ number, message }: { readonly number: number; readonly message: string }): string {
  return `<Error>true</Error><ErrorNo>${number}</ErrorNo><Message>${xml(message)}</Message>`
}

function setsText(rows: readonly Cells[], noRows: NoRows): string {
  if (rows.length > 0 || noRows === 'zero') {
    const body = rows.map((row) => `<Row><Columns>${row.map(columnText).join('')}</Columns></Row>`).join('')
    return `<ResultSets><ResultSet><RowCount>${rows.length}</RowCount><Rows>${body}</Rows></ResultSet></ResultSets>`
  }
  if (noRows === 'absent') return ''
  return noRows === 'nil' ? '<ResultSets xsi:nil="true" />' : '<ResultSets />'
}

/** An empty text is how Classic often writes null; null itself comes as nil, or without its element. */
function columnText([column, text]: Cells[number], at: number): string {
  const nil = at % 2 === 0 ? '<Value xsi:nil="true" />' : ''
  return `<Column><Name>${xml(column)}</Name>${text === null ? nil : `<Value>${xml(text)}</Value>`}</Column>`
}

function envelope(body: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ' +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>${body}</soap:Body></soap:Envelope>`
  )
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' }

/** As .NET writes it: a line feed as it is, a carriage return as a reference; what XML cannot hold is left out. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>\r]/g, (c) => ENTITIES[c] ?? c)
}

/** One call as it came. */
export interface SoapCall {
  readonly key: string
  readonly name: string
  /** By name in small letters, without the leading @. */
  readonly inputs: ReadonlyMap<string, string>
  readonly element: 'ExecuteDataSource' | 'ExecuteDataSourcePost'
}

/** The call in an envelope, or undefined when it is none. Read by hand: the simulator must not share the client's idea of XML. */
export function readCall(text: string): SoapCall | undefined {
  if (!/<\/(?:\w+:)?Envelope>\s*$/.test(text) || !text.includes(NAMESPACE)) return undefined
  const one = (name: string, inside: string): string =>
    unescaped(new RegExp(`<(?:\\w+:)?${name}>([^<]*)</(?:\\w+:)?${name}>`).exec(inside)?.[1] ?? '')
  if (/<(?:\w+:)?ExecuteDataSourcePost[\s>]/.test(text)) {
    const delimiter = one('delimeter', text) || '|'
    const values = one('parameterValues', text).split(delimiter)
    const pairs = one('parameterNames', text)
      .split(delimiter)
      .map((name, at) => [plain(name), values[at] ?? ''] as const)
    return { key: one('dataSourceKey', text), name: '', inputs: new Map(pairs), element: 'ExecuteDataSourcePost' }
  }
  if (!/<(?:\w+:)?ExecuteDataSource[\s>]/.test(text)) return undefined
  const parameters = text.match(/<(?:\w+:)?InputParameter>[^]*?<\/(?:\w+:)?InputParameter>/g) ?? []
  const inputs = parameters.map((parameter) => [plain(one('Name', parameter)), one('Value', parameter)] as const)
  const request = text.replace(/<(?:\w+:)?InputParameters>[^]*<\/(?:\w+:)?InputParameters>/, '')
  const [key, name] = [one('DataSourceKey', request), one('DataSourceName', request)]
  return { key, name, inputs: new Map(inputs), element: 'ExecuteDataSource' }
}

function plain(name: string): string {
  return name.trim().replace(/^@/, '').toLowerCase()
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (named[name ?? ''] ?? whole) : String.fromCodePoint(Number(code)),
  )
}
