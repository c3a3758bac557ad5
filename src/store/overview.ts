/** What the state database says of itself, for `status`, `check` and the like. Reads only; ages are by the database's clock. */
import { sql, type Kysely } from 'kysely'
import { STREAMS, type System } from '../domain/record.js'
import { readPauses, type Pause } from './pause.js'
import { mayRewriteJournal, missingRights } from './roles.js'
import type { Tables } from './tables.js'

/** Open records of one reason. `examples`: keys of the oldest few. */
export interface OpenGroup {
  readonly state: 'waiting' | 'parked' | 'pending' | 'in_doubt'
  readonly code: string | null
  readonly count: number
  /** Since the record entered this state; in doubt: since the try nobody knows the outcome of. */
  readonly oldestSeconds: number
  readonly examples: readonly string[]
}

interface LastRun {
  readonly runId: string
  readonly command: string
  readonly startedAt: string
  /** Null = it is still running, or was killed. */
  readonly finishedAt: string | null
  readonly outcome: string | null
  readonly exitCode: number | null
  readonly durationMs: number
  readonly agoSeconds: number
  /** It holds the lease of its stream. */
  readonly isRunning: boolean
}

export interface StreamOverview {
  readonly stream: string
  /** The source's own text; null = nothing was noted yet. */
  readonly watermark: string | null
  readonly lagSeconds: number | null
  readonly lastRun: LastRun | null
  /** Since the last run that was done or partial; without one, since the first run. Null = never ran. */
  readonly unfinishedSeconds: number | null
  readonly linked: number
  readonly noted: number
  readonly open: readonly OpenGroup[]
}

/** The calls of one login. A login may serve several connections, so these are all that the database knows of. */
export interface BudgetOverview {
  readonly system: System
  /** A hash that tells logins apart. */
  readonly login: string
  readonly usedLastMinute: number
  /** Calls a minute that a throttle taught; grows back by itself. */
  readonly learnedLimit: number | null
  /** Nobody calls before; null = no cool-down. */
  readonly coolDownUntil: string | null
  readonly reason: string | null
  readonly timeoutsInARow: number
}

export interface Overview {
  readonly at: string
  readonly streams: readonly StreamOverview[]
  readonly budgets: readonly BudgetOverview[]
  readonly databaseBytes: number
  readonly pauses: readonly Pause[]
}

/** Everything of one moment: one snapshot, and a transaction that could not write if it wanted to. */
export function readOverview(db: Kysely<Tables>, connection: string): Promise<Overview> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (trx) => {
    const { rows } = await sql<{ at: string; bytes: number }>`
      select now() as at, pg_database_size(current_database()) as bytes`.execute(trx)
    const open = await readOpen(trx, connection)
    const known = (await readStreams(trx, connection)).filter((row) => isWorthTelling(row, open))
    return {
      at: rows[0]?.at ?? '',
      streams: known.map((row) => toStream(row, open)),
      budgets: await readBudgets(trx),
      databaseBytes: rows[0]?.bytes ?? 0,
      pauses: await readPauses(trx, connection),
    }
  })
}

/** A stream nobody has used says nothing; suppliers are what everybody begins with. */
function isWorthTelling(row: StreamRow, open: readonly { stream: string }[]): boolean {
  return row.stream === 'suppliers' || row.known || row.id !== null || open.some(({ stream }) => stream === row.stream)
}

interface StreamRow {
  stream: string
  position: string | null
  lag: number | null
  id: string | null
  command: string
  started_at: string
  finished_at: string | null
  outcome: string | null
  exit_code: number | null
  duration_ms: number
  ago: number
  running: boolean
  unfinished: number | null
  known: boolean
  linked: number
  noted: number
}

/**
 * Links and notes are counted once for all streams, through an index: stream by stream the whole table would be read for each. The
 * lateral joins read one row each through the index of runs, however long their history is.
 */
async function readStreams(db: Kysely<Tables>, connection: string): Promise<StreamRow[]> {
  const { rows } = await sql<StreamRow>`
    select s.stream, w.position, extract(epoch from now() - w.position_key::timestamptz)::float8 as lag,
      last.id, last.command, last.started_at, last.finished_at, last.outcome, last.exit_code,
      (extract(epoch from coalesce(last.finished_at, now()) - last.started_at) * 1000)::float8 as duration_ms,
      extract(epoch from now() - last.started_at)::float8 as ago,
      coalesce(l.owner = last.id and l.expires_at > now(), false) as running,
      extract(epoch from now() - coalesce(ended.finished_at, first.started_at))::float8 as unfinished,
      w.stream is not null or noted.stream is not null
        or (select min(k.source_id) from link k where k.connection = ${connection} and k.stream = s.stream) is not null as known,
      coalesce(linked.count, 0)::int as linked, coalesce(noted.count, 0)::int as noted
    from unnest(${[...STREAMS]}::text[]) with ordinality as s (stream, place)
    left join (select k.stream, count(*) from link k where k.connection = ${connection} and k.target_id is not null
               group by k.stream) linked on linked.stream = s.stream
    left join (select n.stream, count(*) from note n where n.connection = ${connection} group by n.stream) noted
      on noted.stream = s.stream
    left join watermark w on w.connection = ${connection} and w.stream = s.stream
    left join lease l on l.connection = ${connection} and l.stream = s.stream
    left join lateral (select * from run r where r.connection = ${connection} and r.stream = s.stream
                       order by r.started_at desc limit 1) last on true
    left join lateral (select r.started_at from run r where r.connection = ${connection} and r.stream = s.stream
                       order by r.started_at limit 1) first on true
    left join lateral (select r.finished_at from run r where r.connection = ${connection} and r.stream = s.stream
                       and r.outcome in ('done', 'partial') order by r.started_at desc limit 1) ended on true
    order by s.place`.execute(db)
  return rows
}

function toStream(row: StreamRow, open: readonly (OpenGroup & { stream: string })[]): StreamOverview {
  const lastRun: LastRun | null =
    row.id === null
      ? null
      : {
          runId: row.id,
          command: row.command,
          startedAt: row.started_at,
          finishedAt: row.finished_at,
          outcome: row.outcome,
          exitCode: row.exit_code,
          durationMs: Math.round(row.duration_ms),
          agoSeconds: row.ago,
          isRunning: row.finished_at === null && row.running,
        }
  return {
    stream: row.stream,
    watermark: row.position,
    lagSeconds: row.lag,
    lastRun,
    unfinishedSeconds: row.unfinished,
    linked: row.linked,
    noted: row.noted,
    open: open.filter(({ stream }) => stream === row.stream),
  }
}

const EXAMPLES = 3

/** Only intents that are not done are looked at: there is an index of exactly those. */
async function readOpen(db: Kysely<Tables>, connection: string): Promise<(OpenGroup & { stream: string })[]> {
  const { rows } = await sql<OpenGroup & { stream: string }>`
    with open as (
      select id, stream, coalesce(source_key, source_id) as key,
        case when state = 'waiting' then 'waiting' when state = 'dead' then 'parked'
             when unresolved_since is not null then 'in_doubt' else 'pending' end as state,
        case when state in ('waiting', 'dead') then code end as code,
        case when state in ('waiting', 'dead') then created_at else coalesce(unresolved_since, created_at) end as since
      from intent where connection = ${connection} and state <> 'done')
    select stream, state, code, count(*)::int as count, extract(epoch from now() - min(since))::float8 as "oldestSeconds",
      (array_agg(key order by since, id))[1:${EXAMPLES}] as examples
    from open group by stream, state, code order by count(*) desc, code`.execute(db)
  return rows
}

/** A bucket of a second counts until all of it is older than a minute, as the pacer counts it. */
async function readBudgets(db: Kysely<Tables>): Promise<BudgetOverview[]> {
  const { rows } = await sql<BudgetOverview>`
    select split_part(name, ':', 1) as system, split_part(name, ':', 2) as login,
      (select coalesce(sum(b.calls), 0)::int from unnest(seconds, counts) as b (second, calls)
       where b.second >= floor(extract(epoch from now()))::bigint - 60) as "usedLastMinute",
      learned_limit as "learnedLimit",
      case when not_before > now() then not_before end as "coolDownUntil",
      case when not_before > now() then reason end as reason,
      timeouts as "timeoutsInARow"
    from budget order by name`.execute(db)
  return rows
}

/** Runs of a connection whose id begins so; two are enough to say that it is not one. A run has a row for each of its streams. */
export async function findRuns(db: Kysely<Tables>, connection: string, start: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from run where connection = ${connection} and starts_with(id::text, ${start})
    group by id order by min(started_at) limit 2`.execute(db)
  return rows.map(({ id }) => id)
}

/** What a check of the database asks the server. */
export interface ServerFacts {
  readonly version: string
  readonly clockMs: number
  /** A standby, or a session that may only read. */
  readonly isReadOnly: boolean
  /** Rights on our tables that the user lacks, as `insert on audit`. Empty while there are no tables. */
  readonly missingRights: readonly string[]
  /** The user owns the journal, or is otherwise able to change its rows. */
  readonly mayRewriteJournal: boolean
}

export async function readServer(db: Kysely<Tables>): Promise<ServerFacts> {
  const { rows } = await sql<ServerFacts>`
    select current_setting('server_version') as version, (extract(epoch from clock_timestamp()) * 1000)::float8 as "clockMs",
      current_setting('transaction_read_only') = 'on' as "isReadOnly", ${await missingRights()} as "missingRights",
      ${mayRewriteJournal} as "mayRewriteJournal"`.execute(db)
  const [facts] = rows
  const unknown = { isReadOnly: false, missingRights: [], mayRewriteJournal: false }
  return facts ?? { version: 'unknown', clockMs: Number.NaN, ...unknown }
}

/** One record known on both sides, by its source id: what must be readable. The one confirmed last. */
export async function findLinked(db: Kysely<Tables>, connection: string, stream: string): Promise<string | null> {
  const row = await db
    .selectFrom('link')
    .select('source_id')
    .where('connection', '=', connection)
    .where('stream', '=', stream)
    .where('target_id', 'is not', null)
    .orderBy('updated_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.source_id ?? null
}

/** Systems whose access token is kept between runs, and until when. */
export async function readTokens(
  db: Kysely<Tables>,
  connection: string,
): Promise<{ system: System; expiresAt: string }[]> {
  const rows = await db
    .selectFrom('token')
    .select(['system', 'expires_at'])
    .where('connection', '=', connection)
    .orderBy('system')
    .execute()
  return rows.map((row) => ({ system: row.system, expiresAt: row.expires_at }))
}
