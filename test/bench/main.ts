/** Measurements, ratios side by side in one run: `npm run bench` for all of them, or with the names of some. */
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { benchPush } from './push.js'
import { openStage, say, type Stage } from './stage.js'

const CASES = [0, 20, 100].flatMap((latencyMs) => [1, 4, 16].map((concurrency) => ({ latencyMs, concurrency })))

const BENCHES: Record<string, (stage: Stage) => Promise<string>> = {
  push: (stage) => benchPush(stage, join(import.meta.dirname, 'bare.js'), CASES, 2),
  'push-20': (stage) =>
    benchPush(
      stage,
      join(import.meta.dirname, 'bare.js'),
      CASES.filter(({ latencyMs }) => latencyMs === 20),
      1,
    ),
}

const wanted = process.argv.slice(2)
const stage = await openStage()
try {
  say(
    `${new Date().toISOString().slice(0, 16)}, ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 1e9)} GB, node ${process.version}`,
  )
  for (const name of wanted.length === 0 ? Object.keys(BENCHES) : wanted) {
    const bench = BENCHES[name]
    if (bench === undefined) throw new Error(`There is no ${name}: ${Object.keys(BENCHES).join(', ')}`)
    say(`\n${name}\n`)
    const result = await bench(stage)
    say(`\n${result}`)
  }
} finally {
  await stage.close()
}
