import { createHash } from 'node:crypto'
import type { ReportReceipt } from '../metering/report.ts'

/** The bytes that stand for the token of an idempotency key in a table, however long the key is. */
export function keyOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest().subarray(0, 16)
}

/** Hour, late, counted, and how often it comes one after the other; 1 and 1 where they are absent. */
type Run = [hour: number, late: 0 | 1, counted?: 0 | 1 | undefined, times?: number]

/** Returns receipts as a short text: those of a batch are mostly the same. */
export function textOfReceipts(receipts: readonly ReportReceipt[]): string {
  const runs: Run[] = []
  for (const { hour, late, counted } of receipts) {
    const run: Run = [hour, late ? 1 : 0, counted === false ? 0 : 1, 1]
    const last = runs.at(-1)
    if (last !== undefined && isSame(last, run)) last[3] = (last[3] ?? 1) + 1
    else runs.push(run)
  }
  return JSON.stringify(runs.map(shortened))
}

export function receiptsOfText(text: string): ReportReceipt[] {
  return (JSON.parse(text) as Run[]).flatMap(([hour, late, counted, times = 1]) => {
    const receipt: ReportReceipt = {
      result: 'accepted',
      hour,
      late: late === 1,
      ...(counted === 0 && { counted: false }),
    }
    return Array.from({ length: times }, () => receipt)
  })
}

function isSame(one: Run, other: Run): boolean {
  return one[0] === other[0] && one[1] === other[1] && one[2] === other[2]
}

function shortened(run: Run): Run {
  const [hour, late, counted, times] = run
  if (times !== 1) return run
  return counted === 0 ? [hour, late, 0] : [hour, late]
}
