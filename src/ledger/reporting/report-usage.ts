import type { Account } from '../../metering/account.ts'
import { hourOf } from '../../metering/hour.ts'
import type { RecordWindow } from '../../metering/record/record-window.ts'
import type { ReportReceipt, UsageReport, UsageRequest } from '../../metering/report.ts'
import { untagged } from '../../metering/tags.ts'
import type { UsagePlace } from '../customers/customer-accounts.ts'
import { addUsage } from '../page/add-usage.ts'
import type { Page } from '../page/page.ts'
import { checkReadings, recordReading, type ReadingRules } from '../readings/report-reading.ts'
import { checkTotals, checkWindow } from './check-reports.ts'
import { answeredBefore, claimOfRecord, recordClaimToStore } from './record-claim.ts'
import {
  asDuplicate,
  claimOfReport,
  claimOfRequest,
  earlierReceipts,
  findClaim,
} from './request-claims.ts'

export interface ReportRules {
  /** The account of a report, and its first unsealed hour from `hour` on. */
  readonly placeOf: (report: UsageReport, hour: number) => UsagePlace
  readonly window: RecordWindow
  readonly readings: ReadingRules
}

/** The account of a report, for the checks of a request. */
export function accountIn({ placeOf }: ReportRules, now: number) {
  return (report: UsageReport) => placeOf(report, hourOf(report.occurredAt ?? now)).account
}

/**
 * Records a request whole or not at all: everything is checked before the page changes. Returns one
 * receipt for each report, in their order. Throws IdempotencyKeyReused, OccurredAtInFuture,
 * OccurredAtTooOld, QuantityTooLarge, RecordExists, InvalidRequest, ReadingsFull.
 */
export function reportUsage(
  page: Page,
  request: UsageRequest,
  rules: ReportRules,
  now: number,
): ReportReceipt[] {
  const whole = claimOfRequest(request)
  const before = whole && findClaim(page, whole)
  if (before !== undefined) return before.receipts.map(asDuplicate)
  const ofRecord = claimOfRecord(request)
  const standing = answeredBefore(page, ofRecord)
  if (standing !== undefined) {
    if (whole !== undefined) page.storeClaim({ ...whole, receipts: standing, createdAt: now })
    return standing.map(asDuplicate)
  }

  const { reports } = request
  if (
    whole === undefined &&
    ofRecord === undefined &&
    reports.every(({ idempotencyKey }) => idempotencyKey === undefined)
  )
    return recordAll(page, reports, rules, now)

  const claims = reports.map((report) => claimOfReport(report))
  const earlier = earlierReceipts(page, claims)
  const isNew = (index: number) => {
    const claim = claims[index]
    return claim === undefined || !earlier.has(claim.token)
  }
  for (const [index, report] of reports.entries())
    if (isNew(index)) checkWindow(report, now, rules.window, reports.length > 1 ? index : undefined)
  const fresh = reports.filter((_, index) => isNew(index))
  const accountOf = accountIn(rules, now)
  checkTotals(page, fresh, accountOf)
  checkReadings({ page, now, rules: rules.readings }, fresh, accountOf)

  const seen = new Map<string, ReportReceipt>()
  const receipts = reports.map((report, index) => {
    const claim = claims[index]
    const duplicate = claim && (earlier.get(claim.token) ?? seen.get(claim.token))
    if (duplicate !== undefined) return asDuplicate(duplicate)
    const receipt = recordReport(page, report, rules, now)
    if (claim !== undefined) {
      seen.set(claim.token, receipt)
      page.storeClaim({ ...claim, receipts: [receipt], createdAt: now })
    }
    return receipt
  })
  if (whole !== undefined) page.storeClaim({ ...whole, receipts, createdAt: now })
  if (ofRecord !== undefined) page.storeClaim(recordClaimToStore(ofRecord, receipts, now))
  return receipts
}

/** Records reports that have no idempotency keys, which is what most requests are. */
function recordAll(
  page: Page,
  reports: readonly UsageReport[],
  rules: ReportRules,
  now: number,
): ReportReceipt[] {
  for (const [index, report] of reports.entries())
    checkWindow(report, now, rules.window, reports.length > 1 ? index : undefined)
  const accountOf = accountIn(rules, now)
  checkTotals(page, reports, accountOf)
  checkReadings({ page, now, rules: rules.readings }, reports, accountOf)
  if (reports.length === 1) return reports.map((report) => recordReport(page, report, rules, now))
  const untaggedUsage = new UntaggedUsage(page)
  const receipts = reports.map((report) => {
    const ownHour = hourOf(report.occurredAt ?? now)
    const place = rules.placeOf(report, ownHour)
    return report.tags === untagged && place.account.key.aggregate === 'sum'
      ? untaggedUsage.add(place, report.quantity, ownHour)
      : recordReport(page, report, rules, now)
  })
  untaggedUsage.record()
  return receipts
}

interface UntaggedSum {
  readonly account: Account
  quantity: bigint
  readonly receipt: ReportReceipt
}

/** Adds up untagged usage of one request before it goes into the page, by account and hour. */
class UntaggedUsage {
  readonly #page: Page
  readonly #sums = new Map<Account, Map<number, UntaggedSum>>()

  constructor(page: Page) {
    this.#page = page
  }

  /** Returns the receipt, one for all usage of an account and hour. */
  add(place: UsagePlace, quantity: bigint, ownHour: number): ReportReceipt {
    const sum = this.#sumOf(place, ownHour)
    sum.quantity += quantity
    return sum.receipt
  }

  record(): void {
    for (const hours of this.#sums.values())
      for (const { account, quantity, receipt } of hours.values())
        addUsage(this.#page, account, untagged, quantity, receipt)
  }

  #sumOf(place: UsagePlace, ownHour: number): UntaggedSum {
    const { account } = place
    let hours = this.#sums.get(account)
    if (hours === undefined) {
      hours = new Map()
      this.#sums.set(account, hours)
    }
    let sum = hours.get(ownHour)
    if (sum === undefined) {
      sum = { account, quantity: 0n, receipt: receiptOf(place, ownHour) }
      hours.set(ownHour, sum)
    }
    return sum
  }
}

/** Records one report that was checked. */
export function recordReport(
  page: Page,
  report: UsageReport,
  rules: ReportRules,
  now: number,
): ReportReceipt {
  const ownHour = hourOf(report.occurredAt ?? now)
  const place = rules.placeOf(report, ownHour)
  const { account } = place
  if (account.key.aggregate !== 'sum')
    return recordReading({ page, now, rules: rules.readings }, report, account)
  const receipt = receiptOf(place, ownHour)
  addUsage(page, account, report.tags, report.quantity, receipt)
  return receipt
}

function receiptOf({ hour }: UsagePlace, ownHour: number): ReportReceipt {
  return { result: 'accepted', hour, late: hour !== ownHour }
}
