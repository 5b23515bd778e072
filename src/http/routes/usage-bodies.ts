import { toIso } from '../../kernel/clock.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import type { RecordSummary } from '../../metering/record.ts'
import type { OpenHour } from '../../metering/report.ts'
import type { HourAnswer, RecordAnswer } from './answers.ts'

export function hourBody({ dimension, hour, quantity }: OpenHour): HourAnswer {
  return { dimension, hour: toIso(hour), quantity: asNumber(quantity) }
}

export function recordBody(record: RecordSummary, acceptedUntil?: number): RecordAnswer {
  const { id, dimension, hour, quantity, state, attempts, meteringRecordId, movedTo } = record
  return {
    id,
    dimension,
    hour: toIso(hour),
    quantity,
    state,
    attempts,
    meteringRecordId: meteringRecordId ?? null,
    lastAttemptAt: isoOrNull(record.lastAttemptAt),
    lastCode: record.lastCode ?? null,
    lastMessage: record.lastMessage ?? null,
    settledAt: isoOrNull(record.settledAt),
    movedTo: isoOrNull(movedTo),
    acceptedUntil: isoOrNull(acceptedUntil),
  }
}

export function asNumber(quantity: bigint): number {
  return Number(formatQuantity(quantity))
}

export function isoOrNull(instant: number | undefined): string | null {
  return instant === undefined ? null : toIso(instant)
}
