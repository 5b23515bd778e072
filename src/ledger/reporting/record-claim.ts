import { createHash } from 'node:crypto'
import { SidecarError } from '../../kernel/errors.ts'
import type { ReportReceipt, UsageRequest } from '../../metering/report.ts'
import type { NewClaim } from '../../store/changes.ts'
import type { Page } from '../page/page.ts'

/**
 * AWS's rule for records as an idempotency key: one content for one key, whenever in its hour it is sent and
 * by which call. The content is the quantity by value and its allocations.
 */
export interface RecordClaim {
  readonly token: string
  /** Under what else the same record may be known. */
  readonly earlier: readonly string[]
  readonly digest: Buffer
  /** How old its hour may be when AWS accepts it, ms. */
  readonly windowMs: number
}

/** Returns the claim of a request that follows AWS's rule; undefined for one that adds to its hour. */
export function claimOfRecord({ record, reports }: UsageRequest): RecordClaim | undefined {
  if (record === undefined) return undefined
  const content = reports.map(({ tags, quantity }) => [tags, quantity.toString()].join(' '))
  const digest = createHash('sha256').update(JSON.stringify(content.toSorted())).digest()
  const tokenOf = (key: string) => `record:${key}`
  const { key, earlierKeys = [], windowMs } = record
  return {
    token: tokenOf(key),
    earlier: earlierKeys.map(tokenOf),
    digest: digest.subarray(0, 16),
    windowMs,
  }
}

/** Returns what was answered to the same content; throws RecordExists where another content stands. */
export function answeredBefore(
  page: Page,
  claim: RecordClaim | undefined,
): readonly ReportReceipt[] | undefined {
  if (claim === undefined) return undefined
  const stored = [claim.token, ...claim.earlier]
    .map((token) => page.claim(token))
    .find((known) => known !== undefined)
  if (stored === undefined) return undefined
  if (claim.digest.equals(stored.digest)) return stored.receipts
  throw new SidecarError(
    'RecordExists',
    'Another quantity, or other allocations, were sent before for this dimension and hour, and AWS keeps the first. Send the usage of an hour once, when it is complete, or let calls add up with SIDECAR_METER_USAGE_CALLS.',
  )
}

/** Returns the claim as it is kept: for the usual time after AWS no longer accepts its record. */
export function recordClaimToStore(
  { token, digest, windowMs }: RecordClaim,
  receipts: readonly ReportReceipt[],
  now: number,
): NewClaim {
  return { token, digest, receipts, createdAt: now, keptLongerMs: windowMs }
}
