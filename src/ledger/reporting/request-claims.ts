import { createHash } from 'node:crypto'
import { SidecarError } from '../../kernel/errors.ts'
import type { ReportReceipt, UsageReport, UsageRequest } from '../../metering/report.ts'
import type { StoredClaim } from '../../store/view.ts'
import type { Page } from '../page/page.ts'

/** An idempotency key of a request or a report, and a digest of the content that it was used for. */
export interface RequestClaim {
  readonly token: string
  readonly digest: Buffer
}

/** The claim of a request as a whole; undefined where it has no key. */
export function claimOfRequest(request: UsageRequest): RequestClaim | undefined {
  const { idempotencyKey, reports } = request
  if (idempotencyKey === undefined) return undefined
  return { token: `request:${idempotencyKey}`, digest: digestOf(reports.map(contentOf)) }
}

/** The claim of one report; undefined where it has no key. */
export function claimOfReport(report: UsageReport): RequestClaim | undefined {
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

/** The earlier receipts of the claims that are known, by token. Throws IdempotencyKeyReused. */
export function earlierReceipts(
  page: Page,
  claims: readonly (RequestClaim | undefined)[],
): Map<string, ReportReceipt> {
  const earlier = new Map<string, ReportReceipt>()
  const first = new Map<string, Buffer>()
  for (const claim of claims) {
    if (claim === undefined) continue
    const twin = first.get(claim.token)
    if (twin !== undefined && !twin.equals(claim.digest)) throw reused(claim)
    first.set(claim.token, claim.digest)
    const receipt = findClaim(page, claim)?.receipts[0]
    if (receipt !== undefined) earlier.set(claim.token, receipt)
  }
  return earlier
}

/** What was answered to the same content before. Throws IdempotencyKeyReused where it was other content. */
export function findClaim(page: Page, claim: RequestClaim): StoredClaim | undefined {
  const stored = page.claim(claim.token)
  if (stored !== undefined && !claim.digest.equals(stored.digest)) throw reused(claim)
  return stored
}

/** The receipt of a report that came before. */
export function asDuplicate(receipt: ReportReceipt): ReportReceipt {
  return { ...receipt, result: 'duplicate' }
}

function reused(claim: RequestClaim): SidecarError {
  const key = claim.token.slice(claim.token.indexOf(':') + 1)
  return new SidecarError(
    'IdempotencyKeyReused',
    `The idempotency key ${JSON.stringify(key)} was used before for other content, so nothing of this request was recorded. Use a fresh key for each new report, and the same key only to repeat it unchanged.`,
  )
}
