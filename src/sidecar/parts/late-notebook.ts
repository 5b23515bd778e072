import type { Notebook } from '../../entitlement/grace.ts'

/** Keeps what is to be remembered until there is a ledger to remember it in. */
export class LateNotebook implements Notebook {
  readonly #kept = new Map<string, string>()
  #notebook: Notebook | undefined

  /** Nothing: what an earlier process noted is in the ledger that is not open yet. */
  async recall(name: string): Promise<string | undefined> {
    return this.#notebook?.recall(name)
  }

  async remember(name: string, value: string): Promise<void> {
    if (this.#notebook === undefined) this.#kept.set(name, value)
    else await this.#notebook.remember(name, value)
  }

  /** Hands over what was kept. A failure is that of a note like any other: the next one replaces it. */
  attach(notebook: Notebook): void {
    this.#notebook = notebook
    for (const [name, value] of this.#kept) notebook.remember(name, value).catch(() => {})
    this.#kept.clear()
  }
}
