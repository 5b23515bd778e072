import { expect, test } from 'vitest'
import { createFastClock } from '../../../src/kernel/clock.ts'
import { eventually } from '../../support/eventually.ts'

test('a fast clock shows whole milliseconds, whatever its rate is', async () => {
  const start = Date.parse('2026-03-10T09:00:00Z')
  const clock = createFastClock(3_600_000 / 5450, start)
  await eventually(() => clock.now() > start)
  expect(Number.isInteger(clock.now())).toBe(true)
})
