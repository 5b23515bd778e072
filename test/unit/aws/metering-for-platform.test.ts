import { expect, test } from 'vitest'
import { meteringForPlatform } from '../../../src/aws/metering-for-platform.ts'
import type { FailureKind, MeteringApi } from '../../../src/aws/metering-api.ts'
import { failure } from '../entitlement/support.ts'

const request = { productCode: 'p', publicKeyVersion: 1, nonce: 'n' }
const usage = {
  productCode: 'p',
  dimension: 'd',
  timestamp: 0,
  quantity: 1_000_000n,
  form: 'whole' as const,
  clientToken: 't',
}

/** An API whose every call fails in one way. */
function failing(kind: FailureKind, code: string): MeteringApi {
  const fail = () => Promise.resolve(failure(kind, code))
  return {
    registerUsage: fail,
    meterUsage: fail,
    batchMeterUsage: fail,
    dryRun: fail,
    forward: fail,
    close: () => {},
  }
}

async function advices(api: MeteringApi): Promise<(string | undefined)[]> {
  const answers = await Promise.all([
    api.registerUsage(request),
    api.meterUsage(usage),
    api.dryRun(usage),
    api.forward('ResolveCustomer', '{}'),
  ])
  return answers.map((answer) => (answer.ok ? undefined : answer.failure.advice))
}

test.each([
  ['credentials', 'AccessDeniedException'],
  ['misconfigured', 'PlatformNotSupportedException'],
] as const)('what is known about the credentials comes first with %s %s', async (kind, code) => {
  const api = meteringForPlatform({ credentialWarning: 'Set a role.' }, () => failing(kind, code))
  expect(await advices(api)).toEqual(Array(4).fill(`Set a role. Advice for ${code}.`))
})

test('other failures keep their advice', async () => {
  const api = meteringForPlatform({ credentialWarning: 'Set a role.' }, () =>
    failing('throttled', 'ThrottlingException'),
  )
  expect(await advices(api)).toEqual(Array(4).fill('Advice for ThrottlingException.'))
})

test('the API is used as it is where nothing is wrong', () => {
  const api = failing('throttled', 'ThrottlingException')
  expect(meteringForPlatform({}, () => api)).toBe(api)
  meteringForPlatform({ credentialWarning: 'Set a role.' }, () => api).close()
})

test('after a denial every call fails without a connection to AWS', async () => {
  const denial = { code: 'RegionMismatch', message: 'The regions disagree.' }
  const connect = () => expect.unreachable()
  const api = meteringForPlatform({ denial, credentialWarning: 'Set a role.' }, connect)
  expect(await advices(api)).toEqual(Array(4).fill(expect.stringMatching(/^AWS was not called/)))
  expect(await api.meterUsage(usage)).toMatchObject({
    failure: { ...denial, kind: 'misconfigured', ambiguous: false },
  })
  api.close()
})
