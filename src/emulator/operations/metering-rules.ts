import type { Clock } from '../../kernel/clock.ts'
import { canonicalAllocations } from '../../protocol/allocations.ts'
import type { CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult, type ServiceErrorName } from '../../protocol/errors.ts'
import type {
  EmulatedBuyer,
  EmulatedCustomer,
  EmulatedProduct,
  EmulatedTask,
} from '../marketplace.ts'
import type { MeteringRecord, MeteringState } from './metering-state.ts'
import type { ProductKeys } from '../product-keys.ts'
import type { EmulatorSettings } from '../emulator-settings.ts'
import type { SigningKey } from '../signing-key.ts'

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
  readonly buyers: readonly EmulatedBuyer[]
  /** Where it is empty, every access key id is a task of an entitled buyer. */
  readonly tasks: readonly EmulatedTask[]
  readonly customers: readonly EmulatedCustomer[]
  readonly keys: ProductKeys
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
): ServiceResult<EmulatedProduct> {
  const product = metering.products.find((candidate) => candidate.productCode === productCode)
  return product === undefined
    ? serviceError(
        'InvalidProductCodeException',
        `The product code passed (${productCode ?? 'none'}) does not match the product code used for publishing the product.`,
      )
    : succeed(product)
}

/** The key of a product, by default the first one, and a version, by default the newest. */
export function findKey(
  metering: Metering,
  productCode: string | undefined,
  version: number | undefined,
): SigningKey | undefined {
  const product = metering.products.find(
    (candidate) => productCode === undefined || candidate.productCode === productCode,
  )
  if (product === undefined) return undefined
  return metering.keys.find(product.productCode, version ?? product.publicKeyVersion)
}

/** Whether the product has a metered dimension of this name, or InvalidUsageDimensionException. */
export function checkDimension(
  product: EmulatedProduct,
  dimension: string,
): ServiceResult<undefined> {
  if (product.route !== 'hourly' && product.dimensions.includes(dimension)) {
    return succeed(undefined)
  }
  return serviceError(
    'InvalidUsageDimensionException',
    `The usage dimension ${dimension} does not match one of the UsageDimensions associated with the product.`,
  )
}

/** Whether the product is offered in the region that the call was signed for. */
export function checkOffered(
  product: EmulatedProduct,
  scope: CredentialScope,
  name: ServiceErrorName,
): ServiceResult<undefined> {
  if (product.regions?.includes(scope.region) !== false) return succeed(undefined)
  return serviceError(name, `The API is disabled in the Region ${scope.region} for this product.`)
}

/** Whether `instant` is at most `windowMs` old and not ahead, or TimestampOutOfBoundsException. */
export function checkWindow(
  clock: Clock,
  instant: number,
  windowMs: number,
): ServiceResult<undefined> {
  const now = clock.now()
  if (instant >= now - windowMs && instant <= now + maxAheadMs) return succeed(undefined)
  return serviceError(
    'TimestampOutOfBoundsException',
    instant > now
      ? 'The timestamp is in the future.'
      : `The timestamp is more than ${Math.ceil(windowMs / hourMs)} hours in the past.`,
  )
}

/** Whether two records with the same key say the same. */
export function saysTheSame(a: MeteringRecord, b: MeteringRecord): boolean {
  return (
    a.quantity === b.quantity &&
    canonicalAllocations(a.allocations) === canonicalAllocations(b.allocations)
  )
}
