/**
 * Makes `dist`: the program with its libraries in a few files, since loading 600 small modules was most of what a short pass took.
 * What one command alone needs stays apart, so that each loads only its own. Nothing is minified: a stack trace must be readable.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { defineConfig } from 'rolldown'
import { tellNotices } from './build/notices.js'

/**
 * What libraries do when they are loaded and nobody here needs: each of these loads undici, 70 ms of a start with Node 20. Our HTTP
 * goes through axios's `http` adapter and sends no forms; we do not run on Cloudflare.
 */
const LEFT_OUT = [
  ['axios/lib/adapters/fetch.js', /^[^]*$/, 'export const getFetch = () => null'],
  ['axios/lib/utils.js', "typeof G.FormData !== 'undefined'", 'false'],
  ['form-data/lib/form_data.js', /^[^]*$/, 'module.exports = null'],
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

/** The program describes itself: its manual page is made by the very commands it has. */
const finish = {
  name: 'finish',
  writeBundle: async () => {
    await chmod('dist/bin/ml-connector.js', 0o755)
    const { stdout } = await promisify(execFile)(process.execPath, ['dist/bin/ml-connector.js', 'man'])
    await mkdir('dist/man', { recursive: true })
    await writeFile('dist/man/ml-connector.1', stdout)
  },
}

export default defineConfig({
  input: { 'ml-connector': 'bin/ml-connector.ts' },
  platform: 'node',
  // An optional part of pg that is not installed.
  external: ['pg-native'],
  plugins: [leaveOut, tellNotices, finish],
  output: { dir: 'dist/bin', format: 'esm', chunkFileNames: '[name].js', cleanDir: true },
})
