import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import { batchMeterUsage } from '../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import { meterUsage } from '../../../src/channels/meter-usage/meter-usage.ts'
import type { MeteringRecord } from '../../../src/metering/record/record.ts'
import { canonicalTags, untagged } from '../../../src/metering/tags.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { answer, failureOf, openMetering, startEndpoint, type FakeEndpoint } from './support.ts'

let endpoint: FakeEndpoint
let api: MeteringApi

beforeEach(async () => {
  endpoint = await startEndpoint(answer(200, { MeteringRecordId: 'id-1' }))
  api = openMetering(endpoint, [])
})

afterEach(async () => {
  api.close()
  await endpoint.close()
})

const account = {
  productCode: 'prod1',
  customer: '',
  dimension: 'requests',
  divisor: 1000n,
  aggregate: 'sum',
  scope: 'resource',
} as const
const content = {
  productCode: 'prod1',
  dimension: 'requests',
  hour: Date.parse('2026-03-10T09:00:00Z'),
  timestamp: Date.parse('2026-03-10T09:15:00.750Z'),
  quantity: 7_000_000n,
  form: 'whole' as const,
  allocations: [
    { tags: untagged, quantity: 4_000_000n },
    { tags: canonicalTags([{ key: 'team', value: 'blue "1"' }]), quantity: 3_000_000n },
  ],
  clientToken: 'record-token-1',
}
const record: MeteringRecord = {
  ...content,
  id: 1,
  slot: meterUsage.slotOf(account, 'pod:7'),
  parts: [{ account, quantity: content.quantity, allocations: content.allocations }],
  customer: '',
  resource: 'pod:7',
  divisor: 1000n,
  state: 'sealed',
  attempts: 0,
  inFlight: false,
  ambiguous: false,
  meteringRecordId: undefined,
  lastCode: undefined,
  lastMessage: undefined,
  sealedAt: content.hour,
  firstAttemptAt: undefined,
  lastAttemptAt: undefined,
  settledAt: undefined,
  movedTo: undefined,
}

describe('a sealed record', () => {
  test('is on the wire as it was sealed, member by member, and with nothing else', async () => {
    await meterUsage.ask(api, meterUsage.toCall([record]))
    expect(endpoint.seen.map(({ body }) => body)).toEqual([
      {
        ProductCode: content.productCode,
        UsageDimension: content.dimension,
        Timestamp: Math.floor(content.timestamp / 1000),
        UsageQuantity: 7,
        ClientToken: content.clientToken,
        UsageAllocations: [
          { AllocatedUsageQuantity: 4 },
          { AllocatedUsageQuantity: 3, Tags: [{ Key: 'team', Value: 'blue "1"' }] },
        ],
      },
    ])
  })
})

describe('a record with decimals', () => {
  test('has no whole number on the wire, in the quantity or in an allocation', async () => {
    const decimal = {
      ...record,
      form: 'decimal' as const,
      quantity: 7_000_000n,
      allocations: [
        { tags: untagged, quantity: 6_999_999n },
        { tags: canonicalTags([{ key: 'team', value: 'a' }]), quantity: 1n },
      ],
    }
    await meterUsage.ask(api, meterUsage.toCall([decimal]))
    expect(endpoint.seen[0]?.body).toMatchObject({
      UsageQuantityAsDecimal: '7',
      UsageAllocations: [
        { AllocatedUsageQuantityAsDecimal: '6.999999' },
        { AllocatedUsageQuantityAsDecimal: '0.000001', Tags: [{ Key: 'team', Value: 'a' }] },
      ],
    })
    expect(endpoint.seen[0]?.text).not.toMatch(/Quantity"/)
  })

  test('is the same in a batch', async () => {
    const identity = { form: 'identifier', value: 'c-1', region: 'eu-west-1' } as const
    const customer = { ...account, customer: 'acme', identity }
    const parts = [{ account: customer, quantity: 250_000n, allocations: undefined }]
    const decimal = { ...record, form: 'decimal' as const, quantity: 250_000n, parts }
    await batchMeterUsage.ask(api, batchMeterUsage.toCall([{ ...decimal, allocations: undefined }]))
    expect(endpoint.seen[0]?.body['UsageRecords']).toEqual([
      {
        Timestamp: Math.floor(content.timestamp / 1000),
        Dimension: 'requests',
        QuantityAsDecimal: '0.25',
        CustomerIdentifier: 'c-1',
      },
    ])
  })
})

describe('what is passed on', () => {
  test('keeps members that nobody here knows, and numbers as they were written, both ways', async () => {
    const asked =
      '{"UsageRecords":[{"Quantity":5.0,"New":[1e400,{"x":null}]}],"Big":12345678901234567890}'
    const answered = '{"Results":[],"Metadata":{"AgreementId":"a-1","Rate":0.10}}'
    endpoint.reply = answer(200, answered)
    const result = await api.forward('BatchMeterUsage', asked)
    expect(endpoint.seen[0]?.text).toBe(asked)
    expect(JSON.stringify(result.ok && result.value)).toBe(answered)
  })

  test('has a member that came twice once, as it was checked', async () => {
    await api.forward('ResolveCustomer', '{"RegistrationToken":"first","RegistrationToken":"last"}')
    expect(endpoint.seen[0]?.text).toBe('{"RegistrationToken":"last"}')
  })
})

describe('an answer', () => {
  test('that is larger than any of AWS is given up, and may have been billed', async () => {
    endpoint.reply = answer(200, { MeteringRecordId: 'x'.repeat(65_537) })
    expect(failureOf(await api.forward('MeterUsage', '{}'))).toMatchObject({
      code: 'AnswerTooLarge',
      kind: 'unavailable',
      ambiguous: true,
    })
  })

  test('may repeat what was asked, as that to a batch does', async () => {
    const UsageRecords = ['x'.repeat(1_000_000)]
    const Results = [{ UsageRecord: 'x'.repeat(1_900_000) }]
    endpoint.reply = answer(200, { Results })
    const asked = JSON.stringify({ UsageRecords })
    expect(await api.forward('BatchMeterUsage', asked)).toEqual({ ok: true, value: { Results } })
  })

  test('that is nested without end is a failure', async () => {
    endpoint.reply = answer(200, `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(await api.forward('ResolveCustomer', '{}')).toMatchObject({ ok: false })
  })

  test('with a long message is cut', async () => {
    endpoint.reply = answer(400, { __type: 'ThrottlingException', message: 'y'.repeat(50_000) })
    expect(failureOf(await api.forward('ResolveCustomer', '{}')).message).toHaveLength(2051)
  })

  test('in packed bytes has a message that every store can keep', async () => {
    endpoint.reply = (response) => void response.writeHead(502).end(gzipSync('<html>'))
    const { code, message, ambiguous } = failureOf(await api.forward('MeterUsage', '{}'))
    expect({ code, ambiguous }).toEqual({ code: 'Http502', ambiguous: true })
    expect(message).not.toMatch(/[^\P{Cc}\t\n\r]/u)
  })

  test('has a name and a message that every store can keep', async () => {
    endpoint.reply = answer(400, {
      __type: 'No\0Name',
      message: 'half of \ud83d, \0 and\n\u001b[2J',
    })
    expect(failureOf(await api.forward('ResolveCustomer', '{}'))).toMatchObject({
      code: 'No\ufffdName',
      message: 'half of \ufffd, \ufffd and\n\ufffd[2J',
    })
  })
})

test.each([
  [{ 'x-amzn-requestid': 'of-aws' }, 1],
  [{}, 0],
] as const)('the time is learned from an answer of AWS alone: %o', async (headers, times) => {
  endpoint.reply = (response) => {
    response.writeHead(200, { date: 'Tue, 10 Mar 2026 09:15:00 GMT', ...headers }).end('{}')
  }
  const learned: number[] = []
  const learn = (date: number) => void learned.push(date)
  const awsClock = { learn, elapsed: () => 0, now: () => Date.parse('2026-03-10T09:15:00Z') }
  const other = openMetering(endpoint, [], { awsClock })
  await other.forward('ResolveCustomer', '{}')
  other.close()
  expect(learned).toHaveLength(times)
})

test('the signature is that of the algorithm, made with the time of AWS', async () => {
  let headers: IncomingMessage['headers'] = {}
  endpoint.reply = (response, request) => {
    headers = request.headers
    answer(200, {})(response, request)
  }
  const clock = new ManualClock('2026-03-10T09:15:00Z')
  const awsClock = { learn: () => {}, elapsed: () => 0, now: () => clock.now() + 3_600_000 }
  const other = openMetering(endpoint, [], { clock, awsClock })
  await other.forward('ResolveCustomer', '{"RegistrationToken":"ü"}')
  other.close()
  const { authorization, ...rest } = headers
  const [, names = '', signature] =
    /SignedHeaders=(.*), Signature=(.*)/.exec(authorization ?? '') ?? []
  expect(rest['x-amz-date']).toBe('20260310T101500Z')
  expect(names.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-target']))
  const canonical = [
    'POST',
    '/',
    '',
    ...names.split(';').map((name) => `${name}:${String(rest[name])}`),
    '',
    names,
    sha256('{"RegistrationToken":"ü"}'),
  ].join('\n')
  const scope = '20260310/eu-west-1/aws-marketplace/aws4_request'
  const toSign = ['AWS4-HMAC-SHA256', rest['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = scope
    .split('/')
    .reduce<Buffer>((secret, part) => hmac(secret, part), Buffer.from('AWS4secret'))
  expect(signature).toBe(hmac(key, toSign).toString('hex'))
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
