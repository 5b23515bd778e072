import { fail, isServiceErrorName, succeed, type Outcome } from '../protocol/errors.ts'
import type { Answer, MeteringFailure } from './metering-api.ts'

/**
 * An answer of AWS for an application that speaks AWS's protocol: its own error under its own name;
 * what no AWS said becomes an error that SDKs know how to treat.
 */
export function serviceOutcome<T extends object>(answer: Answer<T>): Outcome<T> {
  return answer.ok ? succeed(answer.value) : serviceFailure(answer.failure)
}

function serviceFailure({ code, message, kind, advice }: MeteringFailure): Outcome<never> {
  if (isServiceErrorName(code)) return fail(code, message)
  const text = `${message} ${advice}`
  switch (kind) {
    case 'credentials':
      return fail('AccessDeniedException', text)
    case 'throttled':
      return fail('ThrottlingException', text)
    default:
      return fail('ServiceUnavailableException', text)
  }
}
