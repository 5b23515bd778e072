import { idleSourceContext } from './idle-source-context.ts'
import type { FastifyInstance } from 'fastify'
import type { EntitlementSnapshot } from '../../../src/entitlement/entitlement-state.ts'
import { Events } from '../../../src/kernel/events.ts'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import { createAppServer, type AppServerOptions } from '../../../src/http/app-server.ts'
import { createOpsServer } from '../../../src/http/ops-server.ts'
import { problemOfError } from '../../../src/http/listener/problem-of-error.ts'
import { createRefusalReport } from '../../../src/sources/refused-usage.ts'
import { sources } from '../../../src/sources/registry.ts'
import type { UsageBook } from '../../../src/sources/source.ts'
import { createSilentLog } from '../silent-log.ts'

export const entitled: EntitlementSnapshot = {
  state: 'entitled',
  entitled: true,
  code: 'Entitled',
  message: 'AWS Marketplace confirms that the buyer may run this product.',
  since: 0,
  retryAfterSeconds: undefined,
  publicKeyRotationAt: undefined,
  transitions: [],
}

const notHere = () => Promise.reject(new Error('no part of this test'))

/** The application's listener, all sources included, with parts that do nothing. */
export function createIdleAppServer(
  options: Partial<AppServerOptions> = {},
  report: UsageBook['report'] = notHere,
): FastifyInstance {
  const dimensions = [{ name: 'requests', unit: undefined, divisor: 1n }]
  const { events = new Events(), log = createSilentLog() } = options
  const { app, postJson } = createAppServer({
    limits: { bodyLimitBytes: 1024, requestTimeoutMs: 4321 },
    events,
    log,
    usage: {
      book: { usage: async () => ({ ...emptyUsage }), space: notHere },
      dimensions,
      sources: () => [],
      nextSendAt: () => undefined,
      acceptedUntil: (hour) => hour + 7 * 3_600_000,
      sidecar: { version: '1.2.3', resource: 'pod:uid-1', startedAt: '2026-03-10T08:00:00.000Z' },
      storeKind: 'sqlite',
    },
    accepted: async function* () {},
    version: '1.2.3',
    apiToken: undefined,
    operatorToken: undefined,
    onUsageRequest: () => {},
    proof: { tokens: undefined, productCode: 'product', publicKeyVersion: 1 },
    customers: undefined,
    operators: undefined,
    entitlement: {
      snapshot: () => entitled,
      wait: () => Promise.resolve(entitled),
      onChange: () => () => {},
    },
    productCode: 'product',
    route: 'both',
    region: 'eu-west-1',
    signal: new AbortController().signal,
    ...options,
  })
  const context = {
    app,
    postJson,
    book: { report, countPage: notHere, countStreams: notHere },
    productCode: 'product',
    dimensions,
    region: 'eu-west-1',
    log,
    refused: createRefusalReport(events, dimensions),
    explain: problemOfError,
    referenceOf: () => '',
    meterUsageCalls: 'add' as const,
    repeated: () => {},
    aws: { forward: notHere, prove: notHere },
    ...idleSourceContext,
  }
  for (const source of sources) source.start(context)
  return app
}

const emptyUsage = {
  now: 0,
  open: [],
  readings: [],
  fractions: [],
  held: [],
  pending: [],
  pendingCount: 0,
  late: [],
  settled: [],
  unresolvedCount: 0,
  lastSuccessAt: undefined,
  lastFailure: undefined,
  oldestUnsentHour: undefined,
}

/** The listener for operation, of a healthy sidecar. */
export function createIdleOpsServer(): FastifyInstance {
  return createOpsServer({
    events: new Events(),
    log: createSilentLog(),
    deadBecause: () => undefined,
    notReadyBecause: () => undefined,
    metrics: { contentType: 'text/plain', render: () => Promise.resolve('') },
    timers: createSystemClock(),
    onEnd: () => {},
  })
}
