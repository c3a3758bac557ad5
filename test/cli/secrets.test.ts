/**
 * Nothing secret leaves the vault: the whole command set, through refusals, wrong settings, broken servers and a bug, with
 * secrets planted wherever there may be one. None of them may be in what was printed, in the database, or on a command line.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.js'
import { makeSupplier, openBench, startProgram, type Bench } from '../support/program.js'

const planted = (name: string): string => `pl4nted-${name}-${'x7Q'.repeat(4)}`

const SECRETS = {
  wrongPlex: planted('wrong-plex'),
  wrongProcurify: planted('wrong-procurify'),
  clientId: planted('client-id'),
  apiKey: planted('api-key'),
  apiSecret: planted('api-secret'),
  username: planted('username'),
  password: planted('password'),
  database: planted('database'),
  stdin: planted('stdin'),
  token: planted('token'),
  cookie: planted('cookie'),
  heartbeat: planted('heartbeat'),
  mistake: planted('mistake'),
}

let bench: Bench
let echo: Server
let echoUrl = ''
let printed = ''
const codes = new Set<number | null>()
/** Those the simulators gave out, and those of the settings that are right. */
const issued: string[] = []

beforeAll(async () => {
  bench = await openBench({ suppliers: [makeSupplier({ code: 'ACME' }), makeSupplier()] })
  for (const { state } of [bench.sandbox.plex, bench.sandbox.procurify]) {
    const issue = state.tokens.issue.bind(state.tokens)
    state.tokens.issue = () => {
      const token = issue()
      issued.push(token)
      return token
    }
  }
  // A server that tells everything it was told, as badly written ones and debugging proxies do.
  echo = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const isToken = request.url?.includes('/oauth2/token') === true
      const token = { access_token: SECRETS.token, token_type: 'Bearer', expires_in: 600 }
      const said = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`
      const refused = { code: 'BAD', message: said, errors: { authorization: [request.headers.authorization, said] } }
      const [status, type] = ANSWERS[(answer += 1) % ANSWERS.length] ?? [500, 'application/json']
      response.setHeader('set-cookie', `session=${SECRETS.cookie}`)
      response.writeHead(isToken ? 200 : status, { 'content-type': isToken ? 'application/json' : type })
      response.end(
        type === 'text/html' && !isToken ? `<title>${said}</title>` : JSON.stringify(isToken ? token : refused),
      )
    })
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  echoUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
})
afterAll(async () => {
  await bench.close()
  await new Promise((resolve) => echo.close(resolve))
})

let answer = 0
const ANSWERS: readonly (readonly [number, string])[] = [
  [400, 'application/json'],
  [401, 'application/json'],
  [403, 'application/json'],
  [500, 'application/json'],
  [502, 'text/html'],
  [200, 'text/html'],
]

const COMMANDS = [
  'check',
  'check --json',
  'sync suppliers --dry-run --log-level debug --verbose',
  'sync suppliers --log-level debug --json',
  'sync suppliers --full --quiet',
  'sync pos --dry-run --log-level debug',
  'sync invoices --log-level debug',
  'sync all --json',
  'align refdata --log-level debug --dry-run',
  'align refdata --list --json',
  'replay --all --json',
  'link list --json',
  'link propose --stream suppliers --csv',
  'status --json',
  'status',
  'reconcile',
  'audit show --json --limit 1000',
  'audit show',
  'audit verify --json',
  'credentials list --json',
  'migrate',
  'explain login_refused',
  'schedule',
]

async function play(commands: readonly string[], extra: Record<string, string>): Promise<void> {
  for (const command of commands) {
    const { code, out, err } = await runCli(command.split(' '), { ...bench.env, ...extra })
    codes.add(code)
    printed += `\n# ${command}\n${out}${err}`
  }
}

/** With a password in it, whatever the server thinks of it. */
function withPassword(url: string): string {
  const changed = new URL(url)
  changed.searchParams.set('password', SECRETS.database)
  return changed.href
}

async function everyRow(): Promise<string> {
  const { rows } = await bench.database.pool.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace`,
  )
  const tables = await Promise.all(
    rows.map(async ({ name }) => {
      const found = await bench.database.pool.query<{ row: string }>(`select t::text as row from ${name} t`)
      return found.rows.map(({ row }) => row).join('\n')
    }),
  )
  return tables.join('\n')
}

/** As it is, and as it travels: in a Basic header, in a form or URL, in JSON. */
function formsOf(secret: string): string[] {
  const alone = Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1)
  const behind = [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${'a'.repeat(shift)}${secret}`)
      .toString('base64')
      .replace(/=+$/, '')
    return text.slice(shift === 0 ? 0 : 4, -2)
  })
  return [secret, alone, ...behind, encodeURIComponent(secret)]
}

describe('no secret leaves the vault', () => {
  it('whatever is wrong with logins, settings, servers and the program itself', async () => {
    const DATABASE_URL = withPassword(bench.database.url)
    const ping = { HEARTBEAT_URL: `${echoUrl}/${SECRETS.heartbeat}` }
    await play(COMMANDS, { DATABASE_URL, ...ping })
    await play(['credentials set plex --from-env', 'credentials set procurify --from-env'], { DATABASE_URL })
    await play(['sync suppliers', 'credentials rotate', 'credentials list'], { DATABASE_URL })
    await play(['credentials remove plex', 'credentials remove procurify'], { DATABASE_URL })
    const short = [
      'check --json',
      'sync suppliers --log-level debug --json',
      'align refdata --log-level debug --dry-run',
    ]
    await play(short, { PLEX_CLIENT_ID: SECRETS.clientId, PLEX_CLIENT_SECRET: SECRETS.wrongPlex })
    await play(short, { PROCURIFY_CLIENT_SECRET: SECRETS.wrongProcurify })
    const keyed = { PLEX_AUTH: 'api-key', PLEX_API_KEY: SECRETS.apiKey, PLEX_API_SECRET: SECRETS.apiSecret }
    await play(short, keyed)
    const basic = { PLEX_AUTH: 'basic', PLEX_USERNAME: SECRETS.username, PLEX_PASSWORD: SECRETS.password }
    await play(short, basic)
    const mirror = { PLEX_BASE_URL: echoUrl, PROCURIFY_BASE_URL: echoUrl, SYNC_DEADLINE: '1s' }
    for (const [name, login] of Object.entries({ oauth2: {}, keyed, basic }))
      await play(short, {
        ...{ ...mirror, ...login, CONNECTION: `mirror-${name}` },
      })
    await play(['sync suppliers --json', 'check', 'migrate'], {
      DATABASE_URL: `postgres://me:${SECRETS.database}@127.0.0.1:9/none`,
    })
    // Settings that cannot be used are not quoted back where they may be secret.
    for (const [name, value] of Object.entries({
      DATABASE_URL: `mysql://me:${SECRETS.mistake}@db/ml`,
      ML_CONNECTOR_KEY: SECRETS.mistake,
      PLEX_CLIENT_SECRET: `${SECRETS.mistake}\nX-Header: 1`,
      PLEX_BASE_URL: `https://me:${SECRETS.mistake}@plex.example`,
      HEARTBEAT_URL: `https://me:${SECRETS.mistake}@ping.example`,
    }))
      await play(['sync suppliers --json', 'check'], { [name]: value })
    // A bug, with its report.
    await bench.database.pool.query('alter table note alter column revision restart with 9007199254740993')
    bench.sandbox.plex.state.data.suppliers.add(makeSupplier())
    await play(['sync suppliers --json', 'sync suppliers'], { DATABASE_URL, ...ping })
    expect([...codes].sort()).toEqual(expect.arrayContaining([0, 1, 2, 4, 5]))
    expect(issued.length).toBeGreaterThan(1)

    const stored = await everyRow()
    expect(stored.length).toBeGreaterThan(10_000)
    const { ML_CONNECTOR_KEY = '', PLEX_CLIENT_SECRET = '', PROCURIFY_CLIENT_SECRET = '' } = bench.env
    const all = [...Object.values(SECRETS), ...issued, ML_CONNECTOR_KEY, PLEX_CLIENT_SECRET, PROCURIFY_CLIENT_SECRET]
    const found = (text: string): string[] =>
      [...new Set(all)].filter((secret) => secret !== '' && formsOf(secret).some((form) => text.includes(form)))
    // The proof looks where it should: it does find what is there.
    expect(found(`Basic ${Buffer.from(`id:${SECRETS.password}`).toString('base64')}`)).toEqual([SECRETS.password])
    expect(found(printed)).toEqual([])
    expect(found(stored)).toEqual([])
  })

  it('by a command line: a login comes from a terminal, the environment or stdin', async () => {
    const started = startProgram(['credentials', 'set', 'plex', '--from-stdin'], bench.env)
    const { process: child } = started
    await expect.poll(() => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('--from-stdin')
    const line = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
    child.stdin?.end(JSON.stringify({ PLEX_CLIENT_ID: 'someone', PLEX_CLIENT_SECRET: SECRETS.stdin }))
    const { code, out, err } = await started.finished
    expect(code).toBe(0)
    expect(out + err + line + (await everyRow())).not.toContain(SECRETS.stdin)
    // A secret typed where none belongs is not repeated, and not stored.
    const typed = await runCli(['credentials', 'set', 'plex', SECRETS.stdin], bench.env)
    expect(typed.code).toBe(2)
    expect(typed.out + typed.err).not.toContain(SECRETS.stdin)
  })
})
