import type { HourAnswer, RecordAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { hourMs } from './format.ts'

/** Where an hour's usage of one dimension is, in AWS's units. The parts add up to the total. */
export interface HourParts {
  /** Its start, ms. */
  readonly hour: number
  readonly accepted: number
  readonly pending: number
  /** Usage that came after its hour was closed. It is not counted again in `accepted`, `pending` or `open`. */
  readonly late: number
  /** Refused or unresolved. */
  readonly problem: number
  /** Not sealed yet; may have a fraction. */
  readonly open: number
  /** Usage that was moved to later hours and is counted there; not what is held or was written off. */
  readonly moved: number
}

export interface DimensionHours {
  readonly name: string
  /** 48 hours without a gap, oldest first. */
  readonly hours: readonly HourParts[]
}

export const hoursShown = 48

/** Computes the chart's figures for each dimension of the product and each other one with usage. */
export function hoursOf(usage: UsageAnswer): DimensionHours[] {
  const { pending, settled, late } = usage
  const open = openIn(usage)
  const records = [...pending, ...settled]
  const current = hourOf(Date.parse(usage.now))
  const last = Math.max(current, ...[...open, ...pending].map(({ hour }) => Date.parse(hour)))
  const names = [
    ...usage.dimensions,
    ...[...open, ...records].map(({ dimension: name }) => ({ name })),
  ]
  return [...new Set(names.map(({ name }) => name))].map((name) => {
    const divisor = usage.dimensions.find((dimension) => dimension.name === name)?.divisor ?? 1
    const recordsAt = groupByHour(records.filter(({ dimension }) => dimension === name))
    const at = (list: readonly HourAnswer[], hour: number) =>
      list
        .filter((each) => each.dimension === name && Date.parse(each.hour) === hour)
        .reduce((sum, { quantity }) => sum + billedUnits(quantity, divisor), 0)
    const hours = Array.from({ length: hoursShown }, (_, index) => {
      const hour = last - (hoursShown - 1 - index) * hourMs
      return takeLate({
        ...placesOf(recordsAt.get(hour) ?? []),
        hour,
        open: at(open, hour),
        late: at(late, hour),
      })
    })
    return { name, hours }
  })
}

/** What is reported for hours that are not sealed, what readings come to so far included. */
export function openIn({ open, readings }: UsageAnswer): readonly HourAnswer[] {
  return [...open, ...readings]
}

/** Converts the application's units to AWS's, rounded for people if they are divided. */
export function billedUnits(quantity: number, divisor: number): number {
  return divisor === 1 ? quantity : Math.round((quantity / divisor) * 1000) / 1000
}

export function hourOf(instant: number): number {
  return Math.floor(instant / hourMs) * hourMs
}

/** Adds up the parts of an hour. */
export function totalOf({ accepted, pending, late, problem, open }: HourParts): number {
  return accepted + pending + late + problem + open
}

function groupByHour(records: readonly RecordAnswer[]): Map<number, RecordAnswer[]> {
  return Map.groupBy(records, ({ hour }) => Date.parse(hour))
}

function placesOf(records: readonly RecordAnswer[]) {
  const sumOf = (some: readonly RecordAnswer[]) =>
    some.reduce((total, { quantity }) => total + quantity, 0)
  const sum = (...states: readonly RecordAnswer['state'][]) =>
    sumOf(records.filter(({ state }) => states.includes(state)))
  return {
    accepted: sum('accepted'),
    pending: sum('sealed', 'sending'),
    problem: sum('refused', 'unresolved'),
    moved: sumOf(records.filter(({ movedTo }) => movedTo !== null)),
  }
}

/** Moves late usage out of the other parts of its hour, the youngest first, so that it is not counted twice. */
function takeLate(parts: HourParts): HourParts {
  const taken = { open: 0, pending: 0, accepted: 0 }
  let left = parts.late
  for (const place of ['open', 'pending', 'accepted'] as const) {
    taken[place] = Math.min(parts[place], left)
    left -= taken[place]
  }
  return {
    ...parts,
    open: parts.open - taken.open,
    pending: parts.pending - taken.pending,
    accepted: parts.accepted - taken.accepted,
    late: parts.late - left,
  }
}
