import { fromIso, toIso } from '../../kernel/clock.ts'
import { awsLimits } from '../aws-limits.ts'
import { hourMs } from '../hour.ts'

/** How long AWS accepts a record. */
export interface RecordWindow {
  /** At most, ms after its timestamp. */
  readonly longestMs: number
  /** The instant from which on AWS rejects a record of this timestamp. */
  readonly end: (timestamp: number) => number
}

export const meterUsageWindow: RecordWindow = {
  longestMs: awsLimits.meterUsageWindowMs,
  end: (timestamp) => timestamp + awsLimits.meterUsageWindowMs,
}

/** Usage of a month is accepted until so long after its end. */
const graceForLastMonthMs = 6 * hourMs

export const batchMeterUsageWindow: RecordWindow = {
  longestMs: awsLimits.batchMeterUsageWindowMs,
  end: (timestamp) =>
    Math.min(
      timestamp + awsLimits.batchMeterUsageWindowMs,
      endOfMonth(timestamp) + graceForLastMonthMs,
    ),
}

function endOfMonth(instant: number): number {
  const [year = 0, month = 0] = toIso(instant).split('-', 2).map(Number)
  const next = month === 12 ? [year + 1, 1] : [year, month + 1]
  const first = `${next[0]}-${String(next[1]).padStart(2, '0')}-01T00:00:00Z`
  return fromIso(first) ?? instant
}

/** Returns the instant from which on AWS rejects every record of an hour, to the second. */
export function acceptedUntil({ end }: RecordWindow, hour: number): number {
  return Math.ceil(end(hour + hourMs - 1) / 1000) * 1000
}

/** How long AWS accepts the records of a product, which has customers or a buyer who runs the task or pod. */
export function windowOf(hasCustomers: boolean): RecordWindow {
  return hasCustomers ? batchMeterUsageWindow : meterUsageWindow
}
