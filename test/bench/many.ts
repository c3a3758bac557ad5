/** Many runs at once on one database: of many connections, and of one login. */
import { say, runProgram, table, type Stage } from './stage.js'

/** Passes with nothing to do, some at a time, each of a connection of its own but all with one login and so one call budget. */
export async function benchMany(stage: Stage, connections: number, widths: readonly number[]): Promise<string> {
  stage.sandbox.reset()
  const database = await stage.newDatabase()
  const names = Array.from({ length: connections }, (_, n) => `plant-${n}`)
  const pass = async (name: string): Promise<number | null> => {
    const ran = await runProgram(['sync', 'suppliers', '--quiet'], stage.env(database, { CONNECTION: name }))
    return ran.code
  }
  const all = async (width: number): Promise<number> => {
    const queue = names.values()
    const startedAt = performance.now()
    const worker = async (): Promise<void> => {
      for (const name of queue) {
        const code = await pass(name)
        if (code !== 0 && code !== 4) throw new Error(`${name} ended with ${code}`)
      }
    }
    await Promise.all(Array.from({ length: width }, worker))
    return performance.now() - startedAt
  }
  stage.sandbox.plex.state.data.suppliers.add({
    ...{ id: '5a000000-0000-4000-8000-000000000001', code: 'SUP-1', name: 'Supplier 1', status: 'Active' },
    ...{ createdDate: '2026-01-01T00:00:00Z', modifiedDate: '2026-01-01T00:00:00Z' },
  })
  // The first one creates the vendor, the others find it: look-ups of several at once could all come before its creation.
  await pass(names[0] ?? '')
  await all(4)
  const rows: (string | number)[][] = []
  for (const width of widths) {
    const ms = await all(width)
    rows.push([width, connections, (connections / (ms / 1000)).toFixed(1), Math.round((ms * width) / connections)])
    say(rows.at(-1)?.join('  ') ?? '')
  }
  // The same stream of one connection, twelve at once: one works, the others find it busy.
  const codes = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const ran = await runProgram(['sync', 'suppliers', '--quiet'], stage.env(database, { CONNECTION: 'plant-0' }))
      return ran.code
    }),
  )
  say(`twelve runs of one stream at once ended with ${codes.join(' ')}`)
  const made = stage.sandbox.procurify.state.data.vendors.where('name', 'Supplier 1').length
  if (made !== 1) throw new Error(`${made} vendors were made of the one supplier`)
  return table(['passes at a time', 'connections', 'passes a second', 'ms a pass'], rows)
}
