import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { showFacts } from './facts.ts'
import { showDistance, showNumber, showTime } from './format.ts'

/** Shows when AWS is called next, and the results so far. */
export function showSending(usage: UsageAnswer, now: number): void {
  const { nextSendAt, lastSuccessAt, lastFailure, oldestUnsentHour, pendingCount, fractions } =
    usage
  showFacts('sending', [
    ['Next send', timeOr(nextSendAt, now, 'nothing to send')],
    ['Last accepted', timeOr(lastSuccessAt, now, 'none yet')],
    ['Oldest unsent hour', timeOr(oldestUnsentHour, now, 'none')],
    ['Records pending', showNumber(pendingCount)],
    [
      'Last failure',
      lastFailure === null ? 'none' : `${lastFailure.code}, ${timeOr(lastFailure.at, now, '')}`,
    ],
    [
      'Fractions kept',
      fractions
        .map(({ dimension, quantity }) => `${showNumber(quantity)} ${dimension}`)
        .join(', ') || 'none',
    ],
  ])
}

function timeOr(time: string | null, now: number, otherwise: string): string {
  if (time === null) return otherwise
  const instant = Date.parse(time)
  return `${showTime(instant, now)}, ${showDistance(instant, now)}`
}
