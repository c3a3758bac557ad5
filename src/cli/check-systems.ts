/** What `check` asks Plex and Procurify: reads only, few and small. Facts: contracts/plex.md 2, 3, 9 and procurify.md 1, 3. */
import type { Config } from '../config.js'
import type { Failure, Result } from '../domain/failure.js'
import { adviceFor } from '../domain/problems.js'
import type { Json } from '../domain/record.js'
import { cleanLine } from '../domain/text.js'
import { isInside } from '../domain/window.js'
import type { Answer, Http } from '../http.js'
import type { Step, Verdict } from '../passes/check.js'
import type { Clock } from '../ports.js'

export interface Systems {
  readonly config: Config
  readonly plex: Http
  readonly procurify: Http
  readonly clock: Clock
  /** A supplier linked before: it must be readable. */
  readonly knownSupplier: string | null
  /** An order that was sent before, by its id in Plex. */
  readonly knownOrder: string | null
  readonly tenants: Ask
  readonly me: Ask
}

/** The first answer of a system, asked for once however many steps look at it. */
export interface FirstCall {
  readonly path: string
  readonly result: Result<Answer>
  /** How far the clock of that system is ahead of this machine's; null = it did not say. */
  readonly aheadMs: number | null
}

export type Ask = () => Promise<FirstCall>

/** The call is made when it is first asked for. */
export function askOnce(http: Http, path: string, clock: Clock): Ask {
  let call: Promise<FirstCall> | null = null
  const ask = async (): Promise<FirstCall> => {
    const result = await http.get(path)
    const dateMs = result.ok ? result.value.dateMs : null
    return { path, result, aheadMs: dateMs === null ? null : dateMs - clock.wallMs() }
  }
  return () => (call ??= ask())
}

export const PLEX_TENANTS = '/mdm/v1/tenants'
export const PROCURIFY_ME = '/api/v3/users/me/'

// ------------------------------------------------------------------------------------------------ Plex

/** `get` gives the systems once they are open: not before the step `connection`. */
export function plexSteps(get: () => Systems): Step[] {
  const found = { supplier: null as string | null }
  return [
    { name: 'plex_login', needs: ['connection'], run: async () => judgePlexLogin(get().config, await get().tenants()) },
    { name: 'plex_tenant', needs: ['plex_login'], run: async () => judgeTenant(get().config, await get().tenants()) },
    { name: 'plex_suppliers', needs: ['plex_tenant'], run: () => checkSuppliers(get(), found) },
    { name: 'plex_addresses', needs: ['plex_suppliers'], run: () => checkAddresses(get(), found.supplier) },
    { name: 'plex_contacts', needs: ['plex_suppliers'], run: () => checkContacts(get(), found.supplier) },
  ]
}

/** Plex answers a bad key, an expired one and a foreign PCN with the same 401: only a token that was granted tells them apart. */
function judgePlexLogin({ plex }: Config, { path, result }: FirstCall): Verdict {
  const { host } = new URL(plex.baseUrl)
  if (result.ok || result.status === 403) return { status: 'ok', message: `${host} accepts the ${plex.auth} login` }
  const isRefused = result.status === 401 && !isTokenCall(result, path)
  if (!isRefused) return failed(result)
  if (plex.auth === 'oauth2') return { status: 'ok', message: `${new URL(plex.tokenUrl).host} granted a token` }
  const message = `${result.message}. The login is wrong or has expired, or it may not use PCN ${plex.pcn}: Plex answers both alike`
  return { status: 'fail', message, advice: `Check PLEX_PCN first. ${adviceFor('login_refused')}`, exit: 5 }
}

function judgeTenant({ plex }: Config, { result }: FirstCall): Verdict {
  if (!result.ok && result.status === 401) {
    const message = `The login works, but Plex refuses it for PCN ${plex.pcn}`
    return {
      status: 'fail',
      message,
      advice: 'Correct PLEX_PCN, or let the login use this company in the Plex developer portal.',
      exit: 5,
    }
  }
  if (!result.ok) {
    const message = `The companies cannot be listed, so which one answers is not proved: ${result.message}`
    return { status: 'warn', message, advice: adviceFor(result.code) }
  }
  const tenants = listOf(result.value.value).map((row) => ({ id: textOf(row['id']), code: textOf(row['code']) }))
  const wanted = plex.tenantId
  if (wanted !== null && !tenants.some(({ id }) => id.toLowerCase() === wanted.toLowerCase())) {
    const reached = tenants.map(({ id, code }) => `${code} (${id})`).join(', ')
    const message = `PLEX_TENANT_ID ${wanted} is not among the companies reached: ${reached || 'none'}`
    return { status: 'fail', message, advice: adviceFor('wrong_tenant'), exit: 5 }
  }
  if (tenants.length === 0) {
    const advice = 'Compare a record by hand before the first run, or ask for the role to list tenants.'
    return { status: 'warn', message: `Plex lists no company for PCN ${plex.pcn}`, advice }
  }
  const names = tenants.map(({ id, code }) => code || id).join(', ')
  return { status: 'ok', message: `PCN ${plex.pcn} answers as ${names}` }
}

const SUPPLIERS = '/mdm/v1/suppliers'
const DAY_MS = 24 * 3_600_000

/**
 * A narrow window, since an unfiltered list may be large. `[]` in it proves nothing, as Plex answers so for a missing role
 * too: then a supplier known from before must be readable by id, or, on a first check, a wider window is tried.
 */
async function checkSuppliers(
  { config, plex, clock, knownSupplier, tenants }: Systems,
  found: { supplier: string | null },
): Promise<Verdict> {
  found.supplier = knownSupplier
  const nowMs = clock.wallMs() + ((await tenants()).aheadMs ?? 0)
  for (const days of knownSupplier === null ? [1, 30] : [1]) {
    const listed = await listSince(config, plex, SUPPLIERS, new Date(nowMs - days * DAY_MS).toISOString())
    if (!listed.ok && listed.status !== 404) return judgeSupplierFailure(listed)
    if (!listed.ok || listed.value.rows === 0) continue
    found.supplier ??= listed.value.firstId
    const { rows, outside } = listed.value
    if (outside > 0) {
      const message = `Readable, but ${outside} of ${rows} rows are from outside the range asked for: the date filter was ignored`
      return { status: 'warn', message, advice: adviceFor('filter_ignored') }
    }
    return { status: 'ok', message: `readable: ${rows} changed in the last ${days === 1 ? 'day' : `${days} days`}` }
  }
  if (knownSupplier !== null) return checkKnownSupplier(plex, knownSupplier)
  const message =
    'Plex answered without a single supplier for the last 30 days. That may be true; a missing role looks the same'
  return { status: 'warn', message, advice: 'See what would be read with: ml-connector sync suppliers --dry-run' }
}

async function checkKnownSupplier(plex: Http, id: string): Promise<Verdict> {
  const read = await plex.get(`${SUPPLIERS}/${encodeURIComponent(id)}`)
  if (read.ok)
    return { status: 'ok', message: 'readable: none changed in the last day, and one known from before is there' }
  if (read.code !== 'not_found') return judgeSupplierFailure(read)
  const message = `Plex answered with no supplier, and one known from before (${cleanLine(id)}) is not visible any more`
  return { status: 'fail', message, advice: adviceFor('empty_answer'), exit: 5 }
}

/** The tenants were read with the same login, so a 401 here is about this resource. */
function judgeSupplierFailure(failure: Failure): Verdict {
  if (!isSuspect(failure)) return failed(failure)
  return {
    status: 'fail',
    message: `${failure.message}, with a login that works elsewhere`,
    advice: adviceFor('product_missing'),
    exit: 5,
  }
}

/** 401 although the login was granted: Plex says so of a resource too, Procurify never does. */
export function isSuspect({ status, http }: Failure): boolean {
  return status === 401 && http !== null && !http.path.startsWith('/api/')
}

interface Listed {
  readonly rows: number
  readonly outside: number
  readonly firstId: string | null
}

/** Counts the rows changed since then, and those that were not asked for. */
export async function listSince(
  { plex: { dateFilter } }: Config,
  plex: Http,
  path: string,
  from: string,
): Promise<Result<Listed>> {
  const seen = { rows: 0, outside: 0, firstId: null as string | null }
  const query = dateFilter === 'modifiedDate' ? { modifiedDateBegin: from } : { modified_date: from }
  const listed = await plex.stream(path, query, (items) => {
    for (const item of items) {
      const row = membersOf(item)
      const modifiedAt = textOf(row['modifiedDate']) || null
      seen.rows += 1
      if (!isInside({ modifiedAt, createdAt: null }, { by: 'modified', from, to: null })) seen.outside += 1
      seen.firstId ??= textOf(row['id']) || null
    }
    return Promise.resolve()
  })
  return listed.ok ? { ok: true, value: seen } : listed
}

async function checkAddresses({ config, plex }: Systems, supplier: string | null): Promise<Verdict> {
  if (!config.supplier.addresses) return { status: 'skipped', message: 'SUPPLIER_ADDRESSES is false' }
  if (supplier === null) return { status: 'skipped', message: 'no supplier is known to try it with' }
  return judgeExtra('addresses', await plex.get(`${SUPPLIERS}/${encodeURIComponent(supplier)}/addresses`))
}

async function checkContacts({ plex }: Systems, supplier: string | null): Promise<Verdict> {
  if (supplier === null) return { status: 'skipped', message: 'no supplier is known to try it with' }
  // Streamed: where the filter is ignored, all contacts of the company come back.
  return judgeExtra(
    'e-mail addresses',
    await plex.stream('/mdm/v1/contacts', { supplierId: supplier }, () => Promise.resolve()),
  )
}

/** Without these, suppliers are still synced: their vendors just lack them. */
function judgeExtra(what: string, read: Result<unknown>): Verdict {
  if (read.ok) return { status: 'ok', message: 'readable' }
  return {
    status: 'warn',
    message: `Vendors will be created without ${what}: ${read.message}`,
    advice: adviceFor(read.code),
  }
}

// ------------------------------------------------------------------------------------------------ Procurify

export function procurifySteps(get: () => Systems): Step[] {
  return [
    {
      name: 'procurify_login',
      needs: ['connection'],
      run: async () => judgeProcurifyLogin(get().config, await get().me()),
    },
    {
      name: 'procurify_requester',
      needs: ['procurify_login'],
      run: async () => judgeRequester(get().config, await get().me()),
    },
    { name: 'procurify_vendors', needs: ['procurify_requester'], run: () => checkVendors(get().procurify) },
  ]
}

function judgeProcurifyLogin({ procurify }: Config, { path, result }: FirstCall): Verdict {
  const { host } = new URL(procurify.baseUrl)
  const isAnswered = result.ok || ([401, 403].includes(result.status ?? 0) && !isTokenCall(result, path))
  return isAnswered ? { status: 'ok', message: `${host} granted a token` } : failed(result)
}

/** By number (procurify.openapi.yaml, UserMe). What a role may do beyond its name is the tenant's own choice. */
const ROLES = [
  ...['user', 'approver', 'purchaser', 'receiver', 'administrator', 'EKA', 'accounting', 'superuser'],
  ...['accounts payable'],
]
const WRITERS = ['administrator', 'superuser']

/** Whoever made the credentials is the requester of everything we send, with that person's role. */
function judgeRequester({ procurify }: Config, { result }: FirstCall): Verdict {
  const header = `X-Procurify-Client: ${procurify.clientHeader}`
  if (!result.ok && result.status === 401) {
    const message = `${result.message}. A token is granted, so the user who made the credentials may be inactive or deleted`
    return {
      status: 'fail',
      message,
      advice: 'Activate that user in Procurify, or make credentials with another one.',
      exit: 5,
    }
  }
  if (!result.ok && result.status === 403) {
    const advice = `Give the user who made the credentials a role that may use the API, and check PROCURIFY_CLIENT_HEADER (sent: ${header}).`
    return { status: 'fail', message: result.message, advice, exit: 5 }
  }
  if (!result.ok) return failed(result)
  const user = membersOf(membersOf(result.value.value)['data'] ?? null)
  const role = ROLES[Number(textOf(user['role']) || Number.NaN)]
  const name = cleanLine(`${textOf(user['firstName'])} ${textOf(user['lastName'])}`) || 'a user without a name'
  const who = `${name} <${cleanLine(textOf(user['email']))}>, user ${cleanLine(textOf(user['id']))}${role === undefined ? '' : `, ${role}`}`
  const isActive = user['is_active'] !== false
  if (isActive && (role === undefined || WRITERS.includes(role))) return { status: 'ok', message: `${who}; ${header}` }
  if (isActive) {
    const message = `${who}; ${header}. Writing cannot be tried here, and this role may not create vendors, departments or account codes`
    const advice = 'Procurify advises a dedicated superuser for the API: make the credentials with one.'
    return { status: 'warn', message, advice }
  }
  return { status: 'fail', message: `${who} is not active`, advice: 'Activate that user in Procurify.', exit: 5 }
}

async function checkVendors(procurify: Http): Promise<Verdict> {
  const read = await procurify.get('/api/v3/vendors/', { page_size: '1' })
  if (!read.ok) return failed(read)
  const { data, metadata } = membersOf(read.value.value)
  const count = textOf(membersOf(membersOf(metadata ?? null)['pagination'] ?? null)['count'])
  if (listOf(data ?? null).length > 0)
    return { status: 'ok', message: `readable${count === '' ? '' : `: ${cleanLine(count)} vendors`}` }
  // Every tenant has the vendor OTHER (contracts/procurify.md section 4).
  return {
    status: 'warn',
    message: 'Procurify lists no vendor at all, not even OTHER',
    advice: adviceFor('role_missing'),
  }
}

// ------------------------------------------------------------------------------------------------ what both need

/** Refused logins and roles are exit 5, a wrong address is a setting (2), all else may be better later (4). */
export function failed(failure: Failure): Extract<Verdict, { status: 'fail' }> {
  const exit = failure.kind === 'auth' ? 5 : failure.kind === 'permanent' ? 2 : 4
  return { status: 'fail', message: failure.message, advice: adviceFor(failure.code), exit }
}

/** Did the call for a token fail, rather than the one it was for? */
function isTokenCall(failure: Failure, path: string): boolean {
  return failure.http !== null && failure.http.path !== path
}

type Members = Readonly<Record<string, Json | undefined>>

export function membersOf(value: Json): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}
}

export function listOf(value: Json): Members[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(membersOf) : []
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
