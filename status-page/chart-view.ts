import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { chartOf, type Chart } from './chart.ts'
import { byId, element } from './dom.ts'
import { hoursOf } from './hours.ts'

const charts = new Map<string, Chart>()
const nothing = element(
  'p',
  { class: 'quiet' },
  'The product has no dimensions, and there is no usage.',
)

/** Shows a chart for each dimension. It updates existing ones in place, which keeps the focus. */
export function showCharts(usage: UsageAnswer, now: number): void {
  const place = byId('charts')
  const dimensions = hoursOf(usage)
  const names = new Set(dimensions.map(({ name }) => name))
  for (const [name, chart] of charts)
    if (!names.has(name)) {
      chart.root.remove()
      charts.delete(name)
    }
  for (const { name, hours } of dimensions) {
    let chart = charts.get(name)
    if (chart === undefined) {
      chart = chartOf(name)
      charts.set(name, chart)
      place.append(chart.root)
    }
    chart.show(hours, now)
  }
  if (dimensions.length === 0) place.append(nothing)
  else nothing.remove()
}
