import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // What was built is run as it is.
    server: { deps: { external: [/\/dist\/bin\//] } },
    // Only a bound for what hangs: a busy machine takes many times what an idle one does.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
})
