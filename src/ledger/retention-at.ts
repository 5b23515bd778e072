import type { Retention } from '../store/retention.ts'
import { summaryWindowMs } from '../store/summary.ts'

const dayMs = 86_400_000
/** Longer than the 24 h that are promised, so that a report near the end of an hour is covered. */
export const claimsMs = dayMs + 3_600_000
/** How long settled records are kept. */
export const settledMs = 45 * dayMs
/** The same for those of customers, of which an hour has very many. */
const settledOfCustomersMs = 7 * dayMs

/** An event waits for two weeks in a queue of SQS, the longest of all ways. */
const licencesMs = 30 * dayMs

/** What is forgotten at an instant; no key, no licence and no reading while their age is uncertain. */
export function retentionAt(now: number, hasCustomers: boolean, areKeysDated: boolean): Retention {
  const keysBefore = areKeysDated ? now - claimsMs : 0
  return {
    at: now,
    claimsBefore: keysBefore,
    settledBefore: now - (hasCustomers ? settledOfCustomersMs : settledMs),
    lateUsageBefore: now - summaryWindowMs,
    licencesBefore: areKeysDated ? now - licencesMs : 0,
    readingsBefore: keysBefore,
  }
}
