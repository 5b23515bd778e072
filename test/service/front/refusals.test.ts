import { idleSourceContext } from '../../support/sidecar/idle-source-context.ts'
import { once } from 'node:events'
import { connect } from 'node:net'
import fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { SidecarError, type ErrorCode } from '../../../src/kernel/errors.ts'
import { createPostRoute } from '../../../src/http/listener/post-json.ts'
import { problemOfError } from '../../../src/http/listener/problem-of-error.ts'
import type { OperationName } from '../../../src/protocol/operations.ts'
import { awsSdkSource } from '../../../src/sources/aws-sdk/aws-sdk-source.ts'
import { requestIdOf } from '../../../src/http/listener/request-id.ts'
import { eventually } from '../../support/eventually.ts'
import { callFront, frontHeaders, usageInput } from '../../support/aws/front-call.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const token = '0123456789abcdef0123456789abcdef'

describe('a ledger that cannot record the usage', () => {
  test.each<[ErrorCode, number, string]>([
    ['LedgerFull', 500, 'InternalServiceErrorException'],
    ['LedgerFailed', 500, 'InternalServiceErrorException'],
    ['LedgerBusy', 503, 'ServiceUnavailableException'],
    ['ShuttingDown', 503, 'ServiceUnavailableException'],
  ])('%s is %i %s, which SDKs retry', async (code, status, name) => {
    const answer = await meterInto(() => Promise.reject(new SidecarError(code, 'No room.')))
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toEqual({ __type: name, message: 'No room.' })
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('in an unforeseen way reveals nothing internal', async () => {
    const answer = await meterInto(() => Promise.reject(new Error('/secret/path is broken')))
    expect(answer.json()).toMatchObject({ __type: 'InternalServiceErrorException' })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toMatch(/secret|at \w+ \(/)
  })

  async function meterInto(report: () => Promise<never>) {
    const app = fastify({ genReqId: requestIdOf })
    const refuse = () => Promise.reject(new TypeError('AWS is not called'))
    awsSdkSource.start({
      app,
      postJson: createPostRoute(app),
      book: { report, countPage: report, countStreams: report },
      ...idleSourceContext,
      meterUsageCalls: 'add',
      repeated: () => {},
      aws: { forward: refuse, prove: refuse },
      productCode: demoProduct.productCode,
      dimensions: [{ name: 'requests', unit: undefined, divisor: 1n }],
      referenceOf: () => '',
      region: 'eu-west-1',
      refused: () => {},
      explain: problemOfError,
      log: createSilentLog(),
    })
    const headers = frontHeaders('MeterUsage')
    return app.inject({ method: 'POST', url: '/', headers, body: JSON.stringify(usageInput()) })
  }
})

describe('a sidecar', () => {
  let harness: SidecarHarness
  afterEach(() => harness.close())

  test('that requires a token refuses an SDK, which cannot send one', async () => {
    harness = await startHarness({
      settings: { SIDECAR_API_TOKEN_FILE: '/token' },
      files: { '/token': token },
    })
    const answer = await callFront(harness.sidecar.appPort, 'MeterUsage', usageInput())
    expect(answer).toMatchObject({
      status: 400,
      body: { __type: 'AccessDeniedException', message: expect.stringMatching('token') },
    })
    expect((await harness.sidecar.ledger.usage()).open).toEqual([])
  })

  test('that is shutting down answers 503 to a call that arrives late', async () => {
    harness = await startHarness()
    await harness.entitled()
    const socket = connect(harness.sidecar.appPort, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\n')
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
    await harness.get('/v1/entitlement')
    const stopped = harness.sidecar.stop()
    await eventually(() =>
      harness.get('/v1/entitlement').then(
        () => false,
        () => true,
      ),
    )
    const body = JSON.stringify(usageInput())
    const headers = Object.entries({
      ...frontHeaders('MeterUsage'),
      'content-length': `${body.length}`,
    })
    socket.write(`${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
    await once(socket, 'close')
    await stopped
    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toContain('"__type":"ServiceUnavailableException"')
    expect(await harness.records()).toEqual([])
  })
})

describe('usage that is refused', () => {
  let harness: SidecarHarness
  afterEach(() => harness.close())

  test('is counted for its dimension, and a DryRun is not usage', async () => {
    harness = await startHarness()
    await harness.entitled()
    await harness.aws.control('reset', {})
    const call = (operation: OperationName, input: object) =>
      callFront(harness.sidecar.appPort, operation, input)
    const wrong = { UsageQuantity: -1 }
    const batch = {
      ProductCode: demoProduct.productCode,
      UsageRecords: Array.from({ length: 26 }, () => ({ Dimension: 'storage', Timestamp: 0 })),
    }
    expect((await call('MeterUsage', usageInput(wrong))).status).toBe(400)
    expect((await call('BatchMeterUsage', batch)).status).toBe(400)
    expect(
      (await call('MeterUsage', usageInput({ UsageDimension: 'seats', DryRun: true }))).status,
    ).toBe(400)
    expect((await call('RegisterUsage', {})).status).toBe(400)
    const refused = harness.emitted('usageRefused')
    expect(refused).toHaveLength(26)
    expect(refused.slice(0, 2)).toMatchObject([
      { dimension: 'requests', code: 'ValidationException' },
      { dimension: 'storage', code: 'ValidationException' },
    ])
    expect(await harness.calls()).toEqual([])
  })
})
