/** What to forget: what is older than these instants, ms. */
export interface Retention {
  /** When that is, by the clock of the process that forgets. */
  readonly at: number
  readonly claimsBefore: number
  readonly settledBefore: number
  readonly lateUsageBefore: number
  /** What was said of licences: AWS delivers nothing that is older. */
  readonly licencesBefore: number
  /** Of closed hours. */
  readonly readingsBefore: number
}
