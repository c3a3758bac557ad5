import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from './answer.js'
import type { Fault, FaultBody } from './faults.js'
import { faultReply, refusedReply } from './plex-soap-text.js'
import { membersOf, type Call, type Reply, type System } from './exchange.js'

/** What a fault may do with the request it hit. */
export interface Stage {
  readonly system: System
  readonly call: Call
  /** Sandbox time in ms, for a Retry-After given as a date. */
  readonly nowMs: number
  /** Lets the simulated system handle a request now, effects and all. */
  readonly perform: (call?: Call) => Reply
  readonly send: (reply: Reply, delivery?: Delivery) => Promise<void>
  /** Closes the connection without another byte. */
  readonly drop: () => void
  readonly flood: () => Promise<void>
  readonly expireTokens: () => void
  /** Lets the request in now and handles it later: after `ms`, or when everything pending is made to land. */
  readonly postpone: (ms: number | undefined) => void
}

/** Acts a fault out. Returning without having sent or dropped anything leaves the client waiting for ever. */
export async function actOut(fault: Fault, stage: Stage): Promise<void> {
  switch (fault.kind) {
    case 'status':
      return stage.send(statusReply(fault, stage.system, 500))
    case 'throttle':
      return stage.send(throttleReply(fault, stage))
    case 'unauthorized':
      return stage.send(statusReply({ ...fault, status: 401 }, stage.system, 401))
    case 'forbidden':
      return stage.send(statusReply({ ...fault, status: 403 }, stage.system, 403))
    case 'html':
      return stage.send({ status: fault.status ?? 200, ...HTML })
    case 'redirect':
      return stage.send({ status: 302, headers: { location: fault.location ?? 'http://127.0.0.1:9/elsewhere' } })
    case 'broken-json':
      return stage.send(stage.perform(), { spoil: 'half' })
    case 'slow':
      return actSlow(fault, stage)
    case 'cut-before':
      return stage.drop()
    case 'cut-after':
      stage.perform()
      return stage.drop()
    case 'cut-body':
      return stage.send(stage.perform(), { spoil: 'cut' })
    case 'timeout-before':
      return undefined
    case 'timeout-after':
      stage.perform()
      return undefined
    case 'status-after':
      stage.perform()
      return stage.send(statusReply(fault, stage.system, 504))
    case 'late-effect':
      stage.postpone(fault.ms)
      return stage.send(statusReply(fault, stage.system, 504))
    case 'ignore-filter':
      return stage.send(stage.perform(withoutFilters(stage.call, fault.params)))
    case 'empty':
      return stage.send(cutTo(0, stage.perform()))
    case 'short':
      return stage.send(cutTo(fault.rows ?? 1, stage.perform()))
    case 'duplicate-page':
      return stage.send(duplicatePage(stage))
    case 'expire-token':
      stage.expireTokens()
      return stage.send(stage.perform())
    case 'huge':
      return stage.flood()
    case 'data-source-error':
      return stage.send(
        refusedReply({ ...OUTCOME, error: { number: 50_000, message: fault.text ?? 'It went wrong.' } }),
      )
    case 'data-source-output':
      return stage.send(refusedReply({ ...OUTCOME, outputs: failedOutputs(fault) }))
    case 'soap-fault':
      return stage.send(faultReply('Server', fault.text ?? 'Server was unable to process request.', fault.status))
  }
}

/** The echo in answers of data sources that failed. */
const OUTCOME = { key: '990000', name: 'Connector_Get' }

function failedOutputs(fault: Fault) {
  return [
    ['@Result_Code', '1'],
    ['@Result_Message', fault.text ?? 'It went wrong.'],
  ] as const
}

/** What a proxy or a single-sign-on page puts in front of an API when a session has ended. */
const HTML = {
  headers: { 'content-type': 'text/html; charset=utf-8' },
  text: '<!doctype html><html><head><title>Sign in</title></head><body><form>User name <input></form></body></html>',
}

/** The effect comes first: a client that gives up waiting has still written. */
async function actSlow(fault: Fault, stage: Stage): Promise<void> {
  const reply = stage.perform()
  await sleep(fault.ms ?? 0, undefined, { ref: false })
  return stage.send(reply, fault.chunkMs === undefined ? {} : { chunkMs: fault.chunkMs })
}

/** An error answer of the system, in the body form the fault asks for. */
function statusReply(fault: Fault, system: System, defaultStatus: number): Reply {
  const status = fault.status ?? defaultStatus
  const headers = fault.headers ?? {}
  if (fault.text !== undefined) return { status, headers, text: fault.text }
  const body = fault.body ?? (system === 'plex' ? 'plex' : 'detail')
  if (body === 'html') return { status, ...HTML, headers: { ...HTML.headers, ...headers } }
  if (body === 'empty') return { status, headers }
  return { status, headers, json: errorBody(body, status) }
}

/** Bodies have nothing in common on purpose: a client that knows one form only is found out. */
function errorBody(body: Exclude<FaultBody, 'html' | 'empty'>, status: number): unknown {
  const message = `The sandbox was told to answer ${status}.`
  const code = PLEX_CODES[status] ?? 'REQUEST_PROCESSING_ERROR'
  switch (body) {
    case 'plex':
      return { code, message, errors: [] }
    case 'errorsMap':
      return { errors: { name: { message, code: 'SANDBOX_FAULT' } } }
    case 'nonField':
      return { errors: { null: { message, code: 'SANDBOX_FAULT' } } }
    case 'drf':
      return { name: [message] }
    case 'detail':
      return { detail: message }
  }
}

/** Codes reported from live systems (plex.md section 9); the one for 429 is nobody's official word. */
const PLEX_CODES: Readonly<Record<number, string>> = {
  400: 'REQUEST_VALIDATION_FAILED',
  401: 'REQUEST_NOT_AUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'RESOURCE_NOT_FOUND',
  429: 'TOO_MANY_REQUESTS',
}

/** Every form in which a server has been seen, or may be expected, to say how long to wait. */
function throttleReply(fault: Fault, stage: Stage): Reply {
  const seconds = fault.seconds ?? 1
  const form = fault.retryAfter ?? 'seconds'
  const status = fault.status ?? 429
  const waitingTime: Record<string, string> =
    form === 'seconds'
      ? { 'retry-after': String(seconds) }
      : form === 'date'
        ? { 'retry-after': new Date(stage.nowMs + seconds * 1000).toUTCString() }
        : {}
  const message = form === 'text' ? `Retry in ${seconds} seconds.` : 'Too many requests.'
  const json = stage.system === 'plex' ? { code: 'TOO_MANY_REQUESTS', message } : { detail: message }
  return { status, headers: { ...waitingTime, ...fault.headers }, json }
}

/** Date parameters of both systems: `modifiedDateBegin`, `modified_date`, `date_0`, `updated_at_after`. */
const DATE_FILTER = /(Begin|End|_0|_1|_after|_before)$|^(modified|created)_date$/

/** The request as a server sees it that does not know some of its parameters. */
function withoutFilters(call: Call, params: readonly string[] | undefined): Call {
  const kept = [...call.query].filter(([name]) =>
    params === undefined ? !DATE_FILTER.test(name) : !params.includes(name),
  )
  return { ...call, query: new URLSearchParams(kept), text: call.text.replace(DATE_INPUT, '') }
}

/** The same of a data source: inputs such as `@Updated_From`. */
const DATE_INPUT = /<InputParameter><Value>[^<]*<\/Value><Name>@?\w+_(?:From|To)<\/Name>[^]*?<\/InputParameter>/g

/** The first rows only, with a page description that looks as if there were no more. */
function cutTo(count: number, reply: Reply): Reply {
  if (reply.rows === undefined) return reply
  const rows = reply.rows.slice(0, count)
  const metadata = membersOf(reply.envelope?.['metadata'])
  if (metadata['pagination'] === undefined) return { ...reply, rows }
  const pagination = { ...membersOf(metadata['pagination']), count: rows.length, next: null, num_pages: 1 }
  return { ...reply, rows, envelope: { ...reply.envelope, metadata: { ...metadata, pagination } } }
}

/** What a client sees when rows are inserted between two of its page calls. */
function duplicatePage(stage: Stage): Reply {
  const reply = stage.perform()
  const page = Number(stage.call.query.get('page') ?? '1')
  if (reply.rows === undefined || !(page > 1)) return reply
  const query = new URLSearchParams(stage.call.query)
  query.set('page', String(page - 1))
  // Performing twice is harmless: only lists have pages, and they change nothing.
  const rows = stage.perform({ ...stage.call, query }).rows ?? []
  return { ...reply, rows }
}
