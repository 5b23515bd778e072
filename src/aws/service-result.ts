import { succeed } from '../kernel/result.ts'
import { isServiceErrorName, serviceError, type ServiceResult } from '../protocol/service-errors.ts'
import type { MeteringFailure, MeteringResult } from './metering-api.ts'

/**
 * Turns AWS's answer into one for an application that speaks AWS's protocol. AWS's own error keeps its
 * name; any other failure becomes an error that SDKs know how to treat.
 */
export function toServiceResult<T extends object>(result: MeteringResult<T>): ServiceResult<T> {
  return result.ok ? succeed(result.value) : toServiceError(result.failure)
}

function toServiceError({ code, message, kind, advice }: MeteringFailure): ServiceResult<never> {
  if (isServiceErrorName(code)) return serviceError(code, message)
  const text = `${message} ${advice}`
  switch (kind) {
    case 'credentials':
      return serviceError('AccessDeniedException', text)
    case 'throttled':
      return serviceError('ThrottlingException', text)
    default:
      return serviceError('ServiceUnavailableException', text)
  }
}
