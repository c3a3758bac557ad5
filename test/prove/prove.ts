/** `npm run prove`: many schedules on all cores, and of the first that fails the story. */
import { fork, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded, stopEmbedded } from '../../src/store/embedded.js'
import { ENDLESS, Prover, type Verdict } from './prover.js'
import { proveReally } from './real.js'
import { makeTemplate, quicken } from './state.js'
import { tellStory } from './story.js'

const TEMPLATE = 'proof_template'
const UNPLAYED = { kept: null, passes: 0, killed: 0, requests: 0, statements: 0 }
/** What a schedule leaves behind is cheaper collected late; one that needs more than this goes round in circles. */
const MEMORY = ['--max-semi-space-size=32', '--max-old-space-size=1500']

interface Order {
  readonly url: string
  readonly prefix: string
  readonly core: number | null
}

const { values: args } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    seed: { type: 'string' },
    from: { type: 'string' },
    keep: { type: 'string' },
    workers: { type: 'string' },
    'until-caught': { type: 'boolean', default: false },
    real: { type: 'string' },
    worker: { type: 'string' },
  },
})

const print = (text: string): void => void process.stdout.write(`${text}\n`)

if (args.worker === undefined) process.exit(await lead())
else work(JSON.parse(args.worker) as Order)

/** A worker takes seeds from its parent, one at a time. */
function work({ url, prefix, core }: Order): void {
  const prover = new Prover(url, TEMPLATE, prefix, core)
  process.on('message', (seed: number) => {
    void prover.prove(seed).then((verdict) => process.send?.(verdict))
  })
  process.on('disconnect', () => process.exit(0))
  // All may be over by now.
  process.send?.('ready', undefined, undefined, () => undefined)
}

async function lead(): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'ml-proof-'))
  await chmod(home, 0o755)
  const onSignal = (): void => void stopEmbedded(home).then(() => process.exit(130))
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const { url } = await startEmbedded(home)
    await quicken(url)
    await makeTemplate(url, TEMPLATE)
    if (args.seed !== undefined) return await proveOne(url, Number(args.seed), parseKeep(args.keep))
    if (args.real !== undefined) return await proveAllReally(url, Number(args.real))
    return await proveMany(url)
  } finally {
    await stopEmbedded(home)
    await rm(home, { recursive: true, force: true })
  }
}

function isEndless({ broken }: Verdict): boolean {
  return broken.some((one) => ENDLESS.test(one))
}

function parseKeep(keep: string | undefined): number[] | null {
  if (keep === undefined) return null
  return keep === 'none' ? [] : keep.split(',').map(Number)
}

async function proveOne(url: string, seed: number, kept: number[] | null): Promise<number> {
  const prover = new Prover(url, TEMPLATE, 'proof_one')
  const verdict = await prover.prove(seed, kept)
  if (prover.last !== null) print(tellStory(verdict, prover.last))
  if (!isEndless(verdict)) await prover.close()
  return verdict.broken.length === 0 ? 0 : 1
}

async function proveMany(url: string): Promise<number> {
  const count = Number(args.seeds)
  const first = args.from === undefined ? Date.now() % 1_000_000_000 : Number(args.from)
  const startedAt = performance.now()
  const verdicts = await shareOut(url, first, count)
  const failed = verdicts.filter(({ broken }) => broken.length > 0).sort((a, b) => a.seed - b.seed)
  const seconds = (performance.now() - startedAt) / 1000
  const total = (name: 'passes' | 'killed' | 'requests' | 'statements') =>
    verdicts.reduce((sum, verdict) => sum + verdict[name], 0)
  const worst = failed.find((verdict) => !isEndless(verdict))
  if (worst !== undefined && !args['until-caught']) await tellShortest(url, worst)
  print(
    `${verdicts.length} schedules from seed ${first} in ${seconds.toFixed(0)} s: ${total('passes')} passes (${total('killed')} killed), ` +
      `${total('requests')} requests, ${total('statements')} database statements; ${failed.length} broke a promise`,
  )
  for (const { seed, broken } of failed.slice(0, 20)) print(`  seed ${seed}: ${broken[0]?.slice(0, 200)}`)
  return failed.length === 0 ? 0 : 1
}

/** With real processes on real time there is no need for more workers than one. */
async function proveAllReally(url: string, count: number): Promise<number> {
  const first = args.from === undefined ? Date.now() % 1_000_000 : Number(args.from)
  const startedAt = performance.now()
  const total = { passes: 0, killed: 0, failed: 0 }
  for (let seed = first; seed < first + count; seed += 1) {
    const { broken, passes, killed } = await proveReally(url, seed)
    total.passes += passes
    total.killed += killed
    total.failed += broken.length > 0 ? 1 : 0
    for (const one of broken) print(`  seed ${seed}: ${one.slice(0, 200)}`)
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  print(
    `${count} schedules of real processes from seed ${first} in ${seconds} s: ${total.passes} processes, ${total.killed} died by kill -9; ${total.failed} broke a promise`,
  )
  return total.failed === 0 ? 0 : 1
}

async function tellShortest(url: string, worst: Verdict): Promise<void> {
  const prover = new Prover(url, TEMPLATE, 'proof_short')
  const shortest = await prover.shrink(worst)
  // Once more, so that the story is that of the shortest.
  const verdict = await prover.prove(shortest.seed, shortest.kept)
  if (prover.last !== null) print(tellStory(verdict.broken.length > 0 ? verdict : shortest, prover.last))
  await prover.close()
}

/** One process a core; each is given the next seed when it has done one. */
function shareOut(url: string, first: number, count: number): Promise<Verdict[]> {
  const cores = availableParallelism()
  const workers = Number(args.workers ?? Math.min(2, cores))
  const verdicts: Verdict[] = []
  let next = first
  let isCaught = false
  return new Promise((resolve) => {
    const children = new Set<ChildProcess>()
    const isDone = (): boolean => verdicts.length === next - first && (isCaught || next >= first + count)
    const note = (verdict: Verdict): void => {
      const { seed, broken } = verdict
      verdicts.push(verdict)
      if (broken.length > 0) process.stderr.write(`seed ${seed}: ${broken[0]?.slice(0, 200)}\n`)
      else if (verdicts.length % 500 === 0) process.stderr.write(`${verdicts.length} of ${count}\n`)
      // A schedule that takes for ever may do so for other reasons than the mutation.
      isCaught ||= args['until-caught'] && broken.length > 0 && !isEndless(verdict)
      if (!isDone()) return
      children.forEach((child) => child.disconnect())
      resolve(verdicts)
    }
    const start = (n: number): void => {
      const order: Order = { url, prefix: `proof_w${n}`, core: workers <= cores ? n % workers : null }
      const child = fork(process.argv[1] ?? '', ['--worker', JSON.stringify(order)], { execArgv: MEMORY })
      children.add(child)
      let seed: number | null = null
      child.on('message', (message: Verdict | 'ready') => {
        seed = null
        if (message !== 'ready') {
          note(message)
          // Another one goes on with the rest, under names of its own.
          if (isEndless(message)) return void child.kill()
        }
        if (next >= first + count || isCaught) return
        seed = next
        next += 1
        child.send(seed)
      })
      child.on('exit', (code, signal) => {
        children.delete(child)
        if (code === 0 || isDone()) return
        start(n + workers)
        if (seed !== null) note({ ...UNPLAYED, seed, broken: [`dies: its process ended with ${code ?? signal}`] })
      })
    }
    for (let n = 0; n < workers; n += 1) start(n)
  })
}
