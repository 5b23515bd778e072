import type { CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { RegisterUsageInput } from '../../protocol/operations/register-usage.ts'
import type { ErrorNameOf } from '../../protocol/operations.ts'
import { findTask, isEntitled } from './caller.ts'
import type { EmulatedProduct } from '../marketplace.ts'
import { checkOffered, findProduct, type Metering } from './metering-rules.ts'

export interface RegisterUsageOutput {
  readonly Signature: string
  /** Epoch seconds. AWS sends null when the version has not expired. */
  readonly PublicKeyRotationTimestamp: number | null
}

const call = {
  operation: 'RegisterUsage',
  refusal: 'AccessDeniedException',
  wrongRegion: 'InvalidRegionException',
} as const

/**
 * Registers a task or pod. Platform and entitlement are checked only until its first success. Products
 * of every route succeed: what AWS does for one that only meters is not documented.
 */
export async function registerUsage(
  metering: Metering,
  scope: CredentialScope,
  input: RegisterUsageInput,
): Promise<ServiceResult<RegisterUsageOutput, ErrorNameOf<'RegisterUsage'>>> {
  const { settings, state } = metering
  const task = findTask(metering, scope, call)
  if (!task.ok) return task
  const isFirst = !state.isRegistered(scope.accessKeyId)
  if (isFirst && !(settings.platformSupported && task.value.platform === 'supported')) {
    return serviceError(
      'PlatformNotSupportedException',
      'AWS Marketplace does not support metering usage from the underlying platform. Currently, Amazon ECS, Amazon EKS, and Fargate are supported.',
    )
  }
  const product = findProduct(metering, input.ProductCode)
  if (!product.ok) return product
  const offered = checkOffered(product.value, scope, 'DisabledApiException')
  if (!offered.ok) return offered
  const key = metering.keys.find(input.ProductCode, input.PublicKeyVersion)
  if (key === undefined) {
    return serviceError('InvalidPublicKeyVersionException', 'Public Key version is invalid.')
  }
  if (isFirst && !isEntitled(metering, task.value, input.ProductCode)) {
    return serviceError(
      'CustomerNotEntitledException',
      'The customer does not have a valid subscription for the product.',
    )
  }
  const signature = await key.sign({
    productCode: input.ProductCode,
    publicKeyVersion: input.PublicKeyVersion,
    nonce: input.Nonce,
    issuedAt: Math.floor(metering.clock.now() / 1000),
  })
  state.register(scope.accessKeyId)
  const rotationAt =
    settings.publicKeyRotationAt ??
    expiryOf(product.value, input.PublicKeyVersion, metering.clock.now())
  return succeed({
    Signature: signature,
    PublicKeyRotationTimestamp: rotationAt === undefined ? null : rotationAt / 1000,
  })
}

/** When the version expired, if it has. */
function expiryOf(product: EmulatedProduct, version: number, now: number): number | undefined {
  const { publicKeyRotationAt, publicKeyVersion, olderKeyVersions = [] } = product
  const isNewest = olderKeyVersions.length > 0 && version === publicKeyVersion
  if (isNewest || publicKeyRotationAt === undefined) return undefined
  return now >= publicKeyRotationAt ? publicKeyRotationAt : undefined
}
