/** The README tells the truth: every command line in its shell blocks is run, in its order, against the simulators. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newMasterKey } from '../src/store/vault.js'
import { startSandbox, type Sandbox } from '../src/sandbox/sandbox.js'
import { readTree } from '../src/cli/command-tree.js'
import { buildProgram } from '../src/cli/program.js'
import { unknownIn } from './support/unknown-words.js'
import { makeIo } from './support/cli.js'
import { createTestDatabase, type TestDatabase } from './support/database.js'

const ROOT = join(import.meta.dirname, '..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** What is not run, and why. */
const NOT_RUN: Record<string, string> = {
  'npm start': 'installs and builds, then plays the demo, as test/package.test.ts does',
  'npm test': 'is what runs this',
  'npm pack': 'test/package.test.ts packs',
  'npm install --global ./ml-connector-0.1.0.tgz': 'test/package.test.ts installs',
  'ml-connector credentials set plex': 'asks on a terminal: test/cli/credentials.test.ts',
  'ml-connector credentials set procurify': 'asks on a terminal: test/cli/credentials.test.ts',
  '(umask 077; ml-connector sandbox > sandbox.env)': 'runs until Ctrl-C: test/package.test.ts',
  'ml-connector sandbox --profile soap': 'runs until Ctrl-C: test/package.test.ts',
}

/** Exit codes other than 0: a command may end with any of those that its block tells of. */
const CODES: Record<string, readonly number[]> = {
  // Some records of the seed data need a person.
  'ml-connector sync suppliers': [0, 3],
  'ml-connector sync suppliers --dry-run': [3],
  // A private Postgres would have another state; here both env files lead to the same.
  'ml-connector --env-file sandbox.env sync suppliers': [0],
  'ml-connector status': [3],
  'ml-connector reconcile --month last --html close.html': [3],
  'ml-connector reconcile --month 2026-10 --by-supplier --csv > october.csv': [0, 3],
  'ml-connector reconcile --report 1f0c --html march.html': [3],
  'ml-connector align refdata': [7],
  'ml-connector align refdata --dry-run': [7],
  // Until its total is right in Plex.
  'ml-connector replay PO-TOTAL --dry-run': [3],
  'ml-connector replay PO-TOTAL': [3],
  'ml-connector replay --code account_missing': [3],
}

interface Block {
  readonly heading: string
  readonly lines: readonly string[]
}

/** Fenced blocks of a language with the heading they stand under; comments are taken off. */
function blocksOf(language: string): Block[] {
  const blocks: Block[] = []
  for (const section of README.split(/^#{2,3} (?=.)/m)) {
    const heading = section.split('\n')[0] ?? ''
    for (const [, text = ''] of section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))) {
      const lines = text.split('\n').map((line) => line.replace(/(^|\s+)# .*$/, ''))
      blocks.push({ heading, lines: lines.filter((line) => line !== '') })
    }
  }
  return blocks
}

const BLOCKS = blocksOf('sh')

/** A shell in a folder of its own, where `ml-connector` is the built program, `npm root -g` knows it, and `crontab` harms nobody. */
class Shell {
  private last = ''
  private constructor(
    readonly folder: string,
    readonly sandbox: Sandbox,
    private readonly database: TestDatabase,
  ) {}

  static async open(profile: 'cloud' | 'soap'): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), 'ml-readme-'))
    const options = { suppliers: 90, anchor: 'today', profile } as const
    const [sandbox, database] = await Promise.all([startSandbox(options), createTestDatabase()])
    for (const name of ['bin', 'lib/node_modules']) await mkdir(join(folder, name), { recursive: true })
    await symlink(join(ROOT, 'dist/bin/ml-connector.js'), join(folder, 'bin/ml-connector'))
    await symlink(ROOT, join(folder, 'lib/node_modules/ml-connector'))
    await writeFile(join(folder, 'bin/crontab'), '#!/bin/sh\ncat > crontab.txt\n')
    await chmod(join(folder, 'bin/crontab'), 0o755)
    const shell = new Shell(folder, sandbox, database)
    await shell.fillIn('.env')
    return shell
  }

  /** What a person writes into the env file. */
  async fillIn(file: string, more: Record<string, string> = {}): Promise<void> {
    const settings = {
      ...{ ...this.sandbox.env, DATABASE_URL: this.database.url, ML_CONNECTOR_KEY: newMasterKey() },
      ...{ PLEX_CALLS_PER_MINUTE: '60000', PROCURIFY_CALLS_PER_MINUTE: '60000', ...more },
    }
    const text = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`)
    await writeFile(join(this.folder, file), text.join(''), { mode: 0o600 })
  }

  async run(line: string): Promise<{ code: number | null; out: string; err: string }> {
    const env = { PATH: `${join(this.folder, 'bin')}:${process.env['PATH']}`, HOME: this.folder }
    const child = spawn('bash', ['-c', line], { cwd: this.folder, env: { ...env, npm_config_prefix: this.folder } })
    child.stdin.end()
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)))
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
    this.last = out
    return { code, out, err }
  }

  /** Names that are another at everybody's, and those of records that only the reader has. */
  async namesFor(line: string): Promise<string> {
    const hash = /^plan hash (\w+)$/m.exec(this.last)?.[1] ?? 'HASH'
    const report = /^([0-9a-f]{8})-/m.exec(this.last)?.[1] ?? '1f0c'
    const known = line.replace('HASH', hash).replace('1f0c', report).replace('TEST-1', 'BLANKNAME')
    return known.includes('PO-4711') ? known.replace('PO-4711', await this.denyOne()) : known
  }

  /** A requisition is denied by people, and the next pass notices: the number of its order. */
  private async denyOne(): Promise<string> {
    const { data, lifecycle } = this.sandbox.procurify.state
    const item = data['order-items'].all().find((row) => String(row['name']).startsWith('[PLEX '))
    const requisition = data.orders.get(Number(item?.['orderNum']))
    lifecycle.deny(String(requisition?.['uuid']), 1, 'wrong department')
    await this.run('ml-connector sync pos')
    return /^\[PLEX ([^/]+)\//.exec(String(item?.['name']))?.[1] ?? ''
  }

  async close(): Promise<void> {
    await Promise.all([this.sandbox.close(), this.database.close()])
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** What stands between the lines: things that the text tells the reader to do. */
async function afterwards(line: string, shell: Shell): Promise<void> {
  if (line.startsWith('install ')) await shell.fillIn('.env')
  if (line.startsWith('ml-connector link propose')) {
    const pairs = await readFile(join(shell.folder, 'pairs.csv'), 'utf8')
    expect(pairs).toContain('BRANDMERE')
    // Of orders that were typed into both systems there are none here.
    await writeFile(join(shell.folder, 'open-orders.csv'), 'source,target\n')
  }
  // "then set PO_START_DATE", and the next pass of cron.
  if (line === 'ml-connector schedule | crontab -') {
    // But for the paths of this machine, the lines that the README shows.
    const table = (await readFile(join(shell.folder, 'crontab.txt'), 'utf8')).replaceAll(/ \S+ --env-file \S+ /g, ' ')
    for (const entry of blocksOf('cron').flatMap((block) => block.lines))
      expect(table).toContain(entry.replace('ml-connector --env-file /etc/ml-connector/env ', ''))
    await shell.fillIn('.env', { PO_START_DATE: '2026-01-01', PO_QUIET: '1ms' })
    expect((await shell.run('ml-connector sync pos')).code).toBe(3)
    const [, digest = ''] = /^```\n(vendor_similar [^]*?)```/m.exec(README) ?? []
    expect((await shell.run('ml-connector status')).out).toContain(digest)
  }
}

/** Blocks that are read one after the other by the same reader. */
const READERS: readonly [string, 'cloud' | 'soap', readonly string[]][] = [
  ['a new user', 'cloud', ['A first look', 'Install', 'How both sides are compared']],
  ['a user of older Plex', 'soap', ['Older Plex: data sources over SOAP']],
  ['a user with a tenant that has vendors', 'cloud', ['A day with it']],
]

describe.each(READERS)('the commands of the README, for %s', (_who, profile, headings) => {
  let shell: Shell
  beforeAll(async () => {
    shell = await Shell.open(profile)
    await shell.fillIn('sandbox.env')
  })
  afterAll(() => shell.close())

  const lines = BLOCKS.filter(({ heading }) => headings.includes(heading)).flatMap((block) => block.lines)
  it.each(lines.filter((line) => NOT_RUN[line] === undefined))('%s', async (line) => {
    const { code, out, err } = await shell.run(await shell.namesFor(line))
    expect(CODES[line] ?? [0], `exit code ${code} of ${line}\n${`${out}${err}`.slice(-2000)}`).toContain(code)
    await afterwards(line, shell)
  })
})

describe('what is said of the README here', () => {
  const lines = BLOCKS.flatMap((block) => block.lines)
  it('is still in it', () => {
    expect([...Object.keys(NOT_RUN), ...Object.keys(CODES)].filter((line) => !lines.includes(line))).toEqual([])
  })

  it('names no command, option or script that there is not', () => {
    const tree = readTree(buildProgram(makeIo({}).io, { code: 0 }).program, [])
    const spans = [...README.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text.replaceAll('\\|', '|'))
    const named = [...lines, ...spans].flatMap((text) => /^(?:ml-connector) (.*)$/.exec(text)?.slice(1) ?? [])
    expect(named.length).toBeGreaterThan(40)
    expect(named.flatMap((text) => unknownIn(text, tree))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    const used = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
    expect(used.filter((name) => !(name in scripts))).toEqual([])
  })

  it('names no file of this repository that there is not', () => {
    const named = [...README.matchAll(/`((?:src|test|sql|build|\.ci)\b[^`\s]*)`/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
  })

  it('leaves no block of commands out', () => {
    const read = READERS.flatMap(([, , headings]) => headings)
    expect(BLOCKS.map(({ heading }) => heading).filter((heading) => !read.includes(heading))).toEqual([])
  })
})
