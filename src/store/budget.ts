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

/** A 429 means that others call too, or that the limit is lower than we were told. */
const THROTTLE_FACTOR = 0.7
const LOWEST_LIMIT = 5
/** Calls in flight together are refused together: that is one lesson, not four. */
const ONE_LESSON_SEC = 5

/** Calls of the first booking, with which a run that finds nothing new gets by, and of the largest. */
const FIRST_AT_ONCE = 4
const MOST_AT_ONCE = 32
/**
 * Calls booked ahead are made within this time or never, and are booked as of the next second: so each is counted as made when it was
 * made, or later. It is also how long another process's cool-down may go unseen here: no longer than a call may be on its way.
 */
const AHEAD_MS = 200
/**
 * A booking is good for a minute and a second. One that took longer than the second to come back (this process stood still, or the
 * database did) is made again, or the call would be made in a minute that does not know of it; not for ever, where all take so long.
 */
const ON_ITS_WAY_MS = 1_000
const MOST_LATE = 3

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

/** Hands out booked calls one by one. Books a few, then as many as were used of the last booking, and twice that while all were. */
function bookAhead(clock: Pick<Clock, 'now'>, book: (wanted: number) => Promise<Booked>) {
  let spare = { left: 0, until: 0 }
  let size = FIRST_AT_ONCE
  let granted = 0
  let underWay: Promise<Booked> | null = null
  const bookSome = async (): Promise<Booked> => {
    const used = granted - spare.left
    if (granted > 0) size = spare.left === 0 ? Math.min(MOST_AT_ONCE, granted * 2) : Math.max(1, used)
    spare = { left: 0, until: 0 }
    // Before the statement is sent: the booking is later than this, never earlier.
    const from = clock.now()
    const booked = await book(size)
    granted = booked.granted
    // The first call is made by whoever asked for the booking.
    spare = { left: granted - 1, until: from + AHEAD_MS }
    return booked
  }
  return {
    take: async (): Promise<{ waitMs: number; reason: string | null }> => {
      for (let late = 0; ;) {
        const askedAt = clock.now()
        if (spare.left > 0 && clock.now() < spare.until) {
          spare.left -= 1
          return { waitMs: 0, reason: null }
        }
        const isMine = underWay === null
        underWay ??= bookSome().finally(() => (underWay = null))
        const { granted: got, waitMs, reason } = await underWay
        if (got === 0) return { waitMs, reason }
        if (!isMine) continue
        if (clock.now() - askedAt <= ON_ITS_WAY_MS || late === MOST_LATE) return { waitMs, reason }
        late += 1
      }
    },
    /** Something happened that the next call must ask the database about. */
    drop: () => (spare = { left: 0, until: 0 }),
  }
}

/** `book_calls` holds the rules (sql/0011). Undefined = no such budget yet. */
async function takeSome(
  db: Kysely<Tables>,
  name: string,
  perMinute: number,
  wanted: number,
): Promise<Booked | undefined> {
  const { rows } = await sql<Booked | { granted: null }>`
    select granted, wait_ms as "waitMs", reason, timeouts from book_calls(${name}, ${perMinute}::int, ${wanted}::int)`.execute(
    db,
  )
  const [row] = rows
  return row === undefined || row.granted === null ? undefined : row
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
        greatest(${LOWEST_LIMIT}::int, floor(call_limit(budget, ${perMinute}::int, at) * ${THROTTLE_FACTOR}::float8)::int)
      ),
      learned_at = at
    from (select clock_timestamp() as at) as clock
    where name = ${name} and (learned_at is null or learned_at < at - ${ONE_LESSON_SEC} * interval '1 second')`.execute(
    db,
  )
  const { rows } = await sql<{ now: number }>`
    select call_limit(budget, ${perMinute}::int, clock_timestamp()) as now from budget where name = ${name}`.execute(db)
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
