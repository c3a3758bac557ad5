import { defineConfig } from 'vitest/config'

/** The decisions alone: no database, nothing built. What a mutation is tried against. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/domain/**/*.test.ts'],
    testTimeout: 240_000,
    // Pure functions leave nothing behind for the next file.
    isolate: false,
    maxWorkers: 1,
  },
})
