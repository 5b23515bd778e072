import type { FastifyInstance } from 'fastify'
import type { EntitlementSnapshot } from '../../src/entitlement/entitlement-state.ts'
import { Hooks } from '../../src/hooks.ts'
import { createAppServer, type AppServerOptions } from '../../src/http/app-server.ts'
import { createOpsServer } from '../../src/http/ops-server.ts'
import { createSilentLog } from '../../src/log.ts'

const entitled: EntitlementSnapshot = {
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

/** The application's listener beside parts that do nothing. */
export function createIdleAppServer(options: Partial<AppServerOptions> = {}): FastifyInstance {
  return createAppServer({
    limits: { bodyLimitBytes: 1024, maxConnections: 7, requestTimeoutMs: 4321 },
    hooks: new Hooks(),
    log: createSilentLog(),
    book: { report: notHere, usage: () => ({ ...emptyUsage }) },
    dimensions: [{ name: 'requests', unit: undefined, divisor: 1n }],
    nextSendAt: () => undefined,
    version: '1.2.3',
    apiToken: undefined,
    onUsageRequest: () => {},
    proof: { proof: undefined, productCode: 'product', publicKeyVersion: 1 },
    front: {
      RegisterUsage: notHere,
      MeterUsage: notHere,
      BatchMeterUsage: notHere,
      ResolveCustomer: notHere,
    },
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
}

const emptyUsage = {
  now: 0,
  open: [],
  fractions: [],
  pending: [],
  late: [],
  settled: [],
  unresolvedCount: 0,
  lastSuccessAt: undefined,
  lastFailure: undefined,
  oldestUnsentHour: undefined,
}

/** The listener for operation, of a sidecar that is well. */
export function createIdleOpsServer(): FastifyInstance {
  return createOpsServer({
    hooks: new Hooks(),
    log: createSilentLog(),
    deadBecause: () => undefined,
    notReadyBecause: () => undefined,
    metrics: { contentType: 'text/plain', render: () => Promise.resolve('') },
  })
}
