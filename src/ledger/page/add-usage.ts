import type { Account } from '../../metering/account.ts'
import type { ReportReceipt } from '../../metering/report.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { Page } from './page.ts'

/**
 * Counts usage that came in, in micro-units, and adds it to the hour that receives it. `late` says that this is not
 * its own hour.
 */
export function addUsage(
  page: Page,
  account: Account,
  tags: TagSet,
  quantity: bigint,
  { hour, late }: Pick<ReportReceipt, 'hour' | 'late'>,
): void {
  page.count(account, quantity)
  page.add(account, hour, tags, quantity)
  if (late) page.addLate(account.key.dimension, hour, quantity)
}
