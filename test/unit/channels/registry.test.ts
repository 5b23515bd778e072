import { expect, test } from 'vitest'
import { channelOf } from '../../../src/channels/registry.ts'

test('a channel is found by its name, and a route without one has the first', () => {
  expect(channelOf('batch-meter-usage')).toMatchObject({
    name: 'batch-meter-usage',
    batch: 25,
    parallelCalls: 1,
    sharesHours: true,
  })
  for (const name of ['meter-usage', undefined] as const)
    expect(channelOf(name)).toMatchObject({
      name: 'meter-usage',
      batch: 1,
      parallelCalls: 4,
      sharesHours: false,
    })
})
