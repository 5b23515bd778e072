import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { failureOf, startEmulator, type Harness } from './harness.ts'

const input = {
  ProductCode: demoProduct.productCode,
  Timestamp: Date.parse('2026-03-10T09:15:00Z') / 1000,
  UsageDimension: 'requests',
  UsageQuantity: 5,
}
const goodHeaders = {
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'AWSMPMeteringService.MeterUsage',
  authorization:
    'AWS4-HMAC-SHA256 Credential=AKIATASK1/20260310/eu-west-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=00',
  'x-amz-date': '20260310T091500Z',
}

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => harness.close())

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(harness.url, { method: 'POST', body, headers: { ...goodHeaders, ...headers } })
}

async function answer(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

describe('on the wire', () => {
  test('every answer has an id, the time of the service and the content type', async () => {
    for (const body of [JSON.stringify(input), '{']) {
      const response = await post(body)
      expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
      expect(response.headers.get('date')).toBe('Tue, 10 Mar 2026 09:15:00 GMT')
      expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1')
    }
  })

  test.each([
    ['broken JSON', '{', {}, 'SerializationException'],
    ['a time as text', '{"Timestamp":"now"}', {}, 'SerializationException'],
    ['an empty body', '', {}, 'ValidationException'],
    [
      'an unknown operation',
      '{}',
      { 'x-amz-target': 'AWSMPMeteringService.X' },
      'UnknownOperationException',
    ],
    [
      'another content type',
      '{}',
      { 'content-type': 'application/json' },
      'UnknownOperationException',
    ],
    ['no signature', '{}', { authorization: '' }, 'MissingAuthenticationTokenException'],
    [
      'a signature for another service',
      '{}',
      { authorization: goodHeaders.authorization.replace('aws-marketplace', 's3') },
      'InvalidSignatureException',
    ],
  ])('%s is refused', async (_what, body, headers, name) => {
    const response = await post(body, headers)
    expect(response.status).toBe(400)
    const failure = await answer(response)
    expect(failure).toEqual({ __type: name, message: expect.any(String) })
  })

  test('a port that is in use is named', async () => {
    const { port } = new URL(harness.url)
    const other = await startEmulator()
    const failed = await other.emulator.listen(Number(port)).catch((error: unknown) => error)
    await other.close()
    expect(failed).toMatchObject({ code: 'ListenFailed' })
  })

  test('a validation error reaches the SDK with its message', async () => {
    const call = harness.meter({ UsageQuantity: -1 })
    await expect(call).rejects.toThrow(
      "1 validation error detected: Value '-1' at 'usageQuantity' failed to satisfy constraint: Member must have value greater than or equal to 0",
    )
    expect(await failureOf(harness.meter({ UsageQuantity: -1 }))).toMatchObject({ status: 400 })
  })
})
