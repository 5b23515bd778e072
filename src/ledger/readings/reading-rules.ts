import type { MeaningOf } from '../opening/open-book.ts'
import type { ReadingRules } from './report-reading.ts'

/** How long a value of an `integral` stands where the product file does not say. */
const staleAfterMs = 300_000
/** A clock that shows less than before by more than this was set back. AWS's time is known to the second. */
const setBackMs = 10_000

interface RulesOptions {
  readonly meaningOf: MeaningOf
  /** Undefined where the product has sums alone. */
  readonly readings?: Pick<ReadingRules, 'maxReadings' | 'newSecret'> | undefined
}

/** The rules for readings of a ledger. */
export function readingRulesOf({ meaningOf, readings }: RulesOptions): ReadingRules {
  let latest = 0
  return {
    isSetBack(now) {
      latest = Math.max(latest, now)
      return now < latest - setBackMs
    },
    staleAfterMs: (dimension) => meaningOf(dimension)?.staleAfterMs ?? staleAfterMs,
    maxReadings: readings?.maxReadings ?? 0,
    newSecret: () => {
      if (readings === undefined) throw new TypeError('the ledger has no secret for members')
      return readings.newSecret()
    },
  }
}
