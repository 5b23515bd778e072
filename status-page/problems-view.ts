import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { commandOf } from './command.ts'
import { byId, element, showWhenChanged } from './dom.ts'
import { showCount, showLeft, showNumber, showTime } from './format.ts'
import {
  commandsFor,
  headlines,
  problemsOf,
  remedyFor,
  unresolvedOlder,
  type Problem,
} from './problems.ts'

/** Shows what needs attention and what to do about it, or a line that nothing does. */
export function showProblems(usage: UsageAnswer, now: number): void {
  const problems = problemsOf(usage)
  const older = unresolvedOlder(usage)
  const isQuiet = problems.length === 0 && older <= 0
  byId('problems').classList.toggle('thin', isQuiet)
  // The countdown changes by the minute.
  showWhenChanged(byId('problem-list'), [problems, older, Math.floor(now / 60_000)], () =>
    isQuiet
      ? [element('li', { class: 'quiet' }, 'Nothing needs attention.')]
      : [
          ...problems.map((problem) => itemOf(problem, now)),
          ...(older > 0 ? [olderItem(older)] : []),
        ],
  )
}

function itemOf(problem: Problem, now: number): HTMLLIElement {
  const { kind, code, message, items } = problem
  const noun = kind === 'held' ? 'hour' : 'record'
  return element(
    'li',
    { class: 'trouble', 'data-kind': kind },
    element('h3', {}, `${headlines[kind]}: ${showCount(items.length, noun)}`),
    element('p', {}, element('code', {}, code), ' ', message),
    element('p', {}, remedyFor(problem)),
    ...commandsFor(problem).map(commandOf),
    ...deadlineOf(problem, now),
    idsOf(problem, now),
  )
}

/** The first hour that AWS stops accepting decides how long there is. */
function deadlineOf({ kind, items }: Problem, now: number): HTMLElement[] {
  const [next] = items
    .flatMap(({ hour, acceptedUntil }) =>
      acceptedUntil === null ? [] : [{ hour: Date.parse(hour), until: Date.parse(acceptedUntil) }],
    )
    .toSorted((a, b) => a.until - b.until)
  if (next === undefined || kind === 'moved' || kind === 'unresolved') return []
  const hour = showTime(next.hour, now)
  const text =
    next.until > now
      ? `AWS accepts ${hour} until ${showTime(next.until, now)}, ${showLeft(next.until - now)} left.`
      : `AWS no longer accepts ${hour}, since ${showTime(next.until, now)}.`
  return [element('p', { class: 'deadline' }, text)]
}

function idsOf({ items }: Problem, now: number): HTMLUListElement {
  return element(
    'ul',
    { class: 'plain chips' },
    ...items.map(({ id, dimension, hour, quantity, movedTo }) => {
      const to = movedTo === null ? '' : ` \u2192 ${showTime(Date.parse(movedTo), now)}`
      const when = showTime(Date.parse(hour), now)
      return element('li', {}, `#${id} ${dimension}, ${when}${to}: ${showNumber(quantity)}`)
    }),
  )
}

function olderItem(older: number): HTMLLIElement {
  return element(
    'li',
    { class: 'trouble', 'data-kind': 'unresolved' },
    element('h3', {}, `Perhaps billed: ${showCount(older, 'record')} older than 48 hours`),
    element('p', {}, 'Each waits for a decision. To list them:'),
    commandOf('marketplace-sidecar ledger show'),
  )
}
