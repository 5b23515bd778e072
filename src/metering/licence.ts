/** What was said of a licence or subscription, by AWS or by the application. */
export interface LicenceState {
  /** When it happened, whenever it became known, ms. */
  readonly at: number
  readonly ended: boolean
}

/**
 * Returns what counts of two that were said of one licence: the later one, and the end of two at the same
 * time. AWS delivers events in any order and more than once, so this must not depend on which came first.
 */
export function laterOf(
  a: LicenceState | undefined,
  b: LicenceState | undefined,
): LicenceState | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (a.at !== b.at) return a.at > b.at ? a : b
  return b.ended && !a.ended ? b : a
}
