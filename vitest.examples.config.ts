import { defineConfig } from 'vitest/config'

/** Apart from the other tests, because it takes compilers and a package from a registry. */
export default defineConfig({
  test: {
    include: ['test/examples/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
