/** The only question of a shelf that has one. */
export const all = ''

/** Answers that were loaded, and the questions that still have none. */
export class Shelf<Question, Answer> {
  readonly #answers = new Map<string, { readonly answer: Answer }>()
  readonly #asked = new Map<string, Question>()

  /** The answer, or `meanwhile` until it is loaded. */
  ask(name: string, question: Question, meanwhile: Answer): Answer {
    const found = this.#answers.get(name)
    if (found !== undefined) return found.answer
    this.#asked.set(name, question)
    return meanwhile
  }

  /** The answer as far as it is loaded. */
  peek(name: string): Answer | undefined {
    return this.#answers.get(name)?.answer
  }

  put(name: string, answer: Answer): void {
    this.#asked.delete(name)
    this.#answers.set(name, { answer })
  }

  /** The next question of this name is asked anew. */
  forget(name: string): void {
    this.#answers.delete(name)
  }

  get isWaiting(): boolean {
    return this.#asked.size > 0
  }

  /** The questions without an answer, by name. */
  get asked(): ReadonlyMap<string, Question> {
    return this.#asked
  }

  clear(): void {
    this.#answers.clear()
    this.#asked.clear()
  }
}
