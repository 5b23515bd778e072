import { byId } from './dom.ts'
import { totalOf, type HourParts } from './hours.ts'

const height = 24

/**
 * Draws the hours as small bars, a unit wide each. What AWS did not take has another colour. The drawing is
 * a copy of the one in the page.
 */
export function sparkOf() {
  const { content } = byId('spark', HTMLTemplateElement)
  const root = document.importNode(content, true).firstElementChild
  const [fine, trouble] = root?.children ?? []
  return {
    root: root ?? '',
    show(hours: readonly HourParts[]) {
      const highest = Math.max(...hours.map(totalOf))
      fine?.setAttribute('d', pathOf(hours, highest, totalOf))
      trouble?.setAttribute(
        'd',
        pathOf(hours, highest, ({ problem }) => problem),
      )
    },
  }
}

function pathOf(
  hours: readonly HourParts[],
  highest: number,
  valueOf: (parts: HourParts) => number,
): string {
  if (highest === 0) return ''
  return hours
    .flatMap((parts, index) => {
      const value = valueOf(parts)
      if (value === 0) return []
      const size = Math.max(1, (value / highest) * height).toFixed(2)
      return [`M${index + 0.1} ${height}v-${size}h0.8v${size}z`]
    })
    .join('')
}
