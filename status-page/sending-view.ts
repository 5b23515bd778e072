import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { byId, element } from './dom.ts'
import { showDistance, showNumber, showTime } from './format.ts'

/** Shows when AWS is called next, and the results so far. */
export function showSending(usage: UsageAnswer, now: number): void {
  const { nextSendAt, lastSuccessAt, lastFailure, oldestUnsentHour, pending, fractions } = usage
  const facts: [string, string][] = [
    ['Next send', timeOr(nextSendAt, now, 'nothing to send')],
    ['Last accepted', timeOr(lastSuccessAt, now, 'none yet')],
    ['Oldest unsent hour', timeOr(oldestUnsentHour, now, 'none')],
    ['Records pending', showNumber(pending.length)],
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
  ]
  const list = byId('sending')
  for (const [name, value] of facts) {
    const shown = list.querySelector(`[data-fact="${name}"]`)
    if (shown === null)
      list.append(
        element('div', {}, element('dt', {}, name), element('dd', { 'data-fact': name }, value)),
      )
    else if (shown.textContent !== value) shown.textContent = value
  }
}

function timeOr(time: string | null, now: number, otherwise: string): string {
  if (time === null) return otherwise
  const instant = Date.parse(time)
  return `${showTime(instant, now)}, ${showDistance(instant, now)}`
}
