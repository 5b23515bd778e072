import { afterEach, expect, test } from 'vitest'
import { callFront, startSeconds, usageInput } from '../../support/aws/front-call.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
afterEach(() => harness.close())

test('what nobody here knows reaches AWS with the rest of the call', async () => {
  harness = await startHarness()
  await harness.entitled()
  const port = harness.sidecar.appPort
  const record = {
    Timestamp: startSeconds,
    Dimension: 'requests',
    CustomerIdentifier: 'demoCustomer01',
    Quantity: 5,
    Since2030: { Rate: [0.25, null] },
  }
  const batch = { UsageRecords: [record], Currency: 'XYZ' }
  const dryRun = usageInput({ DryRun: true, UsageQuantity: 0, Since2030: 'yes' })
  const customer = { RegistrationToken: 'demo-registration-token', Since2030: 7 }
  await callFront(port, 'BatchMeterUsage', batch)
  await callFront(port, 'MeterUsage', dryRun)
  await callFront(port, 'ResolveCustomer', customer)
  const calls = await harness.calls()
  expect(calls.slice(-3).map(({ input }) => input)).toEqual([batch, dryRun, customer])
})
