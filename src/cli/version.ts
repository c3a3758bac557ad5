import { existsSync, readFileSync } from 'node:fs'

/** The package's version, seen from `src/cli` as from `dist/bin`. */
export function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  if (!existsSync(file)) return '0.0.0'
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
