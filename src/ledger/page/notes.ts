import type { Note } from '../../store/changes.ts'
import type { BookView } from '../../store/view.ts'

/** What each task or pod noted, while one group of commands changes it. */
export class Notes {
  readonly #view: Pick<BookView, 'note'>
  /** By task or pod, and name. */
  readonly #changed = new Map<string, Note>()

  constructor(view: Pick<BookView, 'note'>) {
    this.#view = view
  }

  get(resource: string, name: string): string | undefined {
    const changed = this.#changed.get(`${resource}|${name}`)
    return changed === undefined ? this.#view.note(resource, name) : changed.value
  }

  /** `undefined` removes the note. */
  set(resource: string, name: string, value: string | undefined): void {
    this.#changed.set(`${resource}|${name}`, { resource, name, value })
  }

  changes(): Note[] {
    return [...this.#changed.values()]
  }
}
