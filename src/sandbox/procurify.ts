import type { SandboxClock } from './clock.js'
import { Collection } from './collection.js'
import { control } from './control.js'
import { Router, membersOf, textOf, type Call, type Reply, type Row } from './exchange.js'
import type { ErrorStyle } from './procurify-checks.js'
import { billRoutes } from './procurify-bills.js'
import { Lifecycle } from './procurify-lifecycle.js'
import { notFound } from './procurify-page.js'
import { orderRoutes } from './procurify-orders.js'
import { purchaseOrderRoutes } from './procurify-purchase-orders.js'
import { referenceRoutes } from './procurify-reference.js'
import { requisitionRoutes } from './procurify-requisitions.js'
import { vendorRoutes } from './procurify-vendors.js'
import type { Simulator, World } from './server.js'
import { Tokens } from './tokens.js'

/**
 * Switches of the simulated Procurify, one for each thing its contract leaves open (procurify.md sections 14 and 15);
 * `PATCH /_sandbox/options` changes them from outside.
 */
export interface ProcurifyOptions {
  /** Life of a token in sandbox seconds. */
  tokenSeconds: number
  /** Without the client header: 403, or no matter. */
  clientHeader: 'required' | 'optional'
  pageSize: number
  maxPageSize: number
  errorStyle: ErrorStyle
  /** Inactive vendors in the bare vendor list. */
  listInactive: boolean
  uniqueVendorNames: boolean
  uniqueExternalIds: boolean
  /** Whether a vendor may have an empty list of e-mail addresses. */
  emptyVendorEmail: boolean
  /** A requisition line with an unknown vendor: refused, or put under OTHER as free text. */
  unknownVendor: 'refuse' | 'other'
  /** How long a created object stays hidden, in ms of sandbox time. */
  hiddenForMs: number
  /** Final approval makes one PO per vendor at once (not above 100 lines). */
  automaticPos: boolean
  /** Draft bills can be posted; the published API has no such call and answers 405. */
  draftBills: boolean
  /** Zone of day filters, and of the dates of orders and POs. */
  utcOffsetMinutes: number
}

/** What a reset goes back to. */
const DEFAULT_OPTIONS: ProcurifyOptions = {
  tokenSeconds: 86_400,
  clientHeader: 'required',
  pageSize: 10,
  maxPageSize: 100,
  errorStyle: 'errorsMap',
  listInactive: true,
  uniqueVendorNames: false,
  uniqueExternalIds: false,
  emptyVendorEmail: true,
  unknownVendor: 'refuse',
  hiddenForMs: 0,
  automaticPos: false,
  draftBills: false,
  utcOffsetMinutes: -480,
}

/** Made-up credentials: they open nothing but the sandbox, so they may be printed. */
const PROCURIFY_LOGIN = {
  clientId: 'procurify-sandbox-client',
  clientSecret: 'procurify-sandbox-secret',
  audience: 'https://api.procurify.com/',
}

export type ProcurifyData = ReturnType<typeof createProcurifyData>

/** All records of the tenant, stored with ids where answers nest whole objects. */
function createProcurifyData(clock: SandboxClock) {
  const micro = { grain: 'micro' } as const
  return {
    vendors: new Collection(clock, { ...micro, modified: 'dateModified' }),
    currencies: new Collection(clock),
    users: new Collection(clock),
    locations: new Collection(clock),
    departments: new Collection(clock),
    'account-codes': new Collection(clock),
    accounts: new Collection(clock, { indexes: ['account_code'] }),
    'custom-fields': new Collection(clock),
    orders: new Collection(clock, {
      ...micro,
      key: 'num',
      firstId: 5001,
      created: 'date',
      modified: 'dateModified',
      indexes: ['uuid'],
    }),
    'order-items': new Collection(clock, {
      ...micro,
      created: 'created_at',
      modified: 'last_modified',
      firstId: 80_001,
      indexes: ['orderNum', 'purchase_order'],
    }),
    'purchase-orders': new Collection(clock, {
      ...micro,
      key: 'procurify_PO',
      firstId: 3001,
      created: 'date',
      modified: 'last_modified',
    }),
    receipts: new Collection(clock, { ...micro, created: 'created_at' }),
    bills: new Collection(clock, { ...micro, key: 'uuid', modified: 'last_modified_datetime' }),
  }
}

/** What tests look at and change directly; other processes do the same through the control routes. */
export class ProcurifyState {
  readonly login = PROCURIFY_LOGIN
  readonly options: ProcurifyOptions = { ...DEFAULT_OPTIONS }
  readonly data: ProcurifyData
  /** Approving, denying, ordering, cancelling: what people do in the web pages. */
  readonly lifecycle = new Lifecycle(this)
  /** Id of the user who owns the credentials: the requester of everything that comes through the API. */
  ownerId = 7
  readonly #clock: SandboxClock
  readonly tokens: Tokens

  constructor(clock: SandboxClock) {
    this.#clock = clock
    this.tokens = new Tokens(clock, () => this.options.tokenSeconds * 1000)
    this.data = createProcurifyData(clock)
  }

  /** A new stamp in the grain of Procurify. */
  timestamp(): string {
    return this.#clock.micro()
  }

  /** The user whose rights the application has; without a record nobody is refused for being inactive. */
  get owner(): Row {
    return this.data.users.get(this.ownerId) ?? {}
  }

  /** Back to no records and default switches; the seed is put in afterwards. */
  clear(): void {
    Object.assign(this.options, DEFAULT_OPTIONS)
    this.ownerId = 7
    this.tokens.expire()
    for (const collection of Object.values(this.data)) collection.clear()
  }
}

/** The simulated Procurify: token call, slash rule, rights, then the routes. */
export function createProcurify(state: ProcurifyState, world: World, reset: () => void): Simulator {
  const router = new Router<void>([
    ...vendorRoutes(state),
    ...referenceRoutes(state),
    ...requisitionRoutes(state),
    ...orderRoutes(state),
    ...purchaseOrderRoutes(state),
    ...billRoutes(state),
  ])
  return {
    system: 'procurify',
    normalize: (path) => path,
    expireTokens: () => state.tokens.expire(),
    control: (call) =>
      control(
        {
          system: 'procurify',
          collections: () => state.data,
          options: state.options,
          reset,
          action: (asked) => requisitionAction(state, asked),
        },
        world,
        call,
      ),
    admit: (call) => {
      if (call.path === '/oauth/token') return () => token(state, call)
      if (call.path.startsWith('/api/') && !call.path.endsWith('/')) return () => withoutSlash(call)
      const refusal = refusalOf(state, call)
      return refusal === undefined ? () => answer(router, call) : () => refusal
    },
  }
}

function answer(router: Router<void>, call: Call): Reply {
  if (call.text !== '' && call.body === undefined) return { status: 400, json: { detail: 'JSON parse error.' } }
  const reply = router.run(call, undefined)
  if (reply === 'method') return { status: 405, json: { detail: `Method "${call.method}" not allowed.` } }
  return reply === 'path' ? notFound() : reply
}

/**
 * `POST /_sandbox/requisitions/<uuid>/approve|deny|order|cancel`. Bodies: deny `{ reason?, comment? }`, order
 * `{ groups?: line positions from 1, one list a PO, number? }`. 409 when the requisition is not in a state for it.
 */
function requisitionAction(state: ProcurifyState, call: Call): Reply | undefined {
  const [, uuid = '', action = ''] = /^\/_sandbox\/requisitions\/([^/]+)\/(\w+)$/.exec(call.path) ?? []
  if (call.method !== 'POST' || uuid === '') return undefined
  const { reason, comment, groups, number } = membersOf(call.body)
  const { lifecycle } = state
  const actions: Record<string, () => Row | Row[] | undefined> = {
    approve: () => lifecycle.approve(uuid),
    deny: () => lifecycle.deny(uuid, Number(reason ?? 1), typeof comment === 'string' ? comment : null),
    order: () => lifecycle.order(uuid, groups as number[][] | undefined, number as string | undefined),
    cancel: () => lifecycle.cancel(uuid),
  }
  const run = actions[action]
  if (run === undefined) return undefined
  const done = run()
  return done === undefined
    ? { status: 409, json: { problem: `${action} is not possible now` } }
    : { status: 200, json: done }
}

/** JSON body with all four members (section 1); the answer's scope names tenant and owner. */
function token(state: ProcurifyState, call: Call): Reply {
  if (call.method !== 'POST') return { status: 405, json: { detail: `Method "${call.method}" not allowed.` } }
  const body = membersOf(call.body)
  const { clientId, clientSecret, audience } = PROCURIFY_LOGIN
  if (!(call.headers['content-type'] ?? '').includes('json') || body['grant_type'] !== 'client_credentials') {
    return { status: 400, json: { error: 'unsupported_grant_type' } }
  }
  if (body['audience'] !== audience) {
    return { status: 403, json: { error: 'access_denied', error_description: `Service not enabled within domain.` } }
  }
  if (body['client_id'] !== clientId || body['client_secret'] !== clientSecret) {
    return { status: 401, json: { error: 'invalid_client', error_description: 'Client authentication failed.' } }
  }
  const scope = `urn:procurify:domain:sandbox urn:procurify:email:${textOf(state.owner['email'])}`
  const json = {
    access_token: state.tokens.issue(),
    scope,
    expires_in: state.options.tokenSeconds,
    token_type: 'Bearer',
  }
  return { status: 200, headers: { 'cache-control': 'no-store' }, json }
}

/** As frameworks of this kind do: a GET is sent on, anything else would lose its body (section 14). */
function withoutSlash(call: Call): Reply {
  if (call.method !== 'GET') return { status: 404, json: { detail: 'Not found.' } }
  const query = call.query.toString()
  return { status: 301, headers: { location: `${call.path}/${query === '' ? '' : `?${query}`}` } }
}

/** Why a call is not let in, or undefined. */
function refusalOf(state: ProcurifyState, call: Call): Reply | undefined {
  const bearer = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1]
  if (bearer === undefined || !state.tokens.isValid(bearer)) {
    return { status: 401, headers: { 'www-authenticate': 'Bearer' }, json: { detail: 'Not authenticated.' } }
  }
  // The application acts as its owner: deactivating that user breaks it (section 1).
  if (state.owner['is_active'] === false) return { status: 401, json: { detail: 'User inactive or deleted.' } }
  if (state.options.clientHeader === 'required' && call.headers['x-procurify-client'] !== 'api') {
    return { status: 403, json: { detail: 'You do not have permission to perform this action.' } }
  }
  return undefined
}
