/** A first load of suppliers against targets of several speeds, beside the bare loop that makes the same calls. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toBareWork } from '../support/bare-loop.js'
import { countRoundTrips } from '../support/round-trips.js'
import { query, runNode, runProgram, say, table, type Stage } from './stage.js'

interface Case {
  readonly latencyMs: number
  readonly concurrency: number
}

/** Enough calls for some seconds, so that the start of a process weighs little. */
function recordsFor({ latencyMs, concurrency }: Case): number {
  return latencyMs === 0 ? 1500 : Math.min(2000, Math.round((concurrency * 2500) / latencyMs))
}

export async function benchPush(stage: Stage, bare: string, cases: readonly Case[], rounds: number): Promise<string> {
  const rows: (string | number)[][] = []
  for (const one of cases) {
    const records = recordsFor(one)
    let [program, limit] = [Infinity, Infinity]
    let calls = 0
    for (let round = 0; round < rounds; round += 1) {
      const measured = await measure(stage, bare, one, records)
      program = Math.min(program, measured.programMs)
      limit = Math.min(limit, measured.bareMs)
      calls = measured.calls
    }
    const trips = await countTrips(stage, one, records)
    rows.push([
      ...[`${one.latencyMs} ms`, one.concurrency, records, (calls / records).toFixed(2)],
      ...[(limit / 1000).toFixed(2), (program / 1000).toFixed(2), (program / limit).toFixed(2)],
      (trips / records).toFixed(2),
    ])
    say(rows.at(-1)?.join('  ') ?? '')
  }
  const head = ['latency', 'concurrency', 'records', 'calls a record', 'bare loop, s', 'this program, s', 'ratio']
  return table([...head, 'database round trips a record'], rows)
}

function prepare({ sandbox }: Stage, { latencyMs }: Case, records: number): void {
  sandbox.reset()
  for (let n = 0; n < records; n += 1) sandbox.plex.state.data.suppliers.add(supplier(n))
  if (latencyMs === 0) return
  for (const system of ['plex', 'procurify'] as const)
    sandbox.faults.add({ system, kind: 'slow', ms: latencyMs, times: -1 })
}

async function measure(stage: Stage, bare: string, one: Case, records: number) {
  prepare(stage, one, records)
  const database = await stage.newDatabase()
  const ran = await load(stage, one, database)
  if (ran.code !== 0) throw new Error(`sync suppliers ended with ${ran.code}: ${ran.err}${ran.out}`)
  const work = toBareWork(stage.sandbox, stage.sandbox.log.entries, one.concurrency)
  const file = join(tmpdir(), `ml-bench-calls-${process.pid}.json`)
  await writeFile(file, JSON.stringify(work))
  prepare(stage, one, records)
  const limit = await runNode([bare, file], {})
  if (limit.code !== 0) throw new Error(limit.err)
  await drop(stage, database)
  return { programMs: ran.wallMs, bareMs: limit.wallMs, calls: work.calls.length + work.logins.length }
}

/** In a run of its own: what stands between costs time. */
async function countTrips(stage: Stage, one: Case, records: number): Promise<number> {
  prepare(stage, one, records)
  const database = await stage.newDatabase()
  const trips = await countRoundTrips(database)
  await load(stage, one, trips.url)
  await trips.close()
  await drop(stage, database)
  return trips.count
}

const load = (stage: Stage, { concurrency }: Case, database: string) =>
  runProgram(
    ['sync', 'suppliers', '--quiet'],
    stage.env(database, { SYNC_CONCURRENCY: String(concurrency), SUPPLIER_ADDRESSES: 'false' }),
  )

const drop = (stage: Stage, database: string) =>
  query(stage.serverUrl, `drop database ${new URL(database).pathname.slice(1)} with (force)`)

function supplier(n: number): Record<string, unknown> {
  const number = String(n).padStart(7, '0')
  return {
    ...{ id: `5a000000-0000-4000-8000-00000${number}`, code: `SUP-${number}`, name: `Supplier ${number}` },
    ...{ status: 'Active', type: 'Raw Material', webAddress: `https://supplier-${number}.example`, note: null },
  }
}
