import type { Changes } from '../../store/changes.ts'
import type { BookView } from '../../store/view.ts'
import { AccountSlots } from '../page/account-slots.ts'
import { HeadRoom } from '../page/head-room.ts'
import { Page } from '../page/page.ts'
import { TagSetLimit } from '../page/tag-set-limit.ts'

/**
 * Runs an operator's action on a book in one transaction, in the name of the book's owner, and returns
 * what the action returns. `change` is the store's way to do so. `maxTagSets` is the sidecar's own:
 * further tag sets of an hour go to the untagged bucket. Rejects with what the action throws.
 */
export async function operate<T>(
  change: (decide: (view: BookView) => Changes) => Promise<void>,
  maxTagSets: number,
  action: (page: Page) => T,
): Promise<T> {
  let result: { readonly value: T } | undefined
  await change((view) => {
    const resource = view.owner() ?? ''
    const page = new Page(view, {
      slots: new AccountSlots(resource),
      tagSets: new TagSetLimit(maxTagSets),
      headRoom: new HeadRoom(),
    })
    result = { value: action(page) }
    return page.changes()
  })
  if (result === undefined) throw new TypeError('the store did not run the action')
  return result.value
}
