import http from 'node:http'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { metadataHttp } from '../../../src/platform/metadata-http.ts'
import {
  startMetadataServer,
  until,
  type MetadataServer,
} from '../../support/sidecar/metadata-server.ts'

let server: MetadataServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

test('an answer is read whole', async () => {
  server = await startMetadataServer((_, response) => {
    response.write('grü')
    response.end('n')
  })
  expect(await metadataHttp({ url: `${server.url}/x`, timeoutMs: 2000 })).toBe('grün')
  expect(server.requests).toEqual(['GET /x'])
})

test('an answer other than a success is an error, also a redirect', async () => {
  server = await startMetadataServer((_, response, count) => {
    response.writeHead(count === 1 ? 404 : 302, { location: '/elsewhere' }).end('x')
  })
  const { url } = server
  await expect(metadataHttp({ url, timeoutMs: 2000 })).rejects.toThrow('HTTP status 404')
  await expect(metadataHttp({ url, timeoutMs: 2000 })).rejects.toThrow('HTTP status 302')
  expect(server.requests).toHaveLength(2)
})

test('a proxy that the environment names never sees the request', async () => {
  server = await startMetadataServer((_, response) => response.end('direct'))
  const usual = http.globalAgent
  onTestFinished(() => {
    http.globalAgent = usual
  })
  http.globalAgent = new http.Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:9' } })
  expect(await metadataHttp({ url: server.url, timeoutMs: 2000 })).toBe('direct')
})

test('an answer above 64 KiB is broken off', async () => {
  let brokenOff = false
  server = await startMetadataServer((_, response) => {
    response.on('close', () => (brokenOff = true))
    const more = () => {
      while (!response.destroyed && response.write('a'.repeat(16_384)));
      response.once('drain', more)
    }
    more()
  })
  await expect(metadataHttp({ url: server.url, timeoutMs: 10_000 })).rejects.toThrow('64 KiB')
  await until(() => brokenOff)
})

test('a service that accepts the request and stays silent is abandoned', async () => {
  server = await startMetadataServer(() => {})
  await expect(metadataHttp({ url: server.url, timeoutMs: 30 })).rejects.toThrow(
    'no answer within 30 ms',
  )
})

test('a service that begins an answer and never ends it is given up', async () => {
  server = await startMetadataServer((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
  })
  await expect(metadataHttp({ url: server.url, timeoutMs: 50 })).rejects.toThrow(
    'no answer within 50 ms',
  )
})

test('a connection that is cut in the middle of an answer is an error', async () => {
  server = await startMetadataServer((_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy())
  })
  await expect(metadataHttp({ url: server.url, timeoutMs: 5000 })).rejects.toThrow('aborted')
})

test('the caller can give up', async () => {
  server = await startMetadataServer(() => {})
  const controller = new AbortController()
  const { signal } = controller
  const answer = metadataHttp({ url: server.url, timeoutMs: 10_000, signal })
  const failure = answer.catch((error: unknown) => error)
  await until(() => server?.requests.length === 1)
  controller.abort()
  expect(await failure).toMatchObject({ name: 'AbortError' })
})

test.each(['nonsense', 'ftp://127.0.0.1/', 'http://127.0.0.1:1/'])(
  'an address that leads nowhere is an error: %s',
  async (url) => {
    await expect(metadataHttp({ url, timeoutMs: 1000 })).rejects.toBeInstanceOf(Error)
  },
)
