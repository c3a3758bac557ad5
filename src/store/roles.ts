/**
 * Rights on our tables: which ones the program needs, and a database role that has those and no more, so that a run (or
 * whoever steals its password) can add rows to the journal and read them, and never change or remove one.
 */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely'
import { ConfigError } from '../domain/errors.js'
import { CHECKSUM_TABLE, tableNames } from './migrate.js'
import type { Tables } from './tables.js'

/** Tables that get other rights than reading, adding, changing and removing rows. Columns of `audit_head`: what appendAudit writes. */
const LIMITED: Readonly<Record<string, readonly string[]>> = {
  audit: ['select', 'insert'],
  report: ['select', 'insert'],
  audit_head: ['select', 'insert (connection)', 'update (connection, seq, hash, at)'],
  database_role: ['select'],
  [CHECKSUM_TABLE]: ['select'],
}
const USUAL = ['select', 'insert', 'update', 'delete']

/** Rows of the others are never deleted by a run: an administrator may grant no more than is needed. */
const EMPTIED_TABLES = ['note', 'credential', 'token', 'pause']

/**
 * An array of the rights on our tables that the present user lacks, as `insert on audit`; empty while there are no tables.
 * A right on some columns counts where the program needs no more.
 */
export async function missingRights(): Promise<RawBuilder<string[]>> {
  const tables = (await tableNames()).filter((name) => name !== 'database_role')
  return sql<string[]>`array(
    select wanted || ' on ' || c.relname
    from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) as wanted
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname = any(${tables}::text[])
      and (wanted <> 'update' or c.relname not in ('audit', 'report')) and (wanted <> 'delete' or c.relname = any(${EMPTIED_TABLES}::text[]))
      and not has_table_privilege(c.oid, wanted)
      and (c.relname <> 'audit_head' or not has_any_column_privilege(c.oid, nullif(wanted, 'delete')))
    order by 1)`
}

/** Could the present user change or remove rows of the journal? False while there is none. */
export const mayRewriteJournal = sql<boolean>`coalesce((
  select has_table_privilege(c.oid, 'update') or has_table_privilege(c.oid, 'delete') or has_table_privilege(c.oid, 'truncate')
  from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relname = 'audit'), false)`

/**
 * Makes the role if it is not there, gives it the rights a run needs and takes any other, and remembers it for `renewRoles`.
 * May be repeated. Throws ConfigError when we may not make it, or when it could change the journal all the same.
 */
export async function grantRole(trx: Transaction<Tables>, role: string): Promise<{ readonly isNew: boolean }> {
  const isNew = !(await exists(trx, role))
  if (isNew) await create(trx, role)
  await grant(trx, role)
  const { rows } = await sql<{ may: boolean }>`
    select bool_or(has_table_privilege(${role}, t, p)) as may
    from unnest(array['audit', 'audit_head']) t, unnest(array['update', 'delete', 'truncate']) p`.execute(trx)
  if (rows[0]?.may !== false) {
    throw new ConfigError(
      `The role ${role} could change rows of the journal: it owns the tables, is a superuser, or has the right by another role. Name another one: migrate --roles NAME.`,
    )
  }
  await trx
    .insertInto('database_role')
    .values({ name: role })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ granted_at: sql`now()` }))
    .execute()
  return { isNew }
}

/** After a migration: rights on new tables for the roles made before. Answers their names. */
export async function renewRoles(db: Kysely<Tables>): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ name: string }>`
      select name from database_role join pg_roles on rolname = name order by name`.execute(trx)
    for (const { name } of rows) await grant(trx, name)
    return rows.map(({ name }) => name)
  })
}

async function exists(trx: Transaction<Tables>, role: string): Promise<boolean> {
  const { rows } = await sql`select from pg_roles where rolname = ${role}`.execute(trx)
  return rows.length > 0
}

/** It cannot log in: an administrator makes the login, with a password that this program never sees, and grants it the role. */
async function create(trx: Transaction<Tables>, role: string): Promise<void> {
  const { rows } = await sql<{ may: boolean }>`
    select rolcreaterole or rolsuper as may from pg_roles where rolname = current_user`.execute(trx)
  if (rows[0]?.may !== true) {
    const next = `Let an administrator run: create role ${role}; then repeat: ml-connector migrate --roles ${role}`
    throw new ConfigError(`The user of DATABASE_URL may not create roles, and there is no role ${role}. ${next}`)
  }
  await sql`create role ${sql.id(role)} nologin`.execute(trx)
}

async function grant(trx: Transaction<Tables>, role: string): Promise<void> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(trx)
  const schema = rows[0]?.schema ?? 'public'
  const to = sql.id(role)
  await sql`grant usage on schema ${sql.id(schema)} to ${to}`.execute(trx)
  for (const table of [...(await tableNames()), CHECKSUM_TABLE]) {
    const on = sql.table(`${schema}.${table}`)
    const rights = sql.raw((LIMITED[table] ?? USUAL).join(', '))
    await sql`revoke all on ${on} from ${to}`.execute(trx)
    await sql`grant ${rights} on ${on} to ${to}`.execute(trx)
  }
}
