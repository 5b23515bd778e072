import type { Reading } from '../../metering/reading.ts'
import type { TagSet } from '../../metering/tags.ts'
import type { ReadingChanges, ReadingHour, ReadingView } from '../../store/readings.ts'
import type { OpenAccountHour } from '../../store/view.ts'

interface HourPage {
  hour: ReadingHour
  /** As if it never had a reading. */
  gone: boolean
  /** The store's readings of this hour go. */
  dropped: boolean
  readonly put: Map<string, Reading>
}

/** Readings while one group of commands changes them: the store's rows under what the group has done. */
export class Readings {
  readonly #view: ReadingView
  readonly #pages = new Map<string, HourPage>()

  constructor(view: ReadingView) {
    this.#view = view
  }

  /** An hour as it is now; one that never had a reading is open and empty. */
  hour(open: OpenAccountHour): ReadingHour {
    const { account, resource, hour } = open
    const known = this.#pages.get(nameOf(open))?.hour ?? this.#view.hour(open)
    return known ?? { account, resource, hour, closed: false, count: 0 }
  }

  /** Hours whose readings are no amount yet, of every task or pod. */
  openHours(): ReadingHour[] {
    const stored = this.#view.openHours().filter((hour) => !this.#pages.has(nameOf(hour)))
    const changed = [...this.#pages.values()].flatMap(({ gone, hour }) => (gone ? [] : hour))
    return [...stored, ...changed.filter(({ closed }) => !closed)]
  }

  one(open: OpenAccountHour, tags: TagSet, key: string): Reading | undefined {
    const page = this.#pages.get(nameOf(open))
    const put = page?.put.get(readingName(tags, key))
    return put ?? (page?.dropped === true ? undefined : this.#view.one(open, tags, key))
  }

  all(open: OpenAccountHour): Reading[] {
    const page = this.#pages.get(nameOf(open))
    if (page === undefined) return [...this.#view.all(open)]
    const stored = page.dropped ? [] : this.#view.all(open)
    const readings = new Map(stored.map((each) => [readingName(each.tags, each.key), each]))
    for (const [name, reading] of page.put) readings.set(name, reading)
    return [...readings.values()]
  }

  /** Puts a reading in place of the one with the same tag set and key; `isNew` where there is none. */
  put(open: OpenAccountHour, reading: Reading, isNew: boolean): void {
    const page = this.#page(open)
    page.gone = false
    page.put.set(readingName(reading.tags, reading.key), reading)
    if (isNew) page.hour = { ...page.hour, count: page.hour.count + 1 }
  }

  /** Closes an hour whose readings became an amount. They stay only where a late one is compared with them. */
  close(open: OpenAccountHour, stay: boolean): void {
    const page = this.#page(open)
    if (!stay) {
      page.dropped = true
      page.put.clear()
    }
    page.hour = { ...page.hour, closed: true, count: stay ? page.hour.count : 0 }
  }

  /** Closes an hour before its end: what it gave so far stays, and later readings can open it again. */
  closeEarly(open: OpenAccountHour, given: readonly Reading[]): void {
    this.close(open, false)
    for (const reading of given) this.put(open, reading, false)
  }

  /** Opens an hour again that was closed before its end. */
  reopen(open: OpenAccountHour): void {
    const page = this.#page(open)
    page.hour = { ...page.hour, closed: false }
  }

  /** Makes an hour as if it never had a reading. */
  forget(open: OpenAccountHour): void {
    const page = this.#page(open)
    page.gone = true
    page.dropped = true
    page.put.clear()
    page.hour = { ...page.hour, closed: false, count: 0 }
  }

  /** Undefined where the group has no part in readings. */
  changes(): ReadingChanges | undefined {
    if (this.#pages.size === 0) return undefined
    const pages = [...this.#pages.values()]
    return {
      dropped: pages.filter(({ dropped }) => dropped).map(({ hour }) => hour),
      hours: pages.flatMap(({ gone, hour }) => (gone ? [] : hour)),
      rows: pages.flatMap(({ hour: { account, resource, hour }, put }) =>
        [...put.values()].map((reading) => ({ account, resource, hour, reading })),
      ),
    }
  }

  #page(open: OpenAccountHour): HourPage {
    const name = nameOf(open)
    const known = this.#pages.get(name)
    if (known !== undefined) return known
    const page = {
      hour: this.hour(open),
      gone: false,
      dropped: false,
      put: new Map<string, Reading>(),
    }
    this.#pages.set(name, page)
    return page
  }
}

function nameOf({ account, resource, hour }: OpenAccountHour): string {
  return `${hour}|${resource}|${account.name}`
}

function readingName(tags: TagSet, key: string): string {
  return `${key}|${tags}`
}
