import { expect, test } from 'vitest'
import { Allowance } from '../../../src/kernel/allowance.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('allows a burst, then one more each time its pause has passed', async () => {
  const clock = new ManualClock()
  const allowance = new Allowance({ burst: 2, refillMs: 1000 }, clock)
  expect([allowance.use(), allowance.use(), allowance.use()]).toEqual([0, 0, 1000])
  await clock.advance(600)
  expect(allowance.use()).toBe(400)
  await clock.advance(400)
  expect([allowance.use(), allowance.use()]).toEqual([0, 1000])
  await clock.advance(60_000)
  expect([allowance.use(), allowance.use(), allowance.use()]).toEqual([0, 0, 1000])
})

test('a wall clock that steps gives nothing and takes nothing', () => {
  const clock = new ManualClock()
  const allowance = new Allowance({ burst: 1, refillMs: 1000 }, clock)
  expect(allowance.use()).toBe(0)
  clock.step(-3_600_000)
  expect(allowance.use()).toBe(1000)
  clock.step(7_200_000)
  expect(allowance.use()).toBe(1000)
})
