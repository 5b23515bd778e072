import type { SidecarError } from '../kernel/errors.ts'
import type { Events, Step } from '../kernel/events.ts'
import type { Store } from '../store/store.ts'
import { GroupCommit } from './group-commit.ts'
import { AccountSlots } from './page/account-slots.ts'
import { HeadRoom } from './page/head-room.ts'
import { Page } from './page/page.ts'
import { TagSetLimit } from './page/tag-set-limit.ts'

interface PageCommitsOptions {
  readonly store: Store
  /** Names the task or pod: the owner of the book. */
  readonly resource: string
  /** Distinct tag sets that an hour of an account may hold. */
  readonly maxTagSets: number
  readonly events: Events
  /** Called once, when nothing can be promised any more and the process must end. */
  readonly onFatal: (error: SidecarError) => void
}

/** Runs operations on pages of the book, one page and one transaction for each group of them. */
export class PageCommits {
  readonly #options: PageCommitsOptions
  readonly #slots: AccountSlots
  /** What the rules remember from one group to the next. */
  readonly #tagSets: TagSetLimit
  readonly #headRoom = new HeadRoom()
  /** Pages whose groups wait for their flush. */
  readonly #unflushed: Page[] = []
  readonly #groups: GroupCommit<Page>

  constructor(options: PageCommitsOptions) {
    this.#options = options
    this.#slots = new AccountSlots(options.resource)
    this.#tagSets = new TagSetLimit(options.maxTagSets)
    this.#groups = this.#createGroups()
  }

  /** Resolves with the operation's result when its changes are on disk. Emits `step` once it is written. */
  run<T>(step: Step | undefined, operation: (page: Page) => T): Promise<T> {
    return this.#groups.run((page) => {
      const result = operation(page)
      if (step !== undefined) this.#options.events.emit('stepReached', { step })
      return result
    })
  }

  /** Answers a question about what is on disk: nothing that a power cut could still take back. */
  read<T>(question: () => Promise<T>): Promise<T> {
    return this.#groups.read(question)
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    return this.#groups.close()
  }

  #createGroups(): GroupCommit<Page> {
    const { store, events, onFatal } = this.#options
    return new GroupCommit<Page>({
      transact: (operations) => this.#transact(operations),
      flush: () => store.flush(),
      gatherMs: store.gatherMs,
      between: () => store.maintain(),
      onDurable: (operations, seconds) => {
        events.emit('stepReached', { step: 'group-flushed' })
        events.emit('ledgerCommitted', { operations, seconds })
        for (const { overflowed } of this.#unflushed.splice(0))
          for (const [dimension, reports] of overflowed)
            events.emit('tagSetsOverflowed', { dimension, reports })
      },
      onFatal: (error) => {
        events.emit('ledgerFailed', { message: error.message })
        onFatal(error)
      },
    })
  }

  async #transact(operations: (page: Page) => void): Promise<void> {
    const rules = { slots: this.#slots, tagSets: this.#tagSets, headRoom: this.#headRoom }
    let page: Page | undefined
    try {
      const ids = await this.#options.store.transact((view) => {
        // A store that loads as it goes runs the rules again; what they remembered may be wrong.
        if (page !== undefined) this.#forgetRemembered()
        page = new Page(view, rules)
        operations(page)
        return page.changes()
      })
      page?.assignIds(ids)
      if (page !== undefined && page.overflowed.size > 0) this.#unflushed.push(page)
    } catch (error) {
      this.#forgetRemembered()
      throw error
    }
  }

  #forgetRemembered(): void {
    this.#tagSets.clear()
    this.#headRoom.clear()
  }
}
