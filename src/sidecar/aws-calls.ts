import type { MeteringApi } from '../aws/metering-api.ts'
import { serviceOutcome } from '../aws/service-outcome.ts'
import type { Proof } from '../entitlement/application-proof.ts'
import { fail, succeed } from '../protocol/errors.ts'
import type { AwsCalls } from '../sources/aws-calls.ts'

/** Creates the calls to AWS that a source may make for the application. */
export function createAwsCalls(api: MeteringApi, proof: Proof): AwsCalls {
  return {
    forward: async (operation, input) => serviceOutcome(await api.forward(operation, { ...input })),
    async prove(request) {
      const answer = await proof.token(request)
      if ('retryAfterSeconds' in answer)
        return fail(
          'ThrottlingException',
          `Too many registrations; the next one may be made in ${answer.retryAfterSeconds} s.`,
        )
      const outcome = serviceOutcome(answer)
      if (!outcome.ok) return outcome
      const { signature, publicKeyRotationAt: at } = outcome.value
      return succeed({ Signature: signature, ...(at && { PublicKeyRotationTimestamp: at / 1000 }) })
    },
  }
}
