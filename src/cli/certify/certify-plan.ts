import { createHash } from 'node:crypto'
import type { Product } from '../../product/product.ts'
import { routeOf } from '../../product/routes.ts'
import { SidecarError } from '../../kernel/errors.ts'

/** One dimension's part of what AWS must receive before a listing goes public. */
export interface PlannedUsage {
  readonly dimension: string
  /** AWS's whole units, which are billed. */
  readonly units: number
  /** The same in the application's units, as it is reported. */
  readonly quantity: string
  /** The same for the same plan, so that a second run bills nothing more. */
  readonly idempotencyKey: string
}

export const mostUnits = 1_000_000
const largestReport = 10n ** 15n

/**
 * Plans a report of `units` for every dimension; none on the route hourly, which AWS meters itself.
 * Throws InvalidArguments when such a report would be too large.
 */
export function planCertify(product: Product, units: number): PlannedUsage[] {
  const { productCode, route, dimensions } = product
  if (routeOf(route).channel === undefined) return []
  return dimensions.map(({ name: dimension, divisor }) => {
    const quantity = BigInt(units) * divisor
    if (quantity > largestReport)
      throw new SidecarError(
        'InvalidArguments',
        `${units} of ${dimension} are ${quantity} of the application's units, and a report may have at most ${largestReport}. Give a smaller --quantity.`,
      )
    const content = [productCode, dimension, units].join('\n')
    const hash = createHash('sha256').update(content).digest('hex')
    return { dimension, units, quantity: String(quantity), idempotencyKey: `certify-${hash}` }
  })
}

/** Describes what a plan bills, for people. */
export function planWords(plan: readonly PlannedUsage[]): string {
  const parts = plan.map(({ dimension, units, quantity }) => {
    const own = quantity === String(units) ? '' : ` (${quantity} of the application's units)`
    return `${units} of ${dimension}${own}`
  })
  return parts.join(', ')
}
