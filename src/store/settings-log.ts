import { sql, type Kysely, type Transaction } from 'kysely'
import { BLANK_EVENT } from '../domain/audit.js'
import type { Change } from '../domain/record.js'
import { appendAudit, type Author } from './journal.js'
import { json } from './json.js'
import type { Tables } from './tables.js'

/** Settings by name, as text. No secrets: they are shown in the journal. */
export type OpenSettings = Readonly<Record<string, string>>

interface Run {
  readonly id: string
  readonly command: string
  readonly stream: string
}

/**
 * Opens a run, remembers which settings stand behind the hash that journal rows carry, and adds a row when a run of a stream has
 * other ones than the run before it. Of streams, since each may have a settings file of its own.
 */
export async function openRun(db: Kysely<Tables>, author: Author, settings: OpenSettings, run: Run): Promise<void> {
  const before = await insertRun(db, author, settings, run, false)
  if (before === null) return
  await db.transaction().execute(async (trx) => {
    await tellChange(trx, author, before, settings, run)
    await insertRun(trx, author, settings, run, true)
  })
}

/** One round trip for the most runs. Opens nothing where the settings are new and not told yet, and answers the hash of the former ones. */
async function insertRun(
  db: Kysely<Tables>,
  { connection, actor }: Author,
  settings: OpenSettings,
  { id, command, stream }: Run,
  isTold: boolean,
): Promise<string | null> {
  const { rows } = await sql<{ before: string; opened: boolean }>`
    with before as (
      select actor ->> 'settings' as hash from run where connection = ${connection} and stream = ${stream}
      order by started_at desc limit 1
    ), opened as (
      insert into run (id, command, stream, connection, actor)
      select ${id}::uuid, ${command}, ${stream}, ${connection}, ${json(actor)}::jsonb
      where ${isTold} or not exists (select from before where hash is distinct from ${actor.settings})
      returning id
    ), version as (
      insert into settings_version (connection, hash, settings)
      select ${connection}, ${actor.settings}, ${json(settings)}::jsonb from opened
      on conflict do nothing
    )
    select coalesce((select hash from before), '') as before, exists (select from opened) as opened`.execute(db)
  const [row] = rows
  return row === undefined || row.opened ? null : row.before
}

async function tellChange(
  trx: Transaction<Tables>,
  author: Author,
  hash: string,
  settings: OpenSettings,
  run: Run,
): Promise<void> {
  const stored = await trx
    .selectFrom('settings_version')
    .select('settings')
    .where('connection', '=', author.connection)
    .where('hash', '=', hash)
    .executeTakeFirst()
  const changes = stored === undefined ? [] : differences(stored.settings, settings)
  const names = changes.map(({ field }) => field).join(', ')
  const message = `${run.command} runs with other settings than the run before it${names === '' ? '' : `: ${names}`}`
  const event = { ...BLANK_EVENT, code: 'settings_changed', message, changes }
  await appendAudit(trx, author, run.id, [{ ...event, stream: 'admin', action: 'admin', outcome: 'done' }])
}

function differences(before: OpenSettings, now: OpenSettings): Change[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort().flatMap((field) => {
    const [from, to] = [before[field] ?? null, now[field] ?? null]
    return from === to ? [] : [{ field, from, to }]
  })
}
