import { SidecarError } from '../../kernel/errors.ts'
import type { Account } from '../../metering/account.ts'
import { hourMs } from '../../metering/hour.ts'
import { largestTotal } from '../../metering/quantity.ts'
import type { RecordWindow } from '../../metering/record/record-window.ts'
import type { UsageReport } from '../../metering/report.ts'
import type { Page } from '../page/page.ts'

/** How far an application's clock may be ahead of ours. */
export const aheadLimitMs = 5 * 60_000

/**
 * Checks that AWS still accepts usage of the report's time, and that the time has come. `index` is the
 * report's place in a batch. Throws OccurredAtInFuture, OccurredAtTooOld.
 */
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

/**
 * Checks what the reports of each account would add up to: a sum that no column holds would refuse every later
 * report too, so it must not begin. Throws QuantityTooLarge.
 */
export function checkTotals(
  page: Page,
  reports: readonly UsageReport[],
  accountOf: (report: UsageReport) => Account,
): void {
  const [only] = reports
  if (reports.length === 1 && only !== undefined)
    return checkTotal(page, accountOf(only), only.quantity)
  const sums = new Map<string, { readonly account: Account; quantity: bigint }>()
  for (const report of reports) {
    const account = accountOf(report)
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
