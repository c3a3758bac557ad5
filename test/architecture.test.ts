/** The house rule of the README's layout section: who may import whom, and where each library lives. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config.js'

const ROOT = join(import.meta.dirname, '..')

interface Import {
  readonly file: string
  readonly of: string
}

const files = ['bin', 'src'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)
const textOf = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))

/** Static, dynamic and re-exporting imports. */
const imports: Import[] = files.flatMap((file) =>
  [...(textOf.get(file) ?? '').matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm)].map((match) => {
    const target = match[1] ?? ''
    const of = target.startsWith('.') ? normalize(join(dirname(file), target)).replace(/\.js$/, '.ts') : target
    return { file, of }
  }),
)

/** The part of the house a file belongs to. */
function partOf(file: string): string {
  if (file.startsWith('bin')) return 'bin'
  const [, first = '', second] = file.split('/')
  if (second !== undefined) return first
  if (first.startsWith('http')) return 'http'
  return first.startsWith('ports') ? 'ports' : 'config'
}

const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  ports: ['domain'],
  config: ['ports', 'domain'],
  http: ['ports', 'domain'],
  passes: ['ports', 'domain'],
  plex: ['http', 'ports', 'domain', 'config'],
  procurify: ['http', 'ports', 'domain', 'config'],
  store: ['ports', 'domain'],
  sandbox: [],
  cli: ['passes', 'plex', 'procurify', 'store', 'http', 'config', 'ports', 'domain', 'sandbox'],
  bin: ['cli'],
}

const HOME_OF: Record<string, RegExp> = {
  commander: /^src\/cli\//,
  'kubernetes-types/batch/v1.js': /^src\/cli\/schedule-kubernetes\.ts$/,
  'kubernetes-types/core/v1.js': /^src\/cli\/schedule-kubernetes\.ts$/,
  chalk: /^src\/cli\//,
  'cli-table3': /^src\/cli\//,
  axios: /^src\/http/,
  'axios-retry': /^src\/http/,
  'fast-xml-parser': /^src\/plex\/soap\//,
  kysely: /^src\/store\//,
  pg: /^src\/store\//,
  jose: /^src\/store\/vault\.ts$/,
  zod: /^src\/(config|settings)\.ts$|\/schema\.ts$/,
  'big.js': /^src\/domain\//,
}

describe('the import rule', () => {
  it('sees the house', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(imports.length).toBeGreaterThan(200)
  })

  it('lets every part import only what lies below it', () => {
    const ours = imports.filter(({ of }) => of.endsWith('.ts'))
    const broken = ours.filter(({ file, of }) => {
      const [from, to] = [partOf(file), partOf(of)]
      return from !== to && !(MAY_IMPORT[from] ?? []).includes(to)
    })
    expect(broken).toEqual([])
  })

  it('is what the README draws', () => {
    const drawn = arrowsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'))
    for (const [from, may] of Object.entries(MAY_IMPORT)) {
      // Only bin knows its neighbour alone.
      const reached = from === 'bin' ? (drawn.get(from) ?? new Set<string>()) : reachable(from, drawn)
      expect([from, ...[...reached].sort()]).toEqual([from, ...[...may].sort()])
    }
  })

  it('keeps the adapters out of the CLI but for wire.ts and what manages the systems themselves', () => {
    const adapters = imports.filter(
      ({ file, of }) => partOf(file) === 'cli' && ['plex', 'procurify'].includes(partOf(of)),
    )
    expect(new Set(adapters.map(({ file }) => file))).toEqual(
      new Set([
        'src/cli/wire.ts',
        'src/cli/wire-follow.ts',
        'src/cli/wire-order-targets.ts',
        'src/cli/wire-orders.ts',
        'src/cli/wire-invoices.ts',
        'src/cli/wire-plex.ts',
        'src/cli/wire-reconcile.ts',
        'src/cli/wire-refdata.ts',
      ]),
    )
  })

  it('keeps each library in one place', () => {
    const astray = imports.filter(({ file, of }) => HOME_OF[of] !== undefined && !HOME_OF[of].test(file))
    expect(astray).toEqual([])
  })

  it('knows every library that is used', () => {
    const libraries = imports.map(({ of }) => of).filter((of) => !of.endsWith('.ts') && !of.startsWith('node:'))
    expect(libraries.filter((name) => HOME_OF[name] === undefined)).toEqual([])
  })

  it('keeps the domain free of I/O', () => {
    const allowed = new Set(['node:crypto'])
    const impure = imports.filter(
      ({ file, of }) => partOf(file) === 'domain' && of.startsWith('node:') && !allowed.has(of),
    )
    expect(impure).toEqual([])
    const clocks = files.filter(
      (file) =>
        partOf(file) === 'domain' && /Date\.now\(|new Date\(\)|Math\.random|randomUUID/.test(textOf.get(file) ?? ''),
    )
    expect(clocks).toEqual([])
  })

  it('touches the process only in bin', () => {
    const touching = files.filter(
      (file) => !file.startsWith('bin') && /\bprocess\.[a-z]/.test(stripComments(textOf.get(file) ?? '')),
    )
    expect(touching).toEqual([])
  })

  it('loads the sandbox and the heavy modules of a command only when it runs', () => {
    const isStatic = (file: string, of: string) =>
      new RegExp(
        `^import (?!type)[^']*?from '${relative(dirname(file), of)
          .replace(/\.ts$/, '.js')
          .replace(/^(?!\.)/, './')}'`,
        'm',
      ).test(textOf.get(file) ?? '')
    const eager = imports.filter(
      ({ file, of }) => file.startsWith('src/cli/commands/') && of.endsWith('.ts') && isStatic(file, of),
    )
    const heavy = eager.filter(({ of }) => !of.startsWith('src/domain/') && !of.startsWith('src/cli/commands/'))
    expect(heavy).toEqual([])
  })
})

describe('what knip cannot see', () => {
  /** All the program's words but those of the files that define them. */
  const wordsOutside = (...files: string[]) =>
    new Set(
      [...textOf].flatMap(([file, text]) => (files.includes(file) ? [] : (stripComments(text).match(/\w+/g) ?? []))),
    )

  it('every setting is read', () => {
    const required = { DATABASE_URL: 'postgres://db/ml', PLEX_PCN: '1', PROCURIFY_DOMAIN: 'acme' }
    const config = loadConfig(required) as unknown as Record<string, object | string | null>
    const members = Object.entries(config).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && name !== 'openSettings'
        ? [name, ...Object.keys(value)]
        : [name],
    )
    const words = wordsOutside('src/config.ts', 'src/settings.ts')
    expect(members.length).toBeGreaterThan(50)
    expect(members.filter((name) => !words.has(name))).toEqual([])
  })

  it('every column is written or read', () => {
    const tables = textOf.get('src/store/tables.ts') ?? ''
    const columns = [...tables.matchAll(/^  (?:readonly )?(\w+):/gm)].map(([, name = '']) => name)
    const words = wordsOutside('src/store/tables.ts')
    expect(columns.length).toBeGreaterThan(100)
    // When settings were first seen is for whoever looks into the database.
    expect(columns.filter((name) => !words.has(name))).toEqual(['first_seen_at'])
  })
})

/** `a & b --> c --> d`: from each part of one step to each of the next. */
function arrowsOf(readme: string): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>()
  const [, drawing = ''] = /^```mermaid\nflowchart LR\n([^]*?)^```/m.exec(readme) ?? []
  for (const line of drawing.split('\n')) {
    const steps = line.split('-->').map((step) => step.split('&').map((part) => part.trim()))
    for (const [at, froms] of steps.slice(0, -1).entries())
      for (const from of froms) arrows.set(from, new Set([...(arrows.get(from) ?? []), ...(steps[at + 1] ?? [])]))
  }
  return arrows
}

function reachable(from: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const found = new Set<string>()
  const walk = (part: string): void => {
    for (const next of arrows.get(part) ?? []) {
      if (found.has(next)) continue
      found.add(next)
      walk(next)
    }
  }
  walk(from)
  return found
}

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
}
