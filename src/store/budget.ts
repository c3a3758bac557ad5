/**
 * The shared call budget: one row per system and login, on the database's clock. Where the budget is large and free, calls are booked
 * some at a time, so that pacing costs a fast target next to nothing.
 */
import { sql, type Kysely } from 'kysely'
import type { Clock, Pacer } from '../ports.js'
import type { Tables } from './tables.js'

export interface PacerOptions {
  /** System and login; who shares the login shares the budget. */
  readonly name: string
  /** Never more calls than this in any 60 seconds, over all processes. */
  readonly perMinute: number
  /** Timeouts in a row that start a cool-down; null = they are only counted. */
  readonly maxTimeouts: number | null
  readonly coolDownMs: number
  readonly clock: Pick<Clock, 'now'>
}

/**
 * What must hold is the minute that the other side sees. A call is booked before it goes its way, and one that has to connect first
 * arrives later than those that follow it: so a call counts for one second more than a minute. A bucket is one second wide and counts
 * until all of it is that old.
 */
const WINDOW_SEC = 61
/** A 429 means that others call too, or that the limit is lower than we were told. */
const THROTTLE_FACTOR = 0.7
const LOWEST_LIMIT = 5
/** Calls in flight together are refused together: that is one lesson, not four. */
const ONE_LESSON_SEC = 5
const RECOVERY_PER_MINUTE = 1.05

/** Most calls of one booking, and the share of what is free that it may take: others are to find a budget, too. */
const MOST_AT_ONCE = 32
const SHARE_AT_ONCE = 64
/**
 * Calls booked ahead are made within this time or never, and are booked as of the next second: so each is counted as made when it was
 * made, or later. It is also how long another process's cool-down may go unseen here: no longer than a call may be on its way.
 */
const AHEAD_MS = 200

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
  /** As last heard of; before the first call there may be some. */
  let timeouts = 1
  const ahead = bookAhead(options.clock, async (wanted) => {
    const booked = await withRow(() => takeSome(db, name, perMinute, wanted))
    ;({ timeouts } = booked)
    return booked
  })
  return {
    take: ahead.take,
    coolDown: async (ms, reason) => {
      ahead.drop()
      await ensureRow()
      await startCoolDown(db, name, ms, reason)
    },
    throttled: async () => {
      ahead.drop()
      await ensureRow()
      return lowerLimit(db, name, perMinute)
    },
    timedOut: async () => {
      ahead.drop()
      await ensureRow()
      timeouts = 1
      return countTimeout(db, name, maxTimeouts, coolDownMs)
    },
    answered: async () => {
      if (timeouts === 0) return
      timeouts = 0
      await sql`update budget set timeouts = 0 where name = ${name} and timeouts > 0`.execute(db)
    },
  }
}

interface Booked {
  /** In a row, over all processes. */
  readonly timeouts: number
  /** 0 = nothing was booked. */
  readonly granted: number
  readonly waitMs: number
  readonly reason: string | null
}

/** Hands out booked calls one by one. Books as many at a time as were used of the last booking, and twice that while all were. */
function bookAhead(clock: Pick<Clock, 'now'>, book: (wanted: number) => Promise<Booked>) {
  let spare = { left: 0, until: 0 }
  let size = 1
  let granted = 0
  let underWay: Promise<Booked> | null = null
  const bookSome = async (): Promise<Booked> => {
    const used = granted - spare.left
    size = spare.left === 0 ? Math.min(MOST_AT_ONCE, Math.max(1, granted * 2)) : Math.max(1, used)
    spare = { left: 0, until: 0 }
    // Before the statement is sent: the booking is later than this, never earlier.
    const from = clock.now()
    const booked = await book(size)
    granted = booked.granted
    // However long the database took, the first call is made by whoever asked for the booking.
    spare = { left: granted - 1, until: from + AHEAD_MS }
    return booked
  }
  return {
    take: async (): Promise<{ waitMs: number; reason: string | null }> => {
      for (;;) {
        if (spare.left > 0 && clock.now() < spare.until) {
          spare.left -= 1
          return { waitMs: 0, reason: null }
        }
        const isMine = underWay === null
        underWay ??= bookSome().finally(() => (underWay = null))
        const { granted: got, waitMs, reason } = await underWay
        if (got === 0 || isMine) return { waitMs, reason }
      }
    },
    /** Something happened that the next call must ask the database about. */
    drop: () => (spare = { left: 0, until: 0 }),
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
 * was set back) are dropped. The booking needs not reach the disk before the call is made: should the server of the database crash, a
 * fraction of a second is forgotten.
 */
async function takeSome(
  db: Kysely<Tables>,
  name: string,
  perMinute: number,
  wanted: number,
): Promise<Booked | undefined> {
  const taken = await sql<{ granted: number; wait_ms: number; reason: string | null; timeouts: number }>`
    with held as materialized (
      select set_config('synchronous_commit', 'off', true), name, seconds, counts, learned_limit, learned_at, not_before, reason
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
        end as wait_sec,
        least(${wanted}::int, greatest(1, (call_limit - used) / ${SHARE_AT_ONCE})) as calls
      from state
    ), kept as (
      select second, sum(calls)::int as calls
      from (
        select second, calls from bucket
        union all
        select greatest(second, (select max(second) from bucket)), 1 from verdict where wait_sec = 0
        union all
        select greatest(second + 1, (select max(second) from bucket)), verdict.calls - 1 from verdict
        where wait_sec = 0 and verdict.calls > 1
      ) as booked
      group by second
    )
    update budget set
      seconds = coalesce((select array_agg(second order by second) from kept), '{}'),
      counts = coalesce((select array_agg(calls order by second) from kept), '{}')
    from verdict
    where budget.name = verdict.name
    returning case when wait_sec = 0 then verdict.calls else 0 end as granted, ceil(wait_sec * 1000)::float8 as wait_ms,
      case when verdict.not_before > verdict.at then verdict.reason end as reason, timeouts`.execute(db)
  const [row] = taken.rows
  return row === undefined ? undefined : { ...row, waitMs: row.wait_ms }
}

/** A cool-down under way is never shortened; the reason kept is that of the longer one. */
async function startCoolDown(db: Kysely<Tables>, name: string, ms: number, reason: string): Promise<void> {
  const until = sql`clock_timestamp() + ${ms}::float8 * interval '1 millisecond'`
  await sql`
    update budget set not_before = ${until}, reason = ${reason}
    where name = ${name} and not_before < ${until}`.execute(db)
}

async function lowerLimit(db: Kysely<Tables>, name: string, perMinute: number): Promise<{ perMinute: number }> {
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
  const { rows } = await sql<{ now: number }>`
    select ${limitNow(perMinute)} as now from budget, lateral (select clock_timestamp() as at, budget.name) as clock
    where budget.name = ${name}`.execute(db)
  return { perMinute: rows[0]?.now ?? perMinute }
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
