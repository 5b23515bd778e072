import type { AccountSlots } from './account-slots.ts'
import type { HeadRoom } from './head-room.ts'
import type { TagSetLimit } from './tag-set-limit.ts'

export interface PageOptions {
  /** Of the task or pod that owns the book. */
  readonly slots: AccountSlots
  readonly tagSets: TagSetLimit
  readonly headRoom: HeadRoom
}
