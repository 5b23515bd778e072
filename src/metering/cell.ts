import type { TagSet } from './tags.ts'

export interface OpenCell {
  readonly tags: TagSet
  readonly quantity: bigint
}
