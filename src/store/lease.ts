import { sql, type Kysely } from 'kysely'
import type { Lease } from '../ports.js'
import { ms } from './json.js'
import type { Tables } from './tables.js'

interface Held {
  readonly holder: string
  readonly expiresAt: string
}

/** One statement decides: free, expired and taken leases are told apart under the row's lock, on the database's clock. */
export async function takeLease(
  db: Kysely<Tables>,
  key: { connection: string; stream: string },
  owner: { runId: string; holder: string },
  leaseMs: number,
): Promise<Lease | Held> {
  const { connection, stream } = key
  const taken = await sql<{ fence: number }>`
    insert into lease (connection, stream, owner, holder, fence, expires_at)
    values (${connection}, ${stream}, ${owner.runId}, ${owner.holder}, 1, clock_timestamp() + ${ms(leaseMs)})
    on conflict (connection, stream) do update
      set owner = excluded.owner, holder = excluded.holder, fence = lease.fence + 1, expires_at = excluded.expires_at
      where lease.owner is null or lease.expires_at < clock_timestamp()
    returning fence`.execute(db)
  const fence = taken.rows[0]?.fence
  if (fence !== undefined) return { fence }
  const row = await db
    .selectFrom('lease')
    .select(['holder', 'expires_at'])
    .where('connection', '=', connection)
    .where('stream', '=', stream)
    .executeTakeFirst()
  return { holder: row?.holder ?? 'another run', expiresAt: row?.expires_at ?? '' }
}

/** False = somebody else took over: this run may not note or plan any more. */
export async function renewLease(
  db: Kysely<Tables>,
  key: { connection: string; stream: string },
  lease: Lease,
  leaseMs: number,
) {
  const result = await db
    .updateTable('lease')
    .set({ expires_at: sql`clock_timestamp() + ${ms(leaseMs)}` })
    .where('connection', '=', key.connection)
    .where('stream', '=', key.stream)
    .where('fence', '=', lease.fence)
    .where('owner', 'is not', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** The fence numbers stay, so that the next owner's is larger. */
export async function releaseLeases(
  db: Pick<Kysely<Tables>, 'updateTable'>,
  connection: string,
  leases: ReadonlyMap<string, Lease>,
): Promise<void> {
  const fences = [...leases.values()].map(({ fence }) => fence)
  await db
    .updateTable('lease')
    .set({ owner: null, holder: null, expires_at: sql`'-infinity'` })
    .where('connection', '=', connection)
    .where(sql<boolean>`(stream, fence) in (select * from unnest(${[...leases.keys()]}::text[], ${fences}::bigint[]))`)
    .execute()
}
