import { afterEach, expect, test } from 'vitest'
import { fail, succeed } from '../../../src/kernel/result.ts'
import { readImdsRegion } from '../../../src/platform/imds.ts'
import { metadataHttp } from '../../../src/platform/metadata-http.ts'
import { startMetadataServer, type MetadataServer } from '../../support/sidecar/metadata-server.ts'

let server: MetadataServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

function read(baseUrl: string, timeoutMs = 2000) {
  return readImdsRegion({ baseUrl, http: metadataHttp, timeoutMs })
}

test('the region is asked for with a session token', async () => {
  server = await startMetadataServer((request, response) => {
    if (request.method === 'PUT') {
      const ttl = request.headers['x-aws-ec2-metadata-token-ttl-seconds']
      response.writeHead(ttl === undefined ? 400 : 200).end('session==')
    } else {
      const known = request.headers['x-aws-ec2-metadata-token'] === 'session=='
      response.writeHead(known ? 200 : 401).end('eu-central-1')
    }
  })
  expect(await read(server.url)).toEqual(succeed('eu-central-1'))
  expect(server.requests).toEqual([
    'PUT /latest/api/token',
    'GET /latest/meta-data/placement/region',
  ])
})

test.each([
  ['a page of HTML', '<html></html>', 'not a region'],
  ['nothing', '', 'not a region'],
  ['too much', 'a'.repeat(70_000), '64 KiB'],
])('an answer of %s is a problem', async (_, body, problem) => {
  server = await startMetadataServer((request, response) => {
    response.end(request.method === 'PUT' ? 'token' : body)
  })
  expect(await read(server.url)).toEqual(fail(expect.stringContaining(problem)))
})

test('a session token that can not be a header is a problem', async () => {
  server = await startMetadataServer((_, response) => response.end('two\nlines'))
  expect(await read(server.url)).toEqual(fail(expect.any(String)))
  expect(server.requests).toHaveLength(1)
})

test('a service that refuses, or is silent as at hop limit 1, is a problem', async () => {
  server = await startMetadataServer((_, response, count) => {
    if (count === 1) response.writeHead(403).end()
  })
  expect(await read(server.url)).toEqual(fail('HTTP status 403'))
  expect(await read(server.url, 20)).toEqual(fail('no answer within 20 ms'))
})
