import type { SidecarEvents } from '../kernel/events.ts'
import type { ReportReceipt, UsageRequest } from '../metering/report.ts'

type ReportedUsage = SidecarEvents['usageReported']

/** The outcome of a request by dimension, for those who watch. */
export function usageByDimension(
  request: UsageRequest,
  receipts: readonly ReportReceipt[],
): ReportedUsage[] {
  const told = new Map<string, ReportedUsage>()
  for (const [index, { dimension, quantity }] of request.reports.entries()) {
    const receipt = receipts[index]
    if (receipt === undefined) continue
    const before = told.get(dimension)
    const accepted = receipt.result === 'accepted'
    told.set(dimension, {
      dimension,
      accepted: (before?.accepted ?? 0) + (accepted ? 1 : 0),
      duplicates: (before?.duplicates ?? 0) + (accepted ? 0 : 1),
      late: (before?.late ?? 0) + (accepted && receipt.late ? 1 : 0),
      quantity: (before?.quantity ?? 0n) + (accepted ? quantity : 0n),
      earliestHour: Math.min(before?.earliestHour ?? receipt.hour, receipt.hour),
    })
  }
  return [...told.values()]
}
