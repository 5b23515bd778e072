import { describe, expect, test } from 'vitest'
import type {
  MeteringApi,
  MeteringResult,
  RegisterUsageValue,
} from '../../../src/aws/metering-api.ts'
import { RegistrationTokens } from '../../../src/entitlement/register-usage/registration-tokens.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const request = (nonce: string) => ({ productCode: 'product', publicKeyVersion: 1, nonce })

function createBench(answer?: MeteringResult<RegisterUsageValue>) {
  const nonces: string[] = []
  const notHere = () => Promise.reject(new Error('not here'))
  const api: MeteringApi = {
    registerUsage: ({ nonce }) => {
      nonces.push(nonce)
      return Promise.resolve(
        answer ?? {
          ok: true,
          value: { signature: `token of ${nonce}`, publicKeyRotationAt: undefined },
        },
      )
    },
    meterUsage: notHere,
    batchMeterUsage: notHere,
    dryRun: notHere,
    forward: notHere,
    close: () => {},
  }
  const clock = new ManualClock()
  return { tokens: new RegistrationTokens(api, clock), clock, nonces }
}

describe('the registration token of an application', () => {
  test("is AWS's token for the application's own nonce", async () => {
    const { tokens, nonces } = createBench()
    expect(await tokens.tokenFor(request('n1'))).toMatchObject({
      ok: true,
      value: { signature: 'token of n1' },
    })
    expect(nonces).toEqual(['n1'])
  })

  test('is remembered by nonce, also while the call is under way', async () => {
    const { tokens, nonces } = createBench()
    await Promise.all([tokens.tokenFor(request('n1')), tokens.tokenFor(request('n1'))])
    await tokens.tokenFor(request('n1'))
    expect(nonces).toEqual(['n1'])
    await tokens.tokenFor({ ...request('n1'), publicKeyVersion: 2 })
    expect(nonces).toHaveLength(2)
  })

  test('is not remembered when AWS said no', async () => {
    const failure = {
      code: 'X',
      message: '',
      kind: 'throttled',
      ambiguous: false,
      advice: '',
    } as const
    const { tokens, nonces } = createBench({ ok: false, failure })
    await tokens.tokenFor(request('n1'))
    await tokens.tokenFor(request('n1'))
    expect(nonces).toHaveLength(2)
  })

  test('is limited to ten at once, and then one every six seconds', async () => {
    const { tokens, clock, nonces } = createBench()
    const ask = (nonce: number) => tokens.tokenFor(request(`n${nonce}`))
    for (let nonce = 0; nonce < 10; nonce += 1) expect(await ask(nonce)).toMatchObject({ ok: true })
    await clock.advance(1000)
    expect(await ask(10)).toEqual({ ok: false, failure: { retryAfterSeconds: 5 } })
    await clock.advance(5000)
    expect(await ask(10)).toMatchObject({ ok: true })
    expect(await ask(11)).toMatchObject({ ok: false })
    expect(await ask(0)).toMatchObject({ ok: true })
    expect(nonces).toHaveLength(11)
    await clock.advance(3_600_000)
    for (let nonce = 20; nonce < 30; nonce += 1)
      expect(await ask(nonce)).toMatchObject({ ok: true })
    expect(await ask(31)).toMatchObject({ ok: false })
  })

  test('forgets the oldest of more than a hundred answers', async () => {
    const { tokens, clock, nonces } = createBench()
    for (let nonce = 0; nonce <= 100; nonce += 1) {
      await tokens.tokenFor(request(`n${nonce}`))
      await clock.advance(6000)
    }
    await tokens.tokenFor(request('n100'))
    await tokens.tokenFor(request('n0'))
    expect(nonces.filter((nonce) => nonce === 'n0')).toHaveLength(2)
    expect(nonces.filter((nonce) => nonce === 'n100')).toHaveLength(1)
  })
})
