import { expect, test } from 'vitest'
import { adviseOnCredentials } from '../../../src/aws/advise-on-credentials.ts'
import { createClosedDoor } from '../../../src/aws/refuse-calls.ts'
import type { FailureKind, MeteringApi } from '../../../src/aws/metering-api.ts'
import { failure } from '../entitlement/support.ts'

const request = { productCode: 'p', publicKeyVersion: 1, nonce: 'n' }
const usage = { productCode: 'p', dimension: 'd', timestamp: 0, quantity: 1, clientToken: 't' }

/** A door that fails in one way. */
function failing(kind: FailureKind, code: string): MeteringApi {
  const fail = () => Promise.resolve(failure(kind, code))
  return { registerUsage: fail, meterUsage: fail, dryRun: fail, forward: fail, close: () => {} }
}

async function advices(api: MeteringApi): Promise<(string | undefined)[]> {
  const answers = await Promise.all([
    api.registerUsage(request),
    api.meterUsage(usage),
    api.dryRun(usage),
    api.forward('ResolveCustomer', {}),
  ])
  return answers.map((answer) => (answer.ok ? undefined : answer.failure.advice))
}

test.each([
  ['credentials', 'AccessDeniedException'],
  ['misconfigured', 'PlatformNotSupportedException'],
] as const)('what is known of the credentials comes first with %s %s', async (kind, code) => {
  const api = adviseOnCredentials(failing(kind, code), 'Set a role.')
  expect(await advices(api)).toEqual(Array(4).fill(`Set a role. Advice for ${code}.`))
})

test('other failures keep their words', async () => {
  const api = adviseOnCredentials(failing('throttled', 'ThrottlingException'), 'Set a role.')
  expect(await advices(api)).toEqual(Array(4).fill('Advice for ThrottlingException.'))
})

test('the door is left as it is where nothing is wrong', () => {
  const api = createClosedDoor('RegionMismatch', '')
  expect(adviseOnCredentials(api, undefined)).toBe(api)
  adviseOnCredentials(api, 'Set a role.').close()
})
