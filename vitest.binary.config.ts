import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because it writes large files and fetches Node for another processor. */
export default defineConfig({
  test: {
    include: ['test/binary/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
})
