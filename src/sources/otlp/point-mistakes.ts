import type { Aggregate } from '../../metering/account.ts'
import type { OtlpMetric, OtlpPoint } from './metric.ts'

/** Why no point of a metric can be counted by a dimension of this aggregate. */
export function mistakeOf(
  { name, kind, temporality, isMonotonic }: OtlpMetric,
  aggregate: Aggregate,
): string | undefined {
  if (kind !== 'gauge' && kind !== 'sum')
    return `${name} is ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}; count with a counter, or measure with a gauge`
  if (kind === 'sum' && temporality === 'unspecified')
    return `${name} does not say whether its sums are delta or cumulative`
  if (aggregate === 'sum') {
    if (kind === 'gauge') return `${name} is a gauge, which can fall; count with a counter`
    return isMonotonic ? undefined : `${name} can fall; count with a counter that only rises`
  }
  if (kind === 'gauge') return undefined
  if (isMonotonic) return `${name} only rises; ${aggregate} needs a gauge or an up-down counter`
  return temporality === 'cumulative'
    ? undefined
    : `${name} comes as delta; ${aggregate} needs a gauge or a cumulative up-down counter`
}

/** How far the clock of the sender may be ahead of ours. */
const aheadLimitMs = 5 * 60_000

/** Why the times of a point do not say when its value was. */
export function mistakeOfTime(
  { start, time }: OtlpPoint,
  isSum: boolean,
  now: number,
): string | undefined {
  if (time === 0n) return 'names no time'
  if (Number(time / 1_000_000n) > now + aheadLimitMs)
    return "lies more than 5 minutes ahead of the sidecar's clock"
  if (!isSum) return undefined
  if (start === 0n)
    return 'names no start, so that a process that was started again could not be told from a mistake'
  return start > time ? 'ends before it starts' : undefined
}
