import { isShared } from '../../metering/account.ts'
import { mergeCells, type OpenCell } from '../../metering/cell.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { HeldCells } from '../../store/changes.ts'
import type { BookView, HeldHour, HeldKey, OpenAccountHour } from '../../store/view.ts'

/** After every id that the store gives. */
const noId = Number.MAX_SAFE_INTEGER

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

  /** What is held, the oldest hour first; what this group has held has no id yet. */
  hours(): HeldHour[] {
    const left = this.#view.heldHours().filter((held) => !this.#released.has(nameOf(held)))
    if (this.#added.size === 0) return left
    const known = new Set(left.map(nameOf))
    const added = [...this.#added].filter(([name]) => !known.has(name))
    const all = [...left, ...added.map(([, held]) => ({ ...held, id: noId }))]
    return all.toSorted((a, b) => a.hour - b.hour || a.id - b.id)
  }

  cells(held: HeldHour): readonly OpenCell[] {
    const name = nameOf(held)
    const stored = this.#released.has(name) || held.id === noId ? [] : this.#view.heldCells(held)
    const added = this.#added.get(name)?.added
    if (added === undefined) return stored
    return mergeCells([stored, [...added].map(([tags, quantity]) => ({ tags, quantity }))])
  }

  /** What this group holds. */
  added(): HeldKey[] {
    return [...this.#added.values()]
  }

  /** Takes all out of a held hour, and returns it. */
  release(held: HeldHour): readonly OpenCell[] {
    const cells = this.cells(held)
    const name = nameOf(held)
    this.#added.delete(name)
    if (held.id !== noId) this.#released.set(name, held)
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
