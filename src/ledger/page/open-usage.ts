import { isUnregistered, type Account } from '../../metering/account.ts'
import { byTags, type OpenCell } from '../../metering/cell.ts'
import { untagged, type TagSet } from '../../metering/tags.ts'
import type { AddedUsage } from '../../store/changes.ts'
import type { BookView, OpenAccountHour, SealableHours } from '../../store/view.ts'
import type { TagSetLimit } from './tag-set-limit.ts'

interface HourPage extends OpenAccountHour {
  /** What the store has of this hour goes. */
  emptied: boolean
  readonly added: Map<TagSet, bigint>
}

/** Open usage while one group of commands changes it: the store's hours under what the group has done. */
export class OpenUsage {
  readonly #view: BookView
  readonly #resource: string
  readonly #tagSets: TagSetLimit
  readonly #cells = new Map<string, readonly OpenCell[]>()
  /** By account and hour, of the task or pod that owns the book. */
  readonly #accounts = new Map<string, Map<number, HourPage>>()
  readonly #pages: HourPage[] = []
  /** Hours of other tasks or pods whose usage went elsewhere. */
  readonly #emptiedElsewhere: OpenAccountHour[] = []

  constructor(view: BookView, resource: string, tagSets: TagSetLimit) {
    this.#view = view
    this.#resource = resource
    this.#tagSets = tagSets
  }

  /** Adds to an hour. Returns false, and adds nothing, when the hour has too many tag sets. */
  add(account: Account, hour: number, tags: TagSet, quantity: bigint): boolean {
    const page = this.#hour(account, hour)
    const before = page.added.get(tags)
    if (before === undefined && tags !== untagged && !this.#admits(page, tags)) return false
    page.added.set(tags, (before ?? 0n) + quantity)
    return true
  }

  /** Hours that start before `before`, and after `after`, by account and hour. */
  hours(before: number, after = Number.NEGATIVE_INFINITY): OpenAccountHour[] {
    const isWanted = ({ hour }: OpenAccountHour) => hour < before && hour > after
    return this.withAdded(this.#view.openHours(before, after), isWanted)
  }

  /** Hours that may be sealed, by account and hour: not those that wait for the registration of a customer. */
  sealableHours(due: SealableHours): OpenAccountHour[] {
    const isDue = ({ account: { key }, hour }: OpenAccountHour) =>
      hour < due.before && !isUnregistered(key)
    return this.withAdded(this.#view.sealableHours(due), isDue)
  }

  /** Hours of the store that this group has not emptied, and wanted ones of its own; each account's by hour. */
  withAdded(
    fromStore: readonly OpenAccountHour[],
    isWanted: (open: OpenAccountHour) => boolean,
  ): OpenAccountHour[] {
    const stored = fromStore.filter((open) => !this.#isEmptied(open))
    const known = new Set(stored.map(nameOf))
    const added = this.#pages.filter(
      (page) => isWanted(page) && page.added.size > 0 && !known.has(nameOf(page)),
    )
    const byAccount = Map.groupBy([...stored, ...added], ({ account }) => account.name)
    return [...byAccount.values()].flatMap((hours) => hours.toSorted((a, b) => a.hour - b.hour))
  }

  /** All that an hour holds, in the order of the tag sets. */
  cells(open: OpenAccountHour): OpenCell[] {
    const page = this.#accounts.get(open.account.name)?.get(open.hour)
    const stored = this.#isEmptied(open) ? [] : this.#stored(open)
    if (page === undefined || page.resource !== open.resource) return [...stored]
    const sums = new Map(stored.map(({ tags, quantity }) => [tags, quantity]))
    for (const [tags, quantity] of page.added) sums.set(tags, (sums.get(tags) ?? 0n) + quantity)
    return [...sums].map(([tags, quantity]) => ({ tags, quantity })).toSorted(byTags)
  }

  /** About how many tag sets an hour holds, without reading them. */
  countTagSets(open: OpenAccountHour): number {
    const page = this.#accounts.get(open.account.name)?.get(open.hour)
    const added = page?.resource === open.resource ? page.added.size : 0
    if (this.#isEmptied(open)) return added
    const known = this.#cells.get(nameOf(open))
    return added + (known?.length ?? this.#view.countTagSets(open))
  }

  /** The view stays the same within a group, and an hour of many tag sets is asked for several times. */
  #stored(open: OpenAccountHour): readonly OpenCell[] {
    const name = nameOf(open)
    const known = this.#cells.get(name)
    if (known !== undefined) return known
    const cells = this.#view.cells(open)
    this.#cells.set(name, cells)
    return cells
  }

  /** Takes all out of an hour, and returns it. */
  empty(open: OpenAccountHour): OpenCell[] {
    const cells = this.cells(open)
    if (open.resource === this.#resource) {
      const hour = this.#hour(open.account, open.hour)
      hour.emptied = true
      hour.added.clear()
      this.#tagSets.forget(open)
    } else this.#emptiedElsewhere.push(open)
    return cells
  }

  /** What goes out of the store, and after it what goes in. */
  changes(): { readonly emptied: OpenAccountHour[]; readonly added: AddedUsage[] } {
    return {
      emptied: [...this.#emptiedElsewhere, ...this.#pages.filter(({ emptied }) => emptied)],
      added: this.#pages.filter(({ added }) => added.size > 0),
    }
  }

  #hour(account: Account, hour: number): HourPage {
    let hours = this.#accounts.get(account.name)
    if (hours === undefined) {
      hours = new Map()
      this.#accounts.set(account.name, hours)
    }
    const known = hours.get(hour)
    if (known !== undefined) return known
    const made = { account, resource: this.#resource, hour, emptied: false, added: new Map() }
    hours.set(hour, made)
    this.#pages.push(made)
    return made
  }

  #isEmptied({ account, resource, hour }: OpenAccountHour): boolean {
    if (resource === this.#resource)
      return this.#accounts.get(account.name)?.get(hour)?.emptied === true
    return this.#emptiedElsewhere.some(
      (open) =>
        open.account.name === account.name && open.resource === resource && open.hour === hour,
    )
  }

  #admits(open: HourPage, tags: TagSet): boolean {
    const isNew = (set: TagSet) =>
      set !== untagged && (open.emptied || !this.#view.hasTagSet(open, set))
    return this.#tagSets.admits(open, tags, {
      count: () =>
        (open.emptied ? 0 : this.#view.countTagSets(open)) +
        [...open.added.keys()].filter(isNew).length,
      has: (set) => !open.emptied && this.#view.hasTagSet(open, set),
    })
  }
}

function nameOf({ account, resource, hour }: OpenAccountHour): string {
  return `${hour}|${resource}|${account.name}`
}
