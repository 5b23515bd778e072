import type { MeteringFailure } from './metering-api.ts'

/** Returns what AWS said and then what to do. AWS's own sentences often have no full stop. */
export function wordsOfFailure({
  message,
  advice,
}: Pick<MeteringFailure, 'message' | 'advice'>): string {
  const end = message === '' || /[.!?]$/.test(message) ? '' : '.'
  return `${message}${end} ${advice}`.trim()
}
