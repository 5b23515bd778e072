import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run fetches the clients of five languages. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
