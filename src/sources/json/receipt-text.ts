import { toIso } from '../../kernel/clock.ts'
import type { ReportReceipt } from '../../metering/report.ts'

/**
 * Makes a function that writes receipts as JSON. Most are like the one before, whose text is kept:
 * formatting the hour is the most expensive part of an answer.
 */
export function createReceiptText(): (receipt: ReportReceipt) => string {
  let last: ReportReceipt | undefined
  let text = ''
  return (receipt) => {
    if (receipt === last) return text
    const { result, hour, late, counted } = receipt
    if (
      last?.hour !== hour ||
      last.late !== late ||
      last.result !== result ||
      last.counted !== counted
    ) {
      last = receipt
      text = JSON.stringify({ result, hour: toIso(hour), late, counted })
    }
    return text
  }
}
