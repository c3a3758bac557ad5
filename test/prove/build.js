/** Makes `.proof`: the prover and the program under proof in a few files, from the same sources as `dist`. */
import { build } from 'rolldown'

await build({
  input: { prove: 'test/prove/prove.ts', mutations: 'test/prove/mutations.ts' },
  platform: 'node',
  external: ['pg-native'],
  // It would warn that this entry loads at once what the program loads late.
  logLevel: 'silent',
  // As deep as `dist/bin`, from where the program finds `sql`.
  output: { dir: '.proof/bin', format: 'esm', cleanDir: true },
})
