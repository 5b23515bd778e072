import type { MeteringApi } from '../aws/metering-api.ts'
import { toServiceResult } from '../aws/service-result.ts'
import type { RegistrationTokens } from '../entitlement/register-usage/registration-tokens.ts'
import { Allowance } from '../kernel/allowance.ts'
import type { Clock } from '../kernel/clock.ts'
import { fail, succeed } from '../kernel/result.ts'
import { Turns } from '../kernel/turns.ts'
import { serviceError } from '../protocol/service-errors.ts'
import type { AwsCalls } from '../sources/aws-calls.ts'

/** AWS allows an account 10 a second of each operation, for everything that it runs. */
const passedOn = { burst: 50, refillMs: 100 }
/**
 * Each holds its request and its answer, up to 3 MiB, for as long as AWS takes to answer: calls that come meanwhile
 * wait with their request alone.
 */
const underWay = { atOnce: 8, waiting: 42 }

/** Creates the calls to AWS that a source may make for the application. */
export function createAwsCalls(
  api: MeteringApi,
  tokens: RegistrationTokens,
  timers: Clock,
): AwsCalls {
  const allowance = new Allowance(passedOn, timers)
  const turns = new Turns(underWay)
  return {
    async forward(operation, body) {
      const waitMs = allowance.use()
      if (waitMs > 0)
        return serviceError(
          'ThrottlingException',
          `Too many calls; the next one may be made in ${Math.ceil(waitMs)} ms.`,
        )
      const answer = await turns.take(() => api.forward(operation, body))
      return answer === undefined
        ? serviceError('ThrottlingException', 'Too many calls wait for an answer of AWS.')
        : toServiceResult(answer)
    },
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
