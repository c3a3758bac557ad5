/** A full cycle on realistic data, through the very commands an operator types. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSandbox, type Sandbox } from '../sandbox/sandbox.js'
import { startEmbedded, stopEmbedded } from '../store/embedded.js'
import { newMasterKey } from '../store/vault.js'
import type { Io } from './io.js'
import { main } from './main.js'
import type { Context } from './program.js'

export async function runDemo({ io }: Context): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'ml-connector-demo-'))
  // As root the server runs as another user, who must be able to enter.
  await chmod(home, 0o755)
  const sandbox = await startSandbox({ seed: 'demo', anchor: 'today' })
  try {
    io.out('Starting a private Postgres and simulators of Plex and Procurify ...\n')
    const { url } = await startEmbedded(home)
    const envFile = join(home, 'empty.env')
    await writeFile(envFile, '', { mode: 0o600 })
    const env = { ...sandbox.env, DATABASE_URL: url, ML_CONNECTOR_KEY: newMasterKey(), ...FAST }
    return await tellStory(io, sandbox, (...argv) => step(io, env, envFile, argv))
  } finally {
    await sandbox.close()
    await stopEmbedded(home)
    await rm(home, { recursive: true, force: true })
  }
}

/** The simulators need no politeness; real systems get the defaults. */
const FAST = {
  ALIGN_MAX_CHANGES: '500',
  PO_START_DATE: '2026-01-01',
  PO_QUIET: '1ms',
  PO_MAX_PER_DAY: '5',

  PLEX_CALLS_PER_MINUTE: '60000',
  PROCURIFY_CALLS_PER_MINUTE: '60000',
  PROCURIFY_PAGE_SIZE: '100',
  SYNC_CONCURRENCY: '8',
}

/** Exit codes a step of the story may end with: records for a person, and a daily ration that is used up. */
const EXPECTED = [0, 3, 4]

async function tellStory(io: Io, sandbox: Sandbox, run: (...argv: string[]) => Promise<number>): Promise<number> {
  const say = (text: string): void => io.out(`\n\n== ${text}\n`)
  const { suppliers } = sandbox.plex.state.data
  const codes: number[] = []
  const play = async (text: string, ...argv: string[]): Promise<void> => {
    if (io.signal.aborted || codes.some((code) => !EXPECTED.includes(code))) return
    say(text)
    codes.push(await run(...argv))
  }
  await play('The state database gets its tables.', 'migrate')
  await play(
    `First load: ${suppliers.size} Plex suppliers meet ${sandbox.procurify.state.data.vendors.size} Procurify vendors. Existing vendors are adopted, ` +
      'doubtful cases are parked for a person.',
    ...['sync', 'suppliers'],
  )
  await play('The same again: nothing changed, so nothing is sent.', 'sync', 'suppliers')

  const renamed = suppliers.find(
    (row) => row['status'] === 'Active' && /^[A-Z][a-z]+ [A-Z][a-z]+$/.test(String(row['name'])),
  )
  const code = String(renamed?.['code'])
  suppliers.edit(String(renamed?.['id']), { name: `${String(renamed?.['name']).trim()} of Ohio` })
  suppliers.add({ ...NEW_SUPPLIER })
  await play(
    `In Plex, a buyer renames ${code} and adds NORTHFIELD-TOOL. What would a run do?`,
    'sync',
    'suppliers',
    '--dry-run',
  )
  await play('Do it: the same vendor is renamed, the new supplier is created once.', 'sync', 'suppliers')
  await play(`The story of ${code}, from the journal.`, 'audit', 'show', '--record', code)
  await play(
    'Accounts, departments and locations are aligned (the ceiling of 50 changes is lifted for the demo).',
    'align',
    'refdata',
  )
  await play(
    'Open orders become requisitions, at most 5 today. Others wait, or are parked with every reason.',
    'sync',
    'pos',
  )
  await followOne(sandbox, play)
  await play(
    `${sandbox.plex.state.data.invoices.size} AP invoices meet ${sandbox.procurify.state.data.bills.size} bills: the first line is the work left for people.`,
    ...['sync', 'invoices'],
  )
  await play('The journal is a hash chain; a changed or missing row would be found.', 'audit', 'verify')
  await play(
    'The month to close, compared on both sides: what is missing, double or different, and by how much.',
    ...['reconcile', '--month', 'last'],
  )
  await play('How things stand: the parked records wait for a person.', 'status')
  const isFine = codes.every((one) => EXPECTED.includes(one))
  say(
    isFine
      ? 'That was a full cycle. Next: ml-connector sandbox, or ml-connector check against your own systems.'
      : 'The demo stopped early; the lines above say why.',
  )
  return io.signal.aborted ? 4 : isFine ? 0 : 1
}

/** One requisition is approved and ordered by people in Procurify; the next passes notice. */
async function followOne(sandbox: Sandbox, play: (text: string, ...argv: string[]) => Promise<void>): Promise<void> {
  const { data, lifecycle } = sandbox.procurify.state
  const ours = data['order-items'].all().filter((row) => String(row['name']).startsWith('[PLEX '))
  const linesOf = (id: unknown) => ours.filter((row) => row['orderNum'] === id).length
  // The shortest one makes the shortest story.
  const [item] = ours.sort((a, b) => linesOf(a['orderNum']) - linesOf(b['orderNum']))
  const requisition = data.orders.get(Number(item?.['orderNum']))
  if (requisition === undefined) return
  const uuid = String(requisition['uuid'])
  lifecycle.approve(uuid)
  lifecycle.order(uuid)
  await play('In Procurify, one of them is approved and put on a PO. The next pass notices.', 'sync', 'pos')
  const record = uuid.replaceAll('-', '')
  await play('From Plex order to Procurify PO: the story of that order.', 'audit', 'show', '--record', record)
}

const NEW_SUPPLIER = {
  id: '5a00f0f0-0000-4000-8000-00000000f0f0',
  code: 'NORTHFIELD-TOOL',
  name: 'Northfield Tool & Die',
  status: 'Active',
  type: 'Tooling',
  webAddress: 'https://northfield-tool.example',
  note: 'Added in the demo.',
}

/** Runs one command in this process, as if typed: only our own settings, none of the caller's. */
async function step(io: Io, env: Record<string, string>, envFile: string, argv: readonly string[]): Promise<number> {
  io.out(`$ ml-connector ${argv.join(' ')}\n`)
  const { NO_COLOR, HOME, TERM } = io.env
  const code = await main(['--env-file', envFile, ...argv], { ...io, env: { ...env, NO_COLOR, HOME, TERM } })
  if (code !== 0) io.out(`(exit code ${code})\n`)
  return code
}
