/**
 * Makes `dist`: the program with its libraries in a few files, since loading 600 small modules was most of what a short pass took.
 * What one command alone needs stays apart, so that each loads only its own. Nothing is minified: a stack trace must be readable.
 * CommonJS, since Node loads that without a promise and a resolution a file: a fifth less from start to exit, measured side by side.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { defineConfig } from 'rolldown'
import { tellNotices } from './build/notices.js'

/**
 * What libraries do when they are loaded and nobody here needs: most of these load undici, 70 ms of a start with Node 20. Our HTTP
 * goes through axios's `http` adapter, without HTTP/2, and sends no forms; we do not run on Cloudflare; no command of ours is a program
 * of its own that commander would have to start.
 */
const LEFT_OUT = [
  ['axios/lib/adapters/fetch.js', /^[^]*$/, 'export const getFetch = () => null'],
  ['axios/lib/adapters/http.js', "import http2 from 'http2';", 'const http2 = {}'],
  ['axios/lib/helpers/Http2Sessions.js', "import http2 from 'http2';", 'const http2 = {}'],
  ['axios/lib/utils.js', "typeof G.FormData !== 'undefined'", 'false'],
  ['form-data/lib/form_data.js', /^[^]*$/, 'module.exports = null'],
  ['commander/lib/command.js', "require('node:child_process')", 'null'],
  ['pg/lib/stream.js', "typeof Response === 'function'", 'false'],
]

/** Fails when a new version of a library says it differently: then look at what it does now. */
const leaveOut = {
  name: 'leave-out',
  transform: (code, id) => {
    const [file, from, to] = LEFT_OUT.find(([path]) => id.endsWith(`/node_modules/${path}`)) ?? []
    if (file === undefined) return null
    const left = code.replace(from, to)
    if (left === code) throw new Error(`${file} does not hold ${from} any more: see rolldown.config.js`)
    return left
  },
}

/**
 * Node takes an `--env-file` from anywhere in its arguments for its own, and where there is no such file ends with a code and words of its
 * own, unless `--` stands before the program. A shell finds the second line to be a command, Node finds a text and a comment.
 */
const START = `#!/bin/sh\n':' //; exec node -- "$0" "$@"\n`

/** The program describes itself: its manual page is made by the very commands it has. */
const finish = {
  name: 'finish',
  writeBundle: async () => {
    const [, ...lines] = (await readFile('dist/bin/ml-connector.js', 'utf8')).split('\n')
    await writeFile('dist/bin/ml-connector.js', START + lines.join('\n'))
    await chmod('dist/bin/ml-connector.js', 0o755)
    // The package around it holds ES modules.
    await writeFile('dist/bin/package.json', '{ "type": "commonjs" }\n')
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/bin/ml-connector.js', 'man'])
    await mkdir('dist/man', { recursive: true })
    await writeFile('dist/man/ml-connector.1', stdout)
  },
}

/** Of the comments only those that must come along. */
const LICENSES = { legal: true, jsdoc: false, annotation: false }

export default defineConfig({
  // `main` is what the tests call in their own process.
  input: { 'ml-connector': 'bin/ml-connector.ts', main: 'src/cli/main.ts' },
  platform: 'node',
  // An optional part of pg that is not installed.
  external: ['pg-native'],
  plugins: [leaveOut, tellNotices, finish],
  output: { dir: 'dist/bin', format: 'cjs', chunkFileNames: '[name].js', comments: LICENSES, cleanDir: true },
})
