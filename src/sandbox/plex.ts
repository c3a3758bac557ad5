import type { SandboxClock } from './clock.js'
import { Collection } from './collection.js'
import { control } from './control.js'
import { Router, membersOf, type Call, type Reply } from './exchange.js'
import { accountRoutes } from './plex-accounts.js'
import { resourceNotFound, type DateFilterStyle } from './plex-list.js'
import { resourceRoutes } from './plex-resources.js'
import { admitSoap, isSoapPath } from './plex-soap.js'
import { ClassicKeys } from './plex-soap-sources.js'
import type { NoRows } from './plex-soap-text.js'
import type { Simulator, World } from './server.js'
import { Tokens } from './tokens.js'

/** Switches of the simulated Plex; `PATCH /_sandbox/options` changes them from outside. */
export interface PlexOptions {
  /** Which credentials are accepted. */
  auth: 'both' | 'oauth2' | 'api-key'
  /** Life of a token in sandbox seconds. */
  tokenSeconds: number
  dateFilter: DateFilterStyle
  /** More matching AP invoices than this answer 500; 0 = no limit. */
  invoiceLimit: number
  /** What a list without rows answers; some resources are said to use 404. */
  emptyList: 200 | 404
  /** How long a created record stays hidden, in ms of sandbox time. */
  hiddenForMs: number
  /** How data sources write dates, always in plant time: `3/4/2026 9:10:11 AM`, `Mar  4 2026  9:10:11AM`, ISO. */
  soapDates: 'us' | 'named' | 'iso'
  /** What a data source without rows answers. */
  soapNoRows: NoRows
  /** Keys of data sources the web-service user was not granted. */
  soapUngranted: string[]
}

/** What a reset goes back to. */
const DEFAULT_OPTIONS: PlexOptions = {
  auth: 'both',
  tokenSeconds: 600,
  dateFilter: 'both',
  invoiceLimit: 1000,
  emptyList: 200,
  hiddenForMs: 0,
  soapDates: 'us',
  soapNoRows: 'absent',
  soapUngranted: [],
}

/** Made-up credentials: they open nothing but the sandbox, so they may be printed. */
const PLEX_LOGIN = {
  pcn: '100001',
  otherPcn: '100002',
  clientId: 'plex-sandbox-client',
  clientSecret: 'plex-sandbox-secret',
  apiKey: 'plex-sandbox-key',
  username: 'SandboxWs@plex.example',
  password: 'plex-sandbox-password',
}

export type PlexData = ReturnType<typeof createPlexData>

/** The records of one tenant (one PCN). */
function createPlexData(clock: SandboxClock) {
  const dated = { created: 'createdDate', modified: 'modifiedDate' }
  return {
    tenants: new Collection(clock),
    suppliers: new Collection(clock, dated),
    // The supplier of an address and the order of a line are only in the path, hence members of ours.
    addresses: new Collection(clock, { ...dated, indexes: ['_supplierId'] }),
    'purchasing-defaults': new Collection(clock, { key: '_supplierId' }),
    contacts: new Collection(clock, { ...dated, indexes: ['supplierId'] }),
    accounts: new Collection(clock, dated),
    buildings: new Collection(clock),
    'supply-items': new Collection(clock, dated),
    parts: new Collection(clock, dated),
    orders: new Collection(clock, dated),
    lines: new Collection(clock, { ...dated, indexes: ['_poId'] }),
    releases: new Collection(clock, { ...dated, indexes: ['poId', 'poLineItemId'] }),
    receipts: new Collection(clock, { created: 'createdDate', indexes: ['poId', 'releaseId'] }),
    'order-statuses': new Collection(clock, { key: 'name' }),
    'order-types': new Collection(clock, { key: 'name' }),
    'release-statuses': new Collection(clock, { key: 'name' }),
    invoices: new Collection(clock, dated),
  }
}

/** What tests look at and change directly; other processes do the same through the control routes. */
export class PlexState {
  readonly login = PLEX_LOGIN
  readonly options: PlexOptions = { ...DEFAULT_OPTIONS }
  /** The whole-number keys that data sources show in the place of ids. */
  readonly keys = new ClassicKeys()
  /** The configured tenant. */
  readonly data: PlexData
  /** Another company of the same key, and its default tenant: it answers when the PCN header is missing. */
  readonly otherData: PlexData
  readonly #clock: SandboxClock
  readonly tokens: Tokens

  constructor(clock: SandboxClock) {
    this.#clock = clock
    this.tokens = new Tokens(clock, () => this.options.tokenSeconds * 1000)
    this.data = createPlexData(clock)
    this.otherData = createPlexData(clock)
  }

  /** A new stamp in the grain of Plex. */
  timestamp(): string {
    return this.#clock.tick()
  }

  /** Back to no records and default switches; the seed is put in afterwards. */
  clear(): void {
    Object.assign(this.options, DEFAULT_OPTIONS)
    this.tokens.expire()
    this.keys.clear()
    for (const data of [this.data, this.otherData]) for (const collection of Object.values(data)) collection.clear()
  }
}

/** The simulated Plex: all profiles at once, with and without the `/api` prefix of the cloud host. */
export function createPlex(state: PlexState, world: World, reset: () => void): Simulator {
  const router = new Router<PlexData>([...resourceRoutes(state), ...accountRoutes(state)])
  const collections = (pcn: string | null): PlexData => (pcn === PLEX_LOGIN.otherPcn ? state.otherData : state.data)
  return {
    system: 'plex',
    normalize: (path) => path.replace(/^\/api(?=\/)/, ''),
    expireTokens: () => state.tokens.expire(),
    control: (call) =>
      control({ system: 'plex', collections, options: state.options, reset, action: () => undefined }, world, call),
    admit: (call) => {
      if (isSoapPath(call.path)) return admitSoap(state, call)
      if (call.path === '/oauth2/token') return () => token(state, call)
      const data = authenticate(state, call)
      return data === undefined ? notAuthenticated : () => answer(state, router, call, data)
    },
  }
}

function answer(state: PlexState, router: Router<PlexData>, call: Call, data: PlexData): Reply {
  const reply = router.run(call, data)
  if (reply === 'method') return { status: 405, json: { code: 'METHOD_NOT_ALLOWED', message: 'Not offered here.' } }
  if (reply === 'path') return resourceNotFound()
  return reply.rows?.length === 0 && state.options.emptyList === 404 ? resourceNotFound() : reply
}

/** Client credentials in the form body or as Basic (contract section 2: settings of the client, so both must work). */
function token(state: PlexState, call: Call): Reply {
  const form = membersOf(call.body)
  if (call.method !== 'POST') return { status: 405, json: { error: 'invalid_request' } }
  if (!(call.headers['content-type'] ?? '').includes('x-www-form-urlencoded')) {
    return { status: 400, json: { error: 'invalid_request', error_description: 'A form body is wanted.' } }
  }
  if (form['grant_type'] !== 'client_credentials') return { status: 400, json: { error: 'unsupported_grant_type' } }
  const [id, secret] = basicPair(call.headers.authorization) ?? [form['client_id'], form['client_secret']]
  if (id !== PLEX_LOGIN.clientId || secret !== PLEX_LOGIN.clientSecret) {
    return { status: 401, json: { error: 'invalid_client', error_description: 'Client id or secret refused.' } }
  }
  const json = { access_token: state.tokens.issue(), token_type: 'Bearer', expires_in: state.options.tokenSeconds }
  return { status: 200, headers: { 'cache-control': 'no-store' }, json }
}

/** Id and secret of a Basic header; both are form-encoded inside it (RFC 6749 section 2.3.1). */
function basicPair(header: string | undefined): [string, string] | undefined {
  if (header?.startsWith('Basic ') !== true) return undefined
  const [id = '', ...rest] = Buffer.from(header.slice(6), 'base64').toString('utf8').split(':')
  return [decodeURIComponent(id), decodeURIComponent(rest.join(':'))]
}

/** The tenant a request lands in, or undefined for the one 401 that all refusals share (contract section 3). */
function authenticate(state: PlexState, call: Call): PlexData | undefined {
  const { auth } = state.options
  const bearer = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1]
  const byToken = auth !== 'api-key' && bearer !== undefined && state.tokens.isValid(bearer)
  const byKey = auth !== 'oauth2' && call.headers['x-plex-connect-api-key'] === PLEX_LOGIN.apiKey
  if (!byToken && !byKey) return undefined
  const pcn = call.headers['x-plex-connect-customer-id']
  if (pcn === PLEX_LOGIN.pcn) return state.data
  if (pcn !== undefined) return pcn === PLEX_LOGIN.otherPcn ? state.otherData : undefined
  const tenantId = call.headers['x-plex-connect-tenant-id']
  if (typeof tenantId !== 'string') return state.otherData
  return [state.data, state.otherData].find((data) => data.tenants.get(tenantId) !== undefined)
}

/** A bad key, an expired one, a foreign PCN: nobody can tell them apart from the answer (section 9). */
function notAuthenticated(): Reply {
  const message = 'The request could not be authenticated.'
  return { status: 401, json: { code: 'REQUEST_NOT_AUTHENTICATED', message } }
}
