import { isShared } from '../../metering/account.ts'
import type { OpenCell } from '../../metering/cell.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { HeldCells } from '../../store/changes.ts'
import type { BookView, HeldHour, HeldKey, OpenAccountHour } from '../../store/view.ts'

interface HeldPage extends HeldCells {
  readonly added: Map<TagSet, bigint>
}

/** Held usage while one group of commands changes it: the store's rows under what the group has done. */
export class HeldUsage {
  readonly #view: BookView
  readonly #added = new Map<string, HeldPage>()
  readonly #released = new Map<string, HeldHour>()

  constructor(view: BookView) {
    this.#view = view
  }

  add(key: HeldKey, since: number, tags: TagSet, quantity: bigint): void {
    const name = nameOf(key)
    const page = this.#added.get(name) ?? { ...key, since, added: new Map<TagSet, bigint>() }
    this.#added.set(name, page)
    page.added.set(tags, (page.added.get(tags) ?? 0n) + quantity)
  }

  /** Whether an hour is closed because some of its usage is held. */
  has(open: OpenAccountHour): boolean {
    if (this.#added.size === 0 && this.#released.size === 0) return this.#view.isHeld(open)
    const isSame = (held: HeldKey) => hourName(held) === hourName(open)
    if ([...this.#added.values()].some(isSame)) return true
    const isReleased = [...this.#released.values()].some(isSame)
    return !isReleased && this.#view.isHeld(open)
  }

  /** What the store holds and this group has not released. */
  hours(): HeldHour[] {
    return this.#view.heldHours().filter((held) => !this.#released.has(nameOf(held)))
  }

  cells(held: HeldHour): readonly OpenCell[] {
    return this.#released.has(nameOf(held)) ? [] : this.#view.heldCells(held)
  }

  /** What this group holds. */
  added(): HeldKey[] {
    return [...this.#added.values()]
  }

  /** Takes all out of a held hour, and returns it. */
  release(held: HeldHour): readonly OpenCell[] {
    const cells = this.cells(held)
    this.#released.set(nameOf(held), held)
    return cells
  }

  /** What goes out of the store, and after it what goes in. */
  changes(): { readonly released: HeldHour[]; readonly held: HeldCells[] } {
    return { released: [...this.#released.values()], held: [...this.#added.values()] }
  }
}

/** What all share is held for all. */
function hourName({ account, resource, hour }: OpenAccountHour): string {
  return `${hour}|${isShared(account.key) ? '' : resource}|${account.name}`
}

function nameOf({ reason, account, resource, hour }: HeldKey): string {
  return `${reason}|${hour}|${resource}|${account.name}`
}
