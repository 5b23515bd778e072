/** What to forget: what is older than these instants, ms. */
export interface Retention {
  readonly claimsBefore: number
  readonly settledBefore: number
  readonly lateUsageBefore: number
  /** Of closed hours. */
  readonly readingsBefore: number
}
