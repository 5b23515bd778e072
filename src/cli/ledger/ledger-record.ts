import { referenceOf } from '../../store/reference.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { formatHour, formatTags, formatTime } from './format-record.ts'
import { wrap } from '../text-table.ts'

const labelWidth = 18

/** One record in full, for people. */
export function describeRecord(record: MeteringRecord): string[] {
  const { allocations = [] } = record
  const fields: readonly (readonly [string, string])[] = [
    ['record', String(record.id)],
    ['state', record.state + (record.ambiguous ? ', AWS may have taken it' : '')],
    ['dimension', record.dimension],
    ...(record.customer === '' ? [] : [['customer', record.customer] as const]),
    ['hour', formatHour(record.hour)],
    ['timestamp sent', formatTime(record.timestamp)],
    ['quantity', `${formatQuantity(record.quantity)}${divisorNote(record)}`],
    ['MeteringRecordId', record.meteringRecordId ?? 'none'],
    ['id for AWS SDKs', referenceOf(record)],
    ['attempts', String(record.attempts)],
    ['sealed', formatTime(record.sealedAt)],
    ['first attempt', formatTime(record.firstAttemptAt)],
    ['last attempt', formatTime(record.lastAttemptAt)],
    ['settled', formatTime(record.settledAt)],
    ...(record.movedTo === undefined
      ? []
      : [['usage moved to', formatHour(record.movedTo)] as const]),
    ['last answer', record.lastCode ?? 'none'],
    ...(record.lastMessage === undefined ? [] : [['', record.lastMessage] as const]),
    ['product code', record.productCode],
    ['task or pod', record.resource],
    ['client token', record.clientToken],
    ...allocations.map(
      ({ tags, quantity }, index) =>
        [
          index === 0 ? 'allocations' : '',
          `${formatQuantity(quantity)}  ${formatTags(tags)}`,
        ] as const,
    ),
  ]
  return fields.flatMap(([label, value]) => {
    const [first = '', ...rest] = wrap(value, labelWidth)
    return [`${label.padEnd(labelWidth)}${first}`, ...rest]
  })
}

function divisorNote({ divisor }: MeteringRecord): string {
  return divisor === 1n ? '' : ` (each ${divisor} of the units that were reported)`
}
