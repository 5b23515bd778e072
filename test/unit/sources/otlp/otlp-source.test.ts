import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { problemOfError } from '../../../../src/http/listener/problem-of-error.ts'
import { createServerBase } from '../../../../src/http/listener/server.ts'
import { SidecarError } from '../../../../src/kernel/errors.ts'
import { Events } from '../../../../src/kernel/events.ts'
import type { UsageReport } from '../../../../src/metering/report.ts'
import { otlpSource } from '../../../../src/sources/otlp/otlp-source.ts'
import type { UsageBook } from '../../../../src/sources/source.ts'
import { idleSourceContext } from '../../../support/sidecar/idle-source-context.ts'
import { otlpJson, otlpProtobuf } from '../../../support/otlp/otlp-request.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

const from = (metric: string) => ({
  prometheus: undefined,
  otlp: { metric, match: undefined, tags: undefined, firstValue: 'count' as const },
  heartbeat: undefined,
})
const dimensions = [
  { name: 'requests', unit: undefined, divisor: 1n, from: from('app.requests') },
  { name: 'storage', unit: undefined, divisor: 1n, from: from('app.storage') },
]
const notHere = () => Promise.reject(new Error('no part of this test'))

let report: (reports: readonly UsageReport[]) => void
let recorded: string[]
let url: string
let close: () => Promise<void>

beforeEach(async () => {
  report = () => {}
  recorded = []
  const limits = { bodyLimitBytes: 65_536, maxConnections: 16, requestTimeoutMs: 10_000 }
  const app = createServerBase(limits, new Events(), createSilentLog())
  const book: UsageBook = {
    report: async ({ reports }) => {
      report(reports)
      recorded.push(...reports.map(({ dimension, quantity }) => `${dimension} ${quantity}`))
      return []
    },
    countPage: notHere,
    countStreams: notHere,
  }
  const started = otlpSource.start({
    app,
    postJson: () => {},
    book,
    productCode: 'product',
    dimensions,
    region: 'eu-west-1',
    log: createSilentLog(),
    refused: () => {},
    explain: problemOfError,
    referenceOf: () => '',
    meterUsageCalls: 'add',
    repeated: () => {},
    aws: { forward: notHere, prove: notHere },
    ...idleSourceContext,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/v1/metrics`
  close = async () => {
    await app.close()
    await started[Symbol.asyncDispose]()
  }
})
afterEach(() => close())

/** A delta sum of each dimension; that of `requests` has a point for each of its values. */
async function send(...values: readonly number[]) {
  const at = Date.now() - 1000
  const deltas = (name: string, ofIt: readonly number[]) => ({
    name,
    temporality: 1 as const,
    points: ofIt.map((value, index) => ({ value, at: at + index, start: at - 1000 })),
  })
  const metrics = [deltas('app.requests', values), deltas('app.storage', [7])]
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(otlpJson([{ metrics }])),
  })
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: await response.json(),
  }
}

describe('what the ledger does not accept', () => {
  test.each(['LedgerFull', 'LedgerBusy', 'LedgerFailed', 'ShuttingDown'] as const)(
    'for now is answered with 503, after which exporters repeat it: %s',
    async (code) => {
      report = () => {
        throw new SidecarError(code, 'Not now.')
      }
      expect(await send(3)).toEqual({
        status: 503,
        retryAfter: '5',
        body: { code: 14, message: `${code}: Not now.` },
      })
    },
  )

  test('because of a defect is answered with 503 too', async () => {
    report = () => {
      throw new TypeError('a defect')
    }
    expect(await send(3)).toMatchObject({ status: 503, retryAfter: '5' })
  })

  test.each([
    'ReadingsFull',
    'QuantityTooLarge',
    'IdempotencyKeyReused',
    'OccurredAtTooOld',
  ] as const)('for good is rejected, and the other points count: %s', async (code) => {
    report = (reports) => {
      if (reports.some(({ quantity }) => quantity === 4_000_000n))
        throw new SidecarError(code, 'Not this.')
    }
    const { status, body } = await send(3, 4, 5, 4)
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        partialSuccess: {
          rejectedDataPoints: '2',
          errorMessage: expect.stringMatching(/^requests: .*\(2\)$/),
        },
      },
    })
    expect(recorded.toSorted()).toEqual(['requests 3000000', 'requests 5000000', 'storage 7000000'])
  })
})

test('names of types and encodings count whatever their case', async () => {
  const at = Date.now() - 1000
  const points = [{ value: 3, at, start: at - 1000 }]
  const metrics = [{ name: 'app.requests', temporality: 1 as const, points }]
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'Application/X-Protobuf', 'content-encoding': 'GZIP' },
    body: gzipSync(otlpProtobuf([{ metrics }])),
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/x-protobuf',
  ])
  expect(recorded).toEqual(['requests 3000000'])
})
