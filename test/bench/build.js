/** Makes `.bench` of the measurements, to be run by Node as they are. */
import { build } from 'rolldown'

await build({
  input: { main: 'test/bench/main.ts', bare: 'test/bench/bare.ts' },
  platform: 'node',
  external: ['pg-native', 'pg', 'kysely'],
  logLevel: 'warn',
  output: { dir: '.bench', format: 'esm', cleanDir: true },
})
