import type { RecordState } from '../metering/record.ts'

export interface AccountBalance {
  readonly customer: string
  readonly dimension: string
  readonly reported: bigint
  readonly open: bigint
  readonly fraction: bigint
  /** In records of any state but `moved`, the pruned ones included. */
  readonly recorded: bigint
  /** reported - open - fraction - recorded; anything but zero is a defect. */
  readonly imbalance: bigint
}

/** What dashboards watch. */
export interface LedgerGauges {
  readonly states: ReadonlyMap<RecordState, number>
  /** Micro-units in the places before `accepted`, by dimension. */
  readonly pending: ReadonlyMap<string, bigint>
  /** Hours of records that AWS has not accepted, with how many each has. */
  readonly unsentHours: ReadonlyMap<number, number>
  readonly oldestUnsentHour: number | undefined
}

export interface DiskSpace {
  /** Of the ledger's files. */
  readonly ledgerBytes: number
  /** Of the volume that they lie on: what can still be written, and the whole. */
  readonly freeBytes: number
  readonly volumeBytes: number
}
