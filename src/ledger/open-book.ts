import { hourOf } from '../metering/hour.ts'
import { possiblyTaken } from '../metering/record.ts'
import type { Page } from './page.ts'
import { returnUsage } from './settle-record.ts'

/** The task or pod that owned the book before, when it was another one. */
export interface Opening {
  readonly adoptedFrom: string | undefined
}

/**
 * Makes the page's task or pod the owner of the book. An attempt that was under way when the process
 * ended may have reached AWS. When another task or pod owned the book, what AWS certainly has not taken
 * becomes usage of the new owner's current hour, or the first after it that AWS has no record of; what
 * AWS may have taken becomes unresolved, because only its own task or pod could ask again.
 */
export function openBook(page: Page, now: number): Opening {
  const before = page.view.owner()
  if (before !== page.resource) page.takeOwnership(now)
  for (const record of page.unsentRecords())
    if (record.inFlight) page.update(record, { ambiguous: true, inFlight: false })
  const adoptedFrom = before === page.resource ? undefined : before
  if (adoptedFrom !== undefined) adopt(page, now)
  return { adoptedFrom }
}

function adopt(page: Page, now: number): void {
  const hour = hourOf(now)
  const records = page.unsentRecords()
  for (const record of records.filter(possiblyTaken))
    page.update(record, { state: 'unresolved', settledAt: now })
  for (const open of page.openHours(Number.POSITIVE_INFINITY)) {
    const cells = page.empty(open)
    const target = page.firstUnsealedHour(open.account, hour)
    for (const { tags, quantity } of cells) page.add(open.account, target, tags, quantity)
  }
  for (const record of records.filter((each) => !possiblyTaken(each)))
    page.update(record, {
      state: 'moved',
      movedTo: returnUsage(page, record, hour),
      settledAt: now,
    })
}
