import type {
  BatchMeterUsageRequest,
  BatchMeterUsageValue,
  BatchRecordResult,
  MeteringResult,
} from '../../../src/aws/metering-api.ts'
import { hourOf } from '../../../src/metering/hour.ts'
import { customerHolder } from '../../../src/metering/slot.ts'
import { jsonOf } from '../json-of.ts'
import {
  acceptsCustomerRecord,
  isAcceptedForLastMonth,
  isOfClosedMonth,
} from './customer-window.ts'
import { failed, lost, type Entry, type Weather } from './model-answers.ts'

type Batch = MeteringResult<BatchMeterUsageValue>
type Asked = BatchMeterUsageRequest['records'][number]

/** Where the customers of a model are billed, by account. */
export const modelRegion = 'us-east-1'

/** BatchMeterUsage in a few lines: one unchangeable record for each customer, dimension and hour. */
export class ModelBatches {
  /** Accounts without a subscription. */
  readonly #unsubscribed = new Set<string>()
  readonly #entries: Map<string, Entry>
  /** Records of the month before: those that were accepted, and those that came too late for it alone. */
  readonly ofLastMonth = { accepted: 0, refused: 0 }
  #throttles = 0

  constructor(entries: Map<string, Entry>) {
    this.#entries = entries
  }

  subscribe(accountId: string, subscribed: boolean): void {
    if (subscribed) this.#unsubscribed.delete(accountId)
    else this.#unsubscribed.add(accountId)
  }

  answer({ records }: BatchMeterUsageRequest, weather: Weather, now: number): Batch {
    switch (weather) {
      case 'throttled':
        this.#throttles += 1
        // Every second time AWS accepts the call, and leaves half of its records unprocessed.
        if (this.#throttles % 2 === 1) return failed({ code: 'ThrottlingException', kind: weather })
        return this.#record(records, now, (_, index) => index % 2 === 0)
      case 'lost-before':
      case 'server-error-before':
        return lost
      case 'lost-after':
      case 'server-error-after':
        this.#record(records, now)
        return lost
      case 'refused':
        return failed({ code: 'InvalidProductCodeException', kind: 'misconfigured' })
      case 'taken-by-other':
        for (const each of records.slice(0, 1))
          if (!this.#entries.has(keyOf(each)))
            this.#add({ ...each, quantity: each.quantity + 1n }, false)
        return this.#record(records, now)
      case 'denied':
      case 'fine':
        return this.#record(records, now)
    }
  }

  #record(
    records: readonly Asked[],
    now: number,
    isLeftOut: (each: Asked, index: number) => boolean = () => false,
  ): Batch {
    const isOut = ({ timestamp }: Asked) =>
      !acceptsCustomerRecord(timestamp, now) || timestamp > now + 300_000
    for (const { timestamp } of records)
      if (isOfClosedMonth(timestamp, now)) this.ofLastMonth.refused += 1
    // One record fails the whole call.
    if (records.some(isOut))
      return failed({ code: 'TimestampOutOfBoundsException', kind: 'out-of-window' })
    const results = records.map((each, index): BatchRecordResult =>
      isLeftOut(each, index) ? { status: 'Unprocessed' } : this.#recordOne(each, now),
    )
    return { ok: true, value: { results } }
  }

  #recordOne(asked: Asked, now: number): BatchRecordResult {
    if (this.#unsubscribed.has(asked.accountId ?? '')) return { status: 'CustomerNotSubscribed' }
    const known = this.#entries.get(keyOf(asked))
    if (known !== undefined && known.content !== contentOf(asked))
      return { status: 'DuplicateRecord' }
    if (isAcceptedForLastMonth(asked.timestamp, now)) this.ofLastMonth.accepted += 1
    return { status: 'Success', meteringRecordId: (known ?? this.#add(asked, true)).id }
  }

  #add(asked: Asked, ours: boolean): Entry {
    const { dimension, quantity, timestamp } = asked
    const entry = {
      resource: holderOf(asked),
      dimension,
      hour: hourOf(timestamp),
      quantity,
      content: contentOf(asked),
      id: `m-${this.#entries.size}`,
      ours,
    }
    this.#entries.set(keyOf(asked), entry)
    return entry
  }
}

function holderOf({ accountId = '' }: Asked): string {
  return customerHolder({ form: 'account', value: accountId, region: modelRegion })
}

function keyOf(asked: Asked): string {
  return `${holderOf(asked)}|${asked.dimension}|${hourOf(asked.timestamp)}`
}

function contentOf({ quantity, allocations }: Asked): string {
  return jsonOf([quantity, allocations ?? null])
}
