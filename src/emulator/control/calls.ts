/** One call as it arrived and how it ended. */
export interface EmulatedCall {
  /** When it arrived, ISO. */
  readonly at: string
  /** Null when the target names no operation. */
  readonly operation: string | null
  /** The access key id and the region of the credential scope; null without one. */
  readonly resource: string | null
  readonly region: string | null
  /** The body as sent; null when it was not JSON. */
  readonly input: unknown
  /** `ok`, an error name, `dropped-before` or `dropped-after`. */
  readonly outcome: string
  /** Null when there was no answer. */
  readonly status: number | null
}

const maxCalls = 10_000

/** The last 10,000 calls, oldest first. */
export class CallLog {
  readonly #calls: EmulatedCall[] = []

  add(call: EmulatedCall): void {
    this.#calls.push(call)
    if (this.#calls.length > maxCalls) this.#calls.shift()
  }

  all(): readonly EmulatedCall[] {
    return this.#calls
  }

  clear(): void {
    this.#calls.length = 0
  }
}
