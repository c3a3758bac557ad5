/**
 * `npm run prove:mutations`: a proof that cannot fail proves nothing. Each of these mistakes is put into a copy of the program,
 * which is built and put through the proof; it must be caught within so many seeds.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

interface Mutation {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  /** Caught within so many schedules, counted from seed 1. */
  readonly within: number
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no read-back of a record in doubt',
    file: 'src/passes/push.ts',
    from: 'if (claim.inDoubt) {',
    to: 'if (claim.inDoubt && claim.attempt < 0) {',
    within: 50,
  },
  {
    name: '> for >= at the edge of a window',
    file: 'src/domain/window.ts',
    from: '(from === null || key >= from)',
    to: '(from === null || key > from)',
    within: 200,
  },
  {
    name: "a Date instead of the source's text",
    file: 'src/domain/window.ts',
    from: 'Object.assign(slot, { key, stamp, anchors: [sourceId] })',
    to: 'Object.assign(slot, { key, stamp: new Date(stamp).toISOString(), anchors: [sourceId] })',
    within: 50,
  },
  {
    name: 'no overlap',
    file: 'src/passes/poll.ts',
    from: 'planWindows(mark, settings.overlapMs,',
    to: 'planWindows(mark, 0 * settings.overlapMs,',
    within: 100,
  },
  {
    name: 'settling without fencing',
    file: 'src/store/outbox.ts',
    from: "where i.id = r.intent_id and i.claim_no = r.claim_no and i.state = 'sending'",
    to: "where i.id = r.intent_id and i.state = 'sending'",
    within: 300,
  },
  {
    name: 'the watermark before the notes',
    file: 'src/store/store.ts',
    from: `      db.transaction().execute(async (trx) => {
        if (!(await holdsLease(trx, keyOf(stream), lease))) return false
        await upsertNotes(trx, keyOf(stream), rows, firstLoad)
        if (next !== null) await moveWatermark(trx, keyOf(stream), next)
        return true
      }),
    noteOwners`,
    to: `      db.transaction().execute(async (trx) => {
        if (!(await holdsLease(trx, keyOf(stream), lease))) return false
        if (next !== null) await moveWatermark(trx, keyOf(stream), next)
        return true
      }).then((isOurs) => isOurs && db.transaction().execute(async (trx) => {
        await upsertNotes(trx, keyOf(stream), rows, firstLoad)
        return true
      })),
    noteOwners`,
    within: 100,
  },
  {
    name: 'writes repeated like reads',
    file: 'src/http-exchange.ts',
    from: 'const mayRepeat = !isWrite && ',
    to: 'const mayRepeat = ',
    within: 50,
  },
  {
    name: 'no grace time',
    file: 'src/passes/push.ts',
    from: 'await witnesses()), settings.graceMs)',
    to: 'await witnesses()), 0 * settings.graceMs)',
    within: 400,
  },
  {
    name: 'one look-up instead of two',
    file: 'src/domain/delivery.ts',
    from: "if (claim.absentForMs === null) return { kind: 'absent', inMs: graceMs }",
    to: "if (claim.absentForMs === null) return 'send'",
    within: 200,
  },
  {
    name: 'a doubt cleared by a 504',
    file: 'src/passes/push.ts',
    from: 'return afterSend(claim, await target.send(claim, sendBefore))',
    to: "const sent = await target.send(claim, sendBefore)\n  return afterSend(claim, !sent.ok && sent.status === 504 ? { ...sent, kind: 'transient' } : sent)",
    within: 200,
  },
  {
    name: 'a write that does not end before its claim does',
    file: 'src/passes/push-flow.ts',
    from: 'sendBefore: claimedAt + one.goodForMs - settings.timeoutMs',
    to: 'sendBefore: claimedAt + 1000 * one.goodForMs - settings.timeoutMs',
    within: 200,
  },
  {
    name: 'a lost lease that is not noticed',
    file: 'src/store/note.ts',
    from: 'return row !== undefined\n}\n\n/** A record noted again',
    to: 'return row !== undefined || true\n}\n\n/** A record noted again',
    within: 500,
  },
  {
    name: 'an audit row in a transaction of its own',
    file: 'src/store/store.ts',
    from: `    await appendAudit(
      trx,
      author,
      runId,
      mine.flatMap((one) => toSettleEvents(stream, one)),
    )
    return mine
  })`,
    to: `    return mine
  }).then(async (mine) => {
    await db.transaction().execute((trx) => appendAudit(trx, author, runId, mine.flatMap((one) => toSettleEvents(stream, one))))
    return mine
  })`,
    within: 150,
  },
  {
    name: 'a pause asked for and not kept',
    file: 'sql/0011_calls_booked_by_a_function.sql',
    from: 'if held.not_before > at then',
    to: 'if false then',
    within: 100,
  },
  {
    name: 'a token without its key',
    file: 'src/domain/token.ts',
    from: 'const token = `[PLEX ${plain(order, NUMBER_MAX)}/${plain(line, LINE_MAX)} ${key}]`',
    to: 'const token = `[PLEX ${plain(order, NUMBER_MAX)}/${plain(line, LINE_MAX)} ${key.slice(0, 8)}]`',
    within: 200,
  },
  {
    name: 'a lost replay_of',
    file: 'src/store/outbox.ts',
    from: 'replay_of = coalesce(excluded.replay_of, intent.replay_of)',
    to: 'replay_of = null',
    within: 600,
  },
  {
    name: 'a bill that is not found again',
    file: 'src/procurify/bill-target.ts',
    from: 'isLiveBill(bill) && !known.includes(bill.id) &&',
    to: 'isLiveBill(bill) && known.includes(bill.id) &&',
    within: 1000,
  },
  {
    name: 'an invoice not judged anew when its bill changes',
    file: 'src/procurify/bill-feed.ts',
    from: 'return owners.length === 0 ?',
    to: 'return owners.length >= 0 ?',
    within: 600,
  },
]

const { values: args } = parseArgs({ options: { only: { type: 'string' }, workers: { type: 'string', default: '2' } } })
const print = (text: string): void => void process.stdout.write(`${text}\n`)

const home = await mkdtemp(join(tmpdir(), 'ml-mutations-'))
const root = process.cwd()
for (const name of ['src', 'bin', 'sql', 'test', 'package.json', 'tsconfig.json']) {
  await cp(join(root, name), join(home, name), { recursive: true })
}
await symlink(join(root, 'node_modules'), join(home, 'node_modules'))
let missed = 0
for (const mutation of MUTATIONS.filter(({ name }) => name.includes(args.only ?? ''))) {
  const path = join(home, mutation.file)
  const text = await readFile(path, 'utf8')
  if (text.split(mutation.from).length !== 2) {
    missed += 1
    print(`NOT APPLIED  ${mutation.name}: its text is not (or not only once) in ${mutation.file}`)
    continue
  }
  await writeFile(
    path,
    text.replace(mutation.from, () => mutation.to),
  )
  const built = await run(['test/prove/build.js'])
  if (built.code !== 0) print(built.out)
  const options = ['--seeds', String(mutation.within), '--from', '1', '--until-caught', '--workers', args.workers]
  const { code, out } = await run(['.proof/bin/prove.js', ...options])
  const lines = out.trim().split('\n')
  const sum = lines.find((line) => / schedules from seed /.test(line)) ?? ''
  const first = lines.find((line) => line.startsWith('  seed')) ?? ''
  const isCaught = code === 1 && first !== ''
  if (!isCaught) missed += 1
  print(
    `${isCaught ? 'caught' : 'MISSED'}  ${mutation.name}: after ${sum.split(' from')[0]}; ${first.trim().slice(0, 160)}`,
  )
  await writeFile(path, text)
}
await rm(home, { recursive: true, force: true })
print(`${MUTATIONS.length} mutations, ${missed} missed`)
process.exitCode = missed === 0 ? 0 : 1

function run(command: readonly string[]): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: home })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.on('close', (code) => resolve({ code, out }))
  })
}
