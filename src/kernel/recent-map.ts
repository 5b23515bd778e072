/**
 * What was used last, by key, for what can be found again: a map that does not grow with the number of
 * customers. It keeps the last `least` entries that were used, and up to twice as many.
 */
export class RecentMap<Key, Value> {
  readonly #least: number
  #recent = new Map<Key, Value>()
  #older = new Map<Key, Value>()

  constructor(least: number) {
    this.#least = least
  }

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  get(key: Key): Value | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined || this.#older.size === 0) return recent
    const older = this.#older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: Key, value: Value): void {
    this.#older.delete(key)
    this.#recent.set(key, value)
    if (this.#recent.size < this.#least) return
    this.#older = this.#recent
    this.#recent = new Map()
  }

  delete(key: Key): void {
    this.#recent.delete(key)
    this.#older.delete(key)
  }

  clear(): void {
    this.#recent.clear()
    this.#older.clear()
  }
}

/** How many accounts are remembered: those of a buyer all, those of many customers not. */
export const accountsRemembered = 2000
