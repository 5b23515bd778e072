import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { bytes, otlpJson, otlpProtobuf, type TestProcess } from '../../support/otlp/otlp-request.ts'
import { productFileWith } from '../../support/sidecar/product-file.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness | undefined
afterEach(async () => {
  await harness?.close()
  harness = undefined
})

/** A sidecar whose product takes these dimensions from elsewhere. */
async function begin(
  dimensions: readonly (object | string)[],
  settings: Readonly<Record<string, string | undefined>> = {},
): Promise<SidecarHarness> {
  const { files, settings: own } = productFileWith(dimensions)
  harness = await startHarness({ files, settings: { ...own, ...settings } })
  return harness
}

const requests = {
  name: 'requests',
  from: {
    otlp: { metric: 'app.requests', match: { kind: 'paid' }, tags: { team: 'service.name' } },
  },
}
const hosts = { name: 'hosts', aggregate: 'max', from: { otlp: { metric: 'app.hosts' } } }

async function sendBytes(
  { sidecar }: SidecarHarness,
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/x-protobuf' },
) {
  const url = `http://127.0.0.1:${sidecar.appPort}/v1/metrics`
  const response = await fetch(url, { method: 'POST', body, headers })
  const answer = Buffer.from(await response.arrayBuffer())
  return { status: response.status, type: response.headers.get('content-type'), answer }
}

const send = (running: SidecarHarness, ...processes: TestProcess[]) =>
  sendBytes(running, otlpProtobuf(processes))

async function sendJson(running: SidecarHarness, ...processes: TestProcess[]) {
  const { status, answer } = await sendBytes(running, JSON.stringify(otlpJson(processes)), {
    'content-type': 'application/json',
  })
  return { status, body: JSON.parse(answer.toString()) as unknown }
}

/** Two counters, of which only that of paid requests counts. */
function counters(
  running: SidecarHarness,
  paid: number,
  more: { readonly at?: number; readonly start?: number; readonly temporality?: 1 | 2 } = {},
): TestProcess {
  const now = running.clock.now()
  const { at = now, start = now - 1000, temporality = 2 } = more
  const points = ['paid', 'free'].map((kind) => ({
    value: BigInt(kind === 'paid' ? paid : 9),
    at,
    start,
    attributes: { kind },
  }))
  const metrics = [{ name: 'app.requests', temporality, points }]
  return { resource: { 'service.name': 'shop' }, metrics }
}

const openOf = async (running: SidecarHarness) => {
  const { body } = await running.get('/v1/usage')
  return body['open'] as { dimension: string; quantity: number }[]
}

describe('metrics that an application sends', () => {
  test('are counted without a change of the application, and reach AWS as a record', async () => {
    const running = await begin([requests])
    await running.entitled()
    const startedAt = running.clock.now() + 1
    await running.clock.advance(2000)
    expect(await send(running, counters(running, 3, { start: startedAt }))).toEqual({
      status: 200,
      type: 'application/x-protobuf',
      answer: Buffer.alloc(0),
    })
    await running.clock.advance(1000)
    await send(running, counters(running, 7, { start: startedAt }))
    expect(await openOf(running)).toMatchObject([{ dimension: 'requests', quantity: 7 }])
    await running.endHour()
    await running.until(async () => (await running.records()).length === 1)
    expect(await running.records()).toMatchObject([{ dimension: 'requests', quantity: 7 }])
    expect((await running.ops('/metrics')).text).toMatch(
      /marketplace_source_last_seen_timestamp_seconds\{source="otlp"\} \d/,
    )
  })

  test('are read as JSON too, and packed with gzip in either form', async () => {
    const running = await begin([requests])
    const start1 = running.clock.now() + 1
    const next = async (paid: number) => {
      await running.clock.advance(1000)
      return counters(running, paid, { start: start1 })
    }
    expect(await sendJson(running, await next(2))).toEqual({ status: 200, body: {} })
    const packedJson = gzipSync(JSON.stringify(otlpJson([await next(4)])))
    const packed = { 'content-encoding': 'gzip' }
    const json = { 'content-type': 'application/json', ...packed }
    const protobuf = { 'content-type': 'application/x-protobuf', ...packed }
    expect((await sendBytes(running, packedJson, json)).status).toBe(200)
    const packedBytes = gzipSync(otlpProtobuf([await next(5)]))
    expect((await sendBytes(running, packedBytes, protobuf)).status).toBe(200)
    expect(await openOf(running)).toMatchObject([{ quantity: 5 }])
  })

  test('as delta sums count once, also where the answer was lost and they come again', async () => {
    const running = await begin([requests])
    const now = running.clock.now()
    const first = counters(running, 3, { start: now - 2000, at: now - 1000, temporality: 1 })
    const second = counters(running, 4, { start: now - 1000, at: now, temporality: 1 })
    await send(running, first)
    expect((await send(running, first)).answer).toHaveLength(0)
    await send(running, first, second)
    expect(await openOf(running)).toMatchObject([{ quantity: 7 }])
  })

  test('as delta sums count once, also where they come again after AWS accepts their hour no more', async () => {
    const running = await begin([requests])
    const hourMs = 3_600_000
    const now = running.clock.now()
    const first = counters(running, 3, { start: now - 2000, at: now - 1000, temporality: 1 })
    await send(running, first)
    await running.clock.advance(6 * hourMs)
    expect((await send(running, first)).answer).toHaveLength(0)
    const late = counters(running, 4, { start: now - 1000, at: now, temporality: 1 })
    await send(running, late)
    await running.clock.advance(17 * hourMs)
    expect((await send(running, first, late)).answer).toHaveLength(0)
    const counted = running.emitted('usageReported').map(({ quantity }) => quantity)
    expect(counted.reduce((sum, quantity) => sum + quantity, 0n)).toBe(7_000_000n)
  })

  test('as delta sums of which it is not known any more whether they were counted are rejected', async () => {
    const running = await begin([requests])
    const at = running.clock.now() - 24 * 3_600_000 - 1000
    const old = counters(running, 3, { start: at - 1000, at, temporality: 1 })
    const { body } = await sendJson(running, old)
    expect(body).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
    expect(JSON.stringify(body)).toContain('more than 24 hours old')
    expect(await openOf(running)).toEqual([])
  })

  test('as gauges and up-down counters are readings: the largest sum of an hour', async () => {
    const running = await begin([hosts])
    const reading = (a: number, b: number, kind: 'gauge' | 'sum') => {
      const at = running.clock.now()
      const points = [
        { value: a, at, attributes: { rack: 'a' } },
        { value: b, at, attributes: { rack: 'b' } },
      ]
      return { metrics: [{ name: 'app.hosts', kind, isMonotonic: false, points }] }
    }
    await send(running, reading(1, 2, 'gauge'))
    await send(running, reading(4, 3, 'sum'))
    await send(running, reading(0, 1, 'gauge'))
    const { body } = await running.get('/v1/usage')
    expect(body['readings']).toMatchObject([{ dimension: 'hosts', aggregate: 'max', quantity: 7 }])
  })

  test('as gauges of which one is NaN are no reading, because their sum would be too small', async () => {
    const running = await begin([hosts])
    const at = running.clock.now()
    const gauge = (values: readonly number[]) => ({
      metrics: [
        {
          name: 'app.hosts',
          kind: 'gauge' as const,
          points: values.map((value, index) => ({ value, at, attributes: { rack: `${index}` } })),
        },
      ],
    })
    expect(await sendJson(running, gauge([9, NaN]))).toMatchObject({
      status: 200,
      body: { partialSuccess: { rejectedDataPoints: '2' } },
    })
    expect((await running.get('/v1/usage')).body['readings']).toEqual([])
    await sendJson(running, gauge([1, 2]))
    const { body } = await running.get('/v1/usage')
    expect(body['readings']).toMatchObject([{ dimension: 'hosts', quantity: 3 }])
  })

  test.each([
    ['a histogram', { kind: 'histogram' }, 'requests: app.requests is a histogram'],
    ['a gauge', { kind: 'gauge' }, 'requests: app.requests is a gauge'],
    ['an up-down counter', { isMonotonic: false }, 'requests: app.requests can fall'],
    ['a sum without temporality', { temporality: 0 }, 'does not say whether'],
  ] as const)(
    'that are %s in place of a counter are refused with the reason',
    async (_, of, why) => {
      const running = await begin([requests])
      const at = running.clock.now()
      const points = [{ value: 3, at, start: at - 1, attributes: { kind: 'paid' } }]
      const process = { metrics: [{ name: 'app.requests', ...of, points }] }
      const { status, body } = await sendJson(running, process)
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { partialSuccess: { rejectedDataPoints: '1' } },
      })
      expect(JSON.stringify(body)).toContain(why)
      const { answer } = await send(running, process)
      expect(answer.toString()).toContain(why)
      // partial_success, a message; rejected_data_points is 1.
      expect([answer[0], answer[2], answer[3]]).toEqual([0x0a, 0x08, 1])
      expect(await openOf(running)).toEqual([])
      expect(running.emitted('sourceRead').at(-1)).toMatchObject({ outcome: 'refused' })
    },
  )

  test.each([
    ['NaN', { value: NaN }, 'has the value NaN'],
    ['infinite', { value: Infinity }, 'has the value Infinity'],
    ['less than 0', { value: -1n }, 'has the value -1'],
    ['without a start', { value: 3, start: 0 }, 'names no start'],
    ['of the future', { value: 3, ahead: 400_000 }, 'ahead of the sidecar'],
    ['without a time', { value: 3, at: 0 }, 'names no time'],
  ])('of which a point is %s count the others', async (_, wrong, why) => {
    const running = await begin([requests])
    const now = running.clock.now()
    const { ahead, ...shown } = { ahead: 0, ...wrong }
    const good = { value: 5, at: now, start: now - 1, attributes: { kind: 'paid', tenant: 'a' } }
    const points = [good, { ...good, at: now + ahead, ...shown, attributes: { kind: 'paid' } }]
    const metrics = [{ name: 'app.requests', temporality: 1 as const, points }]
    const { body } = await sendJson(running, { metrics })
    expect(body).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } })
    expect(JSON.stringify(body)).toContain(why)
    expect(await openOf(running)).toMatchObject([{ quantity: 5 }])
  })

  test('that no dimension names, and points that only say that a series ended, are passed over', async () => {
    const running = await begin([requests])
    const at = running.clock.now()
    const points = [{ value: 3, at, start: at - 1, attributes: { kind: 'paid' }, flags: 1 }]
    const metrics = [
      { name: 'app.requests', points },
      { name: 'process.cpu', kind: 'histogram' as const, points },
    ]
    expect(await sendJson(running, { metrics })).toEqual({ status: 200, body: {} })
    expect(await openOf(running)).toEqual([])
  })

  test('of two processes that call themselves the same are told apart by their starts', async () => {
    const running = await begin([requests])
    const [one, two] = [running.clock.now() + 1, running.clock.now() + 2]
    const from = async (startedAt: number, paid: number) => {
      await running.clock.advance(1000)
      return sendJson(running, counters(running, paid, { start: startedAt }))
    }
    expect(await from(one, 10)).toMatchObject({ body: {} })
    expect(await from(two, 5)).toMatchObject({
      body: { partialSuccess: { rejectedDataPoints: '1' } },
    })
    await from(one, 11)
    await from(two, 6)
    expect(await openOf(running)).toMatchObject([{ quantity: 17 }])
  })

  test('are the one source of their dimension: reports of it are refused', async () => {
    const running = await begin([requests])
    expect(await running.post({ dimension: 'requests', quantity: 1 })).toMatchObject({
      status: 422,
      body: { code: 'DimensionHasSource' },
    })
  })

  test('that nothing of the product file wants are refused as a whole', async () => {
    const running = await begin(['requests'])
    expect(await sendJson(running, counters(running, 3))).toMatchObject({
      status: 409,
      body: { code: 9, message: expect.stringContaining('NothingFromOtlp') },
    })
  })
})

describe('a body', () => {
  const headersOf = (type: string, encoding?: string) => ({
    'content-type': type,
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  })
  const protobuf = 'application/x-protobuf'
  const json = 'application/json'
  const large = Buffer.alloc(4 * 1_048_576 + 1)

  test.each([
    ['that breaks off', Buffer.from([0x0a, 0x05, 0x01]), headersOf(protobuf), 400, 'InvalidOtlp'],
    ['of bytes', Buffer.from([0xff, 0xff, 0xff]), headersOf(protobuf), 400, 'InvalidOtlp'],
    ['that is no JSON', Buffer.from('{"a'), headersOf(json), 400, 'InvalidOtlp'],
    ['of another form', Buffer.from('[]'), headersOf(json), 400, 'InvalidOtlp'],
    ['that is not gzip', Buffer.from('{}'), headersOf(json, 'gzip'), 400, 'InvalidOtlp'],
    ['in brotli', Buffer.from('{}'), headersOf(json, 'br'), 415, 'UnsupportedMediaType'],
    [
      'packed twice',
      gzipSync(gzipSync('{}')),
      headersOf(json, 'gzip, gzip'),
      415,
      'UnsupportedMediaType',
    ],
    ['of another type', Buffer.from('a'), headersOf('text/csv'), 415, 'UnsupportedMediaType'],
    ['that is too large', large, headersOf(protobuf), 413, 'BodyTooLarge'],
    ['that grows too large', gzipSync(large), headersOf(protobuf, 'gzip'), 413, 'BodyTooLarge'],
  ])(
    '%s is refused as a whole, in the form that was asked for',
    async (_, body, headers, status, code) => {
      const running = await begin([requests])
      const answered = await sendBytes(running, body, headers)
      expect(answered.status).toBe(status)
      expect(answered.answer.toString()).toContain(code)
      const isProtobuf = headers['content-type'] === protobuf
      expect(answered.type).toBe(isProtobuf ? protobuf : json)
      expect(running.emitted('usageRefused')).toMatchObject([{ code }])
    },
  )

  test.each([
    ['x-gzip', gzipSync('{}')],
    ['GZip', gzipSync('{}')],
    ['identity, gzip', gzipSync('{}')],
    ['', '{}'],
    ['identity', '{}'],
    [' , ', '{}'],
  ])('whose Content-Encoding is %j is read', async (encoding, body) => {
    const running = await begin([requests])
    const { status } = await sendBytes(running, Buffer.from(body), headersOf(json, encoding))
    expect(status).toBe(200)
  })

  test('of another type is told both types that are read', async () => {
    const { answer } = await sendBytes(
      await begin([requests]),
      Buffer.from('{}'),
      headersOf('application/x-www-form-urlencoded'),
    )
    expect(answer.toString()).toContain(protobuf)
    expect(answer.toString()).toContain(json)
  })

  test('may have fields that nobody knows yet, on every level', async () => {
    const running = await begin([requests])
    const now = running.clock.now()
    const known = otlpProtobuf([counters(running, 3, { start: now - 1, temporality: 1 })])
    const unknown = Buffer.concat([
      bytes(99, Buffer.from('later')),
      Buffer.from([0xf8, 0x06, 0x01]),
      known,
    ])
    expect((await sendBytes(running, unknown)).status).toBe(200)
    expect(await openOf(running)).toMatchObject([{ quantity: 3 }])
  })
})
