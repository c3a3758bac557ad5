import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig, readEnvFile, requireTimeZone, type Config, type Env } from '../src/config.js'
import { parseDuration } from '../src/domain/duration.js'
import { ConfigError } from '../src/domain/errors.js'
import { Secret } from '../src/domain/secret.js'

const REQUIRED = { DATABASE_URL: 'postgres://db/ml', PLEX_PCN: '123456', PROCURIFY_DOMAIN: 'acme' }
const KEY = Buffer.alloc(32, 7).toString('base64')

const folder = mkdtempSync(join(tmpdir(), 'ml-connector-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const load = (settings: Env): Config => loadConfig({ ...REQUIRED, ...settings })

/** The sentences of the ConfigError that `act` throws; none when it does not throw. */
function problemsOf(act: () => unknown): readonly string[] {
  try {
    act()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}
const problems = (settings: Env) => problemsOf(() => load(settings))

function writeFile(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('loadConfig', () => {
  it('has every open setting as it was written, and of secrets and capability addresses nothing', () => {
    const given = { ...REQUIRED, SYNC_TIMEOUT: '61s', HEARTBEAT_URL: 'https://ping.example/s3cr3t-path' }
    const secret = { PLEX_CLIENT_SECRET: 's3cr3t-login', DATABASE_URL: 'postgres://u:s3cr3t-word@db/ml' }
    const { openSettings } = loadConfig({ ...given, ...secret })
    expect(openSettings).toMatchObject({
      SYNC_TIMEOUT: '61s',
      HEARTBEAT_URL: expect.stringMatching(/^hidden:/) as string,
    })
    expect(JSON.stringify(openSettings)).not.toMatch(/s3cr3t/)
  })

  it('needs three settings and has the documented default for the rest', () => {
    const { settingsHash, openSettings, ...config } = loadConfig(REQUIRED)
    expect(settingsHash).toMatch(/^[0-9a-f]{64}$/)
    expect(openSettings).toMatchObject({ PLEX_PCN: '123456', SYNC_TIMEOUT: '60s' })
    expect(config).toEqual({
      databaseUrl: 'postgres://db/ml',
      dataDir: join(homedir(), '.local/share/ml-connector'),
      masterKeys: [],
      connection: 'default',
      plex: {
        profile: 'cloud',
        baseUrl: 'https://cloud.plex.com/api',
        auth: 'oauth2',
        tokenUrl: 'https://accounts.plex.com/oauth2/token',
        scope: null,
        pcn: '123456',
        pcnHeader: 'X-Plex-Connect-Customer-Id',
        tenantId: null,
        dateFilter: 'modified_date',
        credentials: {},
        callsPerMinute: 180,
        timeZone: null,
        soapMap: null,
      },
      procurify: {
        baseUrl: 'https://acme.procurify.com',
        clientHeader: 'api',
        credentials: {},
        callsPerMinute: 120,
        pageSize: 50,
        maxTimeouts: 3,
      },
      sync: {
        overlapMs: 600_000,
        concurrency: 4,
        deadlineMs: 900_000,
        timeoutMs: 60_000,
        leaseMs: 150_000,
        graceMs: 600_000,
        maxChanges: 500,
      },
      supplier: { skipTypes: [], inactiveStatuses: ['Inactive'], addresses: true, knownIds: 'none' },
      po: {
        startDate: null,
        statuses: [],
        quietMs: 900_000,
        only: [],
        exclude: [],
        maxPerDay: 50,
        customField: null,
        allowAutoEmail: false,
      },
      defaults: { department: null, location: null, unit: 'ea' },
      invoice: { startDate: null, delivery: 'match', tolerance: '0.01', skipNumbers: ['Received'] },
      refdata: { map: null, direction: 'to-procurify', maxChanges: 50 },
      heartbeatUrl: null,
      metricsFile: null,
    })
  })

  it('reports every mistake at once, also between settings, each with its name', () => {
    const found = problemsOf(() =>
      loadConfig({
        PLEX_PCN: 'acme: 1',
        PLEX_TIMEZON: 'America/Detroit',
        PLEX_API_KEY_FILE: join(folder, 'nowhere'),
        SYNC_TIMEOUT: '90s',
        PO_QUIET: '15',
      }),
    )
    expect(found).toEqual([
      'PLEX_TIMEZON is not a setting: did you mean PLEX_TIMEZONE?',
      `PLEX_API_KEY_FILE: ${join(folder, 'nowhere')} does not exist.`,
      expect.stringMatching(/^DATABASE_URL is required: set it \(Postgres 15 or newer\. .*\)\.$/),
      'PLEX_PCN must be the PCN or company code, letters and digits, not "acme: 1".',
      'PO_QUIET must be a whole number with a unit, such as 250ms, 90s, 10m, 2h or 1d (24d at most), not "15".',
      'SYNC_LEASE must exceed twice SYNC_TIMEOUT: more than 180s, not 150s.',
      expect.stringMatching(/^PROCURIFY_DOMAIN is required/),
    ])
  })

  it.each([
    ['DATABASE_URL', 'mysql://db/ml'],
    ['CONNECTION', 'acme/main'],
    ['ML_CONNECTOR_KEY', 'c2hvcnQ='],
    ['ML_CONNECTOR_KEY', `${KEY},${KEY.slice(1)}`],
    ['ML_CONNECTOR_KEY', KEY.replace('=', '*=')],
    ['PLEX_PROFILE', 'Cloud'],
    ['PLEX_AUTH', 'api_key'],
    ['PLEX_DATE_FILTER', 'modified'],
    ['PLEX_PCN_HEADER', 'X Plex'],
    ['PLEX_SCOPE', 'a\nb'],
    ['PLEX_PASSWORD', 'a\nb'],
    ['PLEX_CALLS_PER_MINUTE', '0'],
    ['PLEX_CALLS_PER_MINUTE', '1.5'],
    ['PLEX_TIMEZONE', 'Detroit'],
    ['PROCURIFY_DOMAIN', 'acme.example.com'],
    ['PROCURIFY_PAGE_SIZE', '1001'],
    ['SYNC_TIMEOUT', '0s'],
    ['SUPPLIER_ADDRESSES', 'yes'],
    ['SUPPLIER_KNOWN_IDS', 'id'],
    ['PO_START_DATE', '2026-02-30'],
    ['PO_START_DATE', '2026-02-01T06:00:00'],
    ['PO_ONLY', 'supplier:A,vendor:B'],
    ['PO_EXCLUDE', 'supplier:'],
    ['PO_MAX_PER_DAY', '-1'],
    ['DEFAULT_UNIT', 'u'.repeat(31)],
    ['INVOICE_DELIVERY', 'create'],
    ['INVOICE_TOLERANCE', '1%'],
    ['ALIGN_DIRECTION', 'to-both'],
    ['HEARTBEAT_URL', 'https://hc.example.com/ping?rid=1'],
  ])('refuses %s=%s', (name, text) => {
    expect(problems({ [name]: text })).toEqual([expect.stringMatching(new RegExp(`^${name} must be .+\\.$`))])
  })

  it('takes an empty setting for one that is not set', () => {
    expect(load({ SYNC_OVERLAP: '', PLEX_BASE_URL: '' })).toEqual(load({}))
    expect(problems({ PLEX_PCN: '' })).toEqual([expect.stringMatching(/^PLEX_PCN is required/)])
  })

  it('reads lists, scopes, keys, flags, dates and files', () => {
    const config = load({
      HOME: '/home/ops',
      ML_CONNECTOR_DATA: '~/state',
      ML_CONNECTOR_KEY: `${KEY}, ${KEY}`,
      SUPPLIER_SKIP_TYPES: 'Carrier, Customer ,',
      PO_ONLY: 'supplier:ACME, department:R&D: lab',
      PO_START_DATE: '2026-01-31',
      INVOICE_START_DATE: '2026-01-31T00:00:00-05:00',
      PO_ALLOW_AUTO_EMAIL: 'true',
      REFDATA_MAP: '/etc/pairs.csv',
    })
    expect(config.dataDir).toBe('/home/ops/state')
    expect(config.masterKeys.map((key) => key.reveal())).toEqual([KEY, KEY])
    expect(config.supplier.skipTypes).toEqual(['Carrier', 'Customer'])
    expect(config.po.only).toEqual([
      { kind: 'supplier', value: 'ACME' },
      { kind: 'department', value: 'R&D: lab' },
    ])
    expect(config.po.startDate).toBe('2026-01-31')
    expect(config.invoice.startDate).toBe('2026-01-31T05:00:00.000Z')
    expect(config.po.allowAutoEmail).toBe(true)
    expect(config.refdata.map).toBe('/etc/pairs.csv')
  })

  it('names unknown settings of ours, with the nearest one, and leaves the variables of others alone', () => {
    expect(problems({ PATH: '/bin', PLEXUS: '1', MY_PLEX_KEY: '1', PLEX_NEW: '' })).toEqual([])
    expect(
      problems({ SYNC_DEADLINS: '1m', SUPPLIER_SKIPTYPE: 'x', PO_START: '2026-01-01', PLEX_PCN_FILE: '/pcn' }),
    ).toEqual([
      'SYNC_DEADLINS is not a setting: did you mean SYNC_DEADLINE?',
      'SUPPLIER_SKIPTYPE is not a setting: did you mean SUPPLIER_SKIP_TYPES?',
      'PO_START is not a setting: remove it.',
      'PLEX_PCN_FILE is not a setting: remove it.',
    ])
  })

  it('asks for a lease of more than twice the timeout', () => {
    expect(problems({ SYNC_LEASE: '120s' })).toEqual([expect.stringMatching(/^SYNC_LEASE must exceed twice/)])
    expect(problems({ SYNC_LEASE: '121s' })).toEqual([])
  })
})

describe('addresses', () => {
  it.each([
    ['cloud', 'https://cloud.plex.com/api', 'oauth2', 'modified_date'],
    ['connect', 'https://connect.plex.com', 'api-key', 'modifiedDate'],
    ['soap', 'https://api.plexonline.com/DataSource/Service.asmx', 'basic', 'modifiedDate'],
  ])('come from the profile %s and may each be overridden', (profile, baseUrl, auth, dateFilter) => {
    const chosen = { PLEX_PROFILE: profile, ...(profile === 'soap' ? { PLEX_SOAP_MAP: '/etc/map.json' } : {}) }
    expect(load(chosen).plex).toMatchObject({ profile, baseUrl, auth, dateFilter })
    const own = { PLEX_BASE_URL: 'https://plex.test/x/', PLEX_AUTH: 'oauth2', PLEX_DATE_FILTER: 'modifiedDate' }
    expect(load({ ...chosen, ...own }).plex).toMatchObject({
      baseUrl: 'https://plex.test/x',
      auth: 'oauth2',
      dateFilter: 'modifiedDate',
    })
  })

  it('of the profile soap mean nothing without the map of its data sources', () => {
    expect(problems({ PLEX_PROFILE: 'soap' })).toEqual([expect.stringMatching(/^PLEX_SOAP_MAP is required/)])
    expect(problems({ PLEX_PROFILE: 'soap', PLEX_SOAP_MAP: '~/map.json' })).toEqual([])
  })

  it('never send the login of another host to the token address of the real one', () => {
    const tokenUrl = (settings: Env) => load(settings).plex.tokenUrl
    expect(tokenUrl({ PLEX_BASE_URL: 'http://127.0.0.1:8101/api/' })).toBe('http://127.0.0.1:8101/oauth2/token')
    expect(tokenUrl({ PLEX_BASE_URL: 'https://cloud.plex.com/api/' })).toBe('https://accounts.plex.com/oauth2/token')
    expect(tokenUrl({ PLEX_BASE_URL: 'https://plex.test', PLEX_TOKEN_URL: 'https://id.test/t/' })).toBe(
      'https://id.test/t/',
    )
  })

  it('of Procurify come from the domain or the base URL, which must agree', () => {
    const baseUrl = (settings: Env) => loadConfig({ ...REQUIRED, PROCURIFY_DOMAIN: '', ...settings }).procurify.baseUrl
    expect(baseUrl({ PROCURIFY_DOMAIN: 'Acme.procurify.com' })).toBe('https://acme.procurify.com')
    expect(baseUrl({ PROCURIFY_BASE_URL: 'http://localhost:8102/' })).toBe('http://localhost:8102')
    expect(baseUrl({ PROCURIFY_DOMAIN: 'acme', PROCURIFY_BASE_URL: 'https://ACME.procurify.com/' })).toBe(
      'https://acme.procurify.com',
    )
    expect(problems({ PROCURIFY_BASE_URL: 'https://other.procurify.com' })).toEqual([
      'PROCURIFY_DOMAIN and PROCURIFY_BASE_URL name different addresses: remove one of them.',
    ])
  })

  it.each(['PLEX_BASE_URL', 'PLEX_TOKEN_URL', 'HEARTBEAT_URL', 'PROCURIFY_BASE_URL'])(
    '%s needs TLS unless it is this machine, and holds no login',
    (name) => {
      const settings = (text: string) => ({
        PROCURIFY_DOMAIN: name === 'PROCURIFY_BASE_URL' ? '' : 'acme',
        [name]: text,
      })
      for (const text of ['https://h.test', 'http://127.9.8.7:1/x', 'http://[::1]:80', 'http://localhost:3']) {
        expect(problems(settings(text)), text).toEqual([])
      }
      for (const text of [
        'http://h.test',
        'http://127.0.0.1.h.test',
        'http://localhost.h.test',
        'http://10.0.0.1',
        'ftp://127.0.0.1',
        'h.test',
        'https://hunter2@h.test',
        'https://:hunter2@h.test',
      ]) {
        const found = problems(settings(text))
        expect(found, text).toEqual([expect.stringMatching(`^${name} must be an https:// address`)])
        expect(found.join()).not.toContain('hunter2')
      }
    },
  )

  it('allow the embedded database only while both systems are on this machine', () => {
    const local = { PLEX_BASE_URL: 'http://127.0.0.1:1', PROCURIFY_BASE_URL: 'http://localhost:2' }
    const embedded = { ...REQUIRED, DATABASE_URL: 'embedded', PROCURIFY_DOMAIN: '' }
    expect(loadConfig({ ...embedded, ...local }).databaseUrl).toBe('embedded')
    for (const remote of [
      { PLEX_BASE_URL: '' },
      { PROCURIFY_BASE_URL: 'https://acme.procurify.com' },
      { PROCURIFY_BASE_URL: '', PROCURIFY_DOMAIN: 'acme' },
    ]) {
      expect(problemsOf(() => loadConfig({ ...embedded, ...local, ...remote }))).toEqual([
        expect.stringMatching(/^DATABASE_URL must name a Postgres server: embedded is accepted only/),
      ])
    }
  })
})

describe('secrets', () => {
  it('may come from files, whose last line break does not count', () => {
    const config = load({
      ML_CONNECTOR_KEY_FILE: writeFile('key', `${KEY}\n`),
      DATABASE_URL: '',
      DATABASE_URL_FILE: writeFile('url', 'postgres://u:p@db/ml\r\n', 0o400),
      PLEX_CLIENT_SECRET_FILE: writeFile('secret', ' with space \n'),
    })
    expect(config.masterKeys.map((key) => key.reveal())).toEqual([KEY])
    expect(config.databaseUrl).toBe('postgres://u:p@db/ml')
    expect(config.plex.credentials.clientSecret?.reveal()).toBe(' with space ')
  })

  it('in a file must be there once, readable by us and by nobody else', () => {
    const shared = writeFile('shared', 'hunter2', 0o640)
    const open = writeFile('open', 'hunter2', 0o604)
    expect(
      problems({
        PLEX_API_KEY_FILE: shared,
        PLEX_PASSWORD_FILE: open,
        PLEX_USERNAME: 'hunter2',
        PLEX_USERNAME_FILE: writeFile('user', 'hunter2'),
        PROCURIFY_CLIENT_ID_FILE: writeFile('empty', '\n'),
        PROCURIFY_CLIENT_SECRET_FILE: folder,
      }),
    ).toEqual([
      `PLEX_API_KEY_FILE: others can read the secret: run chmod 600 ${shared}`,
      'PLEX_USERNAME and PLEX_USERNAME_FILE are both set: remove one of them.',
      `PLEX_PASSWORD_FILE: others can read the secret: run chmod 600 ${open}`,
      `PROCURIFY_CLIENT_ID_FILE: ${join(folder, 'empty')} is empty.`,
      `PROCURIFY_CLIENT_SECRET_FILE: ${folder} cannot be read (EISDIR).`,
    ])
  })

  it('are not shown by anything but reveal', () => {
    const config = load({ PLEX_API_KEY: 'hunter2', ML_CONNECTOR_KEY: KEY })
    const secret = new Secret('hunter2')
    const shown = [
      JSON.stringify({ config, secret }),
      inspect(config, { depth: 9, showHidden: true }),
      inspect(secret, { customInspect: false, showHidden: true }),
      `${secret.toString()} ${String(secret)}`,
      JSON.stringify({ ...secret }),
    ].join()
    expect(shown).toContain('***')
    expect(shown).not.toContain('hunter2')
    expect(shown).not.toContain(KEY)
    expect(config.plex.credentials.apiKey?.reveal()).toBe('hunter2')
    expect(Object.keys(config.plex.credentials)).toEqual(['apiKey'])
  })

  it('are not quoted in messages', () => {
    const found = problems({ DATABASE_URL: 'hunter2', ML_CONNECTOR_KEY: 'hunter2', PLEX_API_KEY: 'hunter2\n' })
    expect(found).toHaveLength(3)
    expect(found.join()).not.toContain('hunter2')
  })
})

describe('settingsHash', () => {
  const hash = (settings: Env) => load(settings).settingsHash

  it('is of what the settings come to, without the secrets', () => {
    const same = { SYNC_OVERLAP: '600s', PLEX_BASE_URL: 'https://cloud.plex.com/api' }
    const secrets = { DATABASE_URL: 'postgres://u:p@db/ml', ML_CONNECTOR_KEY: KEY, PLEX_API_KEY: 'k' }
    expect(hash({ ...same, ...secrets })).toBe(hash({}))
    expect(hash({ SYNC_OVERLAP: '601s' })).not.toBe(hash({}))
    expect(hash({ PLEX_TIMEZONE: 'UTC' })).not.toBe(hash({}))
  })
})

describe('readEnvFile', () => {
  it('gives values over which the environment wins, unless it is empty there', () => {
    const file = readEnvFile(writeFile('env', '\uFEFFCONNECTION="a"\nPLEX_PCN=1\nSYNC_CONCURRENCY=8 # eight\n'))
    const config = loadConfig({ ...REQUIRED, PLEX_PCN: '2', CONNECTION: '' }, file)
    expect(config).toMatchObject({ plex: { pcn: '2' }, connection: 'a', sync: { concurrency: 8 } })
  })

  it('lets others read the file only while no secret is in it', () => {
    const open = (text: string) => readEnvFile(writeFile('open.env', text, 0o644))
    const path = join(folder, 'open.env')
    expect(
      loadConfig(REQUIRED, open('PLEX_PCN=1\nPLEX_API_KEY=\nDATABASE_URL=postgres://ml@db:5432/ml')).plex.pcn,
    ).toBe('123456')
    for (const line of ['PLEX_API_KEY=k', `ML_CONNECTOR_KEY=${KEY}`, 'DATABASE_URL=postgres://ml:pw@db/ml']) {
      const name = line.split('=')[0]
      expect(problemsOf(() => loadConfig({ ...REQUIRED, PO_QUIET: 'x' }, open(line)))).toEqual([
        `${path} holds a secret (${name}) and others can read it: run chmod 600 ${path}`,
        expect.stringMatching(/^PO_QUIET must be/),
      ])
    }
    expect(problemsOf(() => loadConfig(REQUIRED, readEnvFile(writeFile('own.env', 'PLEX_API_KEY=k'))))).toEqual([])
  })

  it('warns of values that the parser would cut at a #', () => {
    const text = 'PLEX_PASSWORD=a#b\nPLEX_USERNAME="a#b"\nOTHER=a#b\nPLEX_PCN=1 # ours\n# PLEX_SCOPE=a#b\n'
    const path = writeFile('cut.env', text)
    expect(problemsOf(() => loadConfig(REQUIRED, readEnvFile(path)))).toEqual([
      `PLEX_PASSWORD holds a # in ${path}: put its value in quotes.`,
    ])
  })

  it('may be missing only when none was asked for', () => {
    const before = process.cwd()
    process.chdir(folder)
    try {
      expect(readEnvFile()).toBeNull()
      writeFile('.env', 'PLEX_PCN=7')
      expect(readEnvFile()?.values).toEqual({ PLEX_PCN: '7' })
    } finally {
      process.chdir(before)
    }
    const missing = join(folder, 'missing.env')
    expect(problemsOf(() => readEnvFile(missing))).toEqual([`The env file ${missing} does not exist.`])
    expect(problemsOf(() => readEnvFile(folder))).toEqual([`The env file ${folder} cannot be read (EISDIR).`])
  })
})

describe('requireTimeZone', () => {
  it('answers the zone or says which setting is missing', () => {
    expect(requireTimeZone(load({ PLEX_TIMEZONE: 'America/Detroit' }))).toBe('America/Detroit')
    expect(problemsOf(() => requireTimeZone(load({})))).toEqual([expect.stringMatching(/^PLEX_TIMEZONE is required/)])
  })
})

describe('parseDuration', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
    ['24d', 2_073_600_000],
  ])('%s is %i ms', (text, durationMs) => expect(parseDuration(text)).toBe(durationMs))

  it.each(['', '90', '1.5h', '-1s', '10 m', '10M', '1w', '1h30m', '25d', '99999999999s'])('refuses %j', (text) =>
    expect(parseDuration(text)).toBeNull(),
  )
})
