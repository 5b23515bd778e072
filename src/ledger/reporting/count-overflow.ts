import type { Page } from '../page/page.ts'

/** How much the counters of a page have grown. */
function grown(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): [string, number][] {
  return [...after]
    .map(([name, count]): [string, number] => [name, count - (before.get(name) ?? 0)])
    .filter(([, count]) => count > 0)
}

/** Applies reports. Returns how many reports of each dimension went to the untagged bucket meanwhile. */
export function countOverflow<T>(
  page: Pick<Page, 'overflowed'>,
  apply: () => T,
): { readonly result: T; readonly overflowed: readonly [dimension: string, reports: number][] } {
  const before = new Map(page.overflowed)
  const result = apply()
  return { result, overflowed: grown(before, page.overflowed) }
}
