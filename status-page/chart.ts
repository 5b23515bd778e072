import { element, setText } from './dom.ts'
import { showHour, showNumber, showTime } from './format.ts'
import { hoursShown, totalOf, type HourParts } from './hours.ts'
import { tableOf } from './table.ts'

export interface Chart {
  readonly root: HTMLElement
  show(hours: readonly HourParts[], now: number): void
}

/** The parts of a bar, from the bottom to the top. */
const places = ['accepted', 'pending', 'late', 'problem', 'open'] as const
const words: Readonly<Record<(typeof places)[number], string>> = {
  accepted: 'accepted',
  pending: 'pending',
  late: 'late',
  problem: 'refused or unresolved',
  open: 'open',
}

/** Shows the bars of one dimension, with a line about the selected hour and a table of all hours. */
export function chartOf(name: string): Chart {
  const summary = element('p', { class: 'quiet totals' })
  const top = element('span', { class: 'top-value', 'aria-hidden': 'true' })
  const bars = Array.from({ length: hoursShown }, () => barOf())
  const row = element(
    'div',
    { class: 'bars', role: 'group', 'aria-label': `${name}, by hour` },
    ...bars.map(({ button }) => button),
  )
  const first = element('span')
  const last = element('span')
  const axis = element('div', { class: 'axis', 'aria-hidden': 'true' }, first, last)
  const detail = element('p', { class: 'detail', 'aria-hidden': 'true' })
  const table = tableOf(name)
  const root = element(
    'article',
    { class: 'card chart', 'data-dimension': name },
    element('header', {}, element('h3', {}, name), summary),
    element('div', { class: 'plot' }, top, row),
    axis,
    detail,
    table.root,
  )
  let looked = hoursShown - 1
  const look = (index: number) => {
    bars[looked]?.button.setAttribute('tabindex', '-1')
    looked = Math.max(0, Math.min(hoursShown - 1, index))
    const { button } = bars[looked] ?? {}
    button?.setAttribute('tabindex', '0')
    setText(detail, button?.getAttribute('aria-label') ?? '')
  }
  for (const [index, { button }] of bars.entries()) {
    button.addEventListener('focus', () => look(index))
    button.addEventListener('pointerenter', () => look(index))
  }
  row.addEventListener('keydown', (event) => {
    const target = targetOf(event.key, looked)
    if (target === undefined) return
    event.preventDefault()
    look(target)
    bars[looked]?.button.focus()
  })

  return {
    root,
    show(hours, now) {
      const highest = Math.max(0, ...hours.map(totalOf))
      for (const [index, parts] of hours.entries()) bars[index]?.show(parts, highest, now)
      root.classList.toggle('empty', highest === 0)
      setText(top, highest === 0 ? '' : showNumber(highest))
      setText(summary, totalsText(hours))
      setText(first, showTime(hours[0]?.hour ?? now, now))
      setText(last, showTime(hours.at(-1)?.hour ?? now, now))
      look(looked)
      table.show(hours, now)
    },
  }
}

function barOf() {
  const segments = places.map((place) => ({ place, node: element('span', { class: place }) }))
  const button = element(
    'button',
    { type: 'button', class: 'bar', tabindex: '-1' },
    ...segments.map(({ node }) => node),
  )
  return {
    button,
    show(parts: HourParts, highest: number, now: number) {
      for (const { place, node } of segments) {
        const share = highest === 0 ? 0 : parts[place] / highest
        node.style.height = `${(share * 100).toFixed(2)}%`
        node.hidden = parts[place] === 0
      }
      const label = `${showHour(parts.hour, now)}: ${partsText(parts)}`
      if (button.getAttribute('aria-label') !== label) button.setAttribute('aria-label', label)
    },
  }
}

function targetOf(key: string, from: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return from - 1
    case 'ArrowRight':
      return from + 1
    case 'Home':
      return 0
    case 'End':
      return hoursShown - 1
    default:
      return undefined
  }
}

function partsText(parts: HourParts): string {
  const some = places.filter((place) => parts[place] > 0)
  const texts = some.map((place) => `${showNumber(parts[place])} ${words[place]}`)
  if (parts.moved > 0) texts.push(`${showNumber(parts.moved)} moved to a later hour`)
  return texts.join(', ') || 'nothing'
}

function totalsText(hours: readonly HourParts[]): string {
  const sum = (place: (typeof places)[number]) =>
    hours.reduce((total, parts) => total + parts[place], 0)
  const totals = places.flatMap((place) => {
    const total = sum(place)
    return total > 0 ? [`${showNumber(total)} ${words[place]}`] : []
  })
  return totals.join(' \u00b7 ') || 'no usage'
}
