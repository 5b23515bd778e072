import type { DimensionAnswer, HourAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { chartOf } from './chart.ts'
import { element, setText } from './dom.ts'
import { showNumber, showTime } from './format.ts'
import { billedUnits, hourOf, openIn, type DimensionHours } from './hours.ts'
import { sparkOf } from './spark.ts'

/** The columns of totals, after the sparkline. */
export const totals = {
  accepted: 'Accepted',
  pending: 'Pending',
  late: 'Late',
  problem: 'Refused or unresolved',
} as const

export interface DimensionRow {
  readonly nodes: readonly HTMLElement[]
  show(dimension: DimensionAnswer, hours: DimensionHours, usage: UsageAnswer, now: number): void
}

/** A row of the table with a dimension's figures, and below it its chart, which a button opens. */
export function dimensionRow(name: string): DimensionRow {
  const open = element(
    'button',
    { type: 'button', class: 'open-chart', 'aria-expanded': 'false' },
    name,
  )
  const quantity = element('span', { class: 'quantity' })
  const unit = element('span', { class: 'unit' })
  const notes = element('p', { class: 'quiet notes' })
  const spark = sparkOf()
  const cells = Object.entries(totals).map(([place, label]) => ({
    place: place as keyof typeof totals,
    cell: element('td', { class: 'total', 'data-total': place, 'data-label': label }),
  }))
  const chart = chartOf(name)
  const row = element(
    'tr',
    { 'data-dimension': name },
    element('th', { scope: 'row' }, open),
    element('td', { class: 'this-hour' }, quantity, ' ', unit, notes),
    element('td', { class: 'spark-cell' }, spark.root),
    ...cells.map(({ cell }) => cell),
  )
  const below = element(
    'tr',
    { class: 'below', 'data-chart-of': name },
    element('td', { colspan: '7' }, chart.root),
  )
  below.hidden = true
  let last: Parameters<typeof chart.show> | undefined
  open.addEventListener('click', () => {
    below.hidden = !below.hidden
    open.setAttribute('aria-expanded', String(!below.hidden))
    if (!below.hidden && last !== undefined) chart.show(...last)
  })
  return {
    nodes: [row, below],
    show(dimension, { hours }, usage, now) {
      const hour = hourOf(now)
      const sum = sumOf(openIn(usage), name, (each) => each === hour)
      setText(quantity, showNumber(sum))
      setText(unit, unitText(dimension, sum))
      setText(notes, notesOf(usage, name, hour, now))
      spark.show(hours)
      for (const { place, cell } of cells) {
        const total = hours.reduce((all, parts) => all + parts[place], 0)
        setText(cell, total === 0 ? '\u2013' : showNumber(total))
        cell.classList.toggle('bad', place === 'problem' && total > 0)
      }
      last = [hours, now]
      if (!below.hidden) chart.show(...last)
    },
  }
}

function unitText({ unit, divisor }: DimensionAnswer, sum: number): string {
  const name = unit ?? 'units'
  return divisor === 1 ? name : `${name}, ${showNumber(billedUnits(sum, divisor))} to bill`
}

function notesOf(usage: UsageAnswer, name: string, hour: number, now: number): string {
  const late = sumOf(usage.late, name, (each) => each === hour)
  const fraction = usage.fractions
    .filter(({ dimension }) => dimension === name)
    .reduce((sum, { quantity }) => sum + quantity, 0)
  const others = openIn(usage).filter(
    (each) => each.dimension === name && Date.parse(each.hour) !== hour,
  )
  return [
    ...(late > 0 ? [`${showNumber(late)} of it late`] : []),
    ...(fraction === 0 ? [] : [`and ${showNumber(fraction)} kept from earlier hours`]),
    ...others.map(
      (each) =>
        `${showNumber(each.quantity)} of ${showTime(Date.parse(each.hour), now)} not sealed yet`,
    ),
  ].join('; ')
}

function sumOf(
  list: readonly HourAnswer[],
  name: string,
  isMeant: (hour: number) => boolean,
): number {
  return list
    .filter(({ dimension, hour }) => dimension === name && isMeant(Date.parse(hour)))
    .reduce((sum, { quantity }) => sum + quantity, 0)
}
