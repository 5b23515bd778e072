import type { SidecarEvents } from '../../kernel/events.ts'
import type { ReportReceipt, UsageRequest } from '../../metering/report.ts'

type ReportedUsage = SidecarEvents['usageReported']
type Tally = { -readonly [Member in keyof ReportedUsage]: ReportedUsage[Member] }

/** The outcome of a request by dimension, for those who watch. A reading is no amount before its hour is over. */
export function usageByDimension(
  { reports }: UsageRequest,
  receipts: readonly ReportReceipt[],
  isSum: (dimension: string) => boolean,
): Iterable<ReportedUsage> {
  const tallies = new Map<string, Tally>()
  for (const [index, receipt] of receipts.entries()) {
    const report = reports[index]
    if (report === undefined) continue
    const { dimension } = report
    let tally = tallies.get(dimension)
    if (tally === undefined) {
      tally = emptyTally(dimension, receipt.hour)
      tallies.set(dimension, tally)
    }
    if (receipt.result === 'accepted') {
      tally.accepted += 1
      if (isSum(dimension)) tally.quantity += report.quantity
      if (receipt.counted === false) tally.notCounted += 1
      if (receipt.late) tally.late += 1
    } else tally.duplicates += 1
    if (receipt.hour < tally.earliestHour) tally.earliestHour = receipt.hour
  }
  return tallies.values()
}

function emptyTally(dimension: string, earliestHour: number): Tally {
  return {
    dimension,
    accepted: 0,
    duplicates: 0,
    late: 0,
    notCounted: 0,
    quantity: 0n,
    earliestHour,
  }
}
