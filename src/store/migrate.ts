/**
 * The schema: plain `sql/NNNN_name.sql`, forward only, each applied once and never edited afterwards. Beside Kysely's own
 * table of applied names we keep a checksum of each file, so that an edited one is noticed.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Migrator, sql } from 'kysely'
import type { Kysely, Migration } from 'kysely'
import { Bug, ConfigError } from '../domain/errors.js'
import { isConnectionTrouble } from './database.js'
import type { Tables } from './tables.js'

/** How the database compares with the files of this program. Names are file names, in order. */
export type SchemaState =
  | { readonly kind: 'current' }
  | { readonly kind: 'behind'; readonly missing: string[] }
  /** A newer version of this program has been here. */
  | { readonly kind: 'ahead'; readonly unknown: string[] }
  | { readonly kind: 'edited'; readonly files: string[] }
  /** Nothing was ever applied. */
  | { readonly kind: 'empty' }

interface MigrationFile {
  readonly name: string
  readonly text: string
  readonly sha256: string
}

/** File name -> checksum, in order. */
type Applied = ReadonlyMap<string, string>

/** In names of our own: the database may be shared with another program that uses Kysely. */
const APPLIED_TABLE = 'ml_connector_migration'
const LOCK_TABLE = 'ml_connector_migration_lock'
export const CHECKSUM_TABLE = 'ml_connector_migration_checksum'

const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/
const UNDEFINED_TABLE = '42P01'

/** The package's `sql/`, seen from `src/store` as from `dist/bin`. */
function defaultDirectory(): string {
  const directory = fileURLToPath(new URL('../../sql', import.meta.url))
  if (!existsSync(directory)) throw new Bug('The package is incomplete: its directory sql/ is missing.')
  return directory
}

/** The migrations of a directory in order. Throws Bug for a .sql file that would be skipped or applied in unclear order. */
async function readFiles(dir: string): Promise<MigrationFile[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  const wrong = names.find((name, i) => !FILE_NAME.test(name) || names[i - 1]?.slice(0, 4) === name.slice(0, 4))
  if (wrong !== undefined)
    throw new Bug(`${join(dir, wrong)}: a migration is named NNNN_name.sql with a number of its own.`)
  return Promise.all(
    names.map(async (name) => {
      // A checkout on Windows must not look like an edit.
      const text = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

/** The tables that the files of a directory make, in order. */
export async function tableNames(dir = defaultDirectory()): Promise<string[]> {
  const texts = (await readFiles(dir)).map(({ text }) => text)
  return texts.flatMap((text) => [...text.matchAll(/^create table (\w+)/gm)].map(([, name = '']) => name))
}

/** Compares database and files by one query; safe at any time, also while another process migrates. */
export async function schemaState(db: Kysely<Tables>, dir = defaultDirectory()): Promise<SchemaState> {
  return compare(await readFiles(dir), await readApplied(db))
}

function compare(files: MigrationFile[], applied: Applied): SchemaState {
  const missing = files.filter((file) => !applied.has(file.name)).map((file) => file.name)
  const unknown = [...applied.keys()].filter((name) => !files.some((file) => file.name === name))
  const edited = files.filter((file) => (applied.get(file.name) ?? file.sha256) !== file.sha256)
  if (unknown.length > 0) return { kind: 'ahead', unknown }
  if (edited.length > 0) return { kind: 'edited', files: edited.map((file) => file.name) }
  if (missing.length === 0) return { kind: 'current' }
  return applied.size === 0 ? { kind: 'empty' } : { kind: 'behind', missing }
}

async function readApplied(db: Kysely<Tables>): Promise<Applied> {
  try {
    const query = sql<{
      name: string
      sha256: string
    }>`select name, sha256 from ${sql.table(CHECKSUM_TABLE)} order by 1`
    return new Map((await query.execute(db)).rows.map((row) => [row.name, row.sha256]))
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return new Map()
    throw error
  }
}

/**
 * Brings the schema up to date: all missing files in one transaction, so that the database is as before when one fails.
 * Any number may run at once; one applies, the others wait for it and apply nothing. Returns what this call applied.
 * Throws ConfigError when the database is ahead or was made by files edited since, or when a file fails; errors of
 * `isConnectionTrouble` as they are.
 */
export async function migrate(db: Kysely<Tables>, dir = defaultDirectory()): Promise<{ applied: string[] }> {
  const files = await readFiles(dir)
  const applied = await readApplied(db)
  const state = compare(files, applied)
  refuseUnlessForward(state, applied)
  // Then it takes no right to change anything.
  if (state.kind === 'current') return { applied: [] }
  const { results, error } = await db.connection().execute(async (connection) => {
    const { rows } = await sql<{ schema: string | null; timeout: string }>`
      select current_schema() as schema, current_setting('statement_timeout') as timeout`.execute(connection)
    // Neither waiting for a rival nor building a large index is a statement gone wrong.
    await sql`set statement_timeout = 0`.execute(connection)
    const result = await migratorFor(connection, files, rows[0]?.schema).migrateToLatest()
    await sql`select set_config('statement_timeout', ${rows[0]?.timeout}, false)`.execute(connection)
    return result
  })
  if (error !== undefined) throw explain(error, results?.find((result) => result.status === 'Error')?.migrationName)
  return { applied: (results ?? []).map((result) => result.migrationName) }
}

function refuseUnlessForward(state: SchemaState, applied: Applied): void {
  if (state.kind === 'ahead') {
    throw new ConfigError(
      `The database was made by a newer version of ml-connector (${state.unknown.join(', ')}): install it.`,
    )
  }
  if (state.kind === 'edited') {
    throw new ConfigError(
      `Files changed after they were applied: ${state.files.join(', ')}. Restore them; changes need a new file.`,
    )
  }
  const last = [...applied.keys()].at(-1) ?? ''
  const late = state.kind === 'behind' ? state.missing.filter((name) => name < last) : []
  if (late.length > 0)
    throw new ConfigError(`${late.join(', ')} would be applied after ${last}, which is later in the order.`)
}

function migratorFor(db: Kysely<Tables>, files: MigrationFile[], schema: string | null | undefined): Migrator {
  if (!schema)
    throw new ConfigError('The search_path of the database user names no existing schema to create tables in.')
  const migrations = Object.fromEntries(files.map((file) => [file.name, migrationOf(file)]))
  return new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: APPLIED_TABLE,
    migrationLockTableName: LOCK_TABLE,
    // Without it Kysely takes a table of this name in any other schema for ours.
    migrationTableSchema: schema,
    // Kysely's order is by the clocks of the hosts that migrated; ours is by name (`refuseUnlessForward`).
    allowUnorderedMigrations: true,
  })
}

/** File and checksum in Kysely's transaction. Without parameters pg sends the text as one query of many statements. */
const migrationOf = (file: MigrationFile): Migration => ({
  up: async (db) => {
    await sql.raw(file.text).execute(db)
    await sql`create table if not exists ${sql.table(CHECKSUM_TABLE)} (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`.execute(db)
    await sql`insert into ${sql.table(CHECKSUM_TABLE)} (name, sha256) values (${file.name}, ${file.sha256})`.execute(db)
  },
})

function explain(error: unknown, file: string | undefined): unknown {
  if (isConnectionTrouble(error) || !(error instanceof Error)) return error
  const what = file === undefined ? 'The migration failed' : `${file} failed, nothing was changed`
  return new ConfigError(`${what}: ${error.message}${codeOf(error) === '' ? '' : ` (${codeOf(error)})`}`)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
