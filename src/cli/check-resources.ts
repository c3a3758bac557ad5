/**
 * What `check` asks of each resource beyond suppliers and vendors: may this login read it, and is what came back to be believed?
 * Reads only, few and small. Facts: contracts/plex.md 6, 9 and procurify.md 5, 7 to 10.
 */
import type { Failure, Result } from '../domain/failure.js'
import { adviceFor } from '../domain/problems.js'
import { cleanLine } from '../domain/text.js'
import type { Step, Verdict } from '../passes/check.js'
import { failed, isSuspect, listOf, listSince, membersOf, textOf, type Systems } from './check-systems.js'

/** Whose trouble it is when a resource cannot be read. */
type User = 'orders' | 'invoices'

interface Resource {
  /** Of the step. */
  readonly name: string
  readonly path: string
  readonly usedBy: User
  /** `window` = asked for the last days; `setup` = a short list that is never empty; `list` = may be empty. */
  readonly kind: 'window' | 'setup' | 'list'
}

const ORDERS = '/purchasing/v1/purchase-orders'

const OF_PLEX: readonly Resource[] = [
  { name: 'plex_order_statuses', path: '/purchasing/v1/purchase-order-statuses', usedBy: 'orders', kind: 'setup' },
  { name: 'plex_releases', path: '/purchasing/v2-beta1/releases', usedBy: 'orders', kind: 'window' },
  { name: 'plex_release_statuses', path: '/purchasing/v1/release-statuses', usedBy: 'orders', kind: 'setup' },
  { name: 'plex_accounts', path: '/mdm/v1/chart-of-accounts', usedBy: 'orders', kind: 'setup' },
  { name: 'plex_buildings', path: '/mdm/v1/buildings', usedBy: 'orders', kind: 'setup' },
  { name: 'plex_invoices', path: '/accounting/v1/ap-invoices', usedBy: 'invoices', kind: 'window' },
]

const OF_PROCURIFY: readonly Resource[] = [
  { name: 'procurify_locations', path: '/api/v2/locations/', usedBy: 'orders', kind: 'setup' },
  { name: 'procurify_departments', path: '/api/v3/departments/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_account_codes', path: '/api/v3/account-codes/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_accounts', path: '/api/v3/accounts/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_currencies', path: '/api/v2/currencies/', usedBy: 'orders', kind: 'setup' },
  { name: 'procurify_orders', path: '/api/v2/global/orders/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_order_items', path: '/api/v3/order-items/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_pos', path: '/api/v2/purchase_orders/purchased/all/', usedBy: 'orders', kind: 'list' },
  { name: 'procurify_bills', path: '/api/v3/ap/bills/', usedBy: 'invoices', kind: 'list' },
]

export function plexResourceSteps(get: () => Systems): Step[] {
  const found = { order: null as string | null }
  return [
    { name: 'plex_orders', needs: ['plex_tenant'], run: () => checkOrders(get(), found) },
    { name: 'plex_order_lines', needs: ['plex_orders'], run: () => checkLines(get(), found.order) },
    ...OF_PLEX.map((resource) => ({
      name: resource.name,
      needs: ['plex_tenant'],
      run: () => (resource.kind === 'window' ? checkWindow(get(), resource) : checkPlexList(get(), resource)),
    })),
  ]
}

export function procurifyResourceSteps(get: () => Systems): Step[] {
  return OF_PROCURIFY.map((resource) => ({
    name: resource.name,
    needs: ['procurify_requester'],
    run: () => checkPages(get(), resource),
  }))
}

const DAY_MS = 24 * 3_600_000

async function checkOrders(systems: Systems, found: { order: string | null }): Promise<Verdict> {
  const { plex, knownOrder } = systems
  found.order = knownOrder
  const read = await readLately(systems, ORDERS)
  if (!read.ok) return refuse(systems, 'orders', read)
  found.order ??= read.value.firstId
  if (read.value.rows > 0) return judgeRows(read.value)
  if (knownOrder === null) return suspect('purchase orders')
  const known = await plex.get(`${ORDERS}/${encodeURIComponent(knownOrder)}`)
  if (known.ok) return { status: 'ok', message: 'readable: none changed lately, and one known from before is there' }
  if (known.code !== 'not_found') return refuse(systems, 'orders', known)
  const message = `Plex answered with no order, and one known from before (${cleanLine(knownOrder)}) is not visible any more`
  return { status: 'fail', message, advice: adviceFor('empty_answer'), exit: 5 }
}

async function checkLines(systems: Systems, order: string | null): Promise<Verdict> {
  if (order === null) return { status: 'skipped', message: 'no order is known to try it with' }
  const read = await systems.plex.get(`${ORDERS}/${encodeURIComponent(order)}/line-items`)
  return read.ok ? { status: 'ok', message: 'readable' } : refuse(systems, 'orders', read)
}

async function checkWindow(systems: Systems, { path, usedBy }: Resource): Promise<Verdict> {
  const read = await readLately(systems, path)
  if (!read.ok) return refuse(systems, usedBy, read)
  return read.value.rows > 0 ? judgeRows(read.value) : suspect(path)
}

interface Lately {
  readonly rows: number
  readonly outside: number
  readonly firstId: string | null
  readonly days: number
}

/** A day first, since an unfiltered list may be large; a month where nothing happened in it. */
async function readLately({ config, plex, clock, tenants }: Systems, path: string): Promise<Result<Lately>> {
  const nowMs = clock.wallMs() + ((await tenants()).aheadMs ?? 0)
  let last: Result<Lately> = { ok: true, value: { rows: 0, outside: 0, firstId: null, days: 30 } }
  for (const days of [1, 30]) {
    const listed = await listSince(config, plex, path, new Date(nowMs - days * DAY_MS).toISOString())
    // A list that answers 404 has no row (contracts/plex.md section 9).
    if (!listed.ok && listed.status !== 404) return listed
    if (!listed.ok) continue
    last = { ok: true, value: { ...listed.value, days } }
    if (listed.value.rows > 0) break
  }
  return last
}

function judgeRows({ rows, outside, days }: Lately): Verdict {
  if (outside === 0)
    return { status: 'ok', message: `readable: ${rows} changed in the last ${days === 1 ? 'day' : `${days} days`}` }
  const message = `Readable, but ${outside} of ${rows} rows are from outside the range asked for: the date filter was ignored`
  return { status: 'warn', message, advice: adviceFor('filter_ignored') }
}

async function checkPlexList(systems: Systems, { path, usedBy }: Resource): Promise<Verdict> {
  let rows = 0
  // Streamed: a chart of accounts has no pages.
  const read = await systems.plex.stream(path, {}, (items) => {
    rows += items.length
    return Promise.resolve()
  })
  if (!read.ok && read.status !== 404) return refuse(systems, usedBy, read)
  return rows > 0 ? { status: 'ok', message: `readable: ${rows}` } : refuseEmpty(systems, usedBy, `Plex GET ${path}`)
}

async function checkPages(systems: Systems, { path, usedBy, kind, name }: Resource): Promise<Verdict> {
  const read = await systems.procurify.get(path, { page_size: '1' })
  if (!read.ok) return refuse(systems, usedBy, read)
  const { data, metadata } = membersOf(read.value.value)
  const rows = listOf(data ?? null).length
  const count = textOf(membersOf(membersOf(metadata ?? null)['pagination'] ?? null)['count'])
  const mustHaveRows = kind === 'setup' || (name === 'procurify_orders' && systems.knownOrder !== null)
  if (rows === 0 && mustHaveRows) return refuseEmpty(systems, usedBy, `Procurify GET ${path}`)
  return { status: 'ok', message: count === '' ? 'readable' : `readable: ${cleanLine(count)}` }
}

/** Nothing changed lately in a whole company proves nothing, and is no trouble either. */
function suspect(what: string): Verdict {
  const message = `not a single row of the last 30 days (${what}): that may be true, and it is how a missing role looks`
  return { status: 'skipped', message }
}

function refuseEmpty(systems: Systems, usedBy: User, call: string): Verdict {
  const message = `${call} answered with an empty list, which it never is: that is how a missing role looks`
  const verdict: Verdict = { status: 'fail', message, advice: adviceFor('empty_answer'), exit: 5 }
  return soften(systems, usedBy, verdict)
}

/**
 * 403 = a role, 401 with a login that works elsewhere = an API product that is not subscribed (contracts/plex.md section 9).
 * Who does not send orders yet is warned only.
 */
function refuse(systems: Systems, usedBy: User, failure: Failure): Verdict {
  if (!isSuspect(failure)) return soften(systems, usedBy, failed(failure))
  const message = `${failure.message}, with a login that works elsewhere`
  return soften(systems, usedBy, { status: 'fail', message, advice: adviceFor('product_missing'), exit: 5 })
}

const NEEDED: Readonly<Record<User, string>> = {
  orders: 'needed by align refdata and sync pos',
  invoices: 'needed by sync invoices',
}

function soften({ config }: Systems, usedBy: User, verdict: Verdict): Verdict {
  if (verdict.status !== 'fail') return verdict
  const { message, advice } = verdict
  if (usedBy === 'orders' && config.po.startDate !== null) return verdict
  return { status: 'warn', message: `${message} (${NEEDED[usedBy]})`, advice }
}
