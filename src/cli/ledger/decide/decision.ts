import type { Clock } from '../../../kernel/clock.ts'
import type { TextReader } from '../../../kernel/text/read-text.ts'
import { operate } from '../../../ledger/decisions/operate.ts'
import { mismatch, recordNotFound } from '../../../ledger/decisions/operator-actions.ts'
import type { OperatorAction } from '../../../metering/record/operator-table.ts'
import { applyDecision } from '../../../ledger/decisions/run-decision.ts'
import type { DecisionEntry } from '../../../ledger/decisions/trail.ts'
import type { Page } from '../../../ledger/page/page.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import type { RecordState } from '../../../metering/record/record-states.ts'
import type { HeldUsageSummary } from '../../../store/summary.ts'
import type { CliIo } from '../../cli-io.ts'
import { ledgerPlace, type LedgerPlace } from '../ledger-place.ts'
import { OperatorProduct } from './operator-product.ts'

/** What an action that changes the book runs with. */
export interface DecisionContext {
  readonly io: CliIo
  readonly clock: Clock
  readonly reader: TextReader
}

/** A decision about a book: what is looked at before it, and its one transaction. */
export class Decision {
  readonly #place: LedgerPlace
  readonly product: OperatorProduct

  constructor(dataDir: string | undefined, context: DecisionContext) {
    const { io, clock, reader } = context
    this.#place = ledgerPlace(dataDir, { env: io.env, clock, reader })
    this.product = new OperatorProduct(context.io.env, context.reader)
  }

  /** The record as it is before the decision. Rejects with RecordNotFound, RecordStateMismatch. */
  async recordIn(id: number, state: RecordState, done: string): Promise<MeteringRecord> {
    const record = await this.#place.read((book) => book.record(id))
    if (record === undefined) throw recordNotFound(id)
    if (record.state !== state) throw mismatch(record, state, done)
    return record
  }

  now(): Promise<number> {
    return this.#place.now()
  }

  async held(): Promise<readonly HeldUsageSummary[]> {
    const now = await this.#place.now()
    return (await this.#place.read((book) => book.usage(now))).held
  }

  /**
   * Changes the book in one transaction, which also keeps what was decided. Tag sets above the limit of the
   * sidecar lose their tags.
   */
  async run<T>(
    action: OperatorAction,
    decide: (page: Page, now: number) => T,
    about: (decided: T) => Omit<DecisionEntry, 'number' | 'at' | 'action'>,
  ): Promise<T> {
    const maxTagSets = this.product.settings().get('SIDECAR_MAX_TAG_SETS')
    const now = await this.#place.now()
    return operate(
      (change) => this.#place.change(change),
      maxTagSets,
      (page) => applyDecision({ action, decide, about }, page, now),
    )
  }
}
