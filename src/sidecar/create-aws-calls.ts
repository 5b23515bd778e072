import type { MeteringApi } from '../aws/metering-api.ts'
import { toServiceResult } from '../aws/service-result.ts'
import type { RegistrationTokens } from '../entitlement/register-usage/registration-tokens.ts'
import { fail, succeed } from '../kernel/result.ts'
import { serviceError } from '../protocol/service-errors.ts'
import type { AwsCalls } from '../sources/aws-calls.ts'

/** Creates the calls to AWS that a source may make for the application. */
export function createAwsCalls(api: MeteringApi, tokens: RegistrationTokens): AwsCalls {
  return {
    forward: async (operation, body) => toServiceResult(await api.forward(operation, body)),
    async prove(request) {
      const answer = await tokens.tokenFor(request)
      if (!answer.ok) {
        const { failure } = answer
        if (!('retryAfterSeconds' in failure)) return toServiceResult(fail(failure))
        return serviceError(
          'ThrottlingException',
          `Too many registrations; the next one may be made in ${failure.retryAfterSeconds} s.`,
        )
      }
      const { signature, publicKeyRotationAt: at } = answer.value
      return succeed({ Signature: signature, ...(at && { PublicKeyRotationTimestamp: at / 1000 }) })
    },
  }
}
