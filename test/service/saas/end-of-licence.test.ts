import { afterEach, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import {
  acme,
  closeSaas,
  globex,
  nine,
  recordsNow,
  register,
  send,
  startSaas,
} from './saas-world.ts'

afterEach(closeSaas)

/** Lets minutes pass, one by one, so that what is tried again has its turns. */
async function minutes(
  clock: { advance(ms: number): Promise<unknown> },
  count: number,
  isOver: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<void> {
  for (let minute = 0; minute < count && !(await isOver()); minute += 1) await clock.advance(60_000)
}

test('the last usage of a licence reaches AWS within the hour, through throttling and a restart', async () => {
  const first = await startSaas()
  await first.entitled()
  await register('acme', 'token-of-acme')
  await register('globex', 'token-of-globex')
  await first.post({ dimension: 'requests', quantity: 2, customer: 'acme' })
  await first.post({ dimension: 'requests', quantity: 9, customer: 'globex' })
  const fault = { operation: 'BatchMeterUsage', error: 'ThrottlingException', times: 1000 }
  await first.aws.control('faults', fault)
  await send('POST', '/v1/customers/acme/end')
  await minutes(first.clock, 10)
  const { aws, dataDir } = first
  await first.sidecar.stop()
  const again = await startSaas({ aws, dataDir })
  await minutes(again.clock, 20)
  expect(await recordsNow()).toEqual([])

  await again.aws.control('reset', {})
  const isSent = async () => (await again.records()).length > 0
  await minutes(again.clock, 10, isSent)
  await again.until(isSent)
  // The hour of the other customer, in which siblings may still report, was closed by none of this.
  expect(await recordsNow()).toEqual([[acme.licenseArn, 'requests', nine, 2]])
  await minutes(again.clock, 120, async () => (await again.records()).length > 1)
  await again.until(async () => (await again.records()).length === 2)
  expect(await recordsNow()).toContainEqual([globex.licenseArn, 'requests', nine, 9])
  expect(again.clock.now()).toBeLessThan(Date.parse(nine) + 3 * hourMs)
})

test('a report that comes after the end of a licence is sent within a minute', async () => {
  const running = await startSaas()
  await register('acme', 'token-of-acme')
  await send('POST', '/v1/customers/acme/end')
  await running.post({ dimension: 'storage', quantity: 4, customer: 'acme' })
  await running.clock.advance(60_000)
  await running.until(async () => (await running.records()).length === 1)
  expect(await recordsNow()).toEqual([[acme.licenseArn, 'storage', nine, 4]])
})
