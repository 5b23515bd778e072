import type { Cursor, CursorChanges, CursorKey } from '../../store/cursor.ts'
import type { BookView } from '../../store/view.ts'

/** Cursors while one group of commands moves them: the store's rows under what the group has done. */
export class Cursors {
  readonly #view: Pick<BookView, 'cursors'>
  readonly #removed = new Map<string, CursorKey>()
  readonly #put = new Map<string, Cursor>()

  constructor(view: Pick<BookView, 'cursors'>) {
    this.#view = view
  }

  /** The cursors of a source as they are now, by series. */
  of(resource: string, source: string): Map<string, Cursor> {
    const cursors = new Map<string, Cursor>()
    for (const cursor of this.#view.cursors(resource, source))
      if (!this.#removed.has(nameOf(cursor))) cursors.set(cursor.series, cursor)
    for (const cursor of this.#put.values())
      if (cursor.resource === resource && cursor.source === source)
        cursors.set(cursor.series, cursor)
    return cursors
  }

  move({ removed, put }: CursorChanges): void {
    for (const key of removed) {
      this.#removed.set(nameOf(key), key)
      this.#put.delete(nameOf(key))
    }
    for (const cursor of put) this.#put.set(nameOf(cursor), cursor)
  }

  /** Undefined where the group has no part in cursors. */
  changes(): CursorChanges | undefined {
    if (this.#removed.size === 0 && this.#put.size === 0) return undefined
    return { removed: [...this.#removed.values()], put: [...this.#put.values()] }
  }
}

function nameOf({ resource, source, series }: CursorKey): string {
  return `${resource}\n${source}\n${series}`
}
