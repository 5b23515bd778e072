import type { TagSet } from './tags.ts'

export interface OpenCell {
  readonly tags: TagSet
  readonly quantity: bigint
}

export function sumOf(cells: readonly Pick<OpenCell, 'quantity'>[]): bigint {
  return cells.reduce((sum, { quantity }) => sum + quantity, 0n)
}
