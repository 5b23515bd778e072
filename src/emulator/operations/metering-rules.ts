import type { Clock } from '../../kernel/clock.ts'
import { hourMs } from '../../metering/hour.ts'
import { canonicalAllocations } from '../../protocol/check-allocations.ts'
import type { CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import {
  serviceError,
  type ServiceResult,
  type ServiceErrorName,
} from '../../protocol/service-errors.ts'
import type {
  EmulatedBuyer,
  EmulatedCustomer,
  EmulatedProduct,
  EmulatedTask,
} from '../marketplace.ts'
import type { EmulatedRecord, MeteringState } from './metering-state.ts'
import type { ProductKeys } from '../product-keys.ts'
import type { EmulatorSettings } from '../emulator-settings.ts'
import type { SigningKey } from '../signing-key.ts'

/**
 * How far a timestamp may be ahead of AWS's clock. AWS names no number; this is the tolerance of SigV4
 * for clocks.
 */
const maxAheadMs = 300_000

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

/** Finds a product by its code. */
export function findProduct(
  metering: Metering,
  productCode: string | undefined,
): ServiceResult<EmulatedProduct, 'InvalidProductCodeException'> {
  const product = metering.products.find((candidate) => candidate.productCode === productCode)
  return product === undefined
    ? serviceError(
        'InvalidProductCodeException',
        `The product code passed (${productCode ?? 'none'}) does not match the product code used for publishing the product.`,
      )
    : succeed(product)
}

/** Finds the key of a product, by default the first one, and a version, by default the newest. */
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

/** Checks that the product has a metered dimension of this name. */
export function checkDimension(
  product: EmulatedProduct,
  dimension: string,
): ServiceResult<undefined, 'InvalidUsageDimensionException'> {
  if (product.route !== 'hourly' && product.dimensions.includes(dimension)) {
    return succeed(undefined)
  }
  return serviceError(
    'InvalidUsageDimensionException',
    `The usage dimension ${dimension} does not match one of the UsageDimensions associated with the product.`,
  )
}

/** Checks that the product is offered in the region that the call was signed for. */
export function checkOffered<N extends ServiceErrorName>(
  product: EmulatedProduct,
  scope: CredentialScope,
  name: N,
): ServiceResult<undefined, N> {
  if (product.regions?.includes(scope.region) !== false) return succeed(undefined)
  return serviceError(name, `The API is disabled in the Region ${scope.region} for this product.`)
}

/** Checks that `instant` is at most `windowMs` old and not in the future. */
export function checkWindow(
  clock: Clock,
  instant: number,
  windowMs: number,
): ServiceResult<undefined, 'TimestampOutOfBoundsException'> {
  const now = clock.now()
  if (instant >= now - windowMs && instant <= now + maxAheadMs) return succeed(undefined)
  return serviceError(
    'TimestampOutOfBoundsException',
    instant > now
      ? 'The timestamp is in the future.'
      : `The timestamp is more than ${Math.ceil(windowMs / hourMs)} hours in the past.`,
  )
}

/** Whether two records with the same key have the same content. */
export function hasSameContent(a: EmulatedRecord, b: EmulatedRecord): boolean {
  return (
    a.quantity === b.quantity &&
    canonicalAllocations(a.allocations) === canonicalAllocations(b.allocations)
  )
}
