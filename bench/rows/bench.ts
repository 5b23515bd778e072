import type { Result, Round } from '../result.ts'
import type { Build } from '../servers/build.ts'

/** What every row receives. */
export interface Bench {
  readonly build: Build
  /** The number of pairs of measurements of a row; its figures are their medians. */
  readonly rounds: number
  /** How long one load lasts. */
  readonly seconds: number
}

export type Row = (bench: Bench) => Promise<Result[]>

/** Measures baseline, ours, baseline, ours, so that other load on the machine affects both. */
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

/** Returns one figure of each pair. */
export function pick<T>(
  pairs: readonly { readonly ours: T; readonly baseline: T }[],
  figure: (measured: T) => number,
): Round[] {
  return pairs.map(({ ours, baseline }) => ({ ours: figure(ours), baseline: figure(baseline) }))
}
