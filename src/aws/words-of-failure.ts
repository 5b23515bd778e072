import { asSentence } from '../kernel/text/as-sentence.ts'
import type { MeteringFailure } from './metering-api.ts'

/** Returns what AWS said and then what to do. AWS's own sentences often have no full stop. */
export function wordsOfFailure({
  message,
  advice,
}: Pick<MeteringFailure, 'message' | 'advice'>): string {
  return `${asSentence(message)} ${advice}`.trim()
}
