import { toIso } from '../kernel/clock.ts'
import { aheadLimitMs } from '../ledger/reporting/check-reports.ts'
import type { MeteringRecord, Settlement } from '../metering/record/record.ts'
import type { RecordWindow } from '../metering/record/record-window.ts'

/** A record this much younger than the window may be too old already for AWS. */
const marginMs = 5 * 60_000

interface JudgingTime {
  /** AWS's time, as far as it is known. */
  readonly now: number
  /** AWS has said what time it is. */
  readonly isKnown: boolean
  readonly window: RecordWindow
  /** The sidecar is ending, so it cannot wait for an hour to begin. */
  readonly isEnding: boolean
}

/**
 * What it means that AWS rejected the time of a record: its hour has not begun there, or is over for
 * good. Where neither is certain the record is refused, which has it tried slowly, and settled when its
 * window ends. Moving it too soon would close an hour that AWS still accepts.
 */
export function judgeOutOfWindow(
  settlement: Settlement,
  { hour, timestamp }: Pick<MeteringRecord, 'hour' | 'timestamp'>,
  { now, isKnown, window, isEnding }: JudgingTime,
): Settlement {
  if (settlement.kind !== 'too-late') return settlement
  const { code } = settlement
  const message = (why: string) => `${settlement.message} ${why}`.trim()
  if (isKnown && timestamp > now)
    return {
      // A clock that jumps must not put usage days ahead.
      kind: isEnding || hour > now + aheadLimitMs ? 'too-early' : 'not-taken',
      code,
      message: message(`AWS's time is ${toIso(now)}, so the record is too early.`),
    }
  if (now >= window.end(timestamp) - (isKnown ? marginMs : 0)) return settlement
  return {
    kind: 'refused',
    code,
    message: message("By AWS's time the record is not too old, so the sidecar tries again slowly."),
  }
}
