import type { TagSet } from './tags.ts'

/** What one tag set has of an hour, in micro-units. */
export interface OpenCell {
  readonly tags: TagSet
  readonly quantity: bigint
}

/** Adds up quantities; 0 for none. */
export function sumOf(cells: readonly Pick<OpenCell, 'quantity'>[]): bigint {
  return cells.reduce((sum, { quantity }) => sum + quantity, 0n)
}

/** The cells of several lists as one, in the order of the tag sets. */
export function mergeCells(lists: readonly (readonly OpenCell[])[]): readonly OpenCell[] {
  const [first = [], ...more] = lists
  if (more.length === 0) return first
  const sums = new Map<TagSet, bigint>()
  for (const { tags, quantity } of lists.flat()) sums.set(tags, (sums.get(tags) ?? 0n) + quantity)
  return [...sums].map(([tags, quantity]) => ({ tags, quantity })).toSorted(byTags)
}

/** The order of cells, or of shares, of which no two have the same tag set. */
export function byTags(a: Pick<OpenCell, 'tags'>, b: Pick<OpenCell, 'tags'>): number {
  return a.tags < b.tags ? -1 : 1
}
