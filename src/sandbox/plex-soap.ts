import type { Call, Reply } from './exchange.js'
import type { PlexState } from './plex.js'
import { DATA_SOURCES } from './plex-soap-sources.js'
import { faultReply, readCall, refusedReply, rowsReply } from './plex-soap-text.js'

/** The path of the service; its case does not matter (contracts/plex-soap.md section 2). */
export function isSoapPath(path: string): boolean {
  return path.toLowerCase() === '/datasource/service.asmx'
}

/**
 * The legacy data source service over the same records as the REST API: Basic login, SOAP 1.1 and 1.2, text cells. The login is
 * bound to its company; a header with a PCN means nothing here.
 */
export function admitSoap(state: PlexState, call: Call): () => Reply {
  if (!hasLogin(state, call)) {
    return () => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="Plex"', 'content-type': 'text/html' },
      text: 'Access is denied.',
    })
  }
  if (call.method !== 'POST') return () => ({ status: 405, headers: { 'content-type': 'text/html' }, text: '' })
  return () => execute(state, call)
}

function hasLogin({ login }: PlexState, { headers }: Call): boolean {
  const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  return headers.authorization === `Basic ${pair}`
}

function execute(state: PlexState, call: Call): Reply {
  const type = call.headers['content-type'] ?? ''
  const action = type.startsWith('application/soap+xml') ? type : (call.headers['soapaction'] ?? '')
  const asked = readCall(call.text)
  if (!type.includes('xml') || !/plexus-online\.com\/DataSource\/ExecuteDataSource/.test(String(action))) {
    return faultReply('Client', 'Server did not recognize the value of HTTP Header SOAPAction.')
  }
  if (asked === undefined)
    return faultReply('Client', 'Server was unable to read request. The XML document is not valid.', 400)
  const found = [...DATA_SOURCES].find(
    ([key, { name }]) => key === asked.key || (asked.key === '' && name === asked.name),
  )
  const outcome = { key: asked.key, name: found?.[1].name ?? '', element: asked.element }
  if (found === undefined) {
    return refusedReply({ ...outcome, error: { number: 1, message: `Data source ${asked.key} was not found.` } })
  }
  const [key, source] = found
  if (state.options.soapUngranted.includes(key)) {
    const message = `User ${state.login.username} does not have permission to execute data source ${key}.`
    return refusedReply({ ...outcome, error: { number: 229, message } })
  }
  const { keys, options, data, login } = state
  const rows = source.select({ data, keys, inputs: asked.inputs, options, pcn: login.pcn })
  return rowsReply(outcome, rows, options.soapNoRows)
}
