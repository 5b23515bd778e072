import type { Retention } from '../store/retention.ts'
import { summaryWindowMs } from '../store/summary.ts'

const dayMs = 86_400_000
/** Longer than the 24 h that are promised, so that a report near the end of an hour is covered. */
const claimsMs = dayMs + 3_600_000
/** How long settled records are kept. */
export const settledMs = 45 * dayMs

/** What is forgotten at an instant. */
export function retentionAt(now: number): Retention {
  return {
    claimsBefore: now - claimsMs,
    settledBefore: now - settledMs,
    lateUsageBefore: now - summaryWindowMs,
    readingsBefore: now - claimsMs,
  }
}
