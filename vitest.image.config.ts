import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because it builds images, as root, on Linux. */
export default defineConfig({
  test: {
    include: ['test/image/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
})
