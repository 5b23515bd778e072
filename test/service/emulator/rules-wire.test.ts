import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { startEmulator, type Harness } from './harness.ts'

const meter = {
  ProductCode: demoProduct.productCode,
  Timestamp: Date.parse('2026-03-10T09:15:00Z') / 1000,
  UsageDimension: 'requests',
  UsageQuantity: 5,
}
const register = { ProductCode: demoProduct.productCode, PublicKeyVersion: 1 }

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => harness.close())

function post(operation: string, body: string, headers: Record<string, string> = {}) {
  return fetch(harness.url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AWSMPMeteringService.${operation}`,
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIATASK1/20260310/eu-west-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=00',
      'x-amz-date': '20260310T091500Z',
      ...headers,
    },
  })
}

/** The error name of an answer, or `ok`. */
async function answerTo(operation: string, input: object): Promise<string> {
  const response = await post(operation, JSON.stringify(input))
  const body = (await response.json()) as { __type?: string }
  return body.__type ?? 'ok'
}

/** Returns the outcome of MeterUsage with other members. */
const metering = (change: object) => answerTo('MeterUsage', { ...meter, ...change })
const registering = (change: object) => answerTo('RegisterUsage', { ...register, ...change })

function allocations(count: number, tagsOf: (index: number) => object[]): object {
  return {
    UsageQuantity: count,
    UsageAllocations: Array.from({ length: count }, (_item, index) => ({
      AllocatedUsageQuantity: 1,
      Tags: tagsOf(index),
    })),
  }
}

const tagged = (...tags: object[]) => metering(allocations(1, () => tags))
const tags = (count: number) =>
  Array.from({ length: count }, (_tag, index) => ({ Key: `k${index}`, Value: 'v' }))

describe('calls and answers', () => {
  test('a call is a POST of JSON whose X-Amz-Target names the operation', async () => {
    expect((await post('MeterUsage', JSON.stringify(meter))).status).toBe(200)
    expect(await answerTo('Other', meter)).toBe('UnknownOperationException')
    const json = { 'content-type': 'application/json' }
    expect((await post('MeterUsage', JSON.stringify(meter), json)).status).toBe(400)
  })

  test('the region of a call is that of its signature', async () => {
    await metering({})
    expect(await harness.control('records')).toMatchObject({ records: [{ region: 'eu-west-1' }] })
  })

  test('a call that is not signed for aws-marketplace is refused', async () => {
    for (const authorization of [
      '',
      'AWS4-HMAC-SHA256 Credential=AKIATASK1/20260310/eu-west-1/s3/aws4_request',
    ]) {
      expect((await post('MeterUsage', JSON.stringify(meter), { authorization })).status).toBe(400)
    }
  })

  test('an error is a name and a message, with HTTP 400', async () => {
    const response = await post('MeterUsage', JSON.stringify({ ...meter, ProductCode: 'other' }))
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      __type: 'InvalidProductCodeException',
      message: expect.any(String),
    })
  })

  test('throttling is HTTP 400, an internal error 500 and an idempotency conflict 409', async () => {
    const statuses: number[] = []
    for (const error of [
      'ThrottlingException',
      'InternalServiceErrorException',
      'IdempotencyConflictException',
    ]) {
      await harness.control('faults', { error })
      statuses.push((await post('MeterUsage', JSON.stringify(meter))).status)
    }
    expect(statuses).toEqual([400, 500, 409])
  })

  test('a timestamp is in epoch seconds, with a fraction or without', async () => {
    expect(await metering({ Timestamp: meter.Timestamp + 0.5 })).toBe('ok')
    expect(await metering({ Timestamp: '2026-03-10T09:15:00Z' })).toBe('SerializationException')
  })

  test('the rotation time of a key that has not expired is null on the wire', async () => {
    const response = await post('RegisterUsage', JSON.stringify(register))
    expect(await response.json()).toMatchObject({ PublicKeyRotationTimestamp: null })
  })

  test('a request of more than a megabyte is refused', async () => {
    expect((await post('MeterUsage', 'x'.repeat(1_048_577))).status).toBe(413)
  })

  test('broken limits are one ValidationException that lists them all', async () => {
    const response = await post('RegisterUsage', '{}')
    expect(await response.json()).toEqual({
      __type: 'ValidationException',
      message: expect.stringMatching(
        /^2 validation errors detected: .*'productCode'.*'publicKeyVersion'/,
      ),
    })
  })

  test('a member of a wrong type is a SerializationException, and an unknown one is ignored', async () => {
    expect(await metering({ UsageQuantity: '5' })).toBe('SerializationException')
    expect(await metering({ Colour: 'red' })).toBe('ok')
  })

  test('a null member counts as absent', async () => {
    expect(await metering({ UsageAllocations: null, ClientToken: null })).toBe('ok')
    expect(await metering({ ProductCode: null })).toBe('ValidationException')
  })
})

describe('the limits of members', () => {
  test('a product code has 0 to 255 characters of a-z, A-Z, 0-9 and -/=:_.@', async () => {
    expect(await registering({ ProductCode: '' })).toBe('InvalidProductCodeException')
    const longest = '-aA0/=:_.@'.repeat(26).slice(0, 255)
    expect(await registering({ ProductCode: longest })).toBe('InvalidProductCodeException')
    expect(await registering({ ProductCode: `${longest}a` })).toBe('ValidationException')
    expect(await registering({ ProductCode: 'a b' })).toBe('ValidationException')
  })

  test('a key version is a whole number from 1', async () => {
    expect(await registering({ PublicKeyVersion: 1 })).toBe('ok')
    expect(await registering({ PublicKeyVersion: 0 })).toBe('ValidationException')
    expect(await registering({ PublicKeyVersion: 1.5 })).toBe('SerializationException')
  })

  test('a nonce has at most 255 characters', async () => {
    expect(await registering({ Nonce: 'x'.repeat(255) })).toBe('ok')
    expect(await registering({ Nonce: 'x'.repeat(256) })).toBe('ValidationException')
  })

  test('a dimension has 1 to 255 characters', async () => {
    const unknown = 'InvalidUsageDimensionException'
    expect(await metering({ UsageDimension: 'x'.repeat(255) })).toBe(unknown)
    expect(await metering({ UsageDimension: 'x'.repeat(256) })).toBe('ValidationException')
    expect(await metering({ UsageDimension: '' })).toBe('ValidationException')
  })

  test('a quantity is a whole number from 0 to 2147483647', async () => {
    expect(await metering({ UsageQuantity: 2_147_483_647 })).toBe('ok')
    expect(await metering({ UsageQuantity: 2_147_483_648 })).toBe('ValidationException')
    expect(await metering({ UsageQuantity: -1 })).toBe('ValidationException')
    expect(await metering({ UsageQuantity: 0.5 })).toBe('SerializationException')
  })

  test('a record has 1 to 2500 allocations', async () => {
    const counted = (count: number) =>
      metering(allocations(count, (index) => [{ Key: 'k', Value: `v${index}` }]))
    expect(await counted(2500)).toBe('ok')
    expect(await counted(2501)).toBe('InvalidUsageAllocationsException')
    expect(await counted(0)).toBe('InvalidUsageAllocationsException')
  })

  test('an allocation has 1 to 5 tags, or none at all', async () => {
    expect(await tagged(...tags(6))).toBe('InvalidTagException')
    expect(await tagged()).toBe('InvalidTagException')
    expect(await tagged(...tags(5))).toBe('ok')
    const UsageAllocations = [{ AllocatedUsageQuantity: 5 }]
    expect(await metering({ UsageDimension: 'storage', UsageAllocations })).toBe('ok')
  })

  test('the allocations of a record have at most 5 distinct keys', async () => {
    const distinct = (count: number) =>
      metering(allocations(count, (index) => [{ Key: `k${index}`, Value: 'v' }]))
    expect(await distinct(6)).toBe('InvalidTagException')
    expect(await distinct(5)).toBe('ok')
  })

  test('a tag has a key of 1 to 100 characters and a value of 1 to 256, of the allowed characters', async () => {
    const Key = 'k'.repeat(100)
    const Value = 'v'.repeat(256)
    for (const broken of [
      { Key: `${Key}k`, Value },
      { Key, Value: `${Value}v` },
      { Key: '', Value },
      { Key, Value: '' },
      { Key: 'ü', Value },
      { Key, Value: '\t' },
    ]) {
      expect(await tagged(broken)).toBe('InvalidTagException')
    }
    expect(await tagged({ Key, Value })).toBe('ok')
    const UsageAllocations = [
      { AllocatedUsageQuantity: 5, Tags: [{ Key: 'aZ09+ -=._:/@', Value: 'aZ09+ -=._:/@' }] },
    ]
    expect(await metering({ UsageDimension: 'storage', UsageAllocations })).toBe('ok')
  })

  test('a client token has 1 to 64 characters', async () => {
    expect(await metering({ ClientToken: 'x'.repeat(64) })).toBe('ok')
    expect(await metering({ ClientToken: 'x'.repeat(65) })).toBe('ValidationException')
    expect(await metering({ ClientToken: '' })).toBe('ValidationException')
  })
})

describe('the limits of SaaS members', () => {
  const usage = {
    Timestamp: meter.Timestamp,
    Dimension: 'requests',
    CustomerIdentifier: 'demoCustomer01',
  }
  const batch = (change: object, count = 1) =>
    answerTo('BatchMeterUsage', {
      ProductCode: demoProduct.productCode,
      UsageRecords: Array.from({ length: count }, () => ({ ...usage, ...change })),
    })
  const unknownCustomer = 'InvalidCustomerIdentifierException'

  test('a batch has 0 to 25 records', async () => {
    expect(await batch({}, 0)).toBe('ok')
    expect(await batch({}, 25)).toBe('ok')
    expect(await batch({}, 26)).toBe('ValidationException')
  })

  test('a customer identifier has at most 255 characters, and an account id 1 to 255 digits', async () => {
    expect(await batch({ CustomerIdentifier: 'x'.repeat(255) })).toBe(unknownCustomer)
    expect(await batch({ CustomerIdentifier: 'x'.repeat(256) })).toBe('ValidationException')
    expect(await batch({ CustomerAWSAccountId: '1'.repeat(255) })).toBe(unknownCustomer)
    for (const CustomerAWSAccountId of ['1'.repeat(256), '', 'account']) {
      expect(await batch({ CustomerAWSAccountId })).toBe('ValidationException')
    }
  })

  test('a licence is an ARN of a partition of AWS', async () => {
    expect(await batch({ LicenseArn: 'arn:aws:license-manager::1:license:l-1' })).toBe(
      'InvalidLicenseException',
    )
    expect(await batch({ LicenseArn: 'l-1' })).toBe('ValidationException')
  })

  test('a registration token is not empty', async () => {
    const resolve = (RegistrationToken: string) =>
      answerTo('ResolveCustomer', { RegistrationToken })
    expect(await resolve('x')).toBe('InvalidTokenException')
    expect(await resolve('')).toBe('ValidationException')
  })
})
