import { AccountSlots } from '../../../src/ledger/page/account-slots.ts'
import { HeadRoom } from '../../../src/ledger/page/head-room.ts'
import { Page } from '../../../src/ledger/page/page.ts'
import { TagSetLimit } from '../../../src/ledger/page/tag-set-limit.ts'
import type { SharedRole } from '../../../src/store/view.ts'
import type { ModelBook } from '../store/model-book.ts'
import { ModelView } from '../store/model-view.ts'

class ViewInRole extends ModelView {
  readonly #role: SharedRole

  constructor(book: ModelBook, role: SharedRole) {
    super(book)
    this.#role = role
  }

  override sharedRole(): SharedRole {
    return this.#role
  }
}

/** A page of a book of plain maps, for rules that a test calls by themselves. */
export function openPage(
  book: ModelBook,
  resource: string,
  { role = 'alone', maxTagSets = 2500 }: { role?: SharedRole; maxTagSets?: number } = {},
): Page {
  return new Page(new ViewInRole(book, role), {
    slots: new AccountSlots(resource),
    tagSets: new TagSetLimit(maxTagSets),
    headRoom: new HeadRoom(),
  })
}
