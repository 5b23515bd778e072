import { element, setText, showWhenChanged } from './dom.ts'
import { hourMs, showDay, showHour, showNumber } from './format.ts'
import { hoursShown, totalOf, type HourParts } from './hours.ts'
import { scaleOf } from './scale.ts'
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
  const scale = element('div', { class: 'scale', 'aria-hidden': 'true' })
  const bars = Array.from({ length: hoursShown }, () => barOf())
  const row = element(
    'div',
    { class: 'bars', role: 'group', 'aria-label': `${name}, by hour` },
    ...bars.map(({ button }) => button),
  )
  const tip = element('p', { class: 'tip', 'aria-hidden': 'true' })
  const axis = element('div', { class: 'axis', 'aria-hidden': 'true' })
  const table = tableOf(name)
  const root = element(
    'div',
    { class: 'chart' },
    element('p', { class: 'quiet' }, 'In units of AWS. The arrow keys move from hour to hour.'),
    element('div', { class: 'plot' }, scale, row, tip, axis),
    table.root,
  )
  let looked = hoursShown - 1
  const look = (index: number) => {
    bars[looked]?.button.setAttribute('tabindex', '-1')
    looked = Math.max(0, Math.min(hoursShown - 1, index))
    const { button } = bars[looked] ?? {}
    button?.setAttribute('tabindex', '0')
    setText(tip, button?.getAttribute('aria-label') ?? '')
    tip.dataset['side'] = looked < hoursShown / 2 ? 'left' : 'right'
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
      const { top, ticks } = scaleOf(Math.max(0, ...hours.map(totalOf)))
      for (const [index, parts] of hours.entries()) bars[index]?.show(parts, top, now)
      showWhenChanged(scale, ticks, () => ticks.map((tick) => tickOf(tick, top)))
      const starts = hours.map(({ hour }) => hour)
      showWhenChanged(axis, starts, () => axisOf(starts))
      look(looked)
      table.show(hours, now)
    },
  }
}

/** A line across the plot at a round value, with the value. */
function tickOf(value: number, top: number): HTMLElement {
  const tick = element('span', { class: 'tick' }, showNumber(value))
  tick.style.bottom = `${((value / top) * 100).toFixed(2)}%`
  return tick
}

/** The time of day every six hours, and the day at midnight. */
function axisOf(starts: readonly number[]): HTMLElement[] {
  return starts.flatMap((hour, index) => {
    const ofDay = (hour / hourMs) % 24
    if (ofDay % 6 !== 0) return []
    const isMidnight = ofDay === 0
    const label = element(
      'span',
      { class: isMidnight ? 'midnight' : '' },
      isMidnight ? showDay(hour) : `${String(ofDay).padStart(2, '0')}:00`,
    )
    label.style.left = `${((index / starts.length) * 100).toFixed(2)}%`
    return [label]
  })
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
    show(parts: HourParts, top: number, now: number) {
      for (const { place, node } of segments) {
        const share = parts[place] / top
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
