/** The shared call budget: one row per system and login, one statement per call, on the database's clock. */
import { sql, type Kysely } from 'kysely'
import type { Pacer } from '../ports.js'
import type { Tables } from './tables.js'

export interface PacerOptions {
  /** System and login; who shares the login shares the budget. */
  readonly name: string
  /** Never more calls than this in any 60 seconds, over all processes. */
  readonly perMinute: number
  /** Timeouts in a row that start a cool-down; null = they are only counted. */
  readonly maxTimeouts: number | null
  readonly coolDownMs: number
}

/**
 * A bucket is one second wide: it counts until all of it is older than 60 s, so we err by at most a second, to the safe
 * side.
 */
const WINDOW_SEC = 60
/** A 429 means that others call too, or that the limit is lower than we were told. */
const THROTTLE_FACTOR = 0.7
const LOWEST_LIMIT = 5
/** Calls in flight together are refused together: that is one lesson, not four. */
const ONE_LESSON_SEC = 5
const RECOVERY_PER_MINUTE = 1.05

/** See `Pacer`. Errors of the database are thrown. */
export function openPacer(db: Kysely<Tables>, options: PacerOptions): Pacer {
  const { name, perMinute, maxTimeouts, coolDownMs } = options
  const ensureRow = async (): Promise<void> => {
    await sql`insert into budget (name) values (${name}) on conflict do nothing`.execute(db)
  }
  /** Only the very first call of a login finds no row. */
  const withRow = async <T>(run: () => Promise<T | undefined>): Promise<T> => {
    for (;;) {
      const row = await run()
      if (row !== undefined) return row
      await ensureRow()
    }
  }
  return {
    take: () => withRow(() => takeOne(db, name, perMinute)),
    coolDown: async (ms, reason) => {
      await ensureRow()
      await startCoolDown(db, name, ms, reason)
    },
    throttled: async () => {
      await ensureRow()
      await lowerLimit(db, name, perMinute)
    },
    timedOut: async () => {
      await ensureRow()
      return countTimeout(db, name, maxTimeouts, coolDownMs)
    },
    answered: async () => {
      await sql`update budget set timeouts = 0 where name = ${name} and timeouts > 0`.execute(db)
    },
  }
}

/** The limit in force: what a throttle taught, growing back by 5 % for each quiet minute. */
function limitNow(perMinute: number) {
  return sql`least(${perMinute}::int, floor(coalesce(
    learned_limit * power(${RECOVERY_PER_MINUTE}::float8, least(extract(epoch from at - learned_at) / 60, 600)),
    ${perMinute}::int)))::int`
}

/**
 * The row is locked first and the clock read after that, so that calls are booked in the order and at the time they are
 * granted; a rival waits for the lock and then sees our booking. Buckets ahead of the clock by more than the window (it
 * was set back) are dropped.
 */
async function takeOne(
  db: Kysely<Tables>,
  name: string,
  perMinute: number,
): Promise<{ waitMs: number; reason: string | null } | undefined> {
  const taken = await sql<{ wait_ms: number; reason: string | null }>`
    with held as materialized (
      select name, seconds, counts, learned_limit, learned_at, not_before, reason
      from budget where name = ${name} for update
    ), timed as materialized (
      select held.*, now.at, floor(extract(epoch from now.at))::bigint as second
      from held, lateral (select clock_timestamp() as at, held.name) as now
    ), bucket as materialized (
      select b.second, b.calls
      from timed, unnest(timed.seconds, timed.counts) as b (second, calls)
      where b.second between timed.second - ${WINDOW_SEC} and timed.second + ${WINDOW_SEC}
    ), state as materialized (
      select timed.*, ${limitNow(perMinute)} as call_limit, coalesce((select sum(calls) from bucket), 0)::int as used
      from timed
    ), verdict as materialized (
      select state.*,
        case
          when not_before > at then extract(epoch from not_before - at)
          when used < call_limit then 0
          else (
            select min(freed.second) + ${WINDOW_SEC} + 1 - extract(epoch from at)
            from (select second, sum(calls) over (order by second) as calls from bucket) as freed
            where used - freed.calls < call_limit
          )
        end as wait_sec
      from state
    ), kept as (
      select second, sum(calls)::int as calls
      from (
        select second, calls from bucket
        union all
        select greatest(second, (select max(second) from bucket)), 1 from verdict where wait_sec = 0
      ) as booked
      group by second
    )
    update budget set
      seconds = coalesce((select array_agg(second order by second) from kept), '{}'),
      counts = coalesce((select array_agg(calls order by second) from kept), '{}')
    from verdict
    where budget.name = verdict.name
    returning ceil(wait_sec * 1000)::float8 as wait_ms,
      case when verdict.not_before > verdict.at then verdict.reason end as reason`.execute(db)
  const [row] = taken.rows
  return row === undefined ? undefined : { waitMs: row.wait_ms, reason: row.reason }
}

/** A cool-down under way is never shortened; the reason kept is that of the longer one. */
async function startCoolDown(db: Kysely<Tables>, name: string, ms: number, reason: string): Promise<void> {
  const until = sql`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`
  await sql`
    update budget set not_before = ${until}, reason = ${reason}
    where name = ${name} and not_before < ${until}`.execute(db)
}

async function lowerLimit(db: Kysely<Tables>, name: string, perMinute: number): Promise<void> {
  await sql`
    update budget set
      learned_limit = least(
        ${perMinute}::int,
        greatest(${LOWEST_LIMIT}::int, floor(${limitNow(perMinute)} * ${THROTTLE_FACTOR}::float8)::int)
      ),
      learned_at = at
    from (select clock_timestamp() as at) as clock
    where name = ${name} and (learned_at is null or learned_at < at - ${ONE_LESSON_SEC} * interval '1 second')`.execute(
    db,
  )
}

/** At the limit the count starts anew and the cool-down begins, in one statement: no second process can miss it. */
async function countTimeout(
  db: Kysely<Tables>,
  name: string,
  maxTimeouts: number | null,
  coolDownMs: number,
): Promise<{ inARow: number; stop: boolean }> {
  const max = maxTimeouts ?? 2_000_000_000
  const isLast = sql`timeouts + 1 >= ${max}::int`
  const until = sql`clock_timestamp() + ${coolDownMs}::float8 * interval '1 millisecond'`
  const { rows } = await sql<{ timeouts: number }>`
    update budget set
      timeouts = case when ${isLast} then 0 else timeouts + 1 end,
      not_before = case when ${isLast} then greatest(not_before, ${until}) else not_before end,
      reason = case when ${isLast} then ${`${max} calls in a row timed out`} else reason end
    where name = ${name}
    returning timeouts`.execute(db)
  const timeouts = rows[0]?.timeouts ?? 0
  return timeouts === 0 ? { inARow: max, stop: true } : { inARow: timeouts, stop: false }
}
