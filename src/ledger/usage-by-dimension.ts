import type { SidecarEvents } from '../kernel/events.ts'
import type { ReportReceipt, UsageRequest } from '../metering/report.ts'

type ReportedUsage = SidecarEvents['usageReported']
type Tally = { -readonly [Member in keyof ReportedUsage]: ReportedUsage[Member] }

/** The outcome of a request by dimension, for those who watch. */
export function usageByDimension(
  { reports }: UsageRequest,
  receipts: readonly ReportReceipt[],
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
      tally.quantity += report.quantity
      if (receipt.late) tally.late += 1
    } else tally.duplicates += 1
    if (receipt.hour < tally.earliestHour) tally.earliestHour = receipt.hour
  }
  return tallies.values()
}

function emptyTally(dimension: string, earliestHour: number): Tally {
  return { dimension, accepted: 0, duplicates: 0, late: 0, quantity: 0n, earliestHour }
}
