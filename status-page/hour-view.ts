import type { DimensionAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { byId, element, setText } from './dom.ts'
import { showHour, showNumber, showTime } from './format.ts'
import { billedUnits, hourOf } from './hours.ts'

/** Shows the usage reported in the current hour, by dimension. */
export function showThisHour(usage: UsageAnswer, now: number): void {
  const hour = hourOf(now)
  setText(byId('hour-name'), showHour(hour, now))
  const minutes = Math.floor((now - hour) / 60_000)
  byId('hour-progress', HTMLProgressElement).value = minutes
  const list = byId('hour-dimensions')
  const names = usage.dimensions.map(({ name }) => name)
  for (const tile of Array.from(list.children))
    if (!names.includes((tile as HTMLElement).dataset['dimension'] ?? '')) tile.remove()
  for (const dimension of usage.dimensions) {
    const tile = tileOf(list, dimension.name)
    const sum = sumOf(usage.open, dimension.name, (each) => each === hour)
    setText(tile.quantity, showNumber(sum))
    setText(tile.unit, unitText(dimension, sum))
    setText(tile.notes, notesOf(usage, dimension.name, hour, now))
  }
}

interface Tile {
  readonly quantity: Element
  readonly unit: Element
  readonly notes: Element
}

function tileOf(list: HTMLElement, name: string): Tile {
  const known = [...list.children].find(
    (tile) => (tile as HTMLElement).dataset['dimension'] === name,
  )
  if (known !== undefined) {
    const [, quantity, unit, notes] = known.children
    if (quantity !== undefined && unit !== undefined && notes !== undefined)
      return { quantity, unit, notes }
  }
  const quantity = element('p', { class: 'quantity' })
  const unit = element('p', { class: 'quiet' })
  const notes = element('p', { class: 'quiet' })
  list.append(
    element(
      'li',
      { class: 'card', 'data-dimension': name },
      element('h3', {}, name),
      quantity,
      unit,
      notes,
    ),
  )
  return { quantity, unit, notes }
}

function unitText({ unit, divisor }: DimensionAnswer, sum: number): string {
  if (divisor === 1) return unit ?? ''
  return `${unit ?? 'units'}, ${showNumber(billedUnits(sum, divisor))} to bill`
}

function notesOf(usage: UsageAnswer, name: string, hour: number, now: number): string {
  const late = sumOf(usage.late, name, (each) => each === hour)
  const fraction = usage.fractions.find(({ dimension }) => dimension === name)?.quantity
  const others = usage.open.filter(
    (each) => each.dimension === name && Date.parse(each.hour) !== hour,
  )
  return [
    ...(late > 0 ? [`${showNumber(late)} of it late`] : []),
    ...(fraction === undefined ? [] : [`and ${showNumber(fraction)} kept from earlier hours`]),
    ...others.map(
      (each) =>
        `${showNumber(each.quantity)} of ${showTime(Date.parse(each.hour), now)} not sealed yet`,
    ),
  ].join('; ')
}

function sumOf(
  list: UsageAnswer['open'],
  name: string,
  isMeant: (hour: number) => boolean,
): number {
  return list
    .filter(({ dimension, hour }) => dimension === name && isMeant(Date.parse(hour)))
    .reduce((sum, { quantity }) => sum + quantity, 0)
}
