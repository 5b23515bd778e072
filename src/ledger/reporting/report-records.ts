import { SidecarError } from '../../kernel/errors.ts'
import type { SidecarEvents } from '../../kernel/events.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourOf } from '../../metering/hour.ts'
import type {
  CustomerRecord,
  RecordOutcome,
  ReportReceipt,
  UsageReport,
  UsageRequest,
} from '../../metering/report.ts'
import { untagged } from '../../metering/tags.ts'
import { namedCustomer, type NamedCustomer, type NamingRules } from '../customers/named-customer.ts'
import type { Page } from '../page/page.ts'
import {
  answeredBefore,
  claimOfRecord,
  recordClaimToStore,
  type RecordClaim,
} from './record-claim.ts'
import { checkTotals, checkWindow } from './check-reports.ts'
import { accountIn, recordReport, type ReportRules } from './report-usage.ts'
import { asDuplicate } from './request-claims.ts'
import { usageByDimension } from './usage-by-dimension.ts'

/** A record that has not come before. */
interface FreshRecord {
  readonly request: UsageRequest
  readonly claim: RecordClaim
}

/**
 * Records a batch by AWS's rule: of each customer, dimension and hour the first content stands, and the
 * same content again is the same record. Everything is checked before the page changes, so that a batch
 * with one record that cannot be taken is refused whole. Throws OccurredAtInFuture, OccurredAtTooOld,
 * QuantityTooLarge, TooManyUnknownCustomers, CustomerNamesUnclear.
 */
export function reportRecords(
  page: Page,
  records: readonly CustomerRecord[],
  rules: ReportRules & { readonly naming: NamingRules },
  now: number,
): RecordOutcome[] {
  const fresh = new Map<string, FreshRecord>()
  const plans = records.map((record, index) => {
    const named = namedCustomer(page, record.names, rules.naming)
    const { key: customer } = named
    const request = requestOf(record, named)
    const claim = claimOfRecord(request)
    if (claim === undefined) throw new TypeError('a record of a batch has a rule')
    const inBatch = fresh.get(claim.token)
    if (inBatch !== undefined) {
      const stands = inBatch.claim.digest.equals(claim.digest)
      return { customer, stands, token: claim.token, before: undefined }
    }
    const before = standing(page, claim)
    if (before !== undefined) return { customer, ...before, token: claim.token }
    for (const report of request.reports) checkWindow(report, now, rules.window, index)
    fresh.set(claim.token, { request, claim })
    return { customer, stands: true, token: claim.token, before: undefined }
  })
  const reports = [...fresh.values()].flatMap(({ request }) => request.reports)
  checkTotals(page, reports, accountIn(rules, now))
  const receipts = new Map(
    [...fresh].map(([token, each]) => [token, writeDown(page, each, rules, now)]),
  )
  return plans.map(({ customer, stands, token, before }) => ({
    customer,
    receipt: stands ? (before ?? receipts.get(token)) : undefined,
  }))
}

/** Whether the same content stands; undefined where none does. */
function standing(page: Page, claim: RecordClaim) {
  try {
    const before = answeredBefore(page, claim)?.[0]
    return before && { stands: true, before: asDuplicate(before) }
  } catch (error) {
    if (error instanceof SidecarError && error.code === 'RecordExists')
      return { stands: false, before: undefined }
    throw error
  }
}

function writeDown(
  page: Page,
  { request, claim }: FreshRecord,
  rules: ReportRules,
  now: number,
): ReportReceipt | undefined {
  const receipts = request.reports.map((report) => recordReport(page, report, rules, now))
  page.storeClaim(recordClaimToStore(claim, receipts, now))
  return receipts[0]
}

function requestOf(
  { dimension, occurredAt, parts }: CustomerRecord,
  { key: customer, identity, keys }: NamedCustomer,
): UsageRequest {
  const [key = customer, ...earlierKeys] = keys.map((name) =>
    JSON.stringify(['BatchMeterUsage', name, dimension, hourOf(occurredAt)]),
  )
  const reports: UsageReport[] = parts.map(({ quantity, tags }) => ({
    dimension,
    customer,
    identity,
    quantity,
    occurredAt,
    tags,
    idempotencyKey: undefined,
  }))
  const windowMs = awsLimits.batchMeterUsageWindowMs
  return { reports, idempotencyKey: undefined, record: { key, earlierKeys, windowMs } }
}

/** The outcome of a batch by dimension, for those who watch. */
export function usageOfRecords(
  records: readonly CustomerRecord[],
  outcomes: readonly RecordOutcome[],
): Iterable<SidecarEvents['usageReported']> {
  const reports: UsageReport[] = []
  const receipts: ReportReceipt[] = []
  for (const [index, { dimension, occurredAt, parts }] of records.entries()) {
    const receipt = outcomes[index]?.receipt
    if (receipt === undefined) continue
    const quantity = parts.reduce((sum, part) => sum + part.quantity, 0n)
    reports.push({ dimension, quantity, occurredAt, tags: untagged, idempotencyKey: undefined })
    receipts.push(receipt)
  }
  return usageByDimension({ reports, idempotencyKey: undefined }, receipts, () => true)
}
