import type { MeteringRecord } from '../metering/record.ts'
import type { Changes } from '../store/changes.ts'
import type { BookView } from '../store/view.ts'
import { AccountSlots } from './account-slots.ts'
import { Page } from './page.ts'
import { TagSetLimit } from './tag-set-limit.ts'

/**
 * Runs an operator's action on a book in one transaction, in the name of the book's owner, and returns
 * the record as it is then. `change` is the store's way to do so. `maxTagSets` is the sidecar's own:
 * further tag sets of an hour go to the untagged bucket. Rejects with what the action throws.
 */
export async function operate(
  change: (decide: (view: BookView) => Changes) => Promise<void>,
  maxTagSets: number,
  action: (page: Page) => MeteringRecord,
): Promise<MeteringRecord> {
  let record: MeteringRecord | undefined
  await change((view) => {
    const resource = view.owner() ?? ''
    const page = new Page(view, {
      slots: new AccountSlots(resource),
      tagSets: new TagSetLimit(maxTagSets),
    })
    record = action(page)
    return page.changes()
  })
  if (record === undefined) throw new TypeError('the store did not run the action')
  return record
}
