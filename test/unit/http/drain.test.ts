import { expect, test } from 'vitest'
import { Drain } from '../../../src/http/listener/drain.ts'
import { ManualClock } from '../../support/manual-clock.ts'

async function runDrain(quietMs: number, limitMs: number, reportsAtMs: readonly number[]) {
  const clock = new ManualClock()
  const drain = new Drain(clock)
  const startedAt = clock.now()
  let endedAfter: number | undefined
  void drain.run(quietMs, limitMs).then(() => {
    endedAfter = clock.now() - startedAt
  })
  for (let passed = 0; passed <= limitMs; passed += 100) {
    if (reportsAtMs.includes(passed)) drain.noteReport()
    await clock.advance(100)
  }
  return endedAfter
}

test('the drain ends when nothing was reported for the quiet time', async () => {
  expect(await runDrain(1000, 5000, [])).toBe(1000)
  expect(await runDrain(1000, 5000, [900, 1800])).toBe(2800)
})

test('the drain ends at its limit, however much is reported', async () => {
  const always = Array.from({ length: 100 }, (_, index) => index * 100)
  expect(await runDrain(1000, 5000, always)).toBe(5000)
  expect(await runDrain(1000, 500, [])).toBe(500)
})

test('a drain with a limit of 0 ends at once', async () => {
  const drain = new Drain(new ManualClock())
  expect(drain.isRunning).toBe(false)
  await drain.run(0, 0)
  expect(drain.isRunning).toBe(true)
})
