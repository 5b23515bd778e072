import type { CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import {
  serviceError,
  type GeneralErrorName,
  type ServiceErrorName,
  type ServiceResult,
} from '../../protocol/service-errors.ts'
import type { OperationName } from '../../protocol/operations.ts'
import { unknownTask, type EmulatedTask } from '../marketplace.ts'
import type { Metering } from './metering-rules.ts'

/** How an operation checks its caller. `refusal` names the error for a missing permission. */
interface ContainerCall<N extends ServiceErrorName> {
  readonly operation: OperationName
  readonly refusal: 'AccessDeniedException' | 'UnauthorizedException'
  /** The error for a region other than that of the task. */
  readonly wrongRegion: N
}

/**
 * Finds the task or pod that calls and checks that it may: its credentials are known and of the right
 * kind, its role allows the operation, and it signed for the region that it runs in. Where no tasks
 * are defined, every access key id is one.
 */
export function findTask<N extends ServiceErrorName>(
  metering: Metering,
  scope: CredentialScope,
  call: ContainerCall<N>,
): ServiceResult<EmulatedTask, N | GeneralErrorName> {
  const task =
    metering.tasks.length === 0
      ? unknownTask(scope.accessKeyId)
      : metering.tasks.find(({ accessKeyId }) => accessKeyId === scope.accessKeyId)
  if (task === undefined) {
    return serviceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    )
  }
  if (task.credentials === 'node') {
    return serviceError(
      call.refusal,
      'This operation can only be called from within an ECS task or an EKS pod.',
    )
  }
  if (task.allowedActions?.includes(call.operation) === false) {
    return serviceError(
      call.refusal,
      `The role of ${task.accessKeyId} is not authorized to perform: aws-marketplace:${call.operation}`,
    )
  }
  const home =
    task.region ??
    metering.settings.region ??
    metering.state.homeRegion(scope.accessKeyId, scope.region)
  if (home !== scope.region) {
    return serviceError(
      call.wrongRegion,
      `The endpoint being called is in ${scope.region}, but the ECS task or EKS pod runs in ${home}. The regions must match.`,
    )
  }
  return succeed(task)
}

/** Reports whether the buyer who runs the task has the product now. */
export function isEntitled(metering: Metering, task: EmulatedTask, productCode: string): boolean {
  if (!metering.settings.entitled) return false
  const buyer = metering.buyers.find(({ id }) => id === task.buyer)
  if (buyer === undefined) return true
  const stays = buyer.leavesAt === undefined || metering.clock.now() < buyer.leavesAt
  return buyer.entitled && stays && buyer.products?.includes(productCode) !== false
}

/** Checks that the caller may be the seller, whose account must make the calls for SaaS customers. */
export function checkSeller(
  metering: Metering,
  scope: CredentialScope,
  operation: OperationName,
): ServiceResult<undefined, 'AccessDeniedException'> {
  const isTask = metering.tasks.some(({ accessKeyId }) => accessKeyId === scope.accessKeyId)
  if (!isTask) return succeed(undefined)
  return serviceError(
    'AccessDeniedException',
    `${operation} must be called with credentials of the seller's account, and ${scope.accessKeyId} is a task of a buyer.`,
  )
}
