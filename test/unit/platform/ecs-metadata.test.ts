import { afterEach, describe, expect, test } from 'vitest'
import { readEcsTask } from '../../../src/platform/ecs-metadata.ts'
import { fail, succeed } from '../../../src/kernel/result.ts'
import { metadataHttp } from '../../../src/platform/metadata-http.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import {
  startMetadataServer,
  until,
  type MetadataServer,
} from '../../support/sidecar/metadata-server.ts'
import { passPauses } from '../../support/ledger/pass-pauses.ts'

const arn = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef0123456789abcdef'
let server: MetadataServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Reads with pauses that end at once; returns the answer and the pauses, ms. */
async function read(uri: string, timeoutMs = 2000) {
  const clock = new ManualClock()
  const work = readEcsTask({ uri, http: metadataHttp, clock, timeoutMs })
  const { value, pauses } = await passPauses(work, clock)
  return { answer: value, pauses }
}

describe('the ECS task', () => {
  test.each([
    [arn, 'eu-west-1'],
    ['arn:aws:ecs:us-east-1:123456789012:task/0a1b2c3d-0000-1111-2222-333344445555', 'us-east-1'],
    ['arn:aws-us-gov:ecs:us-gov-west-1:123456789012:task/c/0123', 'us-gov-west-1'],
    ['arn:aws-cn:ecs:cn-northwest-1:123456789012:task/c/0123', 'cn-northwest-1'],
  ])('is read from %s', async (taskArn, region) => {
    server = await startMetadataServer((_, response) => {
      response.end(JSON.stringify({ Cluster: 'prod', TaskARN: taskArn, Containers: [] }))
    })
    const { answer, pauses } = await read(`${server.url}/v4/abc/`)
    expect(answer).toEqual(succeed({ taskArn, region }))
    expect(server.requests).toEqual(['GET /v4/abc/task'])
    expect(pauses).toEqual([])
  })

  test('is asked for again with growing pauses while the agent is not ready', async () => {
    server = await startMetadataServer((_, response, count) => {
      if (count < 4) response.writeHead(500).end('not yet')
      else response.end(JSON.stringify({ TaskARN: arn }))
    })
    const { answer, pauses } = await read(server.url)
    expect(answer).toEqual(succeed({ taskArn: arn, region: 'eu-west-1' }))
    expect(pauses).toEqual([250, 500, 1000])
  })

  test.each([
    ['no JSON', 'hello', 'not JSON'],
    ['null', 'null', 'no TaskARN'],
    ['no ARN', '{}', 'no TaskARN'],
    ['a number', '{"TaskARN":1}', 'no TaskARN'],
    ['another ARN', '{"TaskARN":"arn:aws:s3:::bucket"}', 'no TaskARN'],
    ['a line break', JSON.stringify({ TaskARN: `${arn}\nx` }), 'no TaskARN'],
    ['too much', JSON.stringify({ TaskARN: arn, x: 'x'.repeat(70_000) }), '64 KiB'],
  ])('is unknown after four answers with %s', async (_, body, reason) => {
    server = await startMetadataServer((_request, response) => response.end(body))
    const { answer } = await read(server.url)
    expect(answer).toEqual(fail(expect.stringContaining(reason)))
    expect(server.requests).toHaveLength(4)
  })

  test('is unknown when the agent is silent', async () => {
    server = await startMetadataServer(() => {})
    const { answer } = await read(server.url, 20)
    expect(answer).toEqual(fail(expect.stringContaining('no answer within 20 ms')))
    expect(server.requests).toHaveLength(4)
  })

  test.each(['', 'garbage', 'file:///etc/passwd', 'http://'])(
    'is not asked for at the address %j',
    async (uri) => {
      const { answer, pauses } = await read(uri)
      expect(answer).toEqual(
        fail(expect.stringContaining('ECS_CONTAINER_METADATA_URI_V4 is not an address')),
      )
      expect(pauses).toEqual([])
    },
  )

  test('is not asked again once the caller gives up', async () => {
    server = await startMetadataServer((_, response) => response.writeHead(500).end())
    const controller = new AbortController()
    const { signal } = controller
    const clock = new ManualClock()
    const options = { uri: server.url, http: metadataHttp, clock, timeoutMs: 2000, signal }
    const answer = readEcsTask(options)
    await until(() => clock.waiting === 1)
    controller.abort()
    expect(await answer).toEqual(fail(expect.stringContaining('did not name the task')))
    expect(server.requests).toHaveLength(1)
  })
})
