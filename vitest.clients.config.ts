import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run fetches the clients of five languages. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    // Two files would install the same clients at once.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
