import type { Clock } from '../clock.ts'
import { canonicalAllocations } from '../protocol/allocations.ts'
import type { CredentialScope } from '../protocol/codec.ts'
import { fail, succeed, type Outcome, type ServiceErrorName } from '../protocol/errors.ts'
import type { EmulatedCustomer, EmulatedProduct } from './demo-product.ts'
import type { MeteringRecord, MeteringState } from './metering-state.ts'
import type { EmulatorSettings } from './settings.ts'
import type { SigningKey } from './signing-key.ts'

export const hourMs = 3_600_000

/**
 * How far ahead of AWS's clock a timestamp may be. AWS names no number; the tolerance of SigV4 for
 * clocks, 5 minutes, is taken.
 */
export const maxAheadMs = 300_000

/** What the operations work on. */
export interface Metering {
  readonly clock: Clock
  readonly state: MeteringState
  readonly settings: EmulatorSettings
  readonly products: readonly EmulatedProduct[]
  readonly customers: readonly EmulatedCustomer[]
  readonly signingKey: SigningKey
  readonly randomUuid: () => string
}

/** The start of the UTC hour that `instant` lies in. */
export function hourOf(instant: number): number {
  return Math.floor(instant / hourMs) * hourMs
}

/** A product by its code, or InvalidProductCodeException. */
export function findProduct(
  metering: Metering,
  productCode: string | undefined,
): Outcome<EmulatedProduct> {
  const product = metering.products.find((candidate) => candidate.productCode === productCode)
  return product === undefined
    ? fail(
        'InvalidProductCodeException',
        `The product code passed (${productCode ?? 'none'}) does not match the product code used for publishing the product.`,
      )
    : succeed(product)
}

/** Whether the product has a metered dimension of this name, or InvalidUsageDimensionException. */
export function checkDimension(product: EmulatedProduct, dimension: string): Outcome<undefined> {
  if (product.route !== 'hourly' && product.dimensions.includes(dimension)) {
    return succeed(undefined)
  }
  return fail(
    'InvalidUsageDimensionException',
    `The usage dimension ${dimension} does not match one of the UsageDimensions associated with the product.`,
  )
}

/** Whether the call was signed for the region that the task or pod runs in. */
export function checkRegion(
  metering: Metering,
  scope: CredentialScope,
  name: ServiceErrorName,
): Outcome<undefined> {
  const home =
    metering.settings.region ?? metering.state.homeRegion(scope.accessKeyId, scope.region)
  if (home === scope.region) return succeed(undefined)
  return fail(
    name,
    `The endpoint being called is in ${scope.region}, but the ECS task or EKS pod runs in ${home}. The regions must match.`,
  )
}

/** Whether `instant` is at most `windowMs` old and not ahead, or TimestampOutOfBoundsException. */
export function checkWindow(clock: Clock, instant: number, windowMs: number): Outcome<undefined> {
  const now = clock.now()
  if (instant >= now - windowMs && instant <= now + maxAheadMs) return succeed(undefined)
  return fail(
    'TimestampOutOfBoundsException',
    instant > now
      ? 'The timestamp is in the future.'
      : `The timestamp is more than ${windowMs / hourMs} hours in the past.`,
  )
}

/** Whether two records with the same key say the same. */
export function saysTheSame(a: MeteringRecord, b: MeteringRecord): boolean {
  return (
    a.quantity === b.quantity &&
    canonicalAllocations(a.allocations) === canonicalAllocations(b.allocations)
  )
}
