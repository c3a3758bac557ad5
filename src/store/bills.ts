/**
 * Bills as Procurify last listed them and invoices as they were last judged: two kinds of links, found by partner and number. Reads
 * only, but for notes.
 */
import { sql, type Kysely } from 'kysely'
import { readBillState, readInvoiceState, type BillState, type InvoiceState } from '../domain/invoice-state.js'
import type { Finding } from '../domain/match-invoice.js'
import type { Json } from '../domain/record.js'
import type { InvoiceBooks } from '../ports-invoices.js'
import { rowsParam } from './json.js'
import { touchNotes } from './note.js'
import type { Tables } from './tables.js'

interface SentRow {
  id: string
  sent: Json
}

export function openInvoiceBooks(db: Kysely<Tables>, connection: string): InvoiceBooks {
  const stateOf = async <T>(stream: 'invoices' | 'bills', keys: readonly string[], read: (sent: Json) => T | null) => {
    if (keys.length === 0) return []
    const { rows } = await sql<SentRow>`
      select source_id as id, sent from link
      where connection = ${connection} and stream = ${sql.lit(stream)} and sent ->> 'match_key' = any(${[...keys]}::text[])
        and skip_code is null
      order by source_id`.execute(db)
    return rows.flatMap(({ id, sent }) => {
      const state = read(sent)
      return state === null ? [] : [{ id, state }]
    })
  }
  return {
    vendorsOf: (suppliers) => readVendorsOf(db, connection, suppliers),
    invoicesOf: (keys) => stateOf<InvoiceState>('invoices', keys, readInvoiceState),
    billsOf: (keys) => stateOf<BillState>('bills', keys, readBillState),
    ownersOf: (bills) => readOwners(db, connection, bills),
    unseenBills: (seen, since, limit) => readUnseen(db, connection, { seen, since, limit }),
    newestBills: (limit) => readNewest(db, connection, limit),
    stale: (scope) => readStale(db, connection, scope),
    countFindings: () => countFindings(db, connection),
    noteAgain: (ids) => touchNotes(db, { connection, stream: 'invoices' }, ids),
  }
}

/** Vendors by supplier id, else by supplier code for invoices that name no id. */
async function readVendorsOf(
  db: Kysely<Tables>,
  connection: string,
  suppliers: readonly { readonly id: string | null; readonly code: string | null }[],
): Promise<Map<string, string>> {
  const ids = suppliers.flatMap(({ id }) => id ?? [])
  const codes = suppliers.flatMap(({ id, code }) => (id === null ? (code ?? []) : []))
  if (ids.length + codes.length === 0) return new Map()
  const { rows } = await sql<{ source_id: string; source_key: string | null; target_id: string }>`
    select source_id, source_key, target_id from link
    where connection = ${connection} and stream = 'suppliers' and target_id is not null
      and (source_id = any(${ids}::text[]) or source_key = any(${codes}::text[]))
    order by source_id`.execute(db)
  return new Map(
    rows.flatMap(({ source_id, source_key, target_id }) => [
      ...(source_key === null ? [] : [[source_key, target_id] as const]),
      [source_id, target_id] as const,
    ]),
  )
}

/** The invoices that have, or had, the vendor and number of a bill: as it is now, and as it was known before. */
async function readOwners(
  db: Kysely<Tables>,
  connection: string,
  bills: readonly { readonly id: string; readonly matchKey: string | null }[],
): Promise<Map<string, string[]>> {
  const given = bills.map(({ id, matchKey }) => ({ id, key: matchKey }))
  const { rows } = await sql<{ id: string; owner: string }>`
    with given as (select id, key from jsonb_to_recordset(${rowsParam(given)}) as r (id text, key text)),
    keyed as (
      select id, key from given where key is not null
      union
      select g.id, k.sent ->> 'match_key' from given g
      join link k on k.connection = ${connection} and k.stream = 'bills' and k.source_id = g.id and k.sent ->> 'match_key' is not null),
    named as (
      select k.id, v.source_id, v.source_key, substr(k.key, strpos(k.key, ' ') + 1) as number from keyed k
      join link v on v.connection = ${connection} and v.stream = 'suppliers' and v.target_id = split_part(k.key, ' ', 1))
    select distinct n.id, i.source_id as owner from named n
    join link i on i.connection = ${connection} and i.stream = 'invoices'
      and i.sent ->> 'match_key' in (n.source_id || ' ' || n.number, n.source_key || ' ' || n.number)
    order by 1, 2`.execute(db)
  const owners = new Map<string, string[]>()
  for (const { id, owner } of rows) owners.set(id, [...(owners.get(id) ?? []), owner])
  return owners
}

/** Bills that a whole list, which reached back to `since`, did not show. */
async function readUnseen(
  db: Kysely<Tables>,
  connection: string,
  { seen, since, limit }: { seen: readonly string[]; since: string; limit: number },
): Promise<{ id: string; state: BillState }[]> {
  const { rows } = await sql<SentRow>`
    select source_id as id, sent from link
    where connection = ${connection} and stream = 'bills' and sent ->> 'gone' = 'false' and sent ->> 'modified_at' >= ${since}
      and source_id <> all(${[...seen]}::text[])
    order by source_id limit ${limit}`.execute(db)
  return toBills(rows)
}

function toBills(rows: readonly SentRow[]): { id: string; state: BillState }[] {
  return rows.flatMap(({ id, sent }) => {
    const state = readBillState(sent)
    return state === null ? [] : [{ id, state }]
  })
}

async function readNewest(
  db: Kysely<Tables>,
  connection: string,
  limit: number,
): Promise<{ id: string; state: BillState }[]> {
  const { rows } = await sql<SentRow>`
    select source_id as id, sent from link
    where connection = ${connection} and stream = 'bills' and sent ->> 'gone' = 'false' and sent ->> 'modified_at' is not null
    order by sent ->> 'modified_at' desc, source_id limit ${limit}`.execute(db)
  return toBills(rows)
}

/** Judged with another vendor than the supplier has now, or under other settings. */
async function readStale(db: Kysely<Tables>, connection: string, scope: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with judged as materialized (
      select source_id, scope, sent ->> 'vendor' as vendor, sent #>> '{facts,supplier}' as supplier,
        sent #>> '{facts,supplier_code}' as code
      from link where connection = ${connection} and stream = 'invoices' and skip_code is null and sent ->> 'finding' is not null)
    select j.source_id as id from judged j
    left join link v on v.connection = ${connection} and v.stream = 'suppliers' and v.source_id = j.supplier
    left join (select source_key, min(target_id) as target_id from link
               where connection = ${connection} and stream = 'suppliers' group by source_key) w
      on j.supplier is null and w.source_key = j.code
    where j.scope is distinct from ${scope} or j.vendor is distinct from coalesce(v.target_id, w.target_id)
    order by 1`.execute(db)
  return rows.map(({ id }) => id)
}

/** Invoices of each finding, skipped ones left out. */
export async function countFindings(db: Kysely<Tables>, connection: string): Promise<Map<Finding, number>> {
  const { rows } = await sql<{ finding: Finding; n: number }>`
    select sent ->> 'finding' as finding, count(*)::int as n from link
    where connection = ${connection} and stream = 'invoices' and skip_code is null and sent ->> 'finding' is not null
    group by 1`.execute(db)
  return new Map(rows.map(({ finding, n }) => [finding, n]))
}

// ----------------------------------------------------------------------------------------------------- drafts refused

/** What Procurify answered when drafts were tried; null = nothing is known against them. */
export async function readDraftsRefused(db: Kysely<Tables>, connection: string): Promise<string | null> {
  const row = await db
    .selectFrom('connection')
    .select('bill_drafts_refused')
    .where('name', '=', connection)
    .executeTakeFirst()
  return row?.bill_drafts_refused ?? null
}

/** Null = forgotten: the next draft is tried again. */
export async function saveDraftsRefused(db: Kysely<Tables>, connection: string, answer: string | null): Promise<void> {
  await db.updateTable('connection').set({ bill_drafts_refused: answer }).where('name', '=', connection).execute()
}
