/** Which counters a dimension adds up, as its product file says. */
interface Selection {
  readonly metric: string
  readonly match?: ReadonlyMap<string, string> | undefined
}

/** Returns a text that is another for other counters; `target` is where they are read. */
export function countedSeries({ metric, match = new Map() }: Selection, target = ''): string {
  const labels = [...match].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([target, metric, labels])
}
