import { randomBytes } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
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
  const values = {
    plex_host: binding.plexHost,
    plex_pcn: binding.pcn,
    plex_tenant: binding.plexTenant,
    procurify_host: binding.procurifyHost,
  }
  const known = await read(db, binding)
  if (known === undefined && write) {
    await db
      .insertInto('connection')
      .values({ name: binding.connection, ...values, requester: null, salt: fresh })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  const row = known ?? (await read(db, binding))
  if (row === undefined) return { salt: fresh, requester: null }
  const differing = {
    plex: [
      ...differs('Plex host', row.plex_host, binding.plexHost),
      ...differs('PLEX_PCN', row.plex_pcn, binding.pcn),
      ...differs('PLEX_TENANT_ID', row.plex_tenant, binding.plexTenant),
    ],
    procurify: differs('Procurify host', row.procurify_host, binding.procurifyHost),
  }
  const all = [...differing.plex, ...differing.procurify]
  if (all.length > 0) {
    const used = await readUse(db, binding.connection)
    if ((used.plex && differing.plex.length > 0) || (used.procurify && differing.procurify.length > 0)) {
      const what = `The connection "${binding.connection}" belongs to another pair of systems: ${all.join('; ')}.`
      throw new ConfigError(`${what} Set CONNECTION to another name for this pair, or correct the settings.`)
    }
    if (write) await db.updateTable('connection').set(values).where('name', '=', binding.connection).execute()
  }
  return { salt: row.salt, requester: row.requester }
}

/**
 * Which sides a connection has been used with. A misspelt host or PCN binds nothing: a run that reached nobody, or was refused, was
 * no use, and what it noted came from Plex alone. A run that has not ended may still be one.
 */
async function readUse(
  db: Kysely<Tables>,
  connection: string,
): Promise<{ readonly plex: boolean; readonly procurify: boolean }> {
  const { rows } = await sql<{ planned: boolean; noted: boolean }>`
    select exists (select from run where connection = ${connection}
                   and (outcome is null or outcome not in ('interrupted', 'refused', 'busy')))
        or exists (select from intent where connection = ${connection})
        or exists (select from link where connection = ${connection}) as planned,
      exists (select from watermark where connection = ${connection})
        or exists (select from note where connection = ${connection}) as noted`.execute(db)
  const { planned = true, noted = true } = rows[0] ?? {}
  return { plex: planned || noted, procurify: planned }
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
