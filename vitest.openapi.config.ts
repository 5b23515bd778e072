import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run fetches two tools. */
export default defineConfig({
  test: {
    include: ['test/openapi/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
})
