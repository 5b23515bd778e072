import type { Notebook } from '../../entitlement/grace.ts'

/** Stands for the ledger until it is open: it knows nothing, and what is to be remembered is noted again then. */
export class LateNotebook implements Notebook {
  #notebook: Notebook | undefined

  async recall(name: string): Promise<string | undefined> {
    return this.#notebook?.recall(name)
  }

  async remember(name: string, value: string): Promise<void> {
    await this.#notebook?.remember(name, value)
  }

  attach(notebook: Notebook): void {
    this.#notebook = notebook
  }
}
