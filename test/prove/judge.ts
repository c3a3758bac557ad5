/** What must hold when everything has come to rest. Each broken rule is one sentence that a person can check. */
import { walkChain, type AuditRow } from '../../src/domain/audit.js'
import { stampKey } from '../../src/domain/window.js'
import { maxPerMinute, type LogEntry } from '../../src/sandbox/log.js'
import { judgeInvoices } from './invoices.js'
import { judgeOrders, judgeSuppliers, plain, type Stage } from './judge-records.js'
import { isTrouble, type Play } from './play.js'

export interface Verdict {
  readonly broken: readonly string[]
}

/** The promises that hold whatever the time is: every record once, told once, in a chain that verifies. */
export async function judgeStage(stage: Stage): Promise<string[]> {
  const rows = await stage.state.rows<AuditRow>('select * from audit where connection = $1 order by seq', [
    stage.connection,
  ])
  return [
    ...(await judgeSuppliers(stage)),
    ...(await judgeOrders(stage)),
    ...judgeCreations(stage),
    ...judgeJournal(stage, rows),
    ...judgeChain(stage, rows),
  ]
}

export async function judge(play: Play): Promise<Verdict> {
  return {
    broken: [
      ...judgeEndings(play),
      ...(await judgeStage(play)),
      ...(await judgeInvoices(play)),
      ...judgeReferences(play),
      ...(await judgeReplays(play)),
      ...judgeMarks(play),
      ...judgeManners(play),
      ...(await judgeSecrecy(play)),
    ],
  }
}

function judgeEndings({ endings, isRestless }: Play): string[] {
  const thrown = endings.flatMap(({ name, error }) =>
    error === null || isTrouble(error)
      ? []
      : [
          `bug: ${name} threw ${error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ') : JSON.stringify(error)}`,
        ],
  )
  const last = endings.at(-1)?.result
  const said = JSON.stringify(last?.problems.map(({ code, message }) => `${code} ${message}`).slice(0, 3))
  return isRestless ? [...thrown, `restless: passes never came to an end (${last?.outcome}): ${said}`] : thrown
}

/** A try that a person asked for names the row that parked it, in whatever came of it. */
async function judgeReplays({ state, connection }: Play): Promise<string[]> {
  const rows = await state.rows<AuditRow>('select * from audit where connection = $1 order by seq', [connection])
  return rows.flatMap((row, at) => {
    if (row.action !== 'replay') return []
    const outcome = rows.slice(at + 1).find((one) => one.run_id === row.run_id && one.source_id === row.source_id)
    const isChained = row.replay_of !== null && (outcome === undefined || outcome.replay_of === row.replay_of)
    return isChained ? [] : [`replay: row ${row.seq} and what came of it do not name the row that parked the record`]
  })
}

/** One account code for each account, one department for each name. */
function judgeReferences({ sandbox, schedule }: Play): string[] {
  if (schedule.setting.orders === 0) return []
  const { 'account-codes': codes, departments } = sandbox.procurify.state.data
  const broken: string[] = []
  const ours = codes.all().filter((code) => code['code'] === '61100-010').length
  if (ours !== 1) broken.push(`${ours === 0 ? 'lost' : 'twice'}: the account 61100-010 has ${ours} account codes`)
  const names = departments.all().map((one) => `${JSON.stringify(one['branch'])} ${String(one['name'])}`)
  const shared = names.filter((name, at) => names.indexOf(name) !== at)
  return [...broken, ...shared.map((name) => `twice: there are two departments ${name}`)]
}

/** Nobody asks for a second one of what exists already. */
function judgeCreations({ sandbox }: Stage): string[] {
  const made = new Map<string, LogEntry>()
  const broken: string[] = []
  for (const entry of sandbox.log.entries) {
    const key = entry.method === 'POST' && entry.system === 'procurify' ? keyOf(entry) : null
    if (key === null) continue
    const first = made.get(key)
    // Refused at the door is not asked: nothing could have come of it.
    if (first !== undefined && entry.fault !== 'unauthorized' && entry.status !== 401)
      broken.push(`again: request ${entry.n} creates ${key}, which request ${first.n} had created`)
    if (entry.effect !== null && first === undefined) made.set(key, entry)
  }
  return broken
}

/** What a creation makes, by the mark it carries; null = this is none. */
function keyOf({ path, body }: LogEntry): string | null {
  const text = JSON.stringify(body ?? '')
  if (path === '/api/v3/vendors/') return /"external_id":"([^"]*)"/.exec(text)?.[1] ?? '?'
  if (path === '/api/v3/requisitions/') return /\[PLEX [^\]]* ([0-9a-z]+)\]/.exec(text)?.[1] ?? '?'
  if (path === '/api/v3/ap/bills/') return /"invoice_number":"([^"]*)"/.exec(text)?.[1] ?? '?'
  if (path === '/api/v3/account-codes/') return /"code":"([^"]*)"/.exec(text)?.[1] ?? '?'
  return null
}

/** Where a stream writes. */
const WRITES: Readonly<Record<string, string>> = {
  suppliers: 'vendors',
  pos: 'requisitions',
  accounts: 'account-codes',
  invoices: 'bills',
}

/** Every write that took effect has one row that says so, and no row says so of a write that did not. */
function judgeJournal({ sandbox, forgottenUntil }: Stage, rows: readonly AuditRow[]): string[] {
  const writes = new Map<string, number>()
  const told = new Map<string, number>()
  const older = new Map<string, number>()
  for (const { entry, effect } of sandbox.log.effects('procurify')) {
    const key = `${effect.collection} ${plain(effect.id)}`
    const count = entry.n > forgottenUntil ? writes : older
    count.set(key, (count.get(key) ?? 0) + 1)
  }
  for (const row of rows) {
    if (row.outcome !== 'done' || row.http === null) continue
    const key = `${WRITES[row.stream] ?? row.stream} ${plain(row.target_id ?? '')}`
    told.set(key, (told.get(key) ?? 0) + 1)
  }
  const broken: string[] = []
  for (const key of new Set([...writes.keys(), ...told.keys()])) {
    const done = writes.get(key) ?? 0
    const said = told.get(key) ?? 0
    const isRight = said >= done && said <= done + (older.get(key) ?? 0)
    if (!isRight)
      broken.push(`journal: ${key} was written ${done} times (and ${older.get(key) ?? 0} before), told ${said} times`)
  }
  return broken
}

function judgeChain({ heads }: Stage, rows: readonly AuditRow[]): string[] {
  const chain = walkChain({ seq: 0, hash: '0'.repeat(64) })
  const broken = rows.flatMap((row) => {
    const fault = chain.next(row)
    return fault === null ? [] : [`chain: row ${fault.seq} is ${fault.what}`]
  })
  const known = new Set(['0:' + '0'.repeat(64), ...rows.map(({ seq, hash }) => `${seq}:${hash}`)])
  return [
    ...broken,
    ...heads.filter((head) => !known.has(head)).map((head) => `chain: a run printed ${head}, which is gone`),
  ]
}

function judgeMarks({ marks, source: { stamps } }: Play): string[] {
  const broken: string[] = []
  for (const [stream, positions] of marks) {
    for (const [at, position] of positions.entries()) {
      const before = positions[at - 1]
      if (before !== undefined && (stampKey(position) ?? '') < (stampKey(before) ?? ''))
        broken.push(`mark: ${stream} went back from ${before} to ${position}`)
      // Bills are read by Procurify's clock.
      if (stream !== 'bills' && !stamps.has(position))
        broken.push(`mark: ${stream} stands at ${position}, which the source never wrote`)
    }
  }
  return [...new Set(broken)]
}

/** No request before a pause asked for is over; never more calls in any minute than allowed. */
function judgeManners({ sandbox, schedule, config, pauses }: Play): string[] {
  const broken: string[] = []
  // Budgets are kept by the simulated clock, which the log shows as the simulators' own.
  const entries = sandbox.log.entries.map((entry) => ({ ...entry, ms: Date.parse(entry.at) }))
  for (const system of ['plex', 'procurify'] as const) {
    const most = maxPerMinute(entries, system)
    if (most > config[system].callsPerMinute)
      broken.push(`budget: ${most} calls to ${system} in a minute, ${schedule.setting.callsPerMinute} are allowed`)
  }
  for (const { system, from, until } of pauses.all) {
    const early = entries.filter((one) => one.system === system && one.ms > from + ON_ITS_WAY_MS && one.ms < until)
    for (const { n, ms } of early)
      broken.push(`pause: request ${n} to ${system} came ${(until - ms) / 1000} s before a pause asked for was over`)
  }
  return broken
}

/** What was on its way, or booked already by another process, when the pause was asked for. */
const ON_ITS_WAY_MS = 300

/** Values that must be found nowhere but in the vault. */
async function judgeSecrecy({ sandbox, state, connection, logs, endings }: Play): Promise<string[]> {
  const secrets = [
    sandbox.plex.state.login.clientSecret,
    sandbox.procurify.state.login.clientSecret,
    Buffer.alloc(32, 7).toString('base64'),
    'Bearer ',
  ]
  const [dump] = await state.rows<{ text: string }>(
    `select coalesce((select string_agg(t::text, e'\n') from audit t where connection = $1), '')
       || coalesce((select string_agg(t::text, e'\n') from intent t where connection = $1), '')
       || coalesce((select string_agg(t::text, e'\n') from run t where connection = $1), '') as text`,
    [connection],
  )
  const places = {
    'the database': dump?.text ?? '',
    'the log': logs.join('\n'),
    'a result': JSON.stringify(endings.map(({ result }) => result)),
  }
  return Object.entries(places).flatMap(([place, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `secret: ${secret.slice(0, 6)}... is in ${place}`),
  )
}
