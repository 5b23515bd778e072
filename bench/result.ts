/** How a row is judged: by the ratio of ours to the baseline, by ours alone, or by their difference. */
export type Target =
  | { readonly of: 'ratio' | 'ours' | 'difference'; readonly atLeast: number }
  | { readonly of: 'ratio' | 'ours' | 'difference'; readonly atMost: number }

/** A line of the table. `ours` and `baseline` are medians over the rounds, and so is `ratio` by itself. */
export interface Result {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly baseline?: number | undefined
  readonly ratio?: number | undefined
  /** How far the ratios of the rounds lie apart, in parts of their median: how noisy the machine was. */
  readonly spread?: number | undefined
  readonly target?: Target | undefined
}

export interface Round {
  readonly ours: number
  readonly baseline: number
}

/** Makes one line from the rounds. The two figures of a pair were measured one right after the other. */
export function resultOf(
  line: { readonly name: string; readonly unit: string; readonly target?: Target },
  rounds: readonly Round[],
): Result {
  const ratios = rounds.map(({ ours, baseline }) => ours / baseline)
  const ratio = median(ratios)
  return {
    ...line,
    ours: median(rounds.map(({ ours }) => ours)),
    baseline: median(rounds.map(({ baseline }) => baseline)),
    ratio,
    spread: (Math.max(...ratios) - Math.min(...ratios)) / ratio,
  }
}

/** Whether the result meets its target; undefined without a target. */
export function isMet({ ours, baseline = 0, ratio, target }: Result): boolean | undefined {
  if (target === undefined) return undefined
  const value = { ours, ratio: ratio ?? Number.NaN, difference: ours - baseline }[target.of]
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 1 ? high : (low + high) / 2
}
