import { existsSync, readFileSync } from 'node:fs'

/** The package's version, seen from `src/cli` as from `dist/src/cli`. */
export function readVersion(): string {
  const file = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url))
  if (file === undefined) return '0.0.0'
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
