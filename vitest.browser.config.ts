import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because the first run installs a browser. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    // A browser takes both processors of a small machine.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
})
