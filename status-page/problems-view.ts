import type { RecordAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { byId, element, showWhenChanged } from './dom.ts'
import { showCount, showNumber, showTime } from './format.ts'
import { commandsFor, headlines, problemsOf, remedies, type Problem } from './problems.ts'

const recordsShown = 8

/** Shows what AWS did not accept and what to do about it. Returns the number of problems. */
export function showProblems(usage: UsageAnswer, now: number): number {
  const problems = problemsOf(usage)
  const recent = usage.settled.filter(({ state }) => state === 'unresolved').length
  const older = usage.unresolvedCount - recent
  byId('problems').dataset['count'] = String(problems.length + (older > 0 ? 1 : 0))
  showWhenChanged(byId('problem-list'), [problems, older], () => {
    if (problems.length === 0 && older <= 0)
      return [element('li', { class: 'quiet' }, 'Nothing. No record needs a decision.')]
    const items = problems.map((problem) => itemOf(problem, now))
    return older > 0 ? [...items, olderItem(older)] : items
  })
  return problems.length + (older > 0 ? 1 : 0)
}

function itemOf(problem: Problem, now: number): HTMLLIElement {
  const { kind, code, message, records } = problem
  return element(
    'li',
    { class: 'trouble', 'data-kind': kind },
    element('h3', {}, `${headlines[kind]}: ${showCount(records.length, 'record')}`),
    element('p', {}, element('code', {}, code), ' ', message),
    element('p', {}, remedies[kind]),
    ...commandsFor(problem).map((command) => element('p', {}, element('code', {}, command))),
    element('ul', { class: 'plain chips' }, ...chipsOf(records, now)),
  )
}

function chipsOf(records: readonly RecordAnswer[], now: number): HTMLLIElement[] {
  const chips = records.slice(0, recordsShown).map(({ id, dimension, hour, quantity, movedTo }) => {
    const to = movedTo === null ? '' : ` \u2192 ${showTime(Date.parse(movedTo), now)}`
    const when = showTime(Date.parse(hour), now)
    return element('li', {}, `#${id} ${dimension}, ${when}${to}: ${showNumber(quantity)}`)
  })
  const more = records.length - chips.length
  return more > 0 ? [...chips, element('li', {}, `and ${showNumber(more)} more`)] : chips
}

function olderItem(older: number): HTMLLIElement {
  return element(
    'li',
    { class: 'trouble', 'data-kind': 'unresolved' },
    element('h3', {}, `Perhaps billed: ${showCount(older, 'record')} older than 48 hours`),
    element('p', {}, 'Each waits for a decision. They are listed by:'),
    element('p', {}, element('code', {}, 'marketplace-sidecar ledger show')),
  )
}
