/** A state database after years: rows made by SQL, questions asked by the program. */
import { best, query, runProgram, say, table, type Stage } from './stage.js'

/** So many of the links are suppliers, which both sides have; the others are orders and invoices that neither shows any more. */
const SUPPLIERS = 20_000
/** And so many orders of the month compared are not sent yet. */
const ORDERS = 2_000

/** BENCH_ROWS journal rows (a million by default) of a tenth as many records, in the first of 1,000 connections. */
export async function benchScale(stage: Stage, rounds: number): Promise<string> {
  const count = Number(process.env['BENCH_ROWS'] ?? 1_000_000)
  stage.sandbox.reset()
  addBothSides(stage)
  const database = await stage.newDatabase()
  const env = stage.env(database, { PO_START_DATE: '2026-01-01' })
  // The first run binds the connection.
  await runProgram(['sync', 'suppliers', '--limit', '1', '--quiet'], env)
  const startedAt = performance.now()
  await query(database, ...fill(count))
  say(`${count} rows made in ${Math.round((performance.now() - startedAt) / 1000)} s`)
  const questions = [
    'audit show --record SUP-77',
    'audit show --stream pos',
    'audit show --code vendor_similar',
    'audit show --until 2020-01-01',
    'audit show',
    'status',
    'reconcile --month 2026-01 --quiet',
  ]
  const rows: (string | number)[][] = []
  for (const question of questions) {
    let peakMb = 0
    const wallMs = await best(rounds, async () => {
      const ran = await runProgram(question.split(' '), env)
      if (ran.code !== 0 && ran.code !== 3) throw new Error(ran.err)
      peakMb = Math.max(peakMb, ran.peakMb)
      return ran.wallMs
    })
    rows.push([`\`${question}\``, Math.round(wallMs), Math.round(peakMb)])
    say(rows.at(-1)?.join('  ') ?? '')
  }
  return table([`over ${count} journal rows and ${count / 10} links`, 'ms from start to exit', 'peak memory, MB'], rows)
}

/** The id of a supplier by its number, in SQL and for the simulator. */
const sourceIdOf = (number: string): string => `'5a000000-0000-4000-8000-' || lpad((${number})::text, 12, '0')`
const sourceId = (n: number): string => `5a000000-0000-4000-8000-${String(n).padStart(12, '0')}`

const DATES = { createdDate: '2026-01-10T00:00:00Z', modifiedDate: '2026-01-10T00:00:00Z' }

function addBothSides({ sandbox }: Stage): void {
  const { plex, procurify, env } = sandbox
  for (let n = 1; n <= SUPPLIERS; n += 1) {
    const shared = { id: sourceId(n), code: `SUP-${n}`, name: `Supplier ${n}`, status: 'Active', type: 'Raw Material' }
    plex.state.data.suppliers.add({ ...shared, ...DATES })
    procurify.state.data.vendors.add({
      ...{ id: n, name: shared.name, active: true, type: 3, external_id: `plex:${env['PLEX_PCN']}:${shared.id}` },
      ...{ url: null, comments: null, email: [], currency: { id: 1, name: 'USD' } },
    })
  }
  for (let n = 1; n <= ORDERS; n += 1) {
    plex.state.data.orders.add({
      ...{
        id: sourceId(900_000_000 + n),
        poNumber: `PO-${n}`,
        supplierId: sourceId(1),
        currencyCode: 'USD',
        status: 'On order',
      },
      ...{
        lineItemCount: 1,
        lineItemTotal: 20,
        blanketOrder: false,
        building: 'MAIN',
        department: 'Maintenance',
        ...DATES,
      },
    })
  }
}

function fill(count: number): string[] {
  const records = count / 10
  return [
    'set synchronous_commit = off',
    `delete from link where connection = 'default'`,
    `insert into link (connection, stream, source_id, source_key, target_id, target_key, linked_at)
     select 'default', case when n <= ${SUPPLIERS} then 'suppliers' when n % 2 = 0 then 'pos' else 'invoices' end,
       ${sourceIdOf('n')}, 'SUP-' || n, n, 'Supplier ' || n, now()
     from generate_series(1, ${records}) as n`,
    `insert into connection (name, plex_host, plex_pcn, procurify_host, salt)
     select 'other-' || n, 'plex', n::text, 'procurify', repeat('s', 48) from generate_series(1, 999) as n`,
    `insert into run (id, connection, command, stream, actor, started_at, finished_at, outcome, exit_code)
     select gen_random_uuid(), 'other-' || 1 + n % 999, 'sync suppliers', 'suppliers', '{}', now() - n * interval '1 second', now(),
       'done', 0 from generate_series(1, ${records}) as n`,
    `insert into audit (connection, seq, at, actor, stream, source_id, source_key, target_id, action, outcome, code, changes,
       prev_hash, hash)
     select 'default', 1000 + n, now() - (${count} - n) * interval '1 minute', '{"user": "cron", "host": "erp", "version": "1"}',
       case when n % 1000 = 0 then 'pos' else 'suppliers' end, ${sourceIdOf(`n % ${records}`)}, 'SUP-' || n % ${records}, n % ${records},
       case when n % 700 = 0 then 'park' else 'update' end, case when n % 700 = 0 then 'parked' else 'done' end,
       case when n % 700 = 0 then 'vendor_similar' end, '[{"field": "name", "from": "Old", "to": "New"}]',
       repeat('0', 64), repeat('0', 64)
     from generate_series(1, ${count}) as n`,
    'vacuum analyze',
  ]
}
