import { describe, expect, test } from 'vitest'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import { Events } from '../../../src/kernel/events.ts'
import { createServerBase, listen } from '../../../src/http/listener/server.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { createIdleAppServer, createIdleOpsServer } from '../../support/sidecar/http-servers.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const address = {
  host: '127.0.0.1',
  port: 0,
  option: '--port',
  maxConnections: 9,
  keptForLoopback: 0,
  bodyLimitBytes: 1024,
}
const limits = { bodyLimitBytes: 2000, requestTimeoutMs: 4321 }

describe('a listener', () => {
  test('has the limits of the settings', () => {
    const { server } = createServerBase(limits, new Events(), createSilentLog())
    expect(server).toMatchObject({ requestTimeout: 4321, headersTimeout: 4321 })
    expect(server.timeout).toBe(0)
  })

  test('does not believe a proxy about the client', async () => {
    const app = createServerBase(limits, new Events(), createSilentLog())
    app.get('/', ({ ip, host }) => ({ ip, host }))
    const headers = { 'x-forwarded-for': '10.1.1.1', 'x-forwarded-host': 'example.com' }
    const answer = await app.inject({ url: '/', headers })
    expect(answer.json()).toEqual({ ip: '127.0.0.1', host: 'localhost:80' })
  })

  test('answers a defect without its words, and logs it', async () => {
    const { log, lines } = createRecordedLog()
    const app = createServerBase(limits, new Events(), log)
    app.get('/', () => {
      throw new Error('the secret of the defect')
    })
    const answer = await app.inject({ url: '/', headers: { 'x-request-id': 'job-7' } })
    expect(answer.statusCode).toBe(500)
    expect(answer.json()).toMatchObject({ code: 'InternalError' })
    expect(answer.body).not.toContain('secret')
    expect(lines).toMatchObject([
      {
        event: 'http.failed',
        message: 'the secret of the defect',
        fields: { route: '/', requestId: 'job-7' },
      },
    ])
    expect(answer.headers['x-request-id']).toBe('job-7')
  })

  test('reports a missing path or method before it reads the body', async () => {
    const app = createIdleAppServer()
    const query = await app.inject({ method: 'QUERY', url: '/v1/usage' })
    expect([query.statusCode, query.headers['allow']]).toEqual([405, 'GET, POST'])
    const headers = { 'content-type': 'application/json' }
    for (const payload of ['{', Buffer.from('"\xe9"', 'latin1'), '0.12345678901234567890']) {
      const post = await app.inject({ method: 'POST', url: '/nothing', headers, payload })
      expect(post.json()).toMatchObject({ status: 404, code: 'NotFound' })
    }
  })

  test.each([
    ['app', '/marketplace', 'leave the path out of its endpoint'],
    ['app', '//', 'leave the path out of its endpoint'],
    ['ops', '/', 'SIDECAR_LISTEN'],
  ] as const)('of the %s answers an AWS SDK at %s so that it shows why', async (name, url, why) => {
    const app = name === 'app' ? createIdleAppServer() : createIdleOpsServer()
    const answer = await app.inject({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSMPMeteringService.MeterUsage',
        'x-request-id': 'job-7',
      },
      payload: '{}',
    })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      404,
      'application/x-amz-json-1.1',
    ])
    expect(answer.headers['x-amzn-requestid']).toBe('job-7')
    expect(answer.json()).toEqual({
      __type: 'UnknownOperationException',
      message: expect.stringContaining(why),
    })
  })

  test.each([
    ['app', '/metrics', 'SIDECAR_OPS_LISTEN'],
    ['app', '/livez', 'SIDECAR_OPS_LISTEN'],
    ['ops', '/v1/entitlement', 'SIDECAR_LISTEN'],
    ['ops', '/', 'SIDECAR_LISTEN'],
    ['ops', '/v1/customers/acme', 'SIDECAR_LISTEN'],
    ['ops', '/openapi.json?x=1', 'SIDECAR_LISTEN'],
  ] as const)('of the %s says which listener has %s', async (name, url, setting) => {
    const app = name === 'app' ? createIdleAppServer() : createIdleOpsServer()
    const answer = await app.inject(url)
    expect(answer.json()).toMatchObject({ status: 404, code: 'NotFound' })
    expect(answer.json<{ detail: string }>().detail).toContain(`the listener of ${setting} `)
  })

  test('says of a path that no listener has where all are described', async () => {
    for (const app of [createIdleAppServer(), createIdleOpsServer()])
      expect((await app.inject('/healthz')).json()).toMatchObject({
        detail: 'There is no such path; docs/reference/http-api.md describes all of them.',
      })
  })

  test('emits the route and not the path', async () => {
    const events = new Events()
    const emitted: unknown[] = []
    events.on('httpAnswered', ({ route, method, status }) => emitted.push([route, method, status]))
    const app = createServerBase(limits, events, createSilentLog())
    app.get('/things/:id', () => 'ok')
    await app.inject('/things/7')
    await app.inject('/nothing/7')
    expect(emitted).toEqual([
      ['/things/:id', 'GET', 200],
      ['unmatched', 'GET', 404],
    ])
  })

  test('names the address that it cannot listen on', async () => {
    const clock = createSystemClock()
    const first = await listen(createIdleAppServer(), address, clock)
    const second = listen(createIdleAppServer(), { ...address, port: first.port }, clock)
    await expect(second).rejects.toMatchObject({
      code: 'ListenFailed',
      message: expect.stringMatching(
        new RegExp(`127\\.0\\.0\\.1:${first.port} .* choose another port with --port\\.$`),
      ),
    })
    await first.close()
  })

  test('does not blame another program for an address that the machine does not have', async () => {
    // Of a network for documentation, RFC 5737.
    const host = '192.0.2.1'
    const listening = listen(createIdleAppServer(), { ...address, host }, createSystemClock())
    await expect(listening).rejects.toMatchObject({
      code: 'ListenFailed',
      message: expect.stringMatching(
        /\(listen EADDRNOTAVAIL.*\)\. This machine does not have the address: choose another one with --port\.$/,
      ),
    })
  })
})
