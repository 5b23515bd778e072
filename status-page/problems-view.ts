import type { EntitlementAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
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

/** What keeps the product from running, by the state of the entitlement. */
const blocks: Readonly<Partial<Record<EntitlementAnswer['state'], string>>> = {
  denied: 'The product may not run',
  'denied-by-iam': 'The product may not run yet: AWS refuses the role',
  unreachable: 'The product may not run yet: AWS does not answer',
  grace: 'The product still runs for now, but AWS has not confirmed the buyer',
}

/** Shows what needs attention and what to do about it, or a line that nothing does. */
export function showProblems(
  entitlement: EntitlementAnswer,
  usage: UsageAnswer,
  now: number,
): void {
  const { state, code, message } = entitlement
  const problems = problemsOf(usage)
  const older = unresolvedOlder(usage)
  const isQuiet = problems.length === 0 && older <= 0 && blocks[state] === undefined
  byId('problems').classList.toggle('thin', isQuiet)
  // The countdown changes by the minute.
  const minute = Math.floor(now / 60_000)
  const shown = [blocks[state], code, message, problems, older, minute]
  showWhenChanged(byId('problem-list'), shown, () =>
    isQuiet
      ? [element('li', { class: 'quiet' }, 'Nothing needs attention.')]
      : [
          ...blockOf(entitlement),
          ...problems.map((problem) => itemOf(problem, now)),
          ...(older > 0 ? [olderItem(older)] : []),
        ],
  )
}

function blockOf({ state, code, message }: EntitlementAnswer): HTMLElement[] {
  const headline = blocks[state]
  if (headline === undefined) return []
  return [
    element(
      'li',
      { class: 'trouble', 'data-kind': state === 'grace' ? 'waiting' : 'blocked' },
      element('h3', {}, headline),
      element('p', {}, element('code', {}, code), ' ', message),
      element('p', {}, 'The doctor finds the cause, in the task or pod:'),
      commandOf('marketplace-sidecar doctor'),
    ),
  ]
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
    ...items.map(({ id, customer, dimension, hour, quantity, movedTo }) => {
      const what = customer === null ? dimension : `${dimension} of ${customer}`
      const to = movedTo === null ? '' : ` \u2192 ${showTime(Date.parse(movedTo), now)}`
      const when = showTime(Date.parse(hour), now)
      return element('li', {}, `#${id} ${what}, ${when}${to}: ${showNumber(quantity)}`)
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
