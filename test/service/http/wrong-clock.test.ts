import { expect, onTestFinished, test } from 'vitest'
import type { Clock } from '../../../src/kernel/clock.ts'
import { startEmulator } from '../emulator/harness.ts'
import { startHarness } from '../../support/sidecar/sidecar-harness.ts'

const minuteMs = 60_000

/** The same clock, wrong by `error.ms`, which may change. */
function wrongBy(error: { readonly ms: number }, clock: Clock): Clock {
  return {
    now: () => clock.now() + error.ms,
    elapsed: () => clock.elapsed(),
    at: (instant, run) => clock.at(instant - error.ms, run),
    after: (wait, run) => clock.after(wait, run),
  }
}

test.each([
  ['eight minutes ahead', 8],
  ['fifty minutes ahead', 50],
  ['eight minutes behind', -8],
  ['two days behind', -2 * 24 * 60],
])('a sidecar whose clock is %s bills each hour as AWS has it', async (_name, minutes) => {
  const aws = await startEmulator()
  const harness = await startHarness({ aws, clock: wrongBy({ ms: minutes * minuteMs }, aws.clock) })
  onTestFinished(() => harness.close())
  // A dry run with the time of the host may have been rejected; the next one knows AWS's.
  await harness.until(async () => {
    await harness.clock.advance(1000)
    return harness.sidecar.entitlement.snapshot().entitled
  })
  for (const quantity of [3, 4]) {
    expect((await harness.post({ dimension: 'requests', quantity })).status).toBe(200)
    await harness.endHour()
    await harness.until(async () => (await harness.records()).length === quantity - 2)
  }
  expect(await harness.records()).toMatchObject([
    { hour: '2026-03-10T09:00:00.000Z', quantity: 3 },
    { hour: '2026-03-10T10:00:00.000Z', quantity: 4 },
  ])
  expect(harness.emitted('recordMoved')).toEqual([])
})

test('a clock that steps by 26 hours for ten minutes moves, forgets and delays nothing', async () => {
  const aws = await startEmulator()
  const error = { ms: 0 }
  const harness = await startHarness({ aws, clock: wrongBy(error, aws.clock) })
  onTestFinished(() => harness.close())
  await harness.entitled()
  const report = (quantity: number) =>
    harness.post({ dimension: 'requests', quantity }, { 'Idempotency-Key': `key-${quantity}` })
  await report(3)
  await harness.aws.control('faults', { operation: 'MeterUsage', error: 'ThrottlingException' })

  error.ms = 26 * 60 * minuteMs
  expect((await report(4)).body).toMatchObject({ hour: '2026-03-10T09:00:00.000Z' })
  await harness.endHour()
  await harness.attempts(1)
  await harness.clock.advance(9 * minuteMs)
  error.ms = 0
  await harness.clock.advance(minuteMs)

  await harness.until(async () => (await harness.records()).length === 1)
  expect(await harness.records()).toMatchObject([{ hour: '2026-03-10T09:00:00.000Z', quantity: 7 }])
  for (const quantity of [3, 4])
    expect((await report(quantity)).body).toMatchObject({ result: 'duplicate' })
})
