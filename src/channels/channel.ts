import type { MeteringApi, MeteringFailure, MeteringResult } from '../aws/metering-api.ts'
import type { AccountKey } from '../metering/account.ts'
import type {
  LateUsagePolicy,
  MeteringRecord,
  SealedContent,
  Settlement,
} from '../metering/record/record.ts'
import type { RecordWindow } from '../metering/record/record-window.ts'
import type { ChannelName, Slot } from '../metering/slot.ts'

/**
 * A way for a record to leave the book. It decides nothing about when: the submitter seals and the
 * sender sends. A new channel is a folder here and a line in registry.ts, and it passes
 * test/conformance/channel-conformance.ts.
 */
export interface Channel<Call = unknown, Value = unknown> {
  readonly name: ChannelName
  /** How long AWS accepts a record. */
  readonly window: RecordWindow
  /** How many records AWS accepts in one call. */
  readonly batch: number
  /** How many calls may be under way at the same time. */
  readonly parallelCalls: number
  /**
   * Whether others may still report for an hour when this process ends. Then the end seals nothing early,
   * and a record that was sealed before its hour is over, because a licence has ended, is sent at once.
   */
  readonly sharesHours: boolean
  /** AWS's key, without the hour, of the records that bill an account for usage of a task or pod. */
  slotOf(account: AccountKey, resource: string): Slot
  /** The same for the same content, resource and hour, different for any other; 1 to 64 characters. */
  clientTokenOf(resource: string, content: Omit<SealedContent, 'clientToken'>): string
  /** What AWS is asked for records of one product, at most `batch`; of each the same for every attempt. */
  toCall(records: readonly MeteringRecord[]): Call
  /** Makes the call once. */
  ask(api: MeteringApi, call: Call): Promise<MeteringResult<Value>>
  /** What AWS's answer means for the book, in the order of the records. The retry rules of the channel are this function. */
  settle(
    answer: MeteringResult<Value>,
    records: readonly MeteringRecord[],
    lateUsage: LateUsagePolicy,
  ): SendOutcome[]
}

/** What an attempt meant for one of its records. */
export interface SendOutcome {
  readonly settlement: Settlement
  /** Undefined when AWS accepted the record. */
  readonly failure: MeteringFailure | undefined
  /** One record made AWS refuse the whole call, and nothing says which one: calls of half the size find it. */
  readonly bisect?: true
}
