import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { callFront, startSeconds } from '../../support/aws/front-call.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

let harness: SidecarHarness
let timers: ManualClock
beforeEach(async () => {
  timers = new ManualClock()
  harness = await startHarness({ timers })
  await harness.entitled()
  await harness.aws.control('reset', {})
})
afterEach(async () => {
  const closed = harness.close()
  await timers.advance(60_000)
  await closed
})

const callFor = (operation: 'BatchMeterUsage' | 'ResolveCustomer', input: object) =>
  callFront(harness.sidecar.appPort, operation, input)
const batchFor = (ProductCode: string) =>
  callFor('BatchMeterUsage', {
    ProductCode,
    UsageRecords: [
      {
        Timestamp: startSeconds,
        Dimension: 'requests',
        Quantity: 1,
        CustomerIdentifier: 'demoCustomer01',
      },
    ],
  })

describe('a call that the front passes on', () => {
  test('is refused for the code of another product, and AWS is not called', async () => {
    const { body } = await batchFor('another-product')
    expect(body).toMatchObject({ __type: 'InvalidProductCodeException' })
    expect(await harness.calls()).toEqual([])
  })

  test('is one of fifty at once, and of ten a second after that', async () => {
    const resolve = () =>
      callFor('ResolveCustomer', { RegistrationToken: 'demo-registration-token' })
    const many = await Promise.all(Array.from({ length: 54 }, resolve))
    const throttled = many.filter(({ body }) => body['__type'] === 'ThrottlingException')
    expect(throttled).toHaveLength(4)
    expect((await batchFor(demoProduct.productCode)).body).toMatchObject({
      __type: 'ThrottlingException',
    })
    expect(await harness.calls()).toHaveLength(50)
    await timers.advance(100)
    expect((await resolve()).status).toBe(200)
    expect((await resolve()).body).toMatchObject({ __type: 'ThrottlingException' })
  })
})
