import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Vendors expect a default export here.
export default defineConfig({
  test: {
    include: ['test/{unit,conformance,service,process,docs}/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Most of the time goes into waiting for processes and sockets.
    maxWorkers: 2,
    // The programs that tests start by the hundred compile their sources once.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compile', import.meta.url)) },
  },
})
