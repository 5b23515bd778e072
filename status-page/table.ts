import { element, showWhenChanged } from './dom.ts'
import { showHour, showNumber } from './format.ts'
import { totalOf, type HourParts } from './hours.ts'

const columns = ['accepted', 'pending', 'late', 'problem', 'open', 'moved'] as const
const headings: Readonly<Record<(typeof columns)[number], string>> = {
  accepted: 'Accepted',
  pending: 'Pending',
  late: 'Late',
  problem: 'Refused or unresolved',
  open: 'Open',
  moved: 'Moved on',
}

/** Shows the chart's figures as a table, closed at first. */
export function tableOf(name: string) {
  const body = element('tbody')
  const head = ['Hour', ...columns.map((column) => headings[column])]
  const table = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, `${name}, by hour, the newest first`),
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text))),
    ),
    body,
  )
  const root = element(
    'details',
    {},
    element('summary', {}, 'As a table'),
    element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${name} as a table` },
      table,
    ),
  )
  return {
    root,
    show(hours: readonly HourParts[], now: number) {
      const filled = hours.filter((parts) => totalOf(parts) + parts.moved > 0).toReversed()
      showWhenChanged(body, filled, () =>
        filled.length === 0 ? [emptyRow()] : filled.map((parts) => rowOf(parts, now)),
      )
    },
  }
}

function rowOf(parts: HourParts, now: number): HTMLTableRowElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, showHour(parts.hour, now)),
    ...columns.map((column) =>
      element('td', {}, parts[column] === 0 ? '' : showNumber(parts[column])),
    ),
  )
}

function emptyRow(): HTMLTableRowElement {
  return element('tr', {}, element('td', { colspan: String(columns.length + 1) }, 'No usage'))
}
