/** What a start costs: nothing at all, the help, a pass with nothing to do. */
import { best, runNode, runProgram, table, type Stage } from './stage.js'

export async function benchIdle(stage: Stage, rounds: number): Promise<string> {
  stage.sandbox.reset()
  for (let n = 0; n < 300; n += 1) {
    const number = String(n).padStart(7, '0')
    const row = { id: `5a000000-0000-4000-8000-00000${number}`, code: `SUP-${number}`, name: `Supplier ${number}` }
    stage.sandbox.plex.state.data.suppliers.add({ ...row, status: 'Active', type: 'Raw Material' })
  }
  const env = stage.env(await stage.newDatabase())
  const first = await runProgram(['sync', 'suppliers', '--quiet'], env)
  if (first.code !== 0) throw new Error(first.err + first.out)
  const starts: [string, () => ReturnType<typeof runNode>][] = [
    ['`node -e 0`', () => runNode(['-e', '0'], {})],
    ['`--help`', () => runProgram(['--help'], {})],
    ['`sync suppliers`, nothing to do', () => runProgram(['sync', 'suppliers'], env)],
    ['`status`', () => runProgram(['status'], env)],
  ]
  const rows: (string | number)[][] = []
  for (const [name, start] of starts) {
    let cpuMs = Infinity
    const wallMs = await best(rounds, async () => {
      const ran = await start()
      cpuMs = Math.min(cpuMs, ran.cpuMs)
      return ran.wallMs
    })
    rows.push([name, Math.round(wallMs), cpuMs])
  }
  return table(['start', 'ms from start to exit', 'ms of processor time'], rows)
}
