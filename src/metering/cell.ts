import type { TagSet } from './tags.ts'

export interface OpenCell {
  readonly tags: TagSet
  readonly quantity: bigint
}

export function sumOf(cells: readonly Pick<OpenCell, 'quantity'>[]): bigint {
  return cells.reduce((sum, { quantity }) => sum + quantity, 0n)
}

/** The cells of several lists as one, in the order of the tag sets. */
export function mergeCells(lists: readonly (readonly OpenCell[])[]): readonly OpenCell[] {
  const [first = [], ...more] = lists
  if (more.length === 0) return first
  const sums = new Map<TagSet, bigint>()
  for (const { tags, quantity } of lists.flat()) sums.set(tags, (sums.get(tags) ?? 0n) + quantity)
  return [...sums]
    .map(([tags, quantity]) => ({ tags, quantity }))
    .toSorted((a, b) => (a.tags < b.tags ? -1 : 1))
}
