import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closeChecked, failureOf, startEmulator, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator({
    buyers: [
      { id: 'one', entitled: true },
      { id: 'two', entitled: true },
    ],
    tasks: ['A', 'B', 'C'].map((name) => ({
      accessKeyId: `AKIATASK${name}`,
      buyer: name === 'C' ? 'two' : 'one',
      platform: 'supported',
      credentials: 'task',
    })),
  })
  await harness.control('settings', { registerUsagePerSecond: 5, meterUsagePerSecond: 10 })
})
afterEach(() => closeChecked(harness))

const meter = (name: string) => harness.meter({}, { accessKeyId: `AKIATASK${name}` })
const throttled = { name: 'ThrottlingException', status: 400 }

describe('a quota', () => {
  test('is that of the account, whichever of its tasks calls', async () => {
    for (let call = 0; call < 10; call += 1) await meter(call % 2 === 0 ? 'A' : 'B')
    expect(await failureOf(meter('A'))).toMatchObject(throttled)
    expect(await failureOf(meter('B'))).toMatchObject(throttled)
    await meter('C')
  })

  test('refills with time', async () => {
    for (let call = 0; call < 10; call += 1) await meter('A')
    await harness.clock.advance(100)
    await meter('A')
    expect(await failureOf(meter('A'))).toMatchObject(throttled)
  })

  test('is one for each operation', async () => {
    for (let call = 0; call < 10; call += 1) await meter('A')
    const caller = { accessKeyId: 'AKIATASKA' }
    for (let call = 0; call < 5; call += 1) await harness.register(caller, `nonce ${call}`)
    expect(await failureOf(harness.register(caller, 'one more'))).toMatchObject(throttled)
  })

  test('is gone after a reset', async () => {
    for (let call = 0; call < 10; call += 1) await meter('A')
    await harness.control('reset', {})
    for (let call = 0; call < 10; call += 1) await meter('A')
    expect(await meter('A')).toEqual(expect.any(String))
  })
})
