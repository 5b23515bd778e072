import { stopwatch } from '../kernel/clock.ts'
import { SidecarError, messageOf } from '../kernel/errors.ts'

export interface Transaction {
  begin(): void
  /** Writes what the operations left to write together, and commits. */
  commit(): void
  rollback(): void
}

export interface GroupCommitOptions {
  readonly transaction: Transaction
  /** Resolves when everything committed so far is on disk. */
  readonly flush: () => Promise<void>
  /** Work between two groups, after the answers of the first have been given. */
  readonly between: () => Promise<void>
  /** A group is committed, and not on disk yet. */
  readonly onCommitted: () => void
  /** A group is on disk: how many operations shared it, and how long commit and flush took. */
  readonly onDurable: (operations: number, seconds: number) => void
  /** A flush failed: what is on disk is unknown, so the process must end and recover from the file. */
  readonly onFatal: (error: SidecarError) => void
}

interface Waiting {
  readonly operation: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown }

/** Bounds the time that one group keeps the event loop. */
const largestGroup = 512

/**
 * Runs operations that arrive together in one transaction and one flush, and answers them only when
 * they are on disk. What arrives meanwhile forms the next group.
 *
 * An operation is synchronous. When it throws a SidecarError it must not have written anything: it
 * alone is refused. Any other error rolls the whole group back, and its operations are run one by one,
 * so that a bad one fails alone.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #failure: SidecarError | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  get failure(): SidecarError | undefined {
    return this.#failure
  }

  run<T>(operation: () => T): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve: resolve as (value: unknown) => void, reject })
      this.#running ??= this.#work()
    })
  }

  /** Refuses every later operation; resolves when those that wait or are under way have been answered. */
  async close(): Promise<void> {
    this.#failure ??= new SidecarError(
      'ShuttingDown',
      'The ledger is closed; nothing was recorded.',
    )
    while (this.#running !== undefined) await this.#running
  }

  async #work(): Promise<void> {
    // Everything that this turn of the event loop reads from the sockets joins the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, largestGroup)
      const elapsed = stopwatch()
      const outcomes = this.#commit(group)
      try {
        if (outcomes.some((outcome) => outcome.ok)) {
          await this.#options.flush()
          this.#options.onDurable(group.length, elapsed())
        }
        answer(group, outcomes)
        await this.#options.between()
      } catch (error) {
        this.#fail(error, group)
      }
    }
    this.#running = undefined
  }

  #commit(group: readonly Waiting[]): Outcome[] {
    const { transaction } = this.#options
    try {
      transaction.begin()
    } catch (error) {
      return group.map(() => ({ ok: false, error }))
    }
    try {
      return this.#transact(group)
    } catch (error) {
      return group.length === 1
        ? [{ ok: false, error }]
        : group.flatMap((waiting) => this.#commit([waiting]))
    }
  }

  /** The operations of a transaction that has begun, and its end. */
  #transact(group: readonly Waiting[]): Outcome[] {
    const { transaction } = this.#options
    try {
      const outcomes = group.map((waiting) => attempt(waiting.operation))
      transaction.commit()
      this.#options.onCommitted()
      return outcomes
    } catch (error) {
      transaction.rollback()
      throw error
    }
  }

  #fail(cause: unknown, group: readonly Waiting[]): void {
    const error = new SidecarError(
      'LedgerFailed',
      `The ledger could not be flushed to disk (${messageOf(cause)}). Nothing after the last successful flush was acknowledged; the sidecar ends now and recovers from the file when it starts again. Check the volume under the data directory.`,
      { cause },
    )
    this.#failure = error
    for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error)
    this.#options.onFatal(error)
  }
}

function attempt(operation: () => unknown): Outcome {
  try {
    return { ok: true, value: operation() }
  } catch (error) {
    if (error instanceof SidecarError) return { ok: false, error }
    throw error
  }
}

function answer(group: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const [index, waiting] of group.entries()) {
    const outcome = outcomes[index]
    if (outcome?.ok === true) waiting.resolve(outcome.value)
    else waiting.reject(outcome?.error)
  }
}
