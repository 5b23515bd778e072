import type { AddressInfo } from 'node:net'
import {
  assert,
  asyncProperty,
  constantFrom,
  integer,
  json,
  oneof,
  record,
  tuple,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { openBench } from '../../support/ledger/ledger-bench.ts'
import { createIdleAppServer } from '../../support/sidecar/http-servers.ts'
import { exchangeBytes } from '../../support/sidecar/raw-request.ts'

interface Sent {
  readonly body: string | Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** The application's listener over a real book; `path` decides whether a request may take the shortcut. */
async function openListener(path: string) {
  const { ledger, clock } = await openBench()
  const events = new Events()
  const emitted: unknown[] = []
  const logged: unknown[] = []
  events.on('httpAnswered', ({ route, method, status }) => emitted.push({ route, method, status }))
  events.on('usageRefused', (refused) => emitted.push(refused))
  let failure: Error | undefined
  const app = createIdleAppServer(
    { events, log: (...line) => logged.push(line.slice(0, 2)) },
    (request) => (failure === undefined ? ledger.report(request) : Promise.reject(failure)),
  )
  let routed = 0
  app.addHook('preHandler', (_request, _reply, done) => {
    routed += 1
    done()
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return {
    clock,
    failWith(error: Error) {
      failure = error
    },
    routed: () => routed,
    /** The bytes of the answer, but for the time. */
    async send({ body, headers }: Sent): Promise<string> {
      const lines = Object.entries({
        host: 'localhost',
        'content-length': String(Buffer.byteLength(body)),
        'x-request-id': 'one',
        connection: 'close',
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      const head = `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
      const bytes = Buffer.concat([Buffer.from(head), Buffer.from(body)])
      return (await exchangeBytes(port, bytes)).replace(/^Date: .*\r\n/m, '')
    },
    /** What the application and those who watch see afterwards. */
    async outcome() {
      const { open, late } = await ledger.usage()
      return { open, late, accounts: await ledger.audit(), emitted, logged }
    },
  }
}

async function openBoth() {
  const [short, long] = [await openListener('/v1/usage'), await openListener('/v1/usage?')]
  return {
    short,
    long,
    /** Expects one answer from both, and returns it. */
    async send(sent: Sent): Promise<string> {
      const [ours, routes] = [await short.send(sent), await long.send(sent)]
      expect(ours).toBe(routes)
      return ours
    },
    async expectSameOutcome() {
      expect(await short.outcome()).toEqual(await long.outcome())
    },
  }
}

const plain = { 'content-type': 'application/json' }
const good = '{"dimension":"requests","quantity":3}'
const keys = ['a', 'b', 'k y', ''] as const

const report = record(
  {
    dimension: constantFrom('requests', 'requests', 'requests', 'seats', '', 7),
    quantity: oneof(integer({ min: -1, max: 5 }), constantFrom('0.25', '1e3', 1e21, 0.1, null)),
    occurredAt: constantFrom(
      '2026-03-10T08:59:59Z',
      '2026-03-10T02:00:00Z',
      '2030-01-01T00:00:00Z',
      3,
    ),
    tags: constantFrom({}, { team: 'blue' }, { team: 'ä' }, { team: 3 }, null),
    idempotencyKey: constantFrom(...keys),
    price: constantFrom(1),
  },
  { requiredKeys: ['dimension', 'quantity'] },
)
const wellFormed = record(
  {
    dimension: constantFrom('requests'),
    quantity: integer({ min: 0, max: 5 }),
    idempotencyKey: constantFrom('a', 'b'),
    tags: constantFrom({ team: 'blue' }, { team: 'green' }),
  },
  { requiredKeys: ['dimension', 'quantity'] },
)
const batch = (of: Arbitrary<unknown>) =>
  tuple(of, of).map(([one, two]) => ({
    reports: [one, two, { dimension: 'requests', quantity: 1 }],
  }))
const document = oneof(wellFormed, report, batch(wellFormed), batch(report)).map((value) =>
  JSON.stringify(value),
)
const brokenOff = tuple(document, integer({ min: 0, max: 60 })).map(([text, at]) =>
  text.slice(0, at),
)
const poisoned = document.map((text) => text.replace('{', '{"__proto__":{"x":1},'))
const withMark = document.map((text) => `\uFEFF${text}`)
const sent: Arbitrary<Sent> = record({
  body: oneof(document, document, brokenOff, poisoned, withMark, json()),
  headers: record(
    {
      'content-type': constantFrom(
        'application/json',
        'application/json; charset=utf-8',
        'application/json ;charset=latin1',
        'application/x-www-form-urlencoded',
        'text/plain',
      ),
      'idempotency-key': constantFrom(...keys),
      'x-request-id': constantFrom('two'),
      host: constantFrom('localhost', 'sidecar.example'),
      'x-forwarded-for': constantFrom('1.2.3.4'),
    },
    { requiredKeys: ['content-type'] },
  ),
})

describe('the shortcut of POST /v1/usage', () => {
  test('answers and records what the route would, byte for byte', async () => {
    const both = await openBoth()
    await assert(
      asyncProperty(sent, async (request) => {
        await both.send(request)
      }),
      { numRuns: 250 },
    )
    await both.expectSameOutcome()
    // Neither side is the other in disguise.
    expect(both.short.routed()).toBeLessThan(both.long.routed())
  })

  test('serves every request of a plain client', async () => {
    const both = await openBoth()
    for (const type of ['application/json', 'application/json; charset=utf-8'])
      expect(await both.send({ body: good, headers: { 'content-type': type } })).toMatch(/ 200 OK/)
    expect(both.short.routed()).toBe(0)
    expect(both.long.routed()).toBe(2)
  })

  test('refuses bytes that are not UTF-8 as the route does', async () => {
    const both = await openBoth()
    const body = (member: string) => `{"dimension":"requests","quantity":3,"member":"${member}"}`
    for (const bytes of [Buffer.from(body('Jos\xe9'), 'latin1'), Buffer.from(body('a'), 'utf16le')])
      expect(await both.send({ body: bytes, headers: plain })).toMatch(/ 400 [^]*InvalidJson/)
    expect(await both.send({ body: body('\ufffd'), headers: plain })).toContain('InvalidRequest')
    await both.expectSameOutcome()
  })

  test('leaves to the route a body of unknown length, one that is too long, and one of another type', async () => {
    const both = await openBoth()
    const chunked = { ...plain, 'transfer-encoding': 'chunked' }
    await both.send({ body: '5\r\n{"x":\r\n', headers: chunked })
    await both.send({ body: `{"x":"${'x'.repeat(2000)}"}`, headers: plain })
    await both.send({ body: good, headers: { 'content-type': 'text/plain' } })
    await both.send({ body: good, headers: { ...plain, 'content-encoding': 'gzip' } })
    await both.send({ body: good, headers: { ...plain, 'content-encoding': 'identity' } })
    expect(both.short.routed()).toBe(both.long.routed())
    await both.expectSameOutcome()
  })

  test('reads a body that arrives in pieces', async () => {
    const both = await openBoth()
    const tags = { team: 'x'.repeat(250) }
    const body = JSON.stringify({ dimension: 'requests', quantity: 1, tags })
    expect(await both.send({ body, headers: plain })).toMatch(/"accepted"/)
    await both.expectSameOutcome()
  })

  test('reveals nothing of a defect, and logs it', async () => {
    const both = await openBoth()
    for (const listener of [both.short, both.long]) listener.failWith(new Error('/secret/path'))
    const answer = await both.send({ body: good, headers: plain })
    expect(answer).toMatch(/^HTTP\/1.1 500 /)
    expect(answer).not.toMatch(/secret/)
    expect((await both.short.outcome()).logged).toEqual([['http.failed', '/secret/path']])
    await both.expectSameOutcome()
  })

  test('says of late usage in which hour it counts', async () => {
    const both = await openBoth()
    for (const { clock } of [both.short, both.long]) await clock.advance(3_600_000)
    const body = '{"dimension":"requests","quantity":1,"occurredAt":"2026-03-10T09:00:00Z"}'
    expect(await both.send({ body, headers: plain })).toMatch(/"hour":"2026-03-10T09:00:00.000Z"/)
    await both.expectSameOutcome()
  })
})
