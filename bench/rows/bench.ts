import type { Result, Round } from '../result.ts'
import type { Build } from '../servers/build.ts'

/** What every row gets. */
export interface Bench {
  readonly build: Build
  /** How many pairs of measurements a row makes; its figures are their medians. */
  readonly rounds: number
  /** How long one load lasts. */
  readonly seconds: number
}

export type Row = (bench: Bench) => Promise<Result[]>

/** Baseline, ours, baseline, ours: whatever else the machine does meets both. */
export async function alternate<T>(
  rounds: number,
  ours: () => Promise<T>,
  baseline: () => Promise<T>,
): Promise<{ ours: T; baseline: T }[]> {
  const measured: { ours: T; baseline: T }[] = []
  for (let round = 0; round < rounds; round += 1)
    measured.push({ baseline: await baseline(), ours: await ours() })
  return measured
}

/** One figure of each pair. */
export function pick<T>(
  pairs: readonly { readonly ours: T; readonly baseline: T }[],
  figure: (measured: T) => number,
): Round[] {
  return pairs.map(({ ours, baseline }) => ({ ours: figure(ours), baseline: figure(baseline) }))
}
