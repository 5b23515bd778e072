import type { Clock } from '../../../kernel/clock.ts'
import type { TextReader } from '../../../kernel/read-text.ts'
import { operate } from '../../../ledger/decisions/operate.ts'
import { mismatch, recordNotFound } from '../../../ledger/decisions/operator-actions.ts'
import type { Page } from '../../../ledger/page.ts'
import type { MeteringRecord } from '../../../metering/record.ts'
import type { RecordState } from '../../../metering/record-states.ts'
import { changeBook, readBook } from '../../../store/sqlite/file/book-file.ts'
import type { HeldUsageSummary } from '../../../store/summary.ts'
import type { CliIo } from '../../cli-io.ts'
import { currentInstant, dataDirectory } from '../ledger-arguments.ts'
import { OperatorProduct } from './operator-product.ts'

/** What an action that changes the book runs with. */
export interface DecisionContext {
  readonly io: CliIo
  readonly clock: Clock
  readonly reader: TextReader
}

/** A decision about the book of a data directory: what is looked at before it, and its one transaction. */
export class Decision {
  readonly #directory: string
  readonly #context: DecisionContext
  readonly product: OperatorProduct

  constructor(dataDir: string | undefined, context: DecisionContext) {
    this.#context = context
    this.#directory = dataDirectory(dataDir, context.io.env)
    this.product = new OperatorProduct(context.io.env, context.reader)
  }

  /** The record as it is before the decision. Rejects with RecordNotFound, RecordStateMismatch. */
  async recordIn(id: number, state: RecordState, done: string): Promise<MeteringRecord> {
    const record = await readBook(this.#directory, (book) => book.record(id))
    if (record === undefined) throw recordNotFound(id)
    if (record.state !== state) throw mismatch(record, state, done)
    return record
  }

  async held(): Promise<readonly HeldUsageSummary[]> {
    const now = this.#now()
    return (await readBook(this.#directory, (book) => book.usage(now))).held
  }

  /** Changes the book in one transaction. Tag sets above the limit of the sidecar lose their tags. */
  run<T>(decide: (page: Page, now: number) => T): Promise<T> {
    const maxTagSets = this.product.settings().get('SIDECAR_MAX_TAG_SETS')
    const now = this.#now()
    return operate(
      (change) => changeBook(this.#directory, change),
      maxTagSets,
      (page) => decide(page, now),
    )
  }

  #now(): number {
    return currentInstant(this.#directory, this.#context.clock)
  }
}
