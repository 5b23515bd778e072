import { sleep, type Clock } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import { CommitUnknown, type Database, type Session } from './connection/database.ts'
import { isCollision, isLost, isUniqueViolation, translate } from './connection/database-errors.ts'
import { LeaseMissing, type Lease } from './lease.ts'

interface GroupCommitsOptions {
  readonly database: Pick<Database, 'query' | 'transaction'>
  /** How the database is named for people. */
  readonly name: string
  /** The right to act for a task or pod; undefined for `ledger` commands. */
  readonly lease: Lease | undefined
  /** How long a group waits to learn whether it was committed. */
  readonly outcomeMs?: number | undefined
  readonly clock: Clock
  /** Called once, when another process acts for the task or pod. */
  readonly onLost: (error: SidecarError) => void
}

/** How often a group runs again because another one was in its way. */
const mostRuns = 8
const askAgainMs = 100

/** Commits groups one after the other, each once, through lost connections and a lease that may be gone. */
export class GroupCommits {
  readonly #options: GroupCommitsOptions
  /** A group's outcome could not be learnt yet. */
  #isUncertain = false
  #lost: SidecarError | undefined

  constructor(options: GroupCommitsOptions) {
    this.#options = options
  }

  /** Throws when another process acts for the task or pod. */
  check(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /**
   * Runs a group until it is committed, again where another was in its way. `forget` is called before that, and
   * before it rejects: what the group knew may no longer be true.
   */
  async run<T>(group: () => Promise<T>, forget: () => void): Promise<T> {
    const { lease, name } = this.#options
    for (let run = 1; ; run += 1)
      try {
        this.check()
        if (this.#isUncertain && lease !== undefined) await this.#wasCommitted(lease)
        return await group()
      } catch (error) {
        forget()
        if (run < mostRuns && (await this.#canRunAgain(error, run))) continue
        throw translate(error, name)
      }
  }

  /** Runs one statement that counts the group and is its own transaction. */
  async statement(lease: Lease, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      lease.counted()
    } catch (error) {
      if (!isLost(error) || !(await this.#wasCommitted(lease))) throw error
    }
  }

  /** Runs a transaction that counts the group first. */
  async transaction(work: (session: Session) => Promise<void>): Promise<void> {
    const { database, lease, name } = this.#options
    try {
      await database.transaction(async (session) => {
        await lease?.count(session)
        await work(session)
      })
      lease?.counted()
    } catch (error) {
      if (!(error instanceof CommitUnknown)) throw error
      if (lease === undefined) throw outcomeUnknown(name, error)
      if (!(await this.#wasCommitted(lease))) throw error
    }
  }

  /** Asks until it is known whether the last group was committed. */
  async #wasCommitted(lease: Lease): Promise<boolean> {
    const { database, name, outcomeMs = 10_000, clock } = this.#options
    const since = clock.elapsed()
    this.#isUncertain = true
    for (;;)
      try {
        const committed = await lease.wasCommitted(database)
        this.#isUncertain = false
        return committed
      } catch (error) {
        if (error instanceof SidecarError) throw this.#end(error)
        if (clock.elapsed() - since >= outcomeMs) throw outcomeUnknown(name, error)
        await sleep(clock, askAgainMs)
      }
  }

  async #canRunAgain(error: unknown, run: number): Promise<boolean> {
    const { lease, database, name } = this.#options
    if (error instanceof LeaseMissing && lease !== undefined) {
      try {
        await lease.repair(database)
        return true
      } catch (failure) {
        if (failure instanceof SidecarError && failure.code === 'LedgerInUse')
          throw this.#end(failure)
        throw translate(failure, name)
      }
    }
    // Another session was first: the rules see its rows now. And a connection may have been dead for long.
    return isCollision(error) || (run <= 2 && (isUniqueViolation(error) || isLost(error)))
  }

  #end(error: SidecarError): SidecarError {
    if (this.#lost === undefined) this.#options.onLost(error)
    this.#lost = error
    return error
  }
}

function outcomeUnknown(name: string, cause: unknown): SidecarError {
  return new SidecarError(
    'DatabaseOutcomeUnknown',
    `The connection to the database ${name} broke while this was being recorded (${messageOf(cause)}), and it is not back yet. Whether it was recorded is unknown: repeat it only with the idempotency key it had; without one it could be counted twice.`,
    { cause, retryAfterSeconds: 5 },
  )
}
