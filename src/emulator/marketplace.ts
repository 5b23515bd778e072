import type { OperationName } from '../protocol/operations.ts'

export const listingRoutes = ['hourly', 'metered', 'both'] as const
export const platforms = ['supported', 'unsupported'] as const
export const roleOwners = ['task', 'node'] as const

export interface EmulatedProduct {
  readonly productCode: string
  /** AWS's API identifiers. */
  readonly dimensions: readonly string[]
  /** A product of the route `hourly` accepts no records: AWS meters it by itself. */
  readonly route: (typeof listingRoutes)[number]
  /** The version of the public key that is in use now. */
  readonly publicKeyVersion: number
  /** Versions that are still accepted, each with its own key. */
  readonly olderKeyVersions?: readonly number[] | undefined
  /** When the older versions, or the only one, expire, ms. */
  readonly publicKeyRotationAt?: number | undefined
  /** Where the product is offered; everywhere when absent. */
  readonly regions?: readonly string[] | undefined
}

/** An AWS account that runs tasks and pods. */
export interface EmulatedBuyer {
  readonly id: string
  readonly entitled: boolean
  /** Codes of what the buyer has bought; everything when absent. */
  readonly products?: readonly string[] | undefined
  /** When the subscription ends, ms. */
  readonly leavesAt?: number | undefined
}

/** A task or pod, known by the access key id that signs its calls. */
export interface EmulatedTask {
  readonly accessKeyId: string
  /** The id of an `EmulatedBuyer`. */
  readonly buyer?: string | undefined
  /** Where it runs; where its first call was signed for when absent. */
  readonly region?: string | undefined
  readonly platform: (typeof platforms)[number]
  /** Whether it signs with its own role, or with that of the machine that it runs on. */
  readonly credentials: (typeof roleOwners)[number]
  /** What the role may do; everything when absent. */
  readonly allowedActions?: readonly OperationName[] | undefined
  /** When the software started, ms. Usage from before is refused. */
  readonly startedAt?: number | undefined
}

/** A buyer of a SaaS product. */
export interface EmulatedCustomer {
  readonly productCode: string
  /** Absent for listings from 2026-06-01 on, which know customers by account and licence. */
  readonly customerIdentifier?: string | undefined
  readonly customerAwsAccountId: string
  readonly licenseArn: string
  /** The agreement that ResolveCustomer names; none when absent. */
  readonly agreementId?: string | undefined
  /** The licence's activation period, ms. */
  readonly licenseStartsAt?: number | undefined
  readonly licenseEndsAt?: number | undefined
  readonly subscribed: boolean
  /** When the subscription ends, ms. */
  readonly leavesAt?: number | undefined
  /** What the buyer's browser brings to the seller's registration page. */
  readonly registrationTokens: readonly string[]
  readonly expiredTokens: readonly string[]
}

/** The task or pod of a caller that no scenario describes. */
export function unknownTask(accessKeyId: string): EmulatedTask {
  return { accessKeyId, platform: 'supported', credentials: 'task' }
}
