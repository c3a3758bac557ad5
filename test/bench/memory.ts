/** The memory of a pass that reads an unpaged list, from a short one to a long one. */
import { serveManySuppliers } from '../support/many-suppliers.js'
import { query, runProgram, table, type Stage } from './stage.js'

export async function benchMemory(stage: Stage, counts: readonly number[]): Promise<string> {
  const rows: (string | number)[][] = []
  for (const count of counts) {
    const many = await serveManySuppliers(stage.sandbox, count)
    const database = await stage.newDatabase()
    const env = stage.env(database, { PLEX_BASE_URL: many.url, SUPPLIER_ADDRESSES: 'false', SYNC_DEADLINE: '2h' })
    const ran = await runProgram(['sync', 'suppliers', '--limit', '1', '--json'], env)
    const { counts: told } = JSON.parse(ran.out) as { counts: { read: number } }
    if (told.read !== count) throw new Error(ran.out + ran.err)
    rows.push([count, Math.round(ran.peakMb), (ran.wallMs / 1000).toFixed(1), Math.round(count / (ran.cpuMs / 1000))])
    many.close()
    await query(stage.serverUrl, `drop database ${new URL(database).pathname.slice(1)} with (force)`)
  }
  return table(['suppliers in the list', 'peak memory, MB', 'seconds', 'rows a second of processor time'], rows)
}
