import type { OperatorAction } from '../../../metering/record/operator-table.ts'
import type { HeldAnswer, HourAnswer, RecordAnswer } from '../answers.ts'

/** What an operator can decide about. */
export interface UndecidedAnswer {
  readonly now: string
  readonly open: readonly HourAnswer[]
  readonly held: readonly HeldAnswer[]
  readonly records: readonly UndecidedRecordAnswer[]
}

export interface UndecidedRecordAnswer extends RecordAnswer {
  /** AWS may have it although no answer said so. */
  readonly mayBeBilled: boolean
  readonly decisions: readonly OperatorAction[]
}

export interface DecidedAnswer {
  readonly action: OperatorAction
  readonly record: RecordAnswer | null
  readonly billedWith: string | null
}
