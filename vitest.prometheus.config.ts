import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because it runs a real Prometheus, which the first run fetches. */
export default defineConfig({
  test: {
    include: ['test/prometheus/**/*.test.ts'],
    // Two files would fetch it at once.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
