import type { FastifyInstance } from 'fastify'
import type { EntitlementSnapshot } from '../../../src/entitlement/entitlement-state.ts'
import { Events } from '../../../src/kernel/events.ts'
import { createAppServer, type AppServerOptions } from '../../../src/http/app-server.ts'
import { createOpsServer } from '../../../src/http/ops-server.ts'
import { createSilentLog } from '../../../src/kernel/log.ts'
import { sources } from '../../../src/sources/registry.ts'
import type { UsageBook } from '../../../src/sources/source.ts'

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
export function createIdleAppServer(
  options: Partial<AppServerOptions> = {},
  report: UsageBook['report'] = notHere,
): FastifyInstance {
  const dimensions = [{ name: 'requests', unit: undefined, divisor: 1n }]
  return createAppServer({
    limits: { bodyLimitBytes: 1024, maxConnections: 7, requestTimeoutMs: 4321 },
    events: new Events(),
    log: createSilentLog(),
    usage: { book: { usage: () => ({ ...emptyUsage }) }, dimensions, nextSendAt: () => undefined },
    sources,
    sourceContext: {
      book: { report },
      productCode: 'product',
      dimensions,
      region: 'eu-west-1',
      referenceOf: () => '',
      aws: { forward: notHere, prove: notHere },
    },
    version: '1.2.3',
    apiToken: undefined,
    onUsageRequest: () => {},
    proof: { tokens: undefined, productCode: 'product', publicKeyVersion: 1 },
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
    events: new Events(),
    log: createSilentLog(),
    deadBecause: () => undefined,
    notReadyBecause: () => undefined,
    metrics: { contentType: 'text/plain', render: () => Promise.resolve('') },
  })
}
