import { stopwatch } from '../kernel/clock.ts'
import { SidecarError, messageOf } from '../kernel/errors.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'

export interface GroupCommitOptions<Context> {
  /** Runs operations in one transaction and commits it. When it rejects, nothing has happened. */
  readonly transact: (operations: (context: Context) => void) => Promise<void>
  /** Resolves when everything committed so far is on disk. */
  readonly flush: () => Promise<void>
  /** How long the next group may wait for callers that were just answered; 0 where a commit is fast. */
  readonly gatherMs?: number | undefined
  /** Work between two groups, after the answers of the first have been given. */
  readonly between: () => Promise<void>
  /** A group is on disk: how many operations shared it, and how long commit and flush took. */
  readonly onDurable: (operations: number, seconds: number) => void
  /** A flush failed: what is on disk is unknown, so the process must end and recover from the file. */
  readonly onFatal: (error: SidecarError) => void
}

interface Waiting<Context> {
  readonly operation: (context: Context) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** A question that waits for a flush. */
interface Question {
  readonly answer: () => Promise<void>
  readonly reject: (reason: unknown) => void
}

type Answer = Result<unknown, unknown>

/** Bounds the time that one group keeps the event loop. */
const largestGroup = 512

/**
 * Runs operations that arrive together in one transaction and one flush, and answers them only when
 * they are on disk. What arrives meanwhile forms the next group.
 *
 * An operation is synchronous. When it throws a SidecarError it must not have changed anything: it
 * alone is refused. Any other error rolls the whole group back, and its operations are run one by one,
 * so that a bad one fails alone.
 */
export class GroupCommit<Context> {
  readonly #options: GroupCommitOptions<Context>
  #waiting: Waiting<Context>[] = []
  #running: Promise<void> | undefined
  #failure: SidecarError | undefined
  /** A group is being committed or flushed. */
  #flushing = false
  #flushFailed = false
  #questions: Question[] = []

  constructor(options: GroupCommitOptions<Context>) {
    this.#options = options
  }

  get failure(): SidecarError | undefined {
    return this.#failure
  }

  run<T>(operation: (context: Context) => T): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve: resolve as (value: unknown) => void, reject })
      this.#running ??= this.#work()
    })
  }

  /**
   * Asks a question about what is on disk: at once, or when a group that is committed has been flushed,
   * before the next one begins. The question reads when it is called. Rejects when that flush fails.
   */
  read<T>(question: () => Promise<T>): Promise<T> {
    if (this.#flushFailed) return Promise.reject(this.#failure)
    if (!this.#flushing) return question()
    return new Promise((resolve, reject) => {
      this.#questions.push({ answer: () => question().then(resolve, reject), reject })
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
      this.#flushing = true
      const answers = await this.#commit(group)
      try {
        if (answers.some(({ ok }) => ok)) {
          await this.#options.flush()
          this.#options.onDurable(group.length, elapsed())
        }
        this.#flushing = false
        for (const { answer } of this.#questions.splice(0)) void answer()
        const callers = group.length + this.#waiting.length
        give(group, answers)
        await this.#options.between()
        await this.#gather(callers)
      } catch (error) {
        this.#fail(error, group)
      }
    }
    this.#running = undefined
  }

  /**
   * Waits for callers that were just answered and report again at once: without it they and those that
   * wait already take turns, and each group has half of them.
   */
  async #gather(callers: number): Promise<void> {
    const { gatherMs = 0 } = this.#options
    const elapsed = stopwatch()
    while (
      this.#waiting.length > 0 &&
      this.#waiting.length < callers &&
      elapsed() * 1000 < gatherMs
    )
      await new Promise((resolve) => setImmediate(resolve))
  }

  async #commit(group: readonly Waiting<Context>[]): Promise<Answer[]> {
    let answers: Answer[] = []
    try {
      await this.#options.transact((context) => {
        answers = group.map(({ operation }) => attempt(operation, context))
      })
      return answers
    } catch (failure) {
      if (group.length === 1 || isOfWholeGroup(failure)) return group.map(() => fail(failure))
      const alone: Answer[] = []
      for (const waiting of group) alone.push(...(await this.#commit([waiting])))
      return alone
    }
  }

  #fail(cause: unknown, group: readonly Waiting<Context>[]): void {
    const happened = `The ledger could not be flushed to disk (${messageOf(cause)}).`
    const unknown = new SidecarError(
      'LedgerFailed',
      `${happened} Whether this was recorded is unknown: after the next start it may be in the ledger or not. Repeat it only with the idempotency key it had; without one it could be counted twice.`,
      { cause },
    )
    for (const { reject } of group) reject(unknown)
    this.#flushFailed = true
    this.#failure = new SidecarError(
      'LedgerFailed',
      `${happened} Nothing of this was recorded; the sidecar ends now and recovers when it starts again. Check the volume under the data directory.`,
      { cause },
    )
    for (const { reject } of [...this.#waiting.splice(0), ...this.#questions.splice(0)])
      reject(this.#failure)
    this.#options.onFatal(
      new SidecarError(
        'LedgerFailed',
        `${happened} What came after the last successful flush was not acknowledged, and may be in the ledger or not; the sidecar ends now and recovers when it starts again. Check the volume under the data directory.`,
        { cause },
      ),
    )
  }
}

/**
 * Whether no operation of the group is to blame: each alone would wait as long again, and one that may
 * have been recorded could be recorded twice.
 */
function isOfWholeGroup(failure: unknown): boolean {
  const codes: readonly string[] = [
    'LedgerBusy',
    'LedgerInUse',
    'DatabaseUnavailable',
    'DatabaseNotUsable',
    'DatabaseOutcomeUnknown',
  ]
  return failure instanceof SidecarError && codes.includes(failure.code)
}

function attempt<Context>(operation: (context: Context) => unknown, context: Context): Answer {
  try {
    return succeed(operation(context))
  } catch (failure) {
    if (failure instanceof SidecarError) return fail(failure)
    throw failure
  }
}

function give<Context>(group: readonly Waiting<Context>[], answers: readonly Answer[]): void {
  for (const [index, waiting] of group.entries()) {
    const answer = answers[index]
    if (answer?.ok === true) waiting.resolve(answer.value)
    else waiting.reject(answer?.failure)
  }
}
