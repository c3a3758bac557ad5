import { z } from 'zod'
import { DURATION_FORMAT, parseDuration } from './domain/duration.js'
import { Bug } from './domain/errors.js'
import { Secret } from './domain/secret.js'

/** What is known of one setting without its schema: enough for the README's table and `.env.example`. */
export interface Setting {
  name: keyof Settings
  /** May also be given by a file named in `NAME_FILE`; never shown. */
  secret: boolean
  /** As text, the way it would be written; null = not set. */
  default: string | null
  required: boolean
  description: string
}

/** Orders picked out by one property, as in `supplier:ACME`. */
export type Scope = { kind: (typeof SCOPES)[number]; value: string }
const SCOPES = ['supplier', 'department', 'building', 'type', 'po'] as const

// ------------------------------------------------------------------------------------------ how a text becomes a value

type Schema<T> = z.ZodType<T, string>

/** A schema of text: `read` answers undefined for what is not `wanted`. The text is quoted back unless it may be secret. */
function parsed<T>(wanted: string, read: (text: string) => T | undefined, quoted = true): Schema<T> {
  return z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `must be ${wanted}${quoted ? `, not ${JSON.stringify(text)}` : ''}` })
    return z.NEVER
  })
}

const matching = (pattern: RegExp, wanted: string) => parsed(wanted, (text) => (pattern.test(text) ? text : undefined))
const oneOf = <const T extends string>(...words: T[]) =>
  parsed(words.join(' or '), (text) => words.find((word) => word === text))
const integer = (least: number, most: number) =>
  parsed(`a whole number from ${least} to ${most}`, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
    return value >= least && value <= most ? value : undefined
  })
const duration = parsed(DURATION_FORMAT, (text) => parseDuration(text) ?? undefined)
const positiveDuration = parsed(DURATION_FORMAT, (text) => parseDuration(text) || undefined)
const flag = oneOf('true', 'false').transform((word) => word === 'true')
const list = parsed('a list', (text) => splitList(text))
// Line breaks would let a value add headers of its own to a request or lines to a report.
const line = matching(/^[^\p{Cc}]+$/u, 'one line of text')
const headerName = matching(/^[A-Za-z0-9-]+$/, 'the name of an HTTP header')
const headerValue = matching(/^[\x20-\x7e]+$/, 'plain ASCII text')
const start = parsed('a day (2026-01-31) or an instant with its zone (2026-01-31T06:00:00Z)', (text) => {
  if (z.iso.date().safeParse(text).success) return text
  return z.iso.datetime({ offset: true }).safeParse(text).success ? new Date(text).toISOString() : undefined
})
const timeZone = parsed('a zone such as America/Detroit', (text) => {
  // The first formatter takes as long as loading our whole program; most names are in this list.
  if (Intl.supportedValuesOf('timeZone').includes(text)) return text
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }) && text
  } catch {
    return undefined
  }
})
const scopes = parsed(`a list of ${SCOPES.join(':..., ')}:...`, (text) => {
  const read = splitList(text).map((item) => {
    const kind = SCOPES.find((word) => item.startsWith(`${word}:`))
    const value = kind && item.slice(kind.length + 1).trim()
    return kind && value ? { kind, value } : null
  })
  const good = read.filter((scope) => scope !== null)
  return good.length === read.length ? good : undefined
})
const secretText = parsed(
  'one line of text',
  (text) => (/^[^\p{Cc}]+$/u.test(text) ? new Secret(text) : undefined),
  false,
)
const masterKeys = parsed(
  'one or more keys of 32 bytes in base64, separated by commas (`ml-connector credentials new-key` makes one)',
  (text) => (splitList(text).every(isMasterKey) ? splitList(text).map((key) => new Secret(key)) : undefined),
  false,
)
const databaseUrl = parsed(
  'postgres://USER:PASSWORD@HOST/DATABASE or embedded',
  (text) => (text === 'embedded' || /^postgres(ql)?:\/\/./.test(text) ? text : undefined),
  false,
)
// Addresses are printed and stored, so a login has no place in them; one that has is not quoted back either.
const url = parsed('an https:// address without a login (http:// only on loopback)', readUrl, false)
const baseUrl = parsed(
  'an https:// address without login, query or fragment (http:// only on loopback)',
  (text) => (/[?#]/.test(text) ? undefined : readUrl(text)?.replace(/\/+$/, '')),
  false,
)
const domain = parsed('the name before .procurify.com (for another host set PROCURIFY_BASE_URL)', (text) => {
  const [, name] = /^([a-z0-9]+(?:-+[a-z0-9]+)*)(?:\.procurify\.com)?$/i.exec(text) ?? []
  return name && `https://${name.toLowerCase()}.procurify.com`
})

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Compared after a round trip, since Node's decoder silently drops what is not base64. */
function isMasterKey(text: string): boolean {
  const key = Buffer.from(text, 'base64')
  return key.length === 32 && key.toString('base64') === text
}

/** In the parser's own spelling, so that what was checked is what will be called. */
function readUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password, href } = new URL(text)
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(href))
  return isSafe && username === '' && password === '' ? href : undefined
}

/** By the parsed host: `127.0.0.1.example.com` is not this machine, `127.1` is. */
export function isLoopback(address: string): boolean {
  return /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(new URL(address).hostname)
}

// -------------------------------------------------------------------------------------------------------- the settings

const notes = z.registry<Omit<Setting, 'name'>>()
const note = { secret: false, default: null, required: false }

const required = <T>(schema: Schema<T>, description: string) =>
  schema.register(notes, { ...note, required: true, description })
const optional = <T>(schema: Schema<T>, description: string) =>
  schema
    .optional()
    .transform((value) => value ?? null)
    .register(notes, { ...note, description })
/** `fallback` is read like a given text, so a default can't be of a form the setting itself would refuse. */
const setting = <T>(schema: Schema<T>, fallback: string, description: string) =>
  schema.prefault(fallback).register(notes, { ...note, default: fallback || null, description })
const login = (description: string) =>
  secretText
    .optional()
    .transform((value) => value ?? null)
    .register(notes, { ...note, secret: true, description })

export const Settings = z.object({
  DATABASE_URL: databaseUrl.register(notes, {
    ...note,
    secret: true,
    required: true,
    description:
      'Postgres 15 or newer. `embedded` = a private server in `ML_CONNECTOR_DATA`, only with both systems on loopback',
  }),
  ML_CONNECTOR_DATA: setting(line, '~/.local/share/ml-connector', 'folder of the `embedded` server'),
  ML_CONNECTOR_KEY: masterKeys.prefault('').register(notes, {
    ...note,
    secret: true,
    description: 'master key(s) of the vault: 32 bytes in base64, newest first, separated by commas',
  }),
  CONNECTION: setting(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots, dashes and underscores, 63 at most'),
    'default',
    'name of this pair of Plex PCN and Procurify tenant; bound to both by the first run that gets an answer',
  ),
  PLEX_PROFILE: setting(
    oneOf('cloud', 'connect', 'soap'),
    'cloud',
    'preset: `cloud` (https://cloud.plex.com/api, OAuth), `connect` (https://connect.plex.com, API key) or `soap` (data sources, Basic)',
  ),
  PLEX_PCN: required(
    matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'the PCN or company code, letters and digits'),
    'company code (PCN) sent on every call',
  ),
  PLEX_BASE_URL: optional(baseUrl, 'address of the API; overrides the preset'),
  PLEX_AUTH: optional(oneOf('oauth2', 'api-key', 'basic'), '`oauth2`, `api-key` or `basic`; overrides the preset'),
  PLEX_TOKEN_URL: optional(
    url,
    'where OAuth tokens come from; overrides the preset, or `/oauth2/token` on the host of `PLEX_BASE_URL`',
  ),
  PLEX_SCOPE: optional(line, 'OAuth scope to ask for'),
  PLEX_PCN_HEADER: setting(headerName, 'X-Plex-Connect-Customer-Id', 'header that carries the PCN'),
  PLEX_TENANT_ID: optional(headerValue, 'tenant id (UUID), where the PCN does not choose the tenant'),
  PLEX_DATE_FILTER: optional(
    oneOf('modifiedDate', 'modified_date'),
    '`modifiedDate` (a begin and an end) or `modified_date` (a lower bound); overrides the preset',
  ),
  PLEX_CLIENT_ID: login('OAuth login, until `credentials set plex`'),
  PLEX_CLIENT_SECRET: login('OAuth login, until `credentials set plex`'),
  PLEX_API_KEY: login('API key, until `credentials set plex`'),
  PLEX_API_SECRET: login('secret of the API key where there is one, until `credentials set plex`'),
  PLEX_USERNAME: login('Basic login, until `credentials set plex`'),
  PLEX_PASSWORD: login('Basic login, until `credentials set plex`'),
  PLEX_CALLS_PER_MINUTE: setting(integer(1, 999_999), '180', 'call budget, shared by all runs of a login'),
  PLEX_TIMEZONE: optional(
    timeZone,
    'time zone of the plant, such as `America/Detroit`; required for orders, invoices and `reconcile`',
  ),
  PLEX_SOAP_MAP: optional(line, 'JSON file that describes the data sources of the `soap` profile'),
  PROCURIFY_DOMAIN: optional(domain, '`acme` for acme.procurify.com; this or `PROCURIFY_BASE_URL` is required'),
  PROCURIFY_BASE_URL: optional(baseUrl, 'address, instead of `PROCURIFY_DOMAIN`'),
  PROCURIFY_CLIENT_ID: login('OAuth login, until `credentials set procurify`'),
  PROCURIFY_CLIENT_SECRET: login('OAuth login, until `credentials set procurify`'),
  PROCURIFY_CLIENT_HEADER: setting(headerValue, 'api', 'value of the header `X-Procurify-Client`'),
  PROCURIFY_CALLS_PER_MINUTE: setting(integer(1, 999_999), '120', 'call budget, shared by all runs of a login'),
  PROCURIFY_PAGE_SIZE: setting(integer(1, 1000), '50', 'rows a page'),
  PROCURIFY_MAX_TIMEOUTS: setting(integer(1, 100), '3', 'timeouts in a row before a cool-down of 15 minutes'),
  SYNC_OVERLAP: setting(duration, '10m', 'how far each window reaches back below the watermark'),
  SYNC_CONCURRENCY: setting(integer(1, 100), '4', 'calls at the same time'),
  SYNC_DEADLINE: setting(positiveDuration, '15m', 'how long a pass may take'),
  SYNC_TIMEOUT: setting(positiveDuration, '60s', 'how long a request may take'),
  SYNC_LEASE: setting(
    positiveDuration,
    '150s',
    'how long a killed run blocks its stream; must exceed twice `SYNC_TIMEOUT`',
  ),
  SYNC_GRACE: setting(
    duration,
    '10m',
    'how long a write of unknown outcome may take to show up before its absence counts',
  ),
  SYNC_MAX_CHANGES: setting(
    integer(0, 999_999),
    '500',
    'changes a pass may make without `--confirm`, or half of the known records where that is more',
  ),
  SUPPLIER_SKIP_TYPES: setting(list, '', 'supplier types left out, separated by commas'),
  SUPPLIER_INACTIVE_STATUSES: setting(list, 'Inactive', 'supplier statuses that mean inactive'),
  SUPPLIER_ADDRESSES: setting(flag, 'true', 'send addresses (one more call a changed supplier)'),
  SUPPLIER_KNOWN_IDS: setting(
    oneOf('none', 'code'),
    'none',
    '`code` = vendors whose `external_id` is the Plex supplier code are ours',
  ),
  PO_START_DATE: optional(
    start,
    'created date from which orders are sent, earlier ones never; until it is set `sync pos` runs only with `--dry-run`',
  ),
  PO_STATUSES: setting(
    list,
    '',
    'names of the order statuses to send (empty = flagged on order, neither cancelled nor received)',
  ),
  PO_QUIET: setting(
    duration,
    '15m',
    'an order is sent once it, its lines and its releases were left unchanged this long',
  ),
  PO_ONLY: setting(
    scopes,
    '',
    'only these orders: `supplier:CODE`, `department:NAME`, `building:NAME`, `type:NAME`, `po:NUMBER`',
  ),
  PO_EXCLUDE: setting(scopes, '', 'all orders but these, written as for `PO_ONLY`'),
  PO_MAX_PER_DAY: setting(
    integer(0, 999_999),
    '50',
    'new requisitions a connection and day, `0` = no ration; the rest waits for the next day',
  ),
  PO_CUSTOM_FIELD: optional(line, 'custom field of requisition lines to fill with the Plex order number'),
  PO_ALLOW_AUTO_EMAIL: setting(
    flag,
    'false',
    'send orders of vendors that Procurify e-mails POs to (the supplier may deliver twice)',
  ),
  DEFAULT_DEPARTMENT: optional(line, 'department used where Plex names none, and noted on the record'),
  DEFAULT_LOCATION: optional(line, 'location used where Plex names none, and noted on the record'),
  DEFAULT_UNIT: setting(
    matching(/^[^\p{Cc}]{1,30}$/u, 'at most 30 characters'),
    'ea',
    'unit used where Plex names none, and noted on the record',
  ),
  INVOICE_START_DATE: optional(start, 'date from which invoices are read (empty = one year back)'),
  INVOICE_DELIVERY: setting(
    oneOf('match', 'draft'),
    'match',
    '`match` finds the bill, `draft` also creates a missing one',
  ),
  INVOICE_TOLERANCE: setting(
    matching(/^\d{1,12}(\.\d{1,8})?$/, 'an amount like 0.01'),
    '0.01',
    'difference of amounts that still counts as equal',
  ),
  INVOICE_SKIP_NUMBERS: setting(list, 'Received', 'invoice numbers that only hold the place of the real one'),
  REFDATA_MAP: optional(line, 'file of explicit pairs of accounts, departments and locations'),
  ALIGN_DIRECTION: setting(
    oneOf('to-procurify', 'to-plex', 'both'),
    'to-procurify',
    'which side `align refdata` writes to: `to-procurify`, `to-plex` or `both`',
  ),
  ALIGN_MAX_CHANGES: setting(
    integer(0, 999_999),
    '50',
    'changes `align refdata` may make on a side without `--confirm`',
  ),
  HEARTBEAT_URL: optional(baseUrl, 'dead-man ping: `/start`, nothing added on success, `/<exit code>` otherwise'),
  METRICS_FILE: optional(line, 'Prometheus textfile to write, for the node exporter'),
})
/** Every setting as a value: parsed, its default filled in, null where there is none. */
export type Settings = z.output<typeof Settings>

/** Every setting, in the order of the documentation. What is not here does not exist. */
export const SETTINGS: readonly Setting[] = Object.entries(Settings.shape).map(([name, schema]) => {
  const described = notes.get(schema)
  if (described === undefined) throw new Bug(`setting ${name} has no description`)
  return { name: name as keyof Settings, ...described }
})

/** The README's table of settings, as Markdown. A test keeps the README equal to it. */
export function settingsTable(): string {
  const rows = SETTINGS.map((setting) => {
    const fallback = setting.default === null ? (setting.required ? 'required' : '') : `\`${setting.default}\``
    const meaning = setting.secret
      ? `${setting.description}. Secret; or a file: \`${setting.name}_FILE\``
      : setting.description
    return `| \`${setting.name}\` | ${fallback} | ${meaning.replaceAll('|', '\\|')} |`
  })
  return ['| name | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
