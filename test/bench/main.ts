/** Measurements, ratios side by side in one run: `npm run bench` for all of them, or with the names of some. */
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { benchIdle } from './idle.js'
import { benchMany } from './many.js'
import { benchMemory } from './memory.js'
import { benchPush } from './push.js'
import { benchScale } from './scale.js'
import { openStage, say, type Stage } from './stage.js'

const CASES = [0, 20, 100].flatMap((latencyMs) => [1, 4, 16].map((concurrency) => ({ latencyMs, concurrency })))

const READ = (counts: readonly number[]) => counts.map((suppliers) => ({ suppliers, isDryRun: false }))
const DRY_RUN = (counts: readonly number[]) => counts.map((suppliers) => ({ suppliers, isDryRun: true }))

/** A thousand take a quarter of an hour. */
const CONNECTIONS = Number(process.env['BENCH_CONNECTIONS'] ?? 40)

const BARE = join(import.meta.dirname, 'bare.js')

const BENCHES: Record<string, (stage: Stage) => Promise<string>> = {
  idle: (stage) => benchIdle(stage, 12),
  push: (stage) => benchPush(stage, BARE, CASES, 2),
  memory: (stage) => benchMemory(stage, [...READ([1_000, 30_000, 120_000, 1_000_000]), ...DRY_RUN([20_000, 100_000])]),
  scale: (stage) => benchScale(stage, 6),
  many: (stage) => benchMany(stage, CONNECTIONS, CONNECTIONS > 100 ? [12] : [1, 4, 12]),
  // Shorter forms, for a look in between.
  'push-20': (stage) =>
    benchPush(
      stage,
      BARE,
      CASES.filter(({ latencyMs }) => latencyMs === 20),
      1,
    ),
  'memory-short': (stage) => benchMemory(stage, [...READ([1_000, 30_000, 120_000]), ...DRY_RUN([20_000, 60_000])]),
}

const wanted = process.argv.slice(2)
const stage = await openStage()
try {
  say(
    `${new Date().toISOString().slice(0, 16)}, ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 1e9)} GB, node ${process.version}`,
  )
  for (const name of wanted.length === 0 ? ['idle', 'push', 'memory', 'scale', 'many'] : wanted) {
    const bench = BENCHES[name]
    if (bench === undefined) throw new Error(`There is no ${name}: ${Object.keys(BENCHES).join(', ')}`)
    say(`\n${name}\n`)
    const result = await bench(stage)
    say(`\n${result}`)
  }
} finally {
  await stage.close()
}
