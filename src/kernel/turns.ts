interface TurnRules {
  /** How much may be under way at once. */
  readonly atOnce: number
  /** How much more may wait. */
  readonly waiting: number
}

/** Bounds what is under way: what comes above that waits for its turn, in its order. */
export class Turns {
  readonly #rules: TurnRules
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(rules: TurnRules) {
    this.#rules = rules
  }

  /** Runs `work` when its turn has come; undefined, at once, where too much waits already. */
  take<T>(work: () => Promise<T>): Promise<T> | undefined {
    const { atOnce, waiting } = this.#rules
    if (this.#underWay < atOnce) {
      this.#underWay += 1
      return this.#run(work)
    }
    if (this.#waiting.length >= waiting) return undefined
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
    return turn.then(() => this.#run(work))
  }

  /** Hands its turn to what waits, if anything does: what comes meanwhile must not find it free. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay -= 1
      else next()
    }
  }
}
