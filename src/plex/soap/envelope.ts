/** The request: one ExecuteDataSource call (contracts/plex-soap.md sections 2 and 3). Pure. */
import type { Block, SoapMap } from './map.js'

const NAMESPACE = 'http://www.plexus-online.com/DataSource'
const ACTION = `${NAMESPACE}/ExecuteDataSource`
const ENVELOPES = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope',
} as const

/** `Accept` too: the client's own asks for JSON. */
export function headersFor(version: SoapMap['soapVersion']): Record<string, string> {
  if (version === '1.1') {
    return { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${ACTION}"`, accept: 'text/xml' }
  }
  const accept = 'application/soap+xml, text/xml'
  return { 'content-type': `application/soap+xml; charset=utf-8; action="${ACTION}"`, accept }
}

/** Members in the order of the schema; `Required` and `Output` are mandatory there. */
export function writeEnvelope(
  version: SoapMap['soapVersion'],
  { dataSourceKey, dataSourceName }: Pick<Block, 'dataSourceKey' | 'dataSourceName'>,
  inputs: Readonly<Record<string, string>>,
): string {
  const parameters = Object.entries(inputs).map(
    ([name, value]) =>
      `<InputParameter>${element('Value', value)}${element('Name', name)}<Required>false</Required><Output>false</Output></InputParameter>`,
  )
  const request = [
    dataSourceKey === null ? '' : element('DataSourceKey', dataSourceKey),
    parameters.length === 0 ? '' : `<InputParameters>${parameters.join('')}</InputParameters>`,
    dataSourceName === null ? '' : element('DataSourceName', dataSourceName),
  ].join('')
  return (
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ENVELOPES[version]}"><soap:Body>` +
    `<ExecuteDataSource xmlns="${NAMESPACE}"><ExecuteDataSourceRequest>${request}</ExecuteDataSourceRequest></ExecuteDataSource>` +
    '</soap:Body></soap:Envelope>'
  )
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Characters XML 1.0 cannot hold, even escaped, become U+FFFD; line breaks are escaped, or the parser would change them. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char)
    .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
}
