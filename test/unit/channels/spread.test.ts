import { expect, test } from 'vitest'
import { spreadDelayMs } from '../../../src/channels/spread.ts'

test('the spread is the same for the same task or pod and even over many', () => {
  const delays = Array.from({ length: 2000 }, (_, index) => spreadDelayMs(`pod:${index}`, 300_000))
  expect(spreadDelayMs('pod:7', 300_000)).toBe(delays[7])
  const quarters = [0, 1, 2, 3].map(
    (quarter) => delays.filter((delay) => Math.floor(delay / 75_000) === quarter).length,
  )
  expect(Math.min(...quarters)).toBeGreaterThan(420)
  expect(spreadDelayMs('pod:7', 0)).toBe(0)
})
