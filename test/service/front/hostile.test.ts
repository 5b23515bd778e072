import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { authorization, callFront, frontHeaders, usageInput } from '../../support/aws/front-call.ts'
import { exchangeBytes } from '../../support/sidecar/raw-request.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

/** What makes a request hostile: header lines in the place of the usual ones, or another body. */
interface Hostile {
  readonly what: string
  readonly line?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string
  /** The bytes after the head, where the length is not that of the body. */
  readonly raw?: string
  readonly status: number
  /** AWS's name, or a code of the listener where no operation was recognised. */
  readonly name: string
}

const text = JSON.stringify(usageInput())
/** Returns the usual request with one member written differently. */
const saying = (member: string, json: string) =>
  text.replace(new RegExp(`("${member}":)("[^"]*"|[^,}]*)`), `$1${json}`)
const adding = (json: string) => text.replace(/}$/, `,${json}}`)
const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
const batchHeaders = { 'X-Amz-Target': 'AWSMPMeteringService.BatchMeterUsage' }

const hostile: readonly Hostile[] = [
  ...['2.9999999999999999999999', '5.0000000000000000001', '1e-400'].map((quantity) => ({
    what: `the quantity ${quantity}, which JavaScript would round`,
    body: saying('UsageQuantity', quantity),
    status: 400,
    name: 'SerializationException',
  })),
  {
    what: 'an operation that does not exist',
    headers: { 'X-Amz-Target': 'AWSMPMeteringService.DeleteEverything' },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'the target of another service',
    headers: { 'X-Amz-Target': 'DynamoDB_20120810.PutItem' },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'a target that objects inherit',
    headers: { 'X-Amz-Target': 'AWSMPMeteringService.constructor' },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'no target',
    headers: { 'X-Amz-Target': undefined },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'two targets',
    headers: { 'X-Amz-Target': 'AWSMPMeteringService.MeterUsage\r\nX-Amz-Target: x' },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'another version of the protocol',
    headers: { 'Content-Type': 'application/x-amz-json-1.0' },
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'the query protocol',
    headers: {
      'X-Amz-Target': undefined,
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
    },
    body: 'Action=MeterUsage&Version=2016-01-14&UsageQuantity=5',
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'another content type and a number of too many digits',
    headers: { 'Content-Type': 'application/json' },
    body: '{"UsageQuantity":1.00000000000000000001}',
    status: 400,
    name: 'UnknownOperationException',
  },
  {
    what: 'headers of 20 kB',
    headers: { 'X-Long': 'x'.repeat(20_000) },
    status: 431,
    name: 'HeadersTooLarge',
  },
  {
    what: 'a hundred thousand arrays in each other',
    body: nested,
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'deep nesting in a member',
    body: saying('UsageDimension', nested),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'deep nesting in a member that would be passed on',
    headers: { 'X-Amz-Target': 'AWSMPMeteringService.ResolveCustomer' },
    body: `{"RegistrationToken":"t","later":${nested}}`,
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'deep nesting in a list that is too long',
    headers: batchHeaders,
    body: `{"UsageRecords":[${nested}${',0'.repeat(25)}]}`,
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'half a JSON text',
    body: text.slice(0, -1),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'two JSON texts',
    body: `${text}${text}`,
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'a fraction',
    body: saying('UsageQuantity', '3.5'),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'a number beyond all numbers',
    body: saying('UsageQuantity', '1e400'),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'a time beyond all times',
    body: saying('Timestamp', '-1e400'),
    status: 400,
    name: 'TimestampOutOfBoundsException',
  },
  {
    what: 'a NUL byte in the text',
    body: saying('UsageDimension', '"requests\0"'),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'a NUL in a name',
    body: saying('UsageDimension', '"requests\\u0000"'),
    status: 400,
    name: 'InvalidUsageDimensionException',
  },
  {
    what: 'a quantity below zero',
    body: saying('UsageQuantity', '-1'),
    status: 400,
    name: 'ValidationException',
  },
  {
    what: 'a number as text',
    body: saying('UsageQuantity', '"5"'),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'an array for an object',
    body: `[${text}]`,
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'an object for an array',
    body: adding('"UsageAllocations":{"0":{"AllocatedUsageQuantity":5}}'),
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'an object that gives all members through __proto__',
    body: `{"__proto__":${text}}`,
    status: 400,
    name: 'ValidationException',
  },
  {
    what: 'a dimension that objects inherit',
    body: saying('UsageDimension', '"__proto__"'),
    status: 400,
    name: 'InvalidUsageDimensionException',
  },
  {
    what: 'a signature for another region',
    headers: { Authorization: authorization('us-east-1') },
    status: 400,
    name: 'InvalidEndpointRegionException',
  },
  {
    what: 'a signature for another service',
    headers: { Authorization: authorization('eu-west-1', 's3') },
    status: 400,
    name: 'InvalidSignatureException',
  },
  {
    what: 'no signature',
    headers: { Authorization: undefined },
    status: 400,
    name: 'MissingAuthenticationTokenException',
  },
  {
    what: 'a scope that is none',
    headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=////, SignedHeaders=, Signature=' },
    status: 400,
    name: 'IncompleteSignatureException',
  },
  {
    what: 'a password for a signature',
    headers: { Authorization: `Basic ${'x'.repeat(10_000)}` },
    status: 400,
    name: 'IncompleteSignatureException',
  },
  {
    what: 'a compressed body',
    headers: { 'Content-Encoding': 'gzip' },
    body: '\x1f\u008b\b\0\0\0',
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'an encoding that nothing here unpacks',
    headers: { 'Content-Encoding': 'aws-chunked' },
    status: 400,
    name: 'SerializationException',
  },
  {
    what: 'a body without end that says its length',
    headers: { 'Content-Length': '9999999999' },
    raw: 'x',
    status: 413,
    name: 'RequestEntityTooLargeException',
  },
  {
    what: 'a body in chunks without end',
    headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
    raw: `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(20),
    status: 413,
    name: 'RequestEntityTooLargeException',
  },
  {
    what: 'a chunk that is none',
    headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
    raw: 'zz\r\n',
    status: 400,
    name: 'InvalidRequest',
  },
  {
    what: 'both a length and chunks',
    headers: { 'Transfer-Encoding': 'chunked' },
    raw: '0\r\n\r\n',
    status: 400,
    name: 'InvalidRequest',
  },
  {
    what: 'HTTP/1.0 without a Host',
    line: 'POST / HTTP/1.0',
    headers: { Host: undefined },
    status: 400,
    name: 'AccessDeniedException',
  },
  {
    what: 'another Host',
    headers: { Host: 'metering.marketplace.eu-west-1.amazonaws.com' },
    status: 400,
    name: 'AccessDeniedException',
  },
  {
    what: 'the mark of a proxy',
    headers: { 'X-Forwarded-For': '10.0.0.1' },
    status: 400,
    name: 'AccessDeniedException',
  },
]

let harness: SidecarHarness
beforeAll(async () => {
  harness = await startHarness()
  await harness.entitled()
  await harness.aws.control('reset', {})
})
afterAll(() => harness.close())

describe('a hostile request', () => {
  test.each(hostile)('with $what is $status $name', async (request) => {
    const answer = await exchangeBytes(harness.sidecar.appPort, bytesOf(request))
    expectRefusal(answer, request)
    expect(answer.length).toBeLessThan(30_000)
    expect(answer).not.toMatch(/ at .*:\d+:\d+|\.ts\b|node_modules|\/src\/|AKIACLIENT/)
    expect((await harness.sidecar.ledger.usage()).open).toEqual([])
    expect(await harness.calls()).toEqual([])
    const region = { authorization: authorization('us-east-1') }
    const { appPort } = harness.sidecar
    expect((await callFront(appPort, 'MeterUsage', usageInput(), region)).status).toBe(400)
  })
})

describe('what looks odd but is correct', () => {
  let tolerant: SidecarHarness
  beforeAll(async () => {
    tolerant = await startHarness()
    await tolerant.entitled()
  })
  afterAll(() => tolerant.close())

  test.each<Pick<Hostile, 'what' | 'headers' | 'body' | 'raw'>>([
    { what: 'an integer that is written as a fraction', body: saying('UsageQuantity', '5.0') },
    { what: 'an integer that is written with an exponent', body: saying('UsageQuantity', '5e0') },
    // As with AWS's own parser, the last one counts.
    { what: 'a member that comes twice', body: adding('"UsageQuantity":5').replace(':5', ':9') },
    { what: 'members that do not exist', body: adding('"__proto__":{"DryRun":true},"x":1') },
    { what: 'members that are null', body: adding('"DryRun":null,"ClientToken":null') },
    { what: 'white space', body: ` \n${text}\n ` },
    {
      what: 'a body in chunks',
      headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
      raw: `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    },
  ])('$what is accepted', async (request) => {
    const before = await countedBy(tolerant)
    const answer = await exchangeBytes(tolerant.sidecar.appPort, bytesOf(request))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect((await countedBy(tolerant)) - before).toBe(5_000_000n)
  })

  test('GET / leads nowhere in AWS’s protocol', async () => {
    const answer = await fetch(`http://127.0.0.1:${tolerant.sidecar.appPort}/`)
    expect([200, 404, 405]).toContain(answer.status)
    expect(await answer.text()).not.toContain(demoProduct.productCode + '"')
  })

  async function countedBy({ sidecar }: SidecarHarness): Promise<bigint> {
    return (await sidecar.ledger.audit()).reduce((sum, { reported }) => sum + reported, 0n)
  }
})

/** A refusal in AWS's form, or in the listener's own if the request was not read that far. */
function expectRefusal(answer: string, { status, name }: Hostile): void {
  const isUnread = status === 431 || name === 'InvalidRequest'
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const words: unknown = expect.stringMatching(/^\S.{10,}/)
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(JSON.parse(body)).toMatchObject(
    isUnread ? { code: name, detail: words } : { __type: name, message: words },
  )
  const type = isUnread ? 'application/problem+json' : 'application/x-amz-json-1.1'
  expect(head.toLowerCase()).toContain(`\r\ncontent-type: ${type}`)
  expect(head).toMatch(isUnread ? /./ : /^x-amzn-requestid: [0-9a-f-]{36}$/m)
}

function bytesOf({
  line = 'POST / HTTP/1.1',
  headers = {},
  body = text,
  raw,
}: Omit<Hostile, 'what' | 'status' | 'name'>): string {
  const usual = frontHeaders('MeterUsage')
  const all: Readonly<Record<string, string | undefined>> = {
    Host: 'localhost',
    'Content-Type': usual['content-type'],
    'X-Amz-Target': usual['x-amz-target'],
    Authorization: usual['authorization'],
    'Content-Length': `${Buffer.byteLength(body)}`,
    Connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  )
  return `${line}\r\n${lines.join('')}\r\n${raw ?? body}`
}
