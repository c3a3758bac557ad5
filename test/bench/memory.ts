/** The memory of a pass that reads an unpaged list, from a short one to a long one; a dry run also plans and prints all of it. */
import { serveManySuppliers } from '../support/many-suppliers.js'
import { query, runProgram, table, type Stage } from './stage.js'

export interface MemoryCase {
  readonly suppliers: number
  readonly isDryRun: boolean
}

export async function benchMemory(stage: Stage, cases: readonly MemoryCase[]): Promise<string> {
  const rows: (string | number)[][] = []
  for (const { suppliers: count, isDryRun } of cases) {
    const many = await serveManySuppliers(stage.sandbox, count)
    const database = await stage.newDatabase()
    const env = stage.env(database, { PLEX_BASE_URL: many.url, SUPPLIER_ADDRESSES: 'false', SYNC_DEADLINE: '2h' })
    const ran = await runProgram(['sync', 'suppliers', '--json', ...(isDryRun ? ['--dry-run'] : ['--limit', '1'])], env)
    const { counts: told } = JSON.parse(ran.out) as { counts: { read: number } }
    if (told.read !== count) throw new Error(ran.out + ran.err)
    rows.push([
      count,
      isDryRun ? 'dry run' : 'read',
      Math.round(ran.peakMb),
      (ran.wallMs / 1000).toFixed(1),
      Math.round(count / (ran.cpuMs / 1000)),
    ])
    many.close()
    await query(stage.serverUrl, `drop database ${new URL(database).pathname.slice(1)} with (force)`)
  }
  return table(['suppliers in the list', 'what', 'peak memory, MB', 'seconds', 'rows a second of processor time'], rows)
}
