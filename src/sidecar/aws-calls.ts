import type { MeteringApi } from '../aws/metering-api.ts'
import { toServiceResult } from '../aws/service-result.ts'
import type { Proof } from '../entitlement/application-proof.ts'
import { succeed } from '../kernel/result.ts'
import { serviceError } from '../protocol/errors.ts'
import type { AwsCalls } from '../sources/aws-calls.ts'

/** Creates the calls to AWS that a source may make for the application. */
export function createAwsCalls(api: MeteringApi, proof: Proof): AwsCalls {
  return {
    forward: async (operation, input) =>
      toServiceResult(await api.forward(operation, { ...input })),
    async prove(request) {
      const answer = await proof.token(request)
      if ('retryAfterSeconds' in answer)
        return serviceError(
          'ThrottlingException',
          `Too many registrations; the next one may be made in ${answer.retryAfterSeconds} s.`,
        )
      const result = toServiceResult(answer)
      if (!result.ok) return result
      const { signature, publicKeyRotationAt: at } = result.value
      return succeed({ Signature: signature, ...(at && { PublicKeyRotationTimestamp: at / 1000 }) })
    },
  }
}
