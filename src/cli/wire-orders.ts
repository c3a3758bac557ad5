/** The purchase-order stream, brought together from its adapters: the second half of wire.ts. */
import { dayIn } from '../domain/day.js'
import { ConfigError } from '../domain/errors.js'
import type { Failure, Result } from '../domain/failure.js'
import type {
  ExistingRequisition,
  LinkedVendor,
  OrderDetail,
  OrderKnown,
  OrderStatus,
  ReleaseStatus,
} from '../domain/order.js'
import type { PlanOrdersOptions } from '../domain/order-case.js'
import { fromLocal } from '../domain/local-time.js'
import { needsOrderSurvey, planOrders } from '../domain/plan-orders.js'
import type { Link } from '../domain/record.js'
import type { RefdataMap } from '../domain/refdata-map.js'
import { fold } from '../domain/text.js'
import { contentHash } from '../domain/content-hash.js'
import { shiftStamp } from '../domain/window.js'
import { requireTimeZone } from '../config.js'
import type { Follower } from '../passes/follow.js'
import { makeOrderSource } from '../plex/orders.js'
import { readOrderStatuses, readPlexAccounts, readReleaseStatuses } from '../plex/order-setup.js'
import { makeReleaseFeed } from '../plex/releases.js'
import type { Known, Stream } from '../ports.js'
import { readOrderReference, type OrderReference } from '../procurify/order-reference.js'
import { readMe, readRequisitionIndex, type Requester } from '../procurify/requisition-index.js'
import { makeRequisitionTarget } from '../procurify/requisitions.js'
import { makeScans, type Scans } from '../procurify/scans.js'
import { claimRequester } from '../store/connection.js'
import { readRefdataMap } from './refdata-map-file.js'
import { followOrders } from './wire-follow.js'
import type { World } from './wire.js'
import { requireSources } from './wire-plex.js'
import { creationsOf, nothingSupposed, suppose, withCreations, withSupposed, type Supposed } from './wire-supposed.js'

const DAY_MS = 24 * 60 * 60_000
/** Without PO_START_DATE only a dry run is possible: it looks back this far. */
const PREVIEW_MS = 30 * DAY_MS
/** A first look takes an index of this age at most: what a second installation sends is seen within it. */
const INDEX_AGE_MS = 60_000

/** What planning reads of both systems, once a pass. */
interface OrderSurvey {
  readonly statuses: readonly OrderStatus[]
  readonly releaseStatuses: readonly ReleaseStatus[]
  readonly accountNumbers: ReadonlyMap<string, string>
  readonly reference: OrderReference
  readonly existing: readonly ExistingRequisition[]
  readonly books: Books
}

/** What our own links say of the records orders refer to. */
interface Books {
  readonly suppliers: ReadonlyMap<string, Link>
  readonly accounts: ReadonlyMap<string, Link>
  readonly departments: ReadonlyMap<string, Link>
  readonly locations: ReadonlyMap<string, Link>
  readonly ration: OrderKnown['ration']
}

export interface OrderWiring {
  readonly stream: Stream<OrderDetail, OrderSurvey>
  /** `full`: also looks for requisitions that Procurify does not show any more. */
  readonly follower: (full: boolean) => Follower
  /** Exit 5 before anything is sent: requisitions of another requester would not be found again. */
  checkRequester(write: boolean): Promise<Failure | null>
}

/** `accept`: source ids of parts that a person has put right in Procurify (`replay accept`). */
export function wireOrders(world: World, accept: ReadonlySet<string> = new Set()): OrderWiring {
  const { config, plex, procurify, clock } = world
  const { po, connection } = config
  requireSources(world.dataSources, 'sync pos', 'suppliers', 'orders', 'lines', 'releases', 'accounts')
  const zone = requireTimeZone(config)
  const map = readRefdataMap(config)
  const supposed = nothingSupposed()
  // Planned since the books were read: they take from the daily ration before they are stored.
  let given = new Set<string>()
  const me = once(() => readMe(procurify))
  const index = makeScans<ExistingRequisition>(() => readIndex(world, zone, me), { clock, recentMs: INDEX_AGE_MS })
  const { startDate, statuses, quietMs, only, exclude, maxPerDay, customField, allowAutoEmail } = po
  const options: PlanOrdersOptions = {
    ...{ connection, startDate, statuses, quietMs, only, exclude, maxPerDay, customField, allowAutoEmail, zone },
    defaults: config.defaults,
    accept,
  }
  const { dateFilter } = config.plex
  return {
    stream: {
      name: 'pos',
      source: makeOrderSource(plex, { dateFilter, concurrency: config.sync.concurrency }),
      feeds: [makeReleaseFeed(plex, { dateFilter })],
      firstLoadIsExempt: false,
      floor: floorOf(startDate, clock.wallMs()),
      target: makeRequisitionTarget(procurify, index),
      scope: contentHash([startDate, statuses, only, exclude]).slice(0, 16),
      needsSurvey: (details, links) => needsOrderSurvey(details, links, options),
      survey: () => {
        given = new Set()
        return readSurvey(world, index, zone)
      },
      plan: (details, links, known) => {
        const toKnown = known === null ? null : combine(known, map, supposed, given, clock.wallMs())
        const planned = planOrders(details, links, toKnown, options)
        creationsOf(planned).forEach((sourceId) => given.add(sourceId))
        return planned
      },
      suppose: (planned) => suppose(supposed, planned, given),
    },
    follower: (full) => {
      const floor = floorOf(startDate, clock.wallMs())
      return () => followOrders(world, { zone, floor, full }, me)
    },
    checkRequester: (write) => checkRequester(world, me, write),
  }
}

/** A day before the start, as the plant's zone may be ahead of UTC; the exact rule is the domain's. */
function floorOf(startDate: string | null, nowMs: number): string {
  const startMs = startDate === null ? nowMs - PREVIEW_MS : Date.parse(startDate) - DAY_MS
  return new Date(startMs).toISOString()
}

async function readSurvey(world: World, index: Scans<ExistingRequisition>, zone: string): Promise<Result<OrderSurvey>> {
  const { plex, procurify, config } = world
  const statuses = await readOrderStatuses(plex)
  if (!statuses.ok) return statuses
  const releaseStatuses = await readReleaseStatuses(plex)
  if (!releaseStatuses.ok) return releaseStatuses
  const accountNumbers = await readPlexAccounts(plex)
  if (!accountNumbers.ok) return accountNumbers
  const { pageSize } = config.procurify
  const reference = await readOrderReference(procurify, { pageSize, customField: config.po.customField })
  if (!reference.ok) return reference
  const existing = await index.recent()
  if (!existing.ok) return existing
  return {
    ok: true,
    value: {
      statuses: statuses.value,
      releaseStatuses: releaseStatuses.value,
      accountNumbers: accountNumbers.value,
      reference: reference.value,
      existing: existing.value,
      books: await readBooks(world, zone),
    },
  }
}

async function readBooks({ store, clock }: World, zone: string): Promise<Books> {
  const bySource = async (stream: 'suppliers' | 'accounts' | 'departments' | 'locations') =>
    new Map([...(await store.linkedTargets(stream, ['plex'])).values()].map((link) => [link.sourceId, link]))
  const today = dayIn(new Date(clock.wallMs()).toISOString(), zone) ?? ''
  const midnight = fromLocal(Date.parse(`${today}T00:00:00Z`), zone)
  const recent = await store.creations('pos', new Date(midnight).toISOString())
  return {
    suppliers: await bySource('suppliers'),
    accounts: await bySource('accounts'),
    departments: await bySource('departments'),
    locations: await bySource('locations'),
    ration: { used: recent.done + recent.open.size, held: recent.open },
  }
}

/** Everything planning knows: what was read, seen through what is linked. */
function combine(
  { survey, linkedTargets, leftOut }: Known<OrderSurvey>,
  map: RefdataMap,
  supposed: Supposed,
  given: ReadonlySet<string>,
  nowMs: number,
): OrderKnown {
  const { reference, books, accountNumbers, statuses, releaseStatuses, existing } = survey
  const vendors = new Map(reference.vendors.map((vendor) => [vendor.id, vendor]))
  const vendorOf = (id: string, name: string | null): LinkedVendor | null => {
    const vendor = vendors.get(id)
    if (vendor === undefined) return null
    // As the list just showed it: somebody may have renamed the vendor there since our last write.
    const shown = { name: vendor.name === '' ? (name ?? '') : vendor.name, type: String(vendor.type) }
    return { ...vendor, ...shown, autoEmail: vendor.is_auto_email_po_enabled }
  }
  const linked = [...books.suppliers.values()].map(
    ({ sourceId, sourceKey, targetId, targetKey }) =>
      [sourceId, { code: sourceKey, vendor: vendorOf(targetId ?? '', targetKey) }] as const,
  )
  const accounts = [...accountNumbers].map(
    ([id, number]) => [id, { number, code: books.accounts.get(id)?.targetKey ?? null }] as const,
  )
  const namesOf = {
    departments: namesByTarget(books.departments, PLEX_NAMES.departments),
    locations: namesByTarget(books.locations, PLEX_NAMES.locations),
  }
  return {
    ...{ statuses, releaseStatuses, existing, linkedTargets, nowMs },
    suppliers: withSupposed(linked, supposed, vendorOf),
    leftOut: new Map([
      ...[...leftOut].map(([need, code]) => [need.slice(SUPPLIER.length), code] as const),
      ...supposed.leftOut,
    ]),
    accounts: new Map(accounts),
    accountPairs: reference.accountPairs,
    departments: reference.departments.map((one) => {
      const plexNames = namesOf.departments.get(one.id) ?? []
      const isEverywhere = plexNames.some((name) => map.departments.get(fold(name))?.target.location != null)
      return { ...one, plexNames, isEverywhere }
    }),
    locations: reference.locations.map((one) => ({ ...one, plexNames: namesOf.locations.get(one.id) ?? [] })),
    currencies: reference.currencies,
    customFieldExists: reference.customFieldExists,
    ration: withCreations(books.ration, new Set([...given, ...supposed.creations])),
  }
}

/** How an order names the supplier it waits for. */
const SUPPLIER = 'supplier:'

/** Members of the aligned record that Plex may call a place by. */
const PLEX_NAMES = { departments: ['name'], locations: ['code', 'name'] } as const

/** What Plex calls each place of Procurify, by the links of the alignment. */
function namesByTarget(links: ReadonlyMap<string, Link>, members: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { targetId, sent } of links.values()) {
    const plex = (sent as { plex?: Readonly<Record<string, unknown>> } | null)?.plex ?? {}
    const texts = members.flatMap((member) => (typeof plex[member] === 'string' ? [plex[member]] : []))
    found.set(targetId ?? '', [...(found.get(targetId ?? '') ?? []), ...texts])
  }
  return found
}

/** Our own order items since the last run this database remembers; an empty database looks back to PO_START_DATE. */
async function readIndex(
  world: World,
  zone: string,
  me: () => Promise<Result<Requester>>,
): Promise<Result<ExistingRequisition[]>> {
  const requester = await me()
  if (!requester.ok) return requester
  const { store, clock, config } = world
  const lastRun = await store.lastRun('pos')
  // Back to the newest link at least: without a requisition known to exist, no absence could be proved.
  const lastLinked = await store.lastLinked('pos')
  const known = [lastRun, lastLinked].filter((at) => at !== null).sort()
  const from = lastRun === null ? floorOf(config.po.startDate, clock.wallMs()) : (known[0] ?? lastRun)
  const dayAround = (stamp: string, ms: number) => dayIn(shiftStamp(stamp, ms), zone) ?? ''
  return readRequisitionIndex(world.procurify, {
    requesterId: requester.value.id,
    requesterAccountId: requester.value.accountId,
    since: dayAround(from, -DAY_MS),
    until: dayAround(new Date(clock.wallMs()).toISOString(), DAY_MS),
    pageSize: config.procurify.pageSize,
  })
}

async function checkRequester(
  world: World,
  me: () => Promise<Result<Requester>>,
  write: boolean,
): Promise<Failure | null> {
  const requester = await me()
  if (!requester.ok) return requester
  const { id, name } = requester.value
  const known = await claimRequester(world.database.db, world.config.connection, id, write)
  if (known === id) return null
  const message = `Procurify now answers as user ${id} (${name}); the requisitions of this connection were sent by user ${known}. Use that user's credentials again, or accept the new one with: ml-connector check --accept-requester`
  return { ok: false, kind: 'auth', code: 'requester_changed', message, status: null, http: null, retryAfterMs: null }
}

/** What `check` looks at: every name an order may use for a place, and who gets POs by e-mail. */
export interface OrderNames {
  readonly departments: readonly string[]
  readonly locations: readonly string[]
  readonly customFieldExists: boolean
  readonly vendors: readonly { readonly name: string; readonly active: boolean; readonly autoEmail: boolean }[]
}

/** Names count as Procurify has them, or as Plex has them by the alignment. */
export async function readOrderNames({ procurify, config, store }: World): Promise<Result<OrderNames>> {
  const { pageSize } = config.procurify
  const read = await readOrderReference(procurify, { pageSize, customField: config.po.customField })
  if (!read.ok) return read
  const { departments, locations, vendors, customFieldExists } = read.value
  const aligned = async (stream: 'departments' | 'locations') =>
    namesByTarget(await store.linkedTargets(stream), PLEX_NAMES[stream])
  const allNames = (places: readonly { id: string; name: string }[], plexNames: ReadonlyMap<string, string[]>) =>
    places.flatMap(({ id, name }) => [name, ...(plexNames.get(id) ?? [])])
  return {
    ok: true,
    value: {
      departments: allNames(departments, await aligned('departments')),
      locations: allNames(locations, await aligned('locations')),
      customFieldExists,
      vendors: vendors.map(({ name, active, is_auto_email_po_enabled: autoEmail }) => ({ name, active, autoEmail })),
    },
  }
}

/** `sync pos` sends nothing before a person said from when on. */
export function requireStartDate(world: World, dryRun: boolean): void {
  if (dryRun || world.config.po.startDate !== null) return
  throw new ConfigError(
    'PO_START_DATE is required: set it to the day from which orders are sent; until then only --dry-run is possible.',
  )
}

function once<T>(read: () => Promise<Result<T>>): () => Promise<Result<T>> {
  let answer: Promise<Result<T>> | null = null
  return async () => {
    const result = await (answer ??= read())
    if (!result.ok) answer = null
    return result
  }
}
