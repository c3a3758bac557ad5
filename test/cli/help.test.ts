/** What an operator finds without a manual: every command explains itself, and completion and man page say the same. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { everyNode, readTree, type CommandNode } from '../../src/cli/command-tree.js'
import { SHELLS } from '../../src/cli/completion.js'
import { buildProgram } from '../../src/cli/program.js'
import { PROBLEMS } from '../../src/domain/problems.js'
import { EXIT_CODES, EXIT_MEANINGS, USAGE_EXIT_CODE } from '../../src/domain/outcome.js'
import { makeIo, runCli } from '../support/cli.js'
import { unknownIn } from '../support/unknown-words.js'

const ROOT = join(import.meta.dirname, '../..')
const tree = readTree(buildProgram(makeIo({}).io, { code: 0 }).program, Object.keys(PROBLEMS))
const nodes = everyNode(tree)
const runnable = nodes.filter(({ commands }) => commands.length === 0)

describe('--help', () => {
  it.each(nodes.map((node): [string, CommandNode] => [node.path, node]))(
    'describes "%s" and each of its options',
    (_path, { description, options, commands }) => {
      expect(description).toMatch(/\w{3}/)
      for (const option of options) expect(option.description, option.flags).toMatch(/\w{3}/)
      for (const below of commands) expect(below.description).toMatch(/\w{3}/)
    },
  )

  it.each([tree, ...runnable].map((node): [string, CommandNode] => [node.path, node]))(
    'has examples of "%s" that are commands of this program',
    (path, { notes }) => {
      const examples = [...notes.matchAll(/ml-connector ((?:--env-file \S+ )?[^\n]*)/g)].map(([, words = '']) => words)
      expect(notes).toMatch(/Examples?:/)
      expect(examples.some((words) => words.replace(/--env-file \S+ /, '').startsWith(path))).toBe(true)
      // What follows two spaces, or the end of a quotation, is prose.
      expect(examples.flatMap((words) => unknownIn(words.replace(/( {2}|`).*$/, ''), tree))).toEqual([])
    },
  )

  // Spec of the command line: what scripts and crontabs rely on.
  const PASS = ['--dry-run', '--limit', '--deadline', '--confirm', '--json', '--verbose', '--quiet']
  it.each<[string, string[]]>([
    ['', ['--env-file', '--connection', '--no-color', '--log-level', '--version', '--help']],
    ['sync suppliers', [...PASS, '--since', '--full', '--repair-drift']],
    ['sync pos', [...PASS, '--since', '--full']],
    ['sync invoices', [...PASS, '--since', '--full']],
    ['sync all', PASS],
    ['reconcile', ['--html', '--json']],
    ['schedule', ['--systemd', '--kubernetes']],
    ['align refdata', [...PASS, '--direction', '--list']],
    ['replay', [...PASS, '--stream', '--run', '--code', '--all', '--resend', '--reason']],
    ['replay accept', ['--reason']],
    ['replay drop', ['--reason']],
    ['link list', ['--json']],
    ['link set', ['--reason']],
    ['link remove', ['--reason']],
    ['link propose', ['--stream', '--csv']],
    ['link import', []],
    ['pause', ['--reason']],
    ['resume', ['--reason']],
    ['audit show', '--record --stream --run --action --outcome --code --since --until --limit --json --csv'.split(' ')],
    ['audit verify', ['--head', '--file', '--json']],
    ['audit prune', ['--before', '--export', '--json']],
    ['status', ['--json']],
    ['check', ['--json', '--accept-requester']],
    ['credentials set', ['--from-env', '--from-stdin']],
    ['credentials list', ['--json']],
    ['credentials new-key', []],
    ['credentials rotate', []],
    ['credentials remove', []],
    ['migrate', ['--roles']],
    ['explain', ['--json']],
    ['sandbox', []],
    ['demo', []],
  ])('knows the options of "%s"', (path, options) => {
    const node = nodes.find((one) => one.path === path)
    expect(node?.options.flatMap(({ names }) => names)).toEqual(expect.arrayContaining(options))
  })
})

const folder = mkdtempSync(join(tmpdir(), 'ml-help-'))
afterAll(() => rmSync(folder, { recursive: true }))

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

async function scriptFor(shell: string): Promise<string> {
  const { code, out } = await runCli(['completion', shell], {})
  expect(code).toBe(0)
  const file = join(folder, `completion.${shell}`)
  writeFileSync(file, out)
  return file
}

/** What the shell offers for a line, each shell asked in its own way. The last word is the one being typed. */
const ASK: Record<string, (file: string, words: readonly string[]) => string[]> = {
  bash: (file, words) => [
    'bash',
    '-c',
    `source ${file}; COMP_WORDS=(ml-connector "$@"); COMP_CWORD=$#; _ml_connector; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ],
  // What would print the menu is replaced by what prints the words: a menu needs a terminal.
  zsh: (file, words) => [
    'zsh',
    '-f',
    '-c',
    `compdef() { }; _describe() { print -l -- "\${(@)\${(P)2}%%:*}" }; compadd() { shift; print -l -- "$@" }
     _files() { print FILES }; _message() { }; source ${file}; words=(ml-connector "$@"); CURRENT=$#words; _ml_connector`,
    'zsh',
    ...words,
  ],
  fish: (file, words) => [
    'fish',
    '--no-config',
    '-c',
    `source ${file}; complete -C ${JSON.stringify(['ml-connector', ...words].join(' '))} | string replace -r '\\t.*' ''; true`,
  ],
}

describe.each(SHELLS)('completion for %s', (shell) => {
  it('names every command and option there is', async () => {
    const script = readFileSync(await scriptFor(shell), 'utf8')
    for (const { name, options } of nodes.slice(1)) {
      expect(script).toContain(name)
      for (const long of options.flatMap(({ names }) => names.filter((one) => one.startsWith('--'))))
        expect(script).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long)
    }
  })

  it.skipIf(!has(shell))('offers, in the shell itself, what fits where one is', async () => {
    const file = await scriptFor(shell)
    const ask = (...words: string[]): string[] => {
      const [program = '', ...args] = ASK[shell]?.(file, words) ?? []
      return execFileSync(program, args, {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: folder, TERM: 'dumb' },
      })
        .split('\n')
        .filter((word) => word !== '')
    }
    expect(ask('')).toEqual(expect.arrayContaining(['sync', 'audit', 'credentials', 'explain']))
    expect(ask('sync', '')).toEqual(expect.arrayContaining(['suppliers', 'pos']))
    expect(ask('sync', 'suppliers', '--')).toEqual(expect.arrayContaining(['--dry-run', '--full', '--env-file']))
    expect(ask('audit', 'show', '--')).not.toContain('--dry-run')
    expect(ask('audit', 'show', '--stream', '')).toEqual(expect.arrayContaining(['suppliers', 'pos', 'admin']))
    expect(ask('explain', '')).toContain('vendor_ambiguous')
    expect(ask('audit', 'show', '--code', '')).toContain('vendor_ambiguous')
    expect(ask('credentials', 'set', '')).toEqual(expect.arrayContaining(['plex', 'procurify']))
    // The value of an option is no command, whatever it is called.
    expect(ask('--connection', 'sync', 'audit', '')).toEqual(expect.arrayContaining(['show', 'verify', 'prune']))
    if (shell === 'bash') {
      expect(ask('audit', 'show', '--stream', '=', 'sup')).toEqual(['suppliers'])
      expect(ask('au')).toEqual(['audit'])
    }
  })
})

describe('the man page', () => {
  const page = readFileSync(join(ROOT, 'dist/man/ml-connector.1'), 'utf8')

  it('is made by the build, is named in the package, and knows commands, settings and exit codes', () => {
    const { man } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { man: string[] }
    // A list: npm links no page that is named by a text alone.
    expect(man).toEqual(['./dist/man/ml-connector.1'])
    const plain = page.replaceAll('\\-', '-')
    for (const { path, options } of runnable) {
      expect(plain).toContain(`.SS "ml-connector ${path}`)
      for (const { flags } of options) expect(plain).toContain(flags)
    }
    expect(plain).toContain('.B SYNC_OVERLAP')
    expect(plain).toContain('.SH EXIT STATUS')
  })

  it('explains every exit code there is', () => {
    const codes = [...new Set([...Object.values(EXIT_CODES), USAGE_EXIT_CODE])].sort()
    expect(EXIT_MEANINGS.map(([code]) => code)).toEqual(codes)
  })

  it.skipIf(!has('mandoc'))('is roff that mandoc has nothing against', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', join(ROOT, 'dist/man/ml-connector.1')], {
      encoding: 'utf8',
    })
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([])
  })

  it.skipIf(!has('man'))('is shown by man', () => {
    const shown = execFileSync('man', ['-l', join(ROOT, 'dist/man/ml-connector.1')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C', MANWIDTH: '80', MANPAGER: 'cat' },
    })
    expect(shown.replace(/\s+/g, ' ')).toMatch(/EXIT STATUS.*Safety stop/)
  })
})
