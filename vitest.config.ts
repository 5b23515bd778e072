import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

type Options = NonNullable<TestProjectInlineConfiguration['test']>

const globalSetup = ['test/support/program/make-status-page.ts']

/** What `npm test` runs. */
const main: Options = {
  include: ['test/{unit,conformance,docs,simulation,service,process}/**/*.test.ts'],
  // The files share what they import, which takes longer than many of them do.
  isolate: false,
  testTimeout: 20_000,
  hookTimeout: 20_000,
  // Most of the time goes into waiting for processes and sockets.
  maxWorkers: 2,
  // The programs that tests start by the hundred compile their sources once.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compile', import.meta.url)) },
}

/** The suites that need tools, which the first run installs. Each has its folder in `test`. */
const suites: Readonly<Record<string, Options>> = {
  binary: { testTimeout: 60_000, hookTimeout: 300_000 },
  // A browser uses both processors of a small machine.
  browser: { testTimeout: 60_000, hookTimeout: 300_000, fileParallelism: false },
  chart: {
    globalSetup: [...globalSetup, 'test/chart/fetch-tools.ts'],
    // The schemas of Kubernetes are checked by a program that takes its time on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
  // Two files would install the same clients at once.
  clients: { testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
  // The first run downloads and builds the tools.
  deploy: { testTimeout: 60_000, hookTimeout: 300_000, maxWorkers: 2 },
  examples: { testTimeout: 30_000, hookTimeout: 30_000 },
  image: { testTimeout: 60_000, hookTimeout: 600_000 },
  // The first run builds the API server.
  kubernetes: { testTimeout: 120_000, hookTimeout: 3_600_000 },
  openapi: { testTimeout: 120_000, hookTimeout: 300_000 },
  // The server is crashed under one file at a time.
  postgres: {
    globalSetup: [...globalSetup, 'test/postgres/support/start-server.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
  // Two files would download Prometheus at once.
  // The first run installs and builds foreign exporters and SDKs.
  sources: { testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false },
  prometheus: { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
}

function project(name: string, options: Options): TestProjectInlineConfiguration {
  return { test: { name, include: [`test/${name}/**/*.test.ts`], globalSetup, ...options } }
}

/** vitest runs every project that it knows, so it knows the suites only when the command names one. */
const namesProject = process.argv.some((argument) => argument.startsWith('--project'))

// Vitest expects a default export here.
export default defineConfig({
  test: {
    projects: [
      project('main', main),
      ...(namesProject ? Object.entries(suites).map(([name, each]) => project(name, each)) : []),
    ],
  },
})
