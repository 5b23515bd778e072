import type { EntitlementAnswer } from '../src/http/routes/answers.ts'
import { byId, element, setText, showWhenChanged } from './dom.ts'
import { showDistance, showTime } from './format.ts'

export const stateNames: Readonly<Record<EntitlementAnswer['state'], string>> = {
  starting: 'Starting',
  entitled: 'Entitled',
  denied: 'Denied',
  'denied-by-iam': 'Refused by IAM',
  unreachable: 'AWS not reached',
  grace: 'Entitled, within the grace time',
}

/** Shows whether the product may run, and why. */
export function showEntitlement(answer: EntitlementAnswer, now: number): void {
  const { state, code, message, since, transitions } = answer
  byId('entitlement').dataset['state'] = state
  setText(byId('state'), stateNames[state])
  setText(byId('state-message'), message)
  setText(byId('state-code'), code)
  const from = Date.parse(since)
  setText(byId('state-since'), `since ${showTime(from, now)}, ${showDistance(from, now)}`)
  showWhenChanged(byId('transitions'), transitions, () =>
    transitions.length === 0
      ? [element('li', { class: 'quiet' }, 'None so far')]
      : transitions
          .toReversed()
          .map((each) =>
            element(
              'li',
              {},
              element('time', { datetime: each.at }, showTime(Date.parse(each.at), now)),
              ` ${stateNames[each.from]} \u2192 ${stateNames[each.to]} `,
              element('code', {}, each.code),
            ),
          ),
  )
}
