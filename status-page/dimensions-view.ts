import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { commandOf } from './command.ts'
import { dimensionRow, totals, type DimensionRow } from './dimension-row.ts'
import { byId, element, setText, showWhenChanged } from './dom.ts'
import { showHour } from './format.ts'
import { hourOf, hoursOf, totalOf } from './hours.ts'

const rows = new Map<string, DimensionRow>()

/** Shows a row for each dimension. It updates existing ones in place, which keeps the focus. */
export function showDimensions(usage: UsageAnswer, now: number): void {
  const hour = hourOf(now)
  setText(byId('hour-name'), showHour(hour, now))
  byId('hour-progress', HTMLProgressElement).value = Math.floor((now - hour) / 60_000)
  const dimensions = hoursOf(usage)
  const isEmpty = dimensions.every(({ hours }) => hours.every((parts) => totalOf(parts) === 0))
  showEmpty(isEmpty, usage)
  showWhenChanged(byId('dimension-heads'), 'once', () =>
    ['Dimension', 'This hour', 'Last 48 hours', ...Object.values(totals)].map((text, index) =>
      element('th', { scope: 'col', ...(index > 2 && { class: 'total' }) }, text),
    ),
  )
  const body = byId('dimensions')
  for (const [name, row] of rows)
    if (!dimensions.some((each) => each.name === name)) {
      for (const node of row.nodes) node.remove()
      rows.delete(name)
    }
  for (const each of dimensions) {
    const row = rows.get(each.name) ?? dimensionRow(each.name)
    if (!rows.has(each.name)) {
      rows.set(each.name, row)
      body.append(...row.nodes)
    }
    const described = usage.dimensions.find(({ name }) => name === each.name)
    row.show(
      described ?? { name: each.name, unit: null, divisor: 1, aggregate: 'sum' },
      each,
      usage,
      now,
    )
  }
}

/** Until there is usage, says how to send some. */
function showEmpty(isEmpty: boolean, { dimensions }: UsageAnswer): void {
  const [first] = dimensions
  const place = byId('empty')
  place.hidden = !isEmpty
  if (!isEmpty) return
  showWhenChanged(place, first?.name ?? '', () => {
    if (first === undefined)
      return [element('p', {}, 'The product has no dimensions. AWS meters the task or pod itself.')]
    const body = JSON.stringify({ dimension: first.name, quantity: 3 }).replaceAll("'", "'\\''")
    return [
      element('h3', {}, 'No usage yet'),
      element('p', {}, 'The application reports it where it runs. To try it:'),
      commandOf(`curl -d '${body}' ${location.origin}/v1/usage`),
    ]
  })
}
