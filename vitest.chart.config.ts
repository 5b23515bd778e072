import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run fetches a large tool. */
export default defineConfig({
  test: {
    include: ['test/chart/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 300_000,
  },
})
