/** The one place that knows every adapter: settings in, a world for the passes out. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config.js'
import { contentHash } from '../domain/content-hash.js'
import { needsSurvey, planSuppliers, type PlanSuppliersOptions } from '../domain/plan-suppliers.js'
import type { System } from '../domain/record.js'
import type { SupplierDetail, Vendor } from '../domain/supplier.js'
import type { CallCounts, Http } from '../http.js'
import { makeSupplierSource } from '../plex/suppliers.js'
import type { Clock, Credentials, Journal, Pacer, Reporter, Store, Stream, Vault } from '../ports.js'
import { makeProcurify } from '../procurify/client.js'
import { makeVendorTarget, readVendors } from '../procurify/vendors.js'
import { openPacer } from '../store/budget.js'
import { bindConnection } from '../store/connection.js'
import type { Database } from '../store/database.js'
import { openJournal } from '../store/journal.js'
import { openStore } from '../store/store.js'
import { openVault } from '../store/vault.js'
import type { Context } from './program.js'
import { openState, readConfig, requireCurrentSchema } from './state.js'
import { openPlex, readSoapMap, requireSources, type PlexSide } from './wire-plex.js'

export interface WorldOptions {
  readonly command: string
  readonly runId: string
  readonly reporter: Reporter
  /** False = a dry run: nothing is bound or written but budgets and tokens. */
  readonly write: boolean
  readonly deadlineMs: number
  /** The proof runs passes on a simulated clock. */
  readonly clock?: Clock
}

export interface World extends PlexSide {
  readonly config: Config
  readonly database: Database
  readonly store: Store
  readonly journal: Journal
  readonly vault: Vault
  readonly clock: Clock
  readonly deadlineAt: number
  readonly calls: { readonly plex: CallCounts; readonly procurify: CallCounts }
  /** Systems that refused calls for being too many, and how many a minute are made since. */
  readonly slowed: ReadonlyMap<System, number>
  readonly procurify: Http
  close(): Promise<void>
}

export async function openWorld(context: Context, options: WorldOptions): Promise<World> {
  context.exit.runId = options.runId
  const config = readConfig(context)
  // Its mistakes are told before anything is touched.
  await readSoapMap(config)
  const database = await openState(config, options.command)
  try {
    await requireCurrentSchema(database)
    return await assembleWorld(context, config, database, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The adapters over a database that is open already. */
export async function assembleWorld(
  { io, version }: Pick<Context, 'io' | 'version'>,
  config: Config,
  database: Database,
  options: WorldOptions,
): Promise<World> {
  const { db } = database
  const { connection, plex, procurify } = config
  const bound = await bindConnection(
    db,
    {
      connection,
      plexHost: hostOf(plex.baseUrl),
      pcn: plex.pcn,
      plexTenant: plex.tenantId,
      procurifyHost: hostOf(procurify.baseUrl),
    },
    options.write,
  )
  const actor = { user: io.user, host: io.host, requester: bound.requester, version, settings: config.settingsHash }
  const holder = `${options.command} on ${io.host} (run ${options.runId})`
  const { openSettings: settings } = config
  const store = openStore(db, { connection, actor, salt: bound.salt, leaseMs: config.sync.leaseMs, holder, settings })
  const vault = openVault(db, connection, config.masterKeys)
  const clock = options.clock ?? systemClock
  const deadlineAt = clock.now() + options.deadlineMs
  const calls = { plex: newCounts(), procurify: newCounts() }
  const shared = {
    clock,
    vault,
    reporter: options.reporter,
    signal: io.signal,
    deadlineAt: () => deadlineAt,
    timeoutMs: config.sync.timeoutMs,
    version,
  }
  // The vault wins over the environment: that is only for the time before `credentials set`.
  const logins = { plex: plex.credentials, procurify: procurify.credentials, ...(await vault.logins()) }
  const slowed = new Map<System, number>()
  const pacerOf = (system: System, perMinute: number, maxTimeouts: number | null): Pacer => {
    const name = budgetName(system, config[system].baseUrl, logins[system])
    const pacer = openPacer(db, { name, perMinute, maxTimeouts, coolDownMs: TIMEOUT_COOL_DOWN_MS, clock })
    const throttled = async () => {
      const lesson = await pacer.throttled()
      slowed.set(system, lesson.perMinute)
      return lesson
    }
    return { ...pacer, throttled }
  }
  return {
    ...{ config, database, store, vault, clock, deadlineAt, calls, slowed },
    journal: openJournal(db, connection),
    ...(await openPlex(config, await readSoapMap(config), {
      ...shared,
      credentials: logins.plex,
      counts: calls.plex,
      pacer: pacerOf('plex', plex.callsPerMinute, null),
    })),
    procurify: makeProcurify(procurify, {
      ...shared,
      credentials: logins.procurify,
      counts: calls.procurify,
      pacer: pacerOf('procurify', procurify.callsPerMinute, procurify.maxTimeouts),
    }),
    close: () => database.close(),
  }
}

/** Procurify suspends access for repeated slow requests; this is how long we then leave it alone. */
const TIMEOUT_COOL_DOWN_MS = 15 * 60_000

/** One budget per system and login, whatever connection uses it. */
function budgetName(system: string, baseUrl: string, login: Credentials): string {
  const identity = login.clientId ?? login.apiKey ?? login.username
  return `${system}:${contentHash([hostOf(baseUrl), identity?.reveal() ?? '']).slice(0, 16)}`
}

function hostOf(url: string): string {
  return new URL(url).host
}

function newCounts(): CallCounts {
  return { requests: 0, throttled: 0, retried: 0 }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: async (ms, signal) => {
    // An early end of the wait is what the signal is for; whoever waits looks at the signal itself.
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
}

export function supplierStream(
  world: World,
  options: { repairDrift: boolean },
): Stream<SupplierDetail, readonly Vendor[]> {
  const { config, plex, procurify } = world
  requireSources(world.dataSources, 'suppliers', 'suppliers')
  const { supplier } = config
  const planOptions: PlanSuppliersOptions = {
    pcn: config.plex.pcn,
    skipTypes: supplier.skipTypes,
    inactiveStatuses: supplier.inactiveStatuses,
    knownIds: supplier.knownIds,
    repairDrift: options.repairDrift,
  }
  return {
    name: 'suppliers',
    feeds: [],
    firstLoadIsExempt: true,
    floor: null,
    source: makeSupplierSource(plex, {
      dateFilter: config.plex.dateFilter,
      addresses: supplier.addresses,
      concurrency: config.sync.concurrency,
    }),
    target: makeVendorTarget(procurify, { pageSize: config.procurify.pageSize, clock: world.clock }),
    scope: contentHash([supplier.skipTypes, supplier.inactiveStatuses]).slice(0, 16),
    needsSurvey: (details, links) => needsSurvey(details, links, planOptions),
    survey: () => readVendors(procurify, config.procurify.pageSize),
    plan: (details, links, known) =>
      planSuppliers(details, links, known === null ? null : { ...known, vendors: known.survey }, planOptions),
  }
}

export function newRunId(): string {
  return randomUUID()
}
