import { createHash } from 'node:crypto'
import { SidecarError } from '../../kernel/errors.ts'
import { microPerUnit } from '../../metering/amount.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import type { Dimension, Product } from '../../product/product.ts'
import { hasCustomers, routeOf } from '../../product/routes.ts'

/** One dimension's part of what AWS must receive before a listing goes public. */
export interface PlannedUsage {
  readonly dimension: string
  /** AWS's whole units, which are billed. */
  readonly units: number
  /** The same in the application's units, as it is reported. */
  readonly quantity: string
  /** Whether it is reported as so many distinct members. */
  readonly asMembers: boolean
  /** The same for the same plan, so that a second run bills nothing more. */
  readonly idempotencyKey: string
}

/** What is reported for a listing, and what the application itself has to use. */
export interface CertifyPlan {
  readonly reports: readonly PlannedUsage[]
  /** A sentence for each dimension that no report can give a record. */
  readonly leftToApplication: readonly string[]
}

export const mostUnits = 1_000_000
const largestReport = 10n ** 15n
/** Distinct members of a dimension: a request has 1000 reports at most, and a product 24 dimensions. */
const mostMembers = 40n

/**
 * Plans a report of `units` for each dimension that takes one; none on the route hourly, which AWS meters
 * itself, and on saas, where usage is a customer's. Throws InvalidArguments when such a report would be too
 * large, or be held.
 */
export function planCertify(product: Product, units: number): CertifyPlan {
  const { productCode, route, dimensions } = product
  const reports: PlannedUsage[] = []
  const leftToApplication: string[] = []
  if (routeOf(route).channel === undefined || hasCustomers(route))
    return { reports, leftToApplication }
  for (const dimension of dimensions) {
    const { name, divisor, aggregate } = dimension
    const quantity = BigInt(units) * divisor
    const own = ownUsage(dimension, quantity)
    if (own !== undefined) {
      leftToApplication.push(
        `${name} ${own}, so no report can give it a record: use the product until it has one, and see "ledger show".`,
      )
      continue
    }
    checkQuantity(dimension, units, quantity)
    const content = [productCode, name, units].join('\n')
    const hash = createHash('sha256').update(content).digest('hex')
    reports.push({
      dimension: name,
      units,
      quantity: String(quantity),
      asMembers: aggregate === 'unique',
      idempotencyKey: `certify-${hash}`,
    })
  }
  return { reports, leftToApplication }
}

/** Why a report can't give the dimension a record of so much; undefined where it can. */
function ownUsage({ from, aggregate }: Dimension, quantity: bigint): string | undefined {
  if (from?.heartbeat !== undefined) return 'counts by itself while the task or pod runs'
  if (from !== undefined) return 'counts what its source gives'
  if (aggregate === 'last') return 'has the last value that the application reports'
  if (aggregate === 'integral') return 'has the values of the application times their hours'
  if (aggregate === 'unique' && quantity > mostMembers)
    return `counts distinct members, of which this would be ${quantity}`
  return undefined
}

function checkQuantity({ name, maxPerHour }: Dimension, units: number, quantity: bigint): void {
  const amount = `${units} of ${name} are ${quantity} of the application's units`
  if (quantity > largestReport)
    throw new SidecarError(
      'InvalidArguments',
      `${amount}, and a report may have at most ${largestReport}. Give a smaller --quantity.`,
    )
  if (maxPerHour !== undefined && quantity * microPerUnit > maxPerHour)
    throw new SidecarError(
      'InvalidArguments',
      `${amount}, and more than its maxPerHour (${formatQuantity(maxPerHour)}) is held. Give a smaller --quantity.`,
    )
}

/** Describes what a plan bills, for people. */
export function planWords(plan: readonly PlannedUsage[]): string {
  const parts = plan.map(({ dimension, units, quantity }) => {
    const own = quantity === String(units) ? '' : ` (${quantity} of the application's units)`
    return `${units} of ${dimension}${own}`
  })
  return parts.join(', ')
}
