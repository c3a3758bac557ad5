import { contentHash } from './domain/content-hash.js'
import { ConfigError } from './domain/errors.js'
import type { Secret } from './domain/secret.js'
import { expandHome, gatherSettings, type Env, type EnvFile, type Gathered } from './env.js'
import type { Credentials } from './ports.js'
import { isLoopback, SETTINGS, Settings, type Scope } from './settings.js'

export { readEnvFile, type Env, type EnvFile } from './env.js'
export { SETTINGS, settingsTable } from './settings.js'

/** Everything the program is told from outside, checked and complete. Times in milliseconds, files with `~/` expanded. */
export interface Config {
  /** `embedded` or a postgres URL, which may hold a password: never print it. */
  databaseUrl: string
  dataDir: string
  /** Newest first, each 32 bytes in base64. Empty = nothing can be kept in the vault. */
  masterKeys: Secret[]
  connection: string
  plex: {
    profile: 'cloud' | 'connect' | 'soap'
    /** No trailing slash. */
    baseUrl: string
    auth: 'oauth2' | 'api-key' | 'basic'
    tokenUrl: string
    scope: string | null
    pcn: string
    pcnHeader: string
    tenantId: string | null
    dateFilter: 'modifiedDate' | 'modified_date'
    /** What the environment holds of the login, possibly nothing: the vault has the rest. */
    credentials: Credentials
    callsPerMinute: number
    timeZone: string | null
    soapMap: string | null
  }
  procurify: {
    /** No trailing slash. */
    baseUrl: string
    clientHeader: string
    credentials: Credentials
    callsPerMinute: number
    pageSize: number
    maxTimeouts: number
  }
  sync: {
    overlapMs: number
    concurrency: number
    deadlineMs: number
    timeoutMs: number
    leaseMs: number
    graceMs: number
    maxChanges: number
  }
  supplier: { skipTypes: string[]; inactiveStatuses: string[]; addresses: boolean; knownIds: 'none' | 'code' }
  po: {
    /** A date (its first moment in UTC) or an instant ending in `Z`; null = orders are only planned, never sent. */
    startDate: string | null
    statuses: string[]
    quietMs: number
    only: Scope[]
    exclude: Scope[]
    maxPerDay: number
    customField: string | null
    allowAutoEmail: boolean
  }
  defaults: { department: string | null; location: string | null; unit: string }
  /** `tolerance` is decimal text. `startDate` as for orders, but null = one year back. */
  invoice: { startDate: string | null; delivery: 'match' | 'draft'; tolerance: string; skipNumbers: string[] }
  refdata: { map: string | null; direction: 'to-procurify' | 'to-plex' | 'both'; maxChanges: number }
  heartbeatUrl: string | null
  metricsFile: string | null
  /** sha256 (hex) of all of the above but the secrets and the database: tells in the journal which settings a run had. */
  settingsHash: string
  /** The settings as they were written, defaults included, by name: no secrets. What changed is told by comparing two of these. */
  openSettings: Readonly<Record<string, string>>
}

/** Where each kind of Plex answers and how it wants to be asked (contracts/plex.md sections 1 and 2). */
const PRESETS = {
  cloud: { baseUrl: 'https://cloud.plex.com/api', auth: 'oauth2', dateFilter: 'modified_date' },
  connect: { baseUrl: 'https://connect.plex.com', auth: 'api-key', dateFilter: 'modifiedDate' },
  soap: { baseUrl: 'https://api.plexonline.com/DataSource/Service.asmx', auth: 'basic', dateFilter: 'modifiedDate' },
} as const
const PRESET_TOKEN_URL = 'https://accounts.plex.com/oauth2/token'

/**
 * Settings -> Config. The environment wins over the env file; `--connection NAME` is `{ ...env, CONNECTION: NAME }`.
 * Throws ConfigError with every mistake at once, one sentence each; what may be secret is never quoted.
 */
export function loadConfig(env: Env, envFile: EnvFile | null = null): Config {
  const { texts, home, problems } = gatherSettings(env, envFile)
  const values = parseSettings(texts, problems)
  for (const findConflict of [conflictOfTimes, conflictOfAddresses, conflictOfDatabase, conflictOfProfile]) {
    const conflict = findConflict(values)
    if (conflict !== null) problems.push(conflict)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return buildConfig(values as Settings, home, openTexts(texts))
}

/** Whoever knows the address of a dead-man switch can silence it. */
const HIDDEN = ['HEARTBEAT_URL']

function openTexts(texts: Gathered['texts']): Config['openSettings'] {
  const open = SETTINGS.filter(({ secret }) => !secret).flatMap(({ name, default: fallback }): [string, string][] => {
    const text = texts[name] ?? fallback
    if (text === null) return []
    return [[name, HIDDEN.includes(name) ? `hidden:${contentHash(text).slice(0, 16)}` : text]]
  })
  return Object.fromEntries(open)
}

/** The plant's zone, for the commands that read business dates; throws ConfigError when it is not set. */
export function requireTimeZone(config: Config): string {
  if (config.plex.timeZone !== null) return config.plex.timeZone
  throw new ConfigError('PLEX_TIMEZONE is required here: set it to the zone of the plant, such as America/Detroit.')
}

/** Each setting is parsed alone: one mistake hides no other, and the rules between settings see the rest. */
function parseSettings(texts: Gathered['texts'], problems: string[]): Partial<Settings> {
  const values: Record<string, unknown> = {}
  for (const { name, description } of SETTINGS) {
    const text = texts[name]
    if (text === null) continue
    const result = Settings.shape[name].safeParse(text)
    if (result.success) values[name] = result.data
    else if (text === undefined) problems.push(`${name} is required: set it (${description}).`)
    else problems.push(`${name} ${result.error.issues.map((issue) => issue.message).join(', ')}.`)
  }
  return values
}

// ----------------------------------------------------------------------------------------------- rules between settings
// In each of them undefined means a setting with a mistake of its own, told already; null one that is not set.

function conflictOfTimes({ SYNC_LEASE: leaseMs, SYNC_TIMEOUT: timeoutMs }: Partial<Settings>): string | null {
  if (leaseMs === undefined || timeoutMs === undefined || leaseMs > 2 * timeoutMs) return null
  return `SYNC_LEASE must exceed twice SYNC_TIMEOUT: more than ${(2 * timeoutMs) / 1000}s, not ${leaseMs / 1000}s.`
}

function conflictOfAddresses({ PROCURIFY_DOMAIN, PROCURIFY_BASE_URL }: Partial<Settings>): string | null {
  if (PROCURIFY_DOMAIN === null && PROCURIFY_BASE_URL === null) {
    return 'PROCURIFY_DOMAIN is required: set it to the name before .procurify.com (or set PROCURIFY_BASE_URL).'
  }
  if (!PROCURIFY_DOMAIN || !PROCURIFY_BASE_URL || PROCURIFY_DOMAIN === PROCURIFY_BASE_URL) return null
  return 'PROCURIFY_DOMAIN and PROCURIFY_BASE_URL name different addresses: remove one of them.'
}

/** The embedded server is for trying things out: no backup, one user. Real records must not end up in it. */
function conflictOfDatabase(values: Partial<Settings>): string | null {
  if (values.DATABASE_URL !== 'embedded') return null
  // Where no address is set the preset's or the tenant's own applies, and that is never this machine.
  const isRemote = (address: string | null | undefined) =>
    address !== undefined && (address === null || !isLoopback(address))
  if (!isRemote(values.PLEX_BASE_URL) && !isRemote(values.PROCURIFY_BASE_URL)) return null
  return (
    'DATABASE_URL must name a Postgres server: embedded is accepted only while PLEX_BASE_URL and PROCURIFY_BASE_URL ' +
    'are both on loopback.'
  )
}

function conflictOfProfile({ PLEX_PROFILE, PLEX_SOAP_MAP }: Partial<Settings>): string | null {
  if (PLEX_PROFILE !== 'soap' || PLEX_SOAP_MAP !== null) return null
  return 'PLEX_SOAP_MAP is required with PLEX_PROFILE=soap: the JSON file that describes the data sources (README, "Older Plex").'
}

// ------------------------------------------------------------------------------------------------------------ building

function buildConfig(values: Settings, home: string, openSettings: Config['openSettings']): Config {
  const file = (path: string | null) => path && expandHome(path, home)
  const config = {
    databaseUrl: values.DATABASE_URL,
    dataDir: expandHome(values.ML_CONNECTOR_DATA, home),
    masterKeys: values.ML_CONNECTOR_KEY,
    connection: values.CONNECTION,
    plex: buildPlex(values, home),
    procurify: {
      // One of the two is set: conflictOfAddresses saw to it.
      baseUrl: values.PROCURIFY_BASE_URL ?? values.PROCURIFY_DOMAIN ?? '',
      clientHeader: values.PROCURIFY_CLIENT_HEADER,
      credentials: pickGiven({
        clientId: values.PROCURIFY_CLIENT_ID,
        clientSecret: values.PROCURIFY_CLIENT_SECRET,
      }),
      callsPerMinute: values.PROCURIFY_CALLS_PER_MINUTE,
      pageSize: values.PROCURIFY_PAGE_SIZE,
      maxTimeouts: values.PROCURIFY_MAX_TIMEOUTS,
    },
    sync: {
      overlapMs: values.SYNC_OVERLAP,
      concurrency: values.SYNC_CONCURRENCY,
      deadlineMs: values.SYNC_DEADLINE,
      timeoutMs: values.SYNC_TIMEOUT,
      leaseMs: values.SYNC_LEASE,
      graceMs: values.SYNC_GRACE,
      maxChanges: values.SYNC_MAX_CHANGES,
    },
    supplier: {
      skipTypes: values.SUPPLIER_SKIP_TYPES,
      inactiveStatuses: values.SUPPLIER_INACTIVE_STATUSES,
      addresses: values.SUPPLIER_ADDRESSES,
      knownIds: values.SUPPLIER_KNOWN_IDS,
    },
    po: {
      startDate: values.PO_START_DATE,
      statuses: values.PO_STATUSES,
      quietMs: values.PO_QUIET,
      only: values.PO_ONLY,
      exclude: values.PO_EXCLUDE,
      maxPerDay: values.PO_MAX_PER_DAY,
      customField: values.PO_CUSTOM_FIELD,
      allowAutoEmail: values.PO_ALLOW_AUTO_EMAIL,
    },
    defaults: {
      department: values.DEFAULT_DEPARTMENT,
      location: values.DEFAULT_LOCATION,
      unit: values.DEFAULT_UNIT,
    },
    invoice: {
      startDate: values.INVOICE_START_DATE,
      delivery: values.INVOICE_DELIVERY,
      tolerance: values.INVOICE_TOLERANCE,
      skipNumbers: values.INVOICE_SKIP_NUMBERS,
    },
    refdata: {
      map: file(values.REFDATA_MAP),
      direction: values.ALIGN_DIRECTION,
      maxChanges: values.ALIGN_MAX_CHANGES,
    },
    heartbeatUrl: values.HEARTBEAT_URL,
    metricsFile: file(values.METRICS_FILE),
  }
  return { ...config, settingsHash: hashOpenSettings(config), openSettings }
}

function buildPlex(values: Settings, home: string): Config['plex'] {
  const preset = PRESETS[values.PLEX_PROFILE]
  const baseUrl = values.PLEX_BASE_URL ?? preset.baseUrl
  // A test system's login must never be sent to the real one, so another host brings its own token address.
  const tokenUrl = baseUrl === preset.baseUrl ? PRESET_TOKEN_URL : `${new URL(baseUrl).origin}/oauth2/token`
  return {
    profile: values.PLEX_PROFILE,
    baseUrl,
    auth: values.PLEX_AUTH ?? preset.auth,
    tokenUrl: values.PLEX_TOKEN_URL ?? tokenUrl,
    scope: values.PLEX_SCOPE,
    pcn: values.PLEX_PCN,
    pcnHeader: values.PLEX_PCN_HEADER,
    tenantId: values.PLEX_TENANT_ID,
    dateFilter: values.PLEX_DATE_FILTER ?? preset.dateFilter,
    credentials: pickGiven({
      clientId: values.PLEX_CLIENT_ID,
      clientSecret: values.PLEX_CLIENT_SECRET,
      apiKey: values.PLEX_API_KEY,
      apiSecret: values.PLEX_API_SECRET,
      username: values.PLEX_USERNAME,
      password: values.PLEX_PASSWORD,
    }),
    callsPerMinute: values.PLEX_CALLS_PER_MINUTE,
    timeZone: values.PLEX_TIMEZONE,
    soapMap: values.PLEX_SOAP_MAP && expandHome(values.PLEX_SOAP_MAP, home),
  }
}

function pickGiven(login: { [Field in keyof Credentials]: Secret | null }): Credentials {
  return Object.fromEntries(Object.entries(login).filter(([, secret]) => secret !== null))
}

/** Of the settings as they work out: `10m` and `600s` are the same, and so is a preset's value written out. */
function hashOpenSettings(config: Omit<Config, 'settingsHash' | 'openSettings'>): string {
  return contentHash({
    ...config,
    databaseUrl: null,
    masterKeys: null,
    plex: { ...config.plex, credentials: null },
    procurify: { ...config.procurify, credentials: null },
  })
}
