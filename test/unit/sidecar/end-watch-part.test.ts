import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEndWatch } from '../../../src/sidecar/parts/end-watch-part.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { startMetadataServer, type MetadataServer } from '../../support/sidecar/metadata-server.ts'

let agent: MetadataServer
let status: string | undefined
beforeEach(async () => {
  status = 'RUNNING'
  agent = await startMetadataServer((_request, response) => {
    if (status === undefined) response.writeHead(500).end()
    else response.end(JSON.stringify({ DesiredStatus: status }))
  })
})
afterEach(() => agent.close())

const scraped = [{ name: 'requests', from: { prometheus: {} } }]

function watch(dimensions: readonly object[], name: 'ecs' | 'eks' = 'ecs') {
  const timers = new ManualClock()
  let ends = 0
  const part = startEndWatch(
    {
      timers,
      env: { ECS_CONTAINER_METADATA_URI_V4: agent.url },
      settings: { product: { dimensions } } as never,
    },
    { name },
    () => {
      ends += 1
    },
  )
  /** Lets the watch ask once more, and be through with the answer. */
  const ask = async () => {
    const before = agent.requests.length
    await timers.advance(1000)
    await eventually(() => agent.requests.length > before)
    await eventually(() => timers.nextAt !== undefined || ends > 0)
  }
  return { timers, part, ask, ends: () => ends }
}

test('where a metrics page is read, ECS is asked until it wants the task to stop', async () => {
  const { part, ask, ends, timers } = watch(scraped)
  await ask()
  status = undefined
  await ask()
  expect(ends()).toBe(0)
  status = 'STOPPED'
  await ask()
  expect(ends()).toBe(1)
  expect(timers.nextAt).toBeUndefined()
  await part[Symbol.asyncDispose]()
})

test.each([
  ['no page is read', [{ name: 'requests' }], 'ecs'],
  ['the platform is another', scraped, 'eks'],
] as const)('nothing is asked where %s', async (_, dimensions, name) => {
  const { timers, part } = watch(dimensions, name)
  expect(timers.nextAt).toBeUndefined()
  await part[Symbol.asyncDispose]()
})

test('a watch that has ended asks nothing more', async () => {
  const { part, ask, timers, ends } = watch(scraped)
  await ask()
  await part[Symbol.asyncDispose]()
  status = 'STOPPED'
  await timers.advance(5000)
  expect(ends()).toBe(0)
})
