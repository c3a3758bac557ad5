import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadConfig, readEnvFile, SETTINGS, settingsTable } from '../src/config.js'

const fileOf = (name: string) => new URL(`../${name}`, import.meta.url).pathname
const REQUIRED = { DATABASE_URL: 'postgres://db/ml', PLEX_PCN: '123456', PROCURIFY_DOMAIN: 'acme' }

describe('.env.example', () => {
  const text = readFileSync(fileOf('.env.example'), 'utf8')

  it('has every setting once, in order, commented out with its default', () => {
    const lines = text.split('\n').filter((line) => /^(# )?[A-Z][A-Z_]*=/.test(line))
    // Those that must be filled in stand ready.
    const expected = SETTINGS.map(({ name, default: fallback }) =>
      name in REQUIRED ? `${name}=` : `# ${name}=${fallback ?? ''}`,
    )
    expect(lines).toEqual(expected)
  })

  it('says above each setting what it is for', () => {
    for (const { name, description } of SETTINGS) {
      const above = `# ${description.replaceAll('`', '')}`
      expect(
        text
          .split(new RegExp(`\n(?:# )?${name}=`))[0]
          ?.split('\n')
          .at(-1),
      ).toBe(above)
    }
  })

  it('sets nothing until it is filled in, and then what would be the default anyway', () => {
    const file = readEnvFile(fileOf('.env.example'))
    expect(file).toEqual({ values: {}, problems: [] })
    const uncommented = text.matchAll(/^# ([A-Z][A-Z_]*)=(.*)$/gm)
    const written = Object.fromEntries([...uncommented].map(([, name = '', value]) => [name, value]))
    expect(loadConfig({ ...written, ...REQUIRED })).toEqual(loadConfig(REQUIRED))
  })
})

describe('README.md', () => {
  it('has the table of settings that the schema gives', () => {
    const readme = existsSync(fileOf('README.md')) ? readFileSync(fileOf('README.md'), 'utf8') : ''
    const [, between] = /<!-- settings -->([^]*?)<!-- \/settings -->/.exec(readme) ?? []
    expect(between?.trim()).toBe(settingsTable())
  })
})

describe('settingsTable', () => {
  it('names every setting with its default and says which are secret or required', () => {
    const rows = settingsTable().split('\n').slice(2)
    expect(rows.map((row) => /^\| `([A-Z_]+)` \|/.exec(row)?.[1])).toEqual(SETTINGS.map(({ name }) => name))
    const rowOf = (name: string) => rows.find((row) => row.startsWith(`| \`${name}\` |`))
    expect(rowOf('SYNC_TIMEOUT')).toBe('| `SYNC_TIMEOUT` | `60s` | how long a request may take |')
    expect(rowOf('PLEX_PCN')).toBe('| `PLEX_PCN` | required | company code (PCN) sent on every call |')
    expect(rowOf('PLEX_API_KEY')).toMatch(/Secret; or a file: `PLEX_API_KEY_FILE` \|$/)
  })
})
