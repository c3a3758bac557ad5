import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { BLANK_EVENT } from '../domain/audit.js'
import { ConfigError } from '../domain/errors.js'
import { appendAudit, type Author } from './journal.js'
import type { Tables } from './tables.js'

/** The two systems a connection name stands for. Hosts carry their port. */
export interface Binding {
  readonly connection: string
  readonly plexHost: string
  readonly pcn: string
  readonly plexTenant: string | null
  readonly procurifyHost: string
}

export interface BoundConnection {
  readonly salt: string
  readonly requester: string | null
}

/**
 * Binds the connection name at its first use and refuses another pair of systems under the same name ever after. A dry run
 * passes `write` false: it checks, and gets a salt of its own while nothing is bound.
 */
export async function bindConnection(db: Kysely<Tables>, binding: Binding, write: boolean): Promise<BoundConnection> {
  const fresh = randomBytes(24).toString('hex')
  const known = await read(db, binding)
  if (known === undefined && write) {
    await db
      .insertInto('connection')
      .values({
        name: binding.connection,
        plex_host: binding.plexHost,
        plex_pcn: binding.pcn,
        plex_tenant: binding.plexTenant,
        procurify_host: binding.procurifyHost,
        requester: null,
        salt: fresh,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  const row = known ?? (await read(db, binding))
  if (row === undefined) return { salt: fresh, requester: null }
  const differing = [
    ...differs('Plex host', row.plex_host, binding.plexHost),
    ...differs('PLEX_PCN', row.plex_pcn, binding.pcn),
    ...differs('PLEX_TENANT_ID', row.plex_tenant, binding.plexTenant),
    ...differs('Procurify host', row.procurify_host, binding.procurifyHost),
  ]
  if (differing.length > 0) {
    const what = `The connection "${binding.connection}" belongs to another pair of systems: ${differing.join('; ')}.`
    throw new ConfigError(`${what} Set CONNECTION to another name for this pair, or correct the settings.`)
  }
  return { salt: row.salt, requester: row.requester }
}

function read(db: Kysely<Tables>, binding: Binding) {
  return db.selectFrom('connection').selectAll().where('name', '=', binding.connection).executeTakeFirst()
}

function differs(what: string, bound: string | null, now: string | null): string[] {
  return bound === now ? [] : [`${what} was ${bound ?? 'not set'} and is ${now ?? 'not set'} now`]
}

/** The requester this connection's requisitions were sent by; the first one is remembered. */
export async function claimRequester(
  db: Kysely<Tables>,
  connection: string,
  requester: string,
  write: boolean,
): Promise<string> {
  const known = async (): Promise<string | null> => {
    const row = await db.selectFrom('connection').select('requester').where('name', '=', connection).executeTakeFirst()
    return row?.requester ?? null
  }
  const before = await known()
  if (before !== null || !write) return before ?? requester
  await db
    .updateTable('connection')
    .set({ requester })
    .where('name', '=', connection)
    .where('requester', 'is', null)
    .execute()
  // A rival may have been first.
  return (await known()) ?? requester
}

/** A person says that requisitions are sent by somebody else from now on. */
export function acceptRequester(db: Kysely<Tables>, author: Author, known: string, requester: string): Promise<void> {
  const message = `The requester changed from user ${known} to user ${requester}, accepted by a person.`
  return db.transaction().execute(async (trx) => {
    await trx.updateTable('connection').set({ requester }).where('name', '=', author.connection).execute()
    const event = { ...BLANK_EVENT, stream: 'admin', action: 'admin', outcome: 'done', message } as const
    await appendAudit(trx, author, null, [event])
  })
}
