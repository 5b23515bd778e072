import { isoOrNull, toIso } from '../../kernel/clock.ts'
import { toNumber } from '../../metering/quantity.ts'
import type { RecordSummary } from '../../metering/record/record.ts'
import type { OpenHour } from '../../metering/report.ts'
import type { SourceState } from '../../sources/source-states.ts'
import type { AccountFraction, HeldUsageSummary } from '../../store/summary.ts'
import type {
  FractionAnswer,
  HeldAnswer,
  HourAnswer,
  RecordAnswer,
  SourceAnswer,
} from './answers.ts'

export function hourBody({ dimension, hour, quantity }: OpenHour): HourAnswer {
  return { dimension, hour: toIso(hour), quantity: toNumber(quantity) }
}

export function fractionBody({
  dimension,
  quantity,
}: Pick<AccountFraction, keyof FractionAnswer>): FractionAnswer {
  return { dimension, quantity: toNumber(quantity) }
}

export function sourceBody({ name, dimensions, heardAt, failure }: SourceState): SourceAnswer {
  return {
    name,
    dimensions,
    lastHeardAt: isoOrNull(heardAt),
    lastFailure: failure === undefined ? null : { ...failure, at: toIso(failure.at) },
  }
}

/** Held usage; `acceptedUntil` is when AWS stops accepting a record of its hour. */
export function heldBody(
  { id, customer, reason, since, ...hour }: HeldUsageSummary,
  acceptedUntil: number,
): HeldAnswer {
  return {
    id,
    customer: customer === '' ? null : customer,
    ...hourBody(hour),
    reason,
    acceptedUntil: toIso(acceptedUntil),
    since: toIso(since),
  }
}

export function recordBody(record: RecordSummary, acceptedUntil?: number): RecordAnswer {
  const { id, customer, dimension, hour, quantity, state, attempts } = record
  return {
    id,
    customer: customer === '' ? null : customer,
    dimension,
    hour: toIso(hour),
    quantity: toNumber(quantity),
    state,
    attempts,
    meteringRecordId: record.meteringRecordId ?? null,
    lastAttemptAt: isoOrNull(record.lastAttemptAt),
    lastCode: record.lastCode ?? null,
    lastMessage: record.lastMessage ?? null,
    settledAt: isoOrNull(record.settledAt),
    movedTo: isoOrNull(record.movedTo),
    acceptedUntil: isoOrNull(acceptedUntil),
  }
}
