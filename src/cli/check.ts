import type { Config } from '../config.js'
import { Bug, ConfigError } from '../domain/errors.js'
import { adviceFor } from '../domain/problems.js'
import { runSteps, type Check, type Step, type Verdict } from '../passes/check.js'
import { requirePostgres15, type Database } from '../store/database.js'
import { schemaState } from '../store/migrate.js'
import { findLinked, readServer, readTokens, type ServerFacts } from '../store/overview.js'
import { openVault } from '../store/vault.js'
import { checkKept } from './check-requester.js'
import { orderSteps } from './check-orders.js'
import { plexResourceSteps, procurifyResourceSteps } from './check-resources.js'
import { checkRights } from './check-rights.js'
import { askOnce, plexSteps, PLEX_TENANTS, procurifySteps, PROCURIFY_ME, type Systems } from './check-systems.js'
import { soapSteps } from './check-soap.js'
import type { CheckFlags } from './commands/check.js'
import { missingSettings, settingsOf } from './credentials.js'
import type { Context } from './program.js'
import { makeReporter } from './reporter.js'
import { isDatabaseTrouble, openState, readConfig, refusalOf } from './state.js'
import { columnsOf, paint, wrap } from './table.js'
import { newRunId, openWorld, systemClock, type World } from './wire.js'
import { readSoapMap, type BlockName } from './wire-plex.js'

/**
 * `check`: what would keep a pass from working, in the order to mend it. Writes nothing to either system; a step that fails
 * stops only those that need it. Exit 2, 4 or 5 by the worst failure, 0 with warnings only.
 */
export async function checkAll(context: Context, flags: CheckFlags): Promise<number> {
  const { io } = context
  const style = paint(io, context.global().color)
  const print = (check: Check): void => {
    // What cannot be looked at yet is one line at the end: two dozen of them would hide the one to read.
    if (isBlocked(check)) return
    const mark = { ok: style.good, warn: style.warn, fail: style.bad, skipped: style.dim }[check.status]
    io.out(layOut(check, mark, columnsOf(io)))
  }
  const site: Site = { config: null, database: null, server: null, world: null, systems: null }
  try {
    const { checks, exitCode } = await runSteps(
      allSteps(context, site, flags, await sourcesOf(context)),
      flags.json === true ? () => undefined : print,
    )
    const next = nextStep(checks)
    if (flags.json === true)
      io.out(`${JSON.stringify({ schema: 'ml-connector/check@1', exit_code: exitCode, checks, next })}\n`)
    else {
      const blocked = checks.filter(isBlocked).length
      if (blocked > 0) io.out(`${style.dim('skipped')}  ${blocked} more, which need what failed above\n`)
      io.out(`\n${style.bold('Next:')} ${wrap(next, columnsOf(io) - 6).join('\n      ')}\n`)
    }
    return exitCode
  } finally {
    await site.world?.close()
    await site.database?.close()
  }
}

function isBlocked({ status, message }: Check): boolean {
  return status === 'skipped' && message.startsWith('needs: ')
}

/** The first failure, else the first warning, else the first pass. */
function nextStep(checks: readonly Check[]): string {
  const trouble = checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'warn')
  return trouble?.advice ?? 'ml-connector sync suppliers --dry-run'
}

const STATUS_WIDTH = 9
const NAME_WIDTH = 24

/** `ok       database  ...`, wrapped, with the advice below where there is one. */
function layOut({ name, status, message, advice }: Check, mark: (text: string) => string, columns: number): string {
  const indent = ' '.repeat(STATUS_WIDTH + NAME_WIDTH)
  const width = Math.max(20, columns - indent.length)
  const lines = message.split('\n').flatMap((line) => wrap(line, width))
  const advised = advice === '' ? [] : wrap(`-> ${advice}`, width)
  const [first = '', ...rest] = [...lines, ...advised]
  const title = `${mark(status.padEnd(STATUS_WIDTH))}${name.replaceAll('_', ' ').padEnd(NAME_WIDTH)}`
  return [`${title}${first}`, ...rest.map((line) => indent + line)].map((line) => `${line}\n`).join('')
}

/** What earlier steps opened for later ones. */
interface Site {
  config: Config | null
  database: Database | null
  server: (ServerFacts & { readonly aheadMs: number }) | null
  world: World | null
  systems: Systems | null
}

/** A step runs only when those it needs did not fail, so what they opened is there. */
function given<T>(part: T | null): T {
  if (part === null) throw new Bug('A step of the check ran before one that it needs.')
  return part
}

/** Plex's REST API: its login, its company, and each resource. */
function restSteps(systems: () => Systems): Step[] {
  return [...plexSteps(systems), ...plexResourceSteps(systems)]
}

/** The data sources to try; null = the REST API is asked. Mistakes are told by the step `settings`. */
async function sourcesOf(context: Context): Promise<BlockName[] | null> {
  try {
    const map = await readSoapMap(readConfig(context))
    return map === null ? null : (Object.keys(map.blocks) as BlockName[])
  } catch (error) {
    if (error instanceof ConfigError) return null
    throw error
  }
}

function allSteps(context: Context, site: Site, flags: CheckFlags, sources: BlockName[] | null): Step[] {
  const config = (): Config => given(site.config)
  return [
    { name: 'settings', needs: [], run: () => attempt(() => checkSettings(context, site)) },
    { name: 'master_key', needs: ['settings'], run: () => Promise.resolve(checkMasterKey(config())) },
    { name: 'database', needs: ['settings'], run: () => attempt(() => checkDatabase(site), 'database_unavailable') },
    { name: 'database_schema', needs: ['database'], run: () => attempt(() => checkSchema(given(site.database))) },
    {
      name: 'database_rights',
      needs: ['database_schema'],
      run: () => attempt(() => Promise.resolve(checkRights(given(site.server)))),
    },
    {
      name: 'logins',
      needs: ['database_rights'],
      run: () => attempt(() => checkLogins(config(), given(site.database))),
    },
    { name: 'connection', needs: ['logins'], run: () => attempt(() => checkConnection(context, site)) },
    { name: 'clock', needs: ['connection'], run: () => checkClock(given(site.server), given(site.systems)) },
    ...(sources === null ? restSteps(() => given(site.systems)) : soapSteps(sources, () => given(site.world))),
    ...procurifySteps(() => given(site.systems)),
    {
      name: 'requester_kept',
      needs: ['procurify_requester'],
      run: async () =>
        checkKept(context, given(site.world), await given(site.systems).me(), flags.acceptRequester ?? false),
    },
    ...procurifyResourceSteps(() => given(site.systems)),
    { name: 'secrets_in_environment', needs: ['settings'], run: () => Promise.resolve(checkSecrets(config())) },
    {
      name: 'token_cache',
      needs: ['connection'],
      run: () => attempt(() => checkTokens(config(), given(site.database))),
    },
    ...orderSteps(() => given(site.world)),
  ]
}

/**
 * Turns what the settings and the database throw into a verdict. With `orElse` that is every error: whatever a driver says
 * while connecting (TLS, names, protocol) is for the operator, not a bug of ours.
 */
async function attempt(run: () => Promise<Verdict>, orElse?: string): Promise<Verdict> {
  try {
    return await run()
  } catch (error) {
    const refusal = error instanceof ConfigError ? error : refusalOf(error)
    if (refusal !== null) {
      const advice = 'Correct what is named above, then: ml-connector check'
      return { status: 'fail', message: refusal.problems.join('\n'), advice, exit: 2 }
    }
    if (!(error instanceof Error) || (orElse === undefined && !isDatabaseTrouble(error))) throw error
    const message = `The state database cannot be reached: ${error.message}`
    return { status: 'fail', message, advice: adviceFor('database_unavailable'), exit: 4 }
  }
}

async function checkSettings(context: Context, site: Site): Promise<Verdict> {
  const config = readConfig(context)
  await readSoapMap(config)
  site.config = config
  const { host: plex } = new URL(config.plex.baseUrl)
  const { host: procurify } = new URL(config.procurify.baseUrl)
  const message = `connection ${config.connection}: PCN ${config.plex.pcn} at ${plex} (${config.plex.profile}), ${procurify}`
  return { status: 'ok', message }
}

function checkMasterKey({ masterKeys }: Config): Verdict {
  const count = masterKeys.length
  if (count > 0)
    return {
      status: 'ok',
      message: count === 1 ? 'one key' : `${count} keys, the first is used for what is stored anew`,
    }
  return {
    status: 'warn',
    message: 'ML_CONNECTOR_KEY is not set: no login can be stored',
    advice: adviceFor('no_master_key'),
  }
}

async function checkDatabase(site: Site): Promise<Verdict> {
  site.database = await openState(given(site.config), 'check')
  const { db } = site.database
  await requirePostgres15(db)
  const server = await readServer(db)
  site.server = { ...server, aheadMs: server.clockMs - systemClock.wallMs() }
  return { status: 'ok', message: `Postgres ${server.version}` }
}

async function checkSchema({ db }: Database): Promise<Verdict> {
  const state = await schemaState(db)
  const fail = (message: string, advice: string): Verdict => ({ status: 'fail', message, advice, exit: 2 })
  switch (state.kind) {
    case 'current':
      return { status: 'ok', message: 'all migrations of this version are applied' }
    case 'empty':
      return fail('There are no tables yet', 'ml-connector migrate')
    case 'behind':
      return fail(`Missing: ${state.missing.join(', ')}`, 'ml-connector migrate')
    case 'ahead':
      return fail(`Made by a newer version: ${state.unknown.join(', ')}`, 'Install the newer version of ml-connector.')
    case 'edited':
      return fail(`Edited after they were applied: ${state.files.join(', ')}`, 'Restore the files of this release.')
  }
}

/** Stored logins win over those of the environment, as in every pass. Says what is missing for both systems at once. */
async function checkLogins(config: Config, { db }: Database): Promise<Verdict> {
  const stored = await openVault(db, config.connection, config.masterKeys).logins()
  const sources: string[] = []
  const missing: string[] = []
  for (const system of ['plex', 'procurify'] as const) {
    const names = missingSettings(config, system, stored[system] ?? config[system].credentials)
    sources.push(`${system} from the ${stored[system] === undefined ? 'environment' : 'vault'}`)
    if (names.length > 0) missing.push(`${system} has no ${names.join(' and ')}`)
  }
  if (missing.length === 0) return { status: 'ok', message: sources.join(', ') }
  const commands = missing.map((text) => `ml-connector credentials set ${text.split(' ')[0]}`)
  return { status: 'fail', message: missing.join('\n'), advice: commands.join(', then '), exit: 2 }
}

/** All questions together end by then; each has its own time limit besides. */
const DEADLINE_MS = 5 * 60_000

/** Opens both systems with the logins of vault or environment; the connection is compared with what it was bound to, not bound. */
async function checkConnection(context: Context, site: Site): Promise<Verdict> {
  const runId = newRunId()
  const reporter = makeReporter(context.io, { level: context.global().logLevel ?? 'error', quiet: true, runId })
  const world = await openWorld(context, { command: 'check', runId, reporter, write: false, deadlineMs: DEADLINE_MS })
  site.world = world
  const { config, plex, procurify, clock } = world
  site.systems = {
    ...{ config, plex, procurify, clock },
    knownSupplier: await findLinked(world.database.db, config.connection, 'suppliers'),
    // Of a part (`<order>/<part>`) the order.
    knownOrder: (await findLinked(world.database.db, config.connection, 'pos'))?.split('/', 1)[0] ?? null,
    tenants: askOnce(plex, PLEX_TENANTS, clock),
    me: askOnce(procurify, PROCURIFY_ME, clock),
  }
  return { status: 'ok', message: `${config.connection} stands for these two systems` }
}

const MAX_SKEW_MS = 60_000

/** Against whoever told the time: a system that cannot be reached is the matter of a later step. */
async function checkClock(server: { aheadMs: number }, { tenants, me }: Systems): Promise<Verdict> {
  const clocks = [
    { whose: 'the database', aheadMs: server.aheadMs },
    { whose: 'Plex', aheadMs: (await tenants()).aheadMs },
    { whose: 'Procurify', aheadMs: (await me()).aheadMs },
  ].flatMap(({ whose, aheadMs }) => (aheadMs === null ? [] : [{ whose, aheadMs }]))
  const skewed = clocks.filter(({ aheadMs }) => Math.abs(aheadMs) > MAX_SKEW_MS)
  const names = clocks.map(({ whose }) => whose).join(', ')
  if (skewed.length === 0) return { status: 'ok', message: `this machine agrees within a minute with ${names}` }
  const told = skewed.map(
    ({ whose, aheadMs }) =>
      `${whose} is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`,
  )
  return { status: 'warn', message: told.join(', '), advice: adviceFor('clock_skew') }
}

function checkSecrets({ plex, procurify }: Config): Verdict {
  const names = [...settingsOf('plex', plex.credentials), ...settingsOf('procurify', procurify.credentials)]
  if (names.length === 0) return { status: 'ok', message: 'none' }
  return { status: 'warn', message: names.join(', '), advice: adviceFor('secret_in_environment') }
}

async function checkTokens({ connection, masterKeys }: Config, { db }: Database): Promise<Verdict> {
  if (masterKeys.length === 0) {
    return {
      status: 'warn',
      message: 'off without a master key: every run asks for new tokens',
      advice: adviceFor('no_master_key'),
    }
  }
  const systems = (await readTokens(db, connection)).map(({ system }) => system)
  return {
    status: 'ok',
    message: systems.length === 0 ? 'on; no token is kept at present' : `on, for ${systems.join(' and ')}`,
  }
}
