import type { CredentialScope } from '../protocol/codec.ts'
import { fail, succeed, type Outcome } from '../protocol/errors.ts'
import type { RegisterUsageInput } from '../protocol/inputs.ts'
import { checkRegion, findProduct, type Metering } from './metering-rules.ts'

export interface RegisterUsageOutput {
  readonly Signature: string
  /** Epoch seconds. AWS sends null when there is nothing to say. */
  readonly PublicKeyRotationTimestamp: number | null
}

/**
 * Platform and entitlement are looked at only until the first success of a task or pod. Succeeds
 * for products of every route: what AWS does for one that only meters is not documented.
 */
export async function registerUsage(
  metering: Metering,
  scope: CredentialScope,
  input: RegisterUsageInput,
): Promise<Outcome<RegisterUsageOutput>> {
  const { settings, state } = metering
  const region = checkRegion(metering, scope, 'InvalidRegionException')
  if (!region.ok) return region
  const isFirst = !state.isRegistered(scope.accessKeyId)
  if (isFirst && !settings.platformSupported) {
    return fail(
      'PlatformNotSupportedException',
      'AWS Marketplace does not support metering usage from the underlying platform. Currently, Amazon ECS, Amazon EKS, and Fargate are supported.',
    )
  }
  const product = findProduct(metering, input.ProductCode)
  if (!product.ok) return product
  if (product.value.regions?.includes(scope.region) === false) {
    return fail('DisabledApiException', `The API is disabled in the Region ${scope.region}.`)
  }
  if (product.value.publicKeyVersion !== input.PublicKeyVersion) {
    return fail('InvalidPublicKeyVersionException', 'Public Key version is invalid.')
  }
  if (isFirst && !settings.entitled) {
    return fail(
      'CustomerNotEntitledException',
      'The customer does not have a valid subscription for the product.',
    )
  }
  const signature = await metering.signingKey.sign({
    productCode: input.ProductCode,
    publicKeyVersion: input.PublicKeyVersion,
    nonce: input.Nonce,
    issuedAt: Math.floor(metering.clock.now() / 1000),
  })
  state.register(scope.accessKeyId)
  const rotationAt = settings.publicKeyRotationAt
  return succeed({
    Signature: signature,
    PublicKeyRotationTimestamp: rotationAt === undefined ? null : rotationAt / 1000,
  })
}
