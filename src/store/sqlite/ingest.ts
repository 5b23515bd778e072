import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { SidecarError } from '../../kernel/errors.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { toColumns } from './amount-columns.ts'
import type { Keys } from './accounts.ts'
import type { OpenUsage } from './open-usage.ts'
import {
  hourOf,
  type ReportReceipt,
  type UsageReport,
  type UsageRequest,
} from '../../metering/types.ts'

/** How far an application's clock may be ahead of ours. */
export const aheadLimitMs = 5 * 60_000

interface Claim {
  readonly token: string
  readonly digest: Buffer
}

interface Known {
  readonly digest: Uint8Array
  readonly receipts: readonly ReportReceipt[]
}

/**
 * The write path of a report. Everything is checked before anything is written, so that a request is
 * recorded whole or not at all. Sums are kept back until the group commits: a hundred reports for one
 * cell cost one row update.
 */
export class Ingest {
  readonly #keys: Keys
  readonly #open: OpenUsage
  readonly #known
  readonly #remember
  readonly #addReported
  readonly #reported = new Map<number, bigint>()

  constructor(database: DatabaseSync, keys: Keys, open: OpenUsage) {
    this.#keys = keys
    this.#open = open
    this.#known = database.prepare('SELECT digest, receipts FROM idempotency WHERE token = ?')
    this.#remember = database.prepare(
      'INSERT INTO idempotency (token, digest, receipts, created_at) VALUES (?, ?, ?, ?)',
    )
    this.#addReported = database.prepare(
      `UPDATE key SET reported_whole = reported_whole + ?1 + (reported_micro + ?2) / 1000000,
                      reported_micro = (reported_micro + ?2) % 1000000 WHERE id = ?3`,
    )
  }

  /** One receipt for each report, in their order. Throws before it writes. */
  apply(request: UsageRequest, customer: string, now: number): ReportReceipt[] {
    const whole = claimOfRequest(request)
    const before = whole && this.#lookUp(whole)
    if (before !== undefined) return before.receipts.map(asDuplicate)

    const claims = request.reports.map((report) => claimOfReport(report))
    const earlier = this.#checkClaims(claims)
    for (const [index, report] of request.reports.entries())
      if (!earlier.has(claims[index]?.token ?? ''))
        checkWindow(report, now, request.reports.length > 1 ? index : undefined)

    const seen = new Map<string, ReportReceipt>()
    const receipts = request.reports.map((report, index) => {
      const claim = claims[index]
      const duplicate = claim && (earlier.get(claim.token) ?? seen.get(claim.token))
      if (duplicate !== undefined) return asDuplicate(duplicate)
      const receipt = this.#record(report, customer, now)
      if (claim !== undefined) {
        seen.set(claim.token, receipt)
        this.#store(claim, [receipt], now)
      }
      return receipt
    })
    if (whole !== undefined) this.#store(whole, receipts, now)
    return receipts
  }

  /** Writes the sums that were kept back. */
  flush(): void {
    for (const [keyId, quantity] of this.#reported) {
      const { whole, micro } = toColumns(quantity)
      this.#addReported.run(whole, micro, keyId)
    }
    this.#reported.clear()
  }

  /** Forgets them, after a rollback. */
  clear(): void {
    this.#reported.clear()
  }

  #record(report: UsageReport, customer: string, now: number): ReportReceipt {
    const keyId = this.#keys.idOf(customer, report.dimension)
    const own = hourOf(report.occurredAt ?? now)
    const hour = this.#open.firstUnsealedHour(keyId, own)
    this.#open.add(keyId, hour, report.tags, report.quantity)
    this.#reported.set(keyId, (this.#reported.get(keyId) ?? 0n) + report.quantity)
    return { result: 'accepted', hour, late: hour !== own }
  }

  /** What was answered before to the claims that are known; refuses those with other content. */
  #checkClaims(claims: readonly (Claim | undefined)[]): Map<string, ReportReceipt> {
    const earlier = new Map<string, ReportReceipt>()
    const first = new Map<string, Buffer>()
    for (const claim of claims) {
      if (claim === undefined) continue
      const twin = first.get(claim.token)
      if (twin !== undefined && !twin.equals(claim.digest)) throw reused(claim)
      first.set(claim.token, claim.digest)
      const receipt = this.#lookUp(claim)?.receipts[0]
      if (receipt !== undefined) earlier.set(claim.token, receipt)
    }
    return earlier
  }

  #lookUp(claim: Claim): Known | undefined {
    const row = this.#known.get(claim.token)
    if (row === undefined) return undefined
    if (!claim.digest.equals(row['digest'] as Uint8Array)) throw reused(claim)
    const receipts = (JSON.parse(String(row['receipts'])) as [number, 0 | 1][]).map(
      ([hour, late]): ReportReceipt => ({ result: 'accepted', hour, late: late === 1 }),
    )
    return { digest: claim.digest, receipts }
  }

  #store(claim: Claim, receipts: readonly ReportReceipt[], now: number): void {
    const compact = receipts.map(({ hour, late }) => [hour, late ? 1 : 0])
    this.#remember.run(claim.token, claim.digest, JSON.stringify(compact), now)
  }
}

function checkWindow(report: UsageReport, now: number, index: number | undefined): void {
  const { occurredAt } = report
  if (occurredAt === undefined) return
  if (occurredAt > now + aheadLimitMs)
    throw new SidecarError(
      'OccurredAtInFuture',
      "occurredAt lies more than 5 minutes ahead of the sidecar's clock. Check the clock of the application, or leave occurredAt out for usage of this moment.",
      { index },
    )
  if (occurredAt < now - awsLimits.meterUsageWindowMs)
    throw new SidecarError(
      'OccurredAtTooOld',
      'occurredAt lies more than 6 hours back, and AWS Marketplace takes no usage that old. Report it without occurredAt to have it billed in the current hour.',
      { index },
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
  const { dimension, quantity, occurredAt, tags, idempotencyKey } = report
  return [dimension, quantity.toString(), occurredAt ?? null, tags, idempotencyKey ?? null]
}

function digestOf(content: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16)
}

function asDuplicate(receipt: ReportReceipt): ReportReceipt {
  return { ...receipt, result: 'duplicate' }
}

function reused(claim: Claim): SidecarError {
  const key = claim.token.slice(claim.token.indexOf(':') + 1)
  return new SidecarError(
    'IdempotencyKeyReused',
    `The idempotency key ${JSON.stringify(key)} was used before for other content, so nothing of this request was recorded. Use a fresh key for each new report, and the same key only to repeat it unchanged.`,
  )
}
