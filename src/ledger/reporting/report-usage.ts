import { createHash } from 'node:crypto'
import { SidecarError } from '../../kernel/errors.ts'
import type { Account } from '../../metering/account.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { largestTotal } from '../../metering/quantity.ts'
import type { ReportReceipt, UsageReport, UsageRequest } from '../../metering/report.ts'
import { untagged, type TagSet } from '../../metering/tags.ts'
import type { RecordWindow } from '../../metering/record/record-window.ts'
import type { StoredClaim } from '../../store/view.ts'
import type { UsagePlace } from '../customers/customer-accounts.ts'
import type { Page } from '../page/page.ts'
import { answeredBefore, claimOfRecord, recordClaimToStore } from './record-claim.ts'
import { checkReadings, recordReading, type ReadingRules } from '../readings/report-reading.ts'

/** How far an application's clock may be ahead of ours. */
export const aheadLimitMs = 5 * 60_000

export interface ReportRules {
  /** The account of a report, and its first unsealed hour from `hour` on. */
  readonly placeOf: (report: UsageReport, hour: number) => UsagePlace
  readonly window: RecordWindow
  readonly readings: ReadingRules
}

/** The account of a report, for the checks of a request. */
function accountIn({ placeOf }: ReportRules, now: number) {
  return (report: UsageReport) => placeOf(report, hourOf(report.occurredAt ?? now)).account
}

interface Claim {
  readonly token: string
  readonly digest: Buffer
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
  const before = whole && lookUp(page, whole)
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
  const earlier = checkClaims(page, claims)
  const isNew = (index: number) => {
    const claim = claims[index]
    return claim === undefined || !earlier.has(claim.token)
  }
  for (const [index, report] of reports.entries())
    if (isNew(index)) checkWindow(report, now, rules.window, reports.length > 1 ? index : undefined)
  const fresh = reports.filter((_, index) => isNew(index))
  checkTotals(page, fresh, rules, now)
  checkReadings(page, fresh, accountIn(rules, now), now, rules.readings)

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
  if (ofRecord !== undefined) page.storeClaim(recordClaimToStore(ofRecord, receipts, request, now))
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
  checkTotals(page, reports, rules, now)
  checkReadings(page, reports, accountIn(rules, now), now, rules.readings)
  if (reports.length === 1) return reports.map((report) => recordReport(page, report, rules, now))
  const untaggedUsage = new UntaggedUsage(page)
  const receipts = reports.map((report) => {
    const own = hourOf(report.occurredAt ?? now)
    const place = rules.placeOf(report, own)
    return report.tags === untagged && place.account.key.aggregate === 'sum'
      ? untaggedUsage.add(place, report.quantity, own)
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
  add(place: UsagePlace, quantity: bigint, own: number): ReportReceipt {
    const sum = this.#sumOf(place, own)
    sum.quantity += quantity
    return sum.receipt
  }

  record(): void {
    for (const hours of this.#sums.values())
      for (const { account, quantity, receipt } of hours.values())
        put(this.#page, account, untagged, quantity, receipt)
  }

  #sumOf(place: UsagePlace, own: number): UntaggedSum {
    const { account } = place
    let hours = this.#sums.get(account)
    if (hours === undefined) {
      hours = new Map()
      this.#sums.set(account, hours)
    }
    let sum = hours.get(own)
    if (sum === undefined) {
      sum = { account, quantity: 0n, receipt: receiptOf(place, own) }
      hours.set(own, sum)
    }
    return sum
  }
}

/** Writes one report down, which was checked. */
export function recordReport(
  page: Page,
  report: UsageReport,
  rules: ReportRules,
  now: number,
): ReportReceipt {
  const own = hourOf(report.occurredAt ?? now)
  const place = rules.placeOf(report, own)
  const { account } = place
  if (account.key.aggregate !== 'sum')
    return recordReading(page, report, account, now, rules.readings)
  const receipt = receiptOf(place, own)
  put(page, account, report.tags, report.quantity, receipt)
  return receipt
}

function receiptOf({ hour }: UsagePlace, own: number): ReportReceipt {
  return { result: 'accepted', hour, late: hour !== own }
}

function put(
  page: Page,
  account: Account,
  tags: TagSet,
  quantity: bigint,
  { hour, late }: ReportReceipt,
): void {
  page.count(account, quantity)
  page.add(account, hour, tags, quantity)
  if (late) page.addLate(account.key.dimension, hour, quantity)
}

/** What was answered before to the claims that are known; refuses those with other content. */
function checkClaims(
  page: Page,
  claims: readonly (Claim | undefined)[],
): Map<string, ReportReceipt> {
  const earlier = new Map<string, ReportReceipt>()
  const first = new Map<string, Buffer>()
  for (const claim of claims) {
    if (claim === undefined) continue
    const twin = first.get(claim.token)
    if (twin !== undefined && !twin.equals(claim.digest)) throw reused(claim)
    first.set(claim.token, claim.digest)
    const receipt = lookUp(page, claim)?.receipts[0]
    if (receipt !== undefined) earlier.set(claim.token, receipt)
  }
  return earlier
}

function lookUp(page: Page, claim: Claim): StoredClaim | undefined {
  const stored = page.claim(claim.token)
  if (stored !== undefined && !claim.digest.equals(stored.digest)) throw reused(claim)
  return stored
}

/** Throws OccurredAtInFuture, OccurredAtTooOld. */
export function checkWindow(
  report: UsageReport,
  now: number,
  window: RecordWindow,
  index: number | undefined,
): void {
  const { occurredAt } = report
  if (occurredAt === undefined) return
  if (occurredAt > now + aheadLimitMs)
    throw new SidecarError(
      'OccurredAtInFuture',
      "occurredAt lies more than 5 minutes ahead of the sidecar's clock. Check the clock of the application, or leave occurredAt out for usage of this moment.",
      { index },
    )
  if (now > window.end(occurredAt))
    throw new SidecarError(
      'OccurredAtTooOld',
      `occurredAt lies ${now > occurredAt + window.longestMs ? `more than ${window.longestMs / hourMs} hours back` : 'in the month before'}, and AWS Marketplace accepts no usage that old. Report it without occurredAt to have it billed in the current hour.`,
      { index },
    )
}

/** A sum that no column holds would refuse every later report too, so it must not begin. */
export function checkTotals(
  page: Page,
  reports: readonly UsageReport[],
  rules: ReportRules,
  now: number,
): void {
  const accountFor = accountIn(rules, now)
  const [only] = reports
  if (reports.length === 1 && only !== undefined)
    return checkTotal(page, accountFor(only), only.quantity)
  const sums = new Map<string, { readonly account: Account; quantity: bigint }>()
  for (const report of reports) {
    const account = accountFor(report)
    const sum = sums.get(account.name)
    if (sum === undefined) sums.set(account.name, { account, quantity: report.quantity })
    else sum.quantity += report.quantity
  }
  for (const { account, quantity } of sums.values()) checkTotal(page, account, quantity)
}

function checkTotal(page: Page, account: Account, quantity: bigint): void {
  if (page.hasRoomFor(account, quantity)) return
  throw new SidecarError(
    'QuantityTooLarge',
    `All reports of ${account.key.dimension} would add up to more than ${largestTotal} units, so nothing of this request was recorded. Look for a mistake in the unit, such as bytes where the product counts gigabytes.`,
  )
}

function claimOfRequest(request: UsageRequest): Claim | undefined {
  const { idempotencyKey, reports } = request
  if (idempotencyKey === undefined) return undefined
  return { token: `request:${idempotencyKey}`, digest: digestOf(reports.map(contentOf)) }
}

function claimOfReport(report: UsageReport): Claim | undefined {
  if (report.idempotencyKey === undefined) return undefined
  return { token: `report:${report.idempotencyKey}`, digest: digestOf(contentOf(report)) }
}

function contentOf(report: UsageReport): unknown[] {
  const { dimension, quantity, tags, idempotencyKey, member, customer } = report
  const at = report.countedAt ?? report.occurredAt ?? null
  const content = [dimension, quantity.toString(), at, tags, idempotencyKey ?? null]
  if (member !== undefined) content.push(member)
  return customer === undefined ? content : [...content, { customer }]
}

function digestOf(content: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16)
}

/** The receipt of a report that came before. */
export function asDuplicate(receipt: ReportReceipt): ReportReceipt {
  return { ...receipt, result: 'duplicate' }
}

function reused(claim: Claim): SidecarError {
  const key = claim.token.slice(claim.token.indexOf(':') + 1)
  return new SidecarError(
    'IdempotencyKeyReused',
    `The idempotency key ${JSON.stringify(key)} was used before for other content, so nothing of this request was recorded. Use a fresh key for each new report, and the same key only to repeat it unchanged.`,
  )
}
