import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Pacer } from '../../src/ports.js'
import { openPacer, type PacerOptions } from '../../src/store/budget.js'
import { openDatabase } from '../../src/store/database.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { countRoundTrips } from '../support/round-trips.js'

let database: TestDatabase
let name = ''
let count = 0

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  count += 1
  name = `plex:login-${count}`
})

function pacer(options: Partial<PacerOptions> = {}): Pacer {
  return openPacer(database.db, {
    name,
    perMinute: 30,
    maxTimeouts: 3,
    coolDownMs: 900_000,
    clock: performance,
    ...options,
  })
}

/** Moves everything the budget remembers into the past: the same as waiting, but exact and at once. */
async function letPass(seconds: number): Promise<void> {
  await sql`
    update budget set seconds = array(select unnest(seconds) - ${seconds}::int),
      not_before = not_before - ${seconds} * interval '1 second', learned_at = learned_at - ${seconds} * interval '1 second'
    where name = ${name}`.execute(database.db)
}

/** Takes calls until told to wait; answers how many were granted. */
async function drain(from: Pacer): Promise<number> {
  for (let granted = 0; ; granted += 1) {
    const { waitMs } = await from.take()
    if (waitMs > 0) return granted
  }
}

describe('the budget of a minute', () => {
  it('grants what is allowed, also when nothing is known of the login yet, and then says how long to wait', async () => {
    expect(await drain(pacer({ perMinute: 7 }))).toBe(7)
    const { waitMs, reason } = await pacer({ perMinute: 7 }).take()
    expect(waitMs).toBeGreaterThan(59_000)
    expect(waitMs).toBeLessThanOrEqual(62_000)
    expect(reason).toBeNull()
    await letPass(Math.ceil(waitMs / 1000))
    expect((await pacer({ perMinute: 7 }).take()).waitMs).toBe(0)
  })

  it('frees a call only when its whole second is a minute and a second old: it may have been a second on its way', async () => {
    await drain(pacer())
    await letPass(60)
    expect((await pacer().take()).waitMs).toBeGreaterThan(0)
    await letPass(2)
    expect(await drain(pacer())).toBe(30)
  })

  it('waits for as many seconds to age as it takes, when the limit went down', async () => {
    await drain(pacer({ perMinute: 10 }))
    await letPass(20)
    await drain(pacer({ perMinute: 20 }))
    // 10 calls are 20 s old and 10 are new: for a limit of 5 both groups must go.
    const { waitMs } = await pacer({ perMinute: 5 }).take()
    expect(waitMs).toBeGreaterThan(58_000)
  })

  it('is shared by everybody with the login and by nobody else', async () => {
    await drain(pacer())
    expect((await pacer().take()).waitMs).toBeGreaterThan(0)
    expect((await pacer({ name: `${name}-other` }).take()).waitMs).toBe(0)
  })

  it('forgets bookings from a clock that was set back', async () => {
    await drain(pacer())
    await letPass(-3600)
    expect((await pacer().take()).waitMs).toBe(0)
  })

  it(
    'never grants more than the limit in any 60 seconds, with three clients taking at once',
    { timeout: 240_000 },
    async () => {
      const limit = 40
      const clients = [1, 2, 3].map(() => openDatabase(database.url, { applicationName: 'rival', poolSize: 3 }))
      const grants = await recordGrants()
      let shifted = 0
      try {
        for (const pause of [0, 7, 23, 31, 1, 12, 60, 5, 29, 61]) {
          await letPass(pause)
          shifted += pause
          await grants.mark(shifted)
          const rivals = clients.flatMap(({ db }) =>
            [1, 2, 3].map(() =>
              openPacer(db, { name, perMinute: limit, maxTimeouts: null, coolDownMs: 1, clock: performance }),
            ),
          )
          const taken = await Promise.all(rivals.map(drain))
          expect(await grants.since(shifted)).toBe(taken.reduce((sum, one) => sum + one, 0))
        }
      } finally {
        await Promise.all(clients.map((client) => client.close()))
      }
      const times = await grants.times()
      const busiest = Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + 60).length))
      expect(busiest).toBe(limit)
      // Nor is it wasteful: 229 s hold three full minutes and a bit.
      expect(times.length).toBeGreaterThanOrEqual(3 * limit)
    },
  )
})

/** Lets the database write down each grant with its own time, as if the skipped seconds had really passed. */
async function recordGrants() {
  const { db } = database
  await sql`create table grant_log (at float8 not null, shifted int not null)`.execute(db)
  await sql`create table grant_shift (shifted int not null)`.execute(db)
  await sql`insert into grant_shift values (0)`.execute(db)
  await sql`
    create function log_grant() returns trigger language plpgsql as $$
    begin
      insert into grant_log select extract(epoch from clock_timestamp()) + shifted, shifted from grant_shift;
      return new;
    end $$`.execute(db)
  // A grant is the only change that adds one to the newest bucket or a bucket of its own.
  await sql`
    create trigger log_grant after update on budget for each row
    when (new.seconds <> '{}' and (new.seconds[cardinality(new.seconds)], new.counts[cardinality(new.counts)])
      is distinct from (old.seconds[cardinality(old.seconds)], old.counts[cardinality(old.counts)])
      and new.seconds[cardinality(new.seconds)] >= coalesce(old.seconds[cardinality(old.seconds)], 0))
    execute function log_grant()`.execute(db)
  return {
    mark: async (shifted: number) => {
      await sql`update grant_shift set shifted = ${shifted}`.execute(db)
    },
    since: async (shifted: number) => {
      const { rows } = await sql<{
        n: number
      }>`select count(*)::int as n from grant_log where shifted = ${shifted}`.execute(db)
      return rows[0]?.n ?? 0
    },
    times: async () => {
      const { rows } = await sql<{ at: number }>`select at from grant_log order by at`.execute(db)
      return rows.map((row) => row.at)
    },
  }
}

describe('a booking that comes back late', () => {
  it('is made again: the call belongs to the minute in which it is made', async () => {
    let now = 0
    const slept = pacer({ perMinute: 10, clock: { now: () => now } })
    const taking = slept.take()
    now += 1_001
    expect((await taking).waitMs).toBe(0)
    expect(await sumBooked()).toBe(2)
    const intime = slept.take()
    now += 1_000
    await intime
    expect(await sumBooked()).toBe(3)
  })

  it('is taken all the same where every one is late', async () => {
    let now = 0
    const slow = pacer({ perMinute: 10, clock: { now: () => (now += 2_000) } })
    expect((await slow.take()).waitMs).toBe(0)
    expect(await sumBooked()).toBe(4)
  })
})

describe('a large budget that is free', () => {
  /** Of 2,000 calls, on a clock that stands still; `trips` to the database are counted. */
  const withLarge = async (use: (large: Pacer, trips: { readonly count: number }) => Promise<void>): Promise<void> => {
    const trips = await countRoundTrips(database.url)
    const counted = openDatabase(trips.url, { applicationName: 'counted' })
    const options = { name, perMinute: 2000, maxTimeouts: null, coolDownMs: 1, clock: { now: () => 0 } }
    try {
      await use(openPacer(counted.db, options), trips)
    } finally {
      await counted.close()
      await trips.close()
    }
  }

  it('is booked some calls at a time, each counted, and never above its limit', () =>
    withLarge(async (large, trips) => {
      for (let n = 0; n < 300; n += 1) expect((await large.take()).waitMs).toBe(0)
      expect(trips.count).toBeLessThan(60)
      const booked = await sumBooked()
      expect(booked).toBeGreaterThanOrEqual(300)
      expect(booked).toBeLessThan(300 + 32)
      // What is booked ahead shrinks with what is left: the limit is reached exactly.
      expect(await drain(large)).toBeGreaterThan(1650)
      expect(await sumBooked()).toBe(2000)
    }))

  it('is booked once by a run that finds nothing new, which makes four calls at most', () =>
    withLarge(async (large, trips) => {
      await large.take()
      // The row is not there before the very first call.
      const before = trips.count
      for (let n = 0; n < 3; n += 1) await large.take()
      expect(trips.count).toBe(before)
      expect(await sumBooked()).toBe(4)
    }))

  it('is not used up by calls booked ahead and not made: they are made soon or never', async () => {
    let now = 0
    const patient = pacer({ perMinute: 2000, clock: { now: () => now } })
    for (let n = 0; n < 10; n += 1) await patient.take()
    const rival = pacer({ perMinute: 4000 })
    await rival.coolDown(60_000, 'Plex asked for a pause')
    // Booked before the pause, as if on its way already ...
    expect((await patient.take()).waitMs).toBe(0)
    now += 200
    // ... and after a moment the pause is seen.
    expect(await patient.take()).toMatchObject({ reason: 'Plex asked for a pause' })
  })

  it('asks the database again at once after trouble of its own', async () => {
    const one = pacer({ perMinute: 4000 })
    for (let n = 0; n < 10; n += 1) await one.take()
    await one.coolDown(60_000, 'Plex asked for a pause')
    expect((await one.take()).waitMs).toBeGreaterThan(0)
  })
})

async function sumBooked(): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select (select sum(calls) from unnest(counts) as calls)::int as n from budget where name = ${name}`.execute(
    database.db,
  )
  return rows[0]?.n ?? 0
}

describe('a cool-down', () => {
  it('holds everybody back until it ends, and says why', async () => {
    await pacer().coolDown(90_000, 'Plex asked for a pause')
    const held = await pacer().take()
    expect(held.reason).toBe('Plex asked for a pause')
    expect(held.waitMs).toBeGreaterThan(89_000)
    expect(held.waitMs).toBeLessThanOrEqual(90_000)
    await letPass(90)
    expect(await pacer().take()).toEqual({ waitMs: 0, reason: null })
  })

  it('is not shortened by a later, shorter one', async () => {
    await pacer().coolDown(90_000, 'long')
    await pacer().coolDown(1_000, 'short')
    const { waitMs, reason } = await pacer().take()
    expect(waitMs).toBeGreaterThan(80_000)
    expect(reason).toBe('long')
  })
})

describe('a learned limit', () => {
  it('is 70 % of the former one, at least five calls, and one lesson for refusals that come together', async () => {
    await Promise.all([1, 2, 3, 4].map(() => pacer().throttled()))
    expect(await drain(pacer())).toBe(21)
    for (let lesson = 0; lesson < 8; lesson += 1) {
      await letPass(61)
      await pacer().throttled()
    }
    expect(await drain(pacer())).toBe(5)
  })

  it('grows back by 5 % for every quiet minute, up to what is allowed', async () => {
    await pacer({ perMinute: 100 }).throttled()
    await letPass(120)
    expect(await drain(pacer({ perMinute: 100 }))).toBe(77)
    await letPass(3600)
    expect(await drain(pacer({ perMinute: 100 }))).toBe(100)
  })

  it('never exceeds an allowance below five', async () => {
    await pacer({ perMinute: 3 }).throttled()
    expect(await drain(pacer({ perMinute: 3 }))).toBe(3)
  })
})

describe('timeouts', () => {
  it('start a cool-down when the limit is reached in a row, then count anew', async () => {
    expect(await pacer().timedOut()).toEqual({ inARow: 1, stop: false })
    expect(await pacer().timedOut()).toEqual({ inARow: 2, stop: false })
    expect((await pacer().take()).waitMs).toBe(0)
    expect(await pacer().timedOut()).toEqual({ inARow: 3, stop: true })
    const held = await pacer().take()
    expect(held.waitMs).toBeGreaterThan(890_000)
    expect(held.reason).toContain('timed out')
    expect(await pacer().timedOut()).toEqual({ inARow: 1, stop: false })
  })

  it('are forgotten with the first answer', async () => {
    await pacer().timedOut()
    await pacer().timedOut()
    await pacer().answered()
    expect(await pacer().timedOut()).toEqual({ inARow: 1, stop: false })
  })

  it('never stop a system that has no such limit', async () => {
    for (let n = 1; n <= 5; n += 1)
      expect(await pacer({ maxTimeouts: null }).timedOut()).toEqual({ inARow: n, stop: false })
    expect((await pacer().take()).waitMs).toBe(0)
  })
})
