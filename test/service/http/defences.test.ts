import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasIpv6 } from '../../support/has-ipv6.ts'
import { exchangeBytes, rawRequest } from '../../support/sidecar/raw-request.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

const token = '0123456789abcdef0123456789abcdef'

let harness: SidecarHarness
beforeAll(async () => {
  harness = await startHarness()
  await harness.entitled()
})
afterAll(() => harness.close())

const usage = JSON.stringify({ dimension: 'requests', quantity: 1 })

async function send(headers: Readonly<Record<string, string>>) {
  const { status, text } = await rawRequest({
    port: harness.sidecar.appPort,
    method: 'POST',
    path: '/v1/usage',
    headers: { 'content-type': 'application/json', ...headers },
    body: usage,
  })
  return { status, code: (JSON.parse(text) as { code?: string }).code }
}

async function recorded(): Promise<unknown> {
  return (await harness.get('/v1/usage')).body['open']
}

describe('the application’s listener', () => {
  test.each([
    ['example.com'],
    ['example.com:7070'],
    ['localhost.example.com'],
    ['127.0.0.1.example.com'],
    ['10.0.0.1'],
    ['169.254.170.2'],
    ['[::2]'],
    ['localhost:'],
  ])('refuses the Host %j', async (host) => {
    expect(await send({ host })).toEqual({ status: 403, code: 'ForeignHost' })
    expect(await recorded()).toEqual([])
  })

  test.each([
    ['HTTP/1.1', ''],
    ['HTTP/1.1', 'Host:\r\n'],
    ['HTTP/1.0', ''],
  ])('refuses a request of %s without a Host: %j', async (version, line) => {
    const request = `GET /v1/entitlement ${version}\r\n${line}Connection: close\r\n\r\n`
    const answer = await exchangeBytes(harness.sidecar.appPort, request)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('"code":"ForeignHost"')
  })

  test.each([
    ['forwarded', 'for=10.0.0.1'],
    ['x-forwarded-for', '10.0.0.1'],
    ['x-forwarded-host', 'localhost'],
    ['x-real-ip', '127.0.0.1'],
    ['via', '1.1 proxy'],
    ['x-forwarded-proto', 'https'],
    ['x-original-host', 'example.com'],
    ['x-envoy-external-address', '10.0.0.1'],
    ['cf-connecting-ip', '10.0.0.1'],
    ['x-forwarded-port', '443'],
    ['x-forwarded-server', 'proxy'],
    ['x-forwarded-prefix', '/sidecar'],
    ['x-original-forwarded-for', '10.0.0.1'],
    ['x-original-url', '/v1/usage'],
    ['x-client-ip', '10.0.0.1'],
    ['x-cluster-client-ip', '10.0.0.1'],
    ['true-client-ip', '10.0.0.1'],
  ])('refuses what came through a proxy: %s', async (name, value) => {
    expect(await send({ [name]: value })).toEqual({ status: 403, code: 'ForwardedRequest' })
    expect(await recorded()).toEqual([])
  })

  test.each(['http://example.com', 'https://localhost.example.com', 'null', 'file://', ''])(
    'refuses a web page of the Origin %j',
    async (origin) => {
      expect(await send({ origin })).toEqual({ status: 403, code: 'ForeignHost' })
      expect(await recorded()).toEqual([])
    },
  )

  test.each([
    { host: 'localhost' },
    { host: 'LOCALHOST:7070' },
    { host: '127.0.0.1:1' },
    { host: '[::1]:7070' },
    { origin: 'http://localhost:3000' },
  ])('serves %j', async (headers) => {
    const { appPort: port } = harness.sidecar
    const { status } = await rawRequest({ port, path: '/v1/entitlement', headers })
    expect(status).toBe(200)
  })

  test('allows no other origin to read an answer', async () => {
    const { headers } = await harness.get('/v1/entitlement', { origin: 'http://localhost:3000' })
    expect(headers.has('access-control-allow-origin')).toBe(false)
  })

  const addresses = hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']
  test.each(addresses)('on %s answers headers of 17 kB with 431', async (host) => {
    const long = `x-long: ${'x'.repeat(17_000)}`
    const request = `GET /v1/entitlement HTTP/1.1\r\nHost: localhost\r\n${long}\r\n\r\n`
    const answer = await exchangeBytes(harness.sidecar.appPort, request, { host })
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('"code":"HeadersTooLarge"')
  })

  test.each([
    ['GET http://evil.example/v1/entitlement', 403, 'ForeignHost'],
    ['GET http://localhost@evil.example/v1/entitlement', 403, 'ForeignHost'],
    ['POST http://evil.example/v1/usage', 403, 'ForeignHost'],
    ['GET /%zz', 400, 'InvalidRequest'],
    ['GET /v1/usage%2', 400, 'InvalidRequest'],
    ['GET http://', 400, 'InvalidRequest'],
    ['PROPFIND /v1/usage', 405, 'MethodNotAllowed'],
    [`GET /${'a'.repeat(9000)}`, 404, 'NotFound'],
  ])('answers %s with a problem: %i %s', async (line, status, code) => {
    const rest = 'Host: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
    const answer = await exchangeBytes(harness.sidecar.appPort, `${line} HTTP/1.1\r\n${rest}`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/^content-type: application\/problem\+json/im)
    expect(answer).toContain(`"code":"${code}"`)
  })

  test.each(['http://localhost', 'http://127.0.0.1:7070', 'HTTP://[::1]'])(
    'serves the absolute address %s, which names this machine',
    async (origin) => {
      const request = `GET ${origin}/v1/entitlement HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
      expect(await exchangeBytes(harness.sidecar.appPort, request)).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  test.each(['localhost', 'example.com', ''])('refuses a second Host: %j', async (second) => {
    const hosts = `Host: localhost\r\nHost: ${second}\r\n`
    const request = `GET /v1/entitlement HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`
    const answer = await exchangeBytes(harness.sidecar.appPort, request)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('"code":"ForeignHost"')
  })

  test('refuses what a browser says another site sent', async () => {
    const request = { host: 'localhost', 'sec-fetch-site': 'cross-site' }
    expect(await send(request)).toEqual({ status: 403, code: 'ForeignHost' })
    expect(await recorded()).toEqual([])
  })

  test('passes over an expectation that it does not know', async () => {
    const request =
      'GET /v1/entitlement HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\nConnection: close\r\n\r\n'
    expect(await exchangeBytes(harness.sidecar.appPort, request)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('answers bytes that are not HTTP with a problem', async () => {
    const answer = await exchangeBytes(harness.sidecar.appPort, 'hello\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"InvalidRequest"')
  })

  test.runIf(hasIpv6)('serves ::1 on the same port, where the machine has it', async () => {
    const { status } = await rawRequest({
      host: '::1',
      port: harness.sidecar.appPort,
      path: '/v1/entitlement',
      headers: { host: `localhost:${harness.sidecar.appPort}` },
    })
    expect(status).toBe(200)
  })
})

describe('with a token in SIDECAR_API_TOKEN_FILE', () => {
  let guarded: SidecarHarness
  beforeAll(async () => {
    guarded = await startHarness({
      settings: { SIDECAR_API_TOKEN_FILE: '/token' },
      files: { '/token': `${token}\n` },
    })
    await guarded.entitled()
  })
  afterAll(() => guarded.close())

  test.each([
    ['none', {}],
    ['another', { authorization: `Bearer ${token}0` }],
    ['it in another scheme', { authorization: `Basic ${token}` }],
    ['it alone', { authorization: token }],
  ])('a request with %s is refused with 401', async (_name, headers) => {
    const entitlement = await guarded.get('/v1/entitlement', headers)
    expect(entitlement.status).toBe(401)
    expect(entitlement.headers.get('www-authenticate')).toBe('Bearer')
    expect(entitlement.body).toMatchObject({ code: 'Unauthorized' })
    expect((await guarded.post(usage, headers)).status).toBe(401)
    expect(await guarded.sidecar.ledger.audit()).toEqual([])
  })

  test('a request with it is served', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect((await guarded.get('/v1/entitlement', headers)).status).toBe(200)
  })

  test('the listener for health and metrics needs none', async () => {
    expect((await guarded.ops('/readyz')).status).toBe(200)
  })
})

describe('a client that sends nothing more after its request', () => {
  const head = 'POST /v1/usage HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const plain = `${head}Content-Length: ${usage.length}\r\n\r\n${usage}`
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${usage.length.toString(16)}\r\n${usage}\r\n0\r\n\r\n`

  test.each([
    ['plain', plain, 1],
    ['in pieces', chunked, 1],
    ['twice', plain + plain, 2],
  ])('learns that its usage is recorded: %s', async (_, bytes, times) => {
    const before = await quantityOpen()
    const answer = await exchangeBytes(harness.sidecar.appPort, bytes, { ends: true })
    expect(answer.match(/"result":"accepted"/g)).toHaveLength(times)
    expect((await quantityOpen()) - before).toBe(times)
  })

  test('gets what it asked for', async () => {
    const request = 'GET /v1/usage HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const answer = await exchangeBytes(harness.sidecar.appPort, request, { ends: true })
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('is not recorded when the request is not whole', async () => {
    const before = await quantityOpen()
    const answer = await exchangeBytes(harness.sidecar.appPort, plain.slice(0, -1), { ends: true })
    expect(answer).not.toContain('accepted')
    expect(await quantityOpen()).toBe(before)
  })

  async function quantityOpen(): Promise<number> {
    const open = (await recorded()) as readonly { readonly quantity: number }[]
    return open.reduce((sum, { quantity }) => sum + quantity, 0)
  }
})
