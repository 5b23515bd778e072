import { SidecarError } from '../../kernel/errors.ts'
import type { UsageReport } from '../../metering/report.ts'
import type { UsageBook } from '../source.ts'
import type { RejectedPoints } from './pick-usage.ts'

/** What can be wrong with a report for good, and why its points are rejected. */
const reasons: Readonly<Record<string, string>> = {
  IdempotencyKeyReused: 'came before for the same time with another value or other tags',
  OccurredAtTooOld: 'comes so late that AWS accepts no record of its hour',
  QuantityTooLarge: 'is more than the ledger can hold; look for a mistake in the unit',
  ReadingsFull: 'exceeds the readings that SIDECAR_MAX_READINGS allows in an hour',
}

/** How many are recorded in one piece: other requests wait meanwhile. */
const reportsAtOnce = 500

/**
 * Records reports a part at a time. A failure that passes can come after the first part: the exporter repeats
 * the request, and each report of it is known by its key. Resolves with what was rejected.
 */
export async function reportAll(
  book: UsageBook,
  reports: readonly UsageReport[],
): Promise<RejectedPoints[]> {
  const rejected: RejectedPoints[] = []
  for (let at = 0; at < reports.length; at += reportsAtOnce)
    rejected.push(...(await reportPart(book, reports.slice(at, at + reportsAtOnce))))
  return rejected
}

/**
 * Records reports together, or each by itself where one of them is wrong: an exporter never repeats what was
 * refused, so that a bad point would take the good ones with it.
 */
async function reportPart(
  book: UsageBook,
  reports: readonly UsageReport[],
): Promise<RejectedPoints[]> {
  try {
    await book.report({ reports, idempotencyKey: undefined })
    return []
  } catch (error) {
    const reason = error instanceof SidecarError ? reasons[error.code] : undefined
    if (reason === undefined) throw error
    const [first] = reports
    if (first !== undefined && reports.length === 1)
      return [{ dimension: first.dimension, reason, points: 1 }]
    return (await Promise.all(reports.map((report) => reportPart(book, [report])))).flat()
  }
}
