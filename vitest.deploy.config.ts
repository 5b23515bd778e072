import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because it takes tools from four registries. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.test.ts'],
    testTimeout: 60_000,
    // The first run fetches and builds the tools.
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
})
