import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run fetches large tools. */
export default defineConfig({
  test: {
    include: ['test/chart/**/*.test.ts'],
    globalSetup: ['test/chart/fetch-tools.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})
