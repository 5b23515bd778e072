import { defineConfig } from 'vitest/config'

/** The tests that mutants are run against: those of the pure rules, the ledger and the stores, without processes and without chance. */
// Vitest expects a default export here.
export default defineConfig({
  test: {
    include: [
      'test/unit/{metering,ledger,store,channels}/**/*.test.ts',
      'test/conformance/{store,channel}/**/*.test.ts',
      'test/conformance/*.test.ts',
    ],
    exclude: ['test/unit/ledger/model.test.ts', 'test/unit/ledger/power-loss.test.ts'],
    // A mutant that few runs do not find is found by the plain tests next to them, or lives.
    env: { MODEL_RUNS: '10' },
    testTimeout: 120_000,
    maxWorkers: 1,
  },
})
