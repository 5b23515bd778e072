import { toIso } from '../../kernel/clock.ts'
import { microPerUnit } from '../../metering/amount.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { tagsOf } from '../../metering/tags.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { untagged, type TagSet } from '../../metering/tags.ts'

/** `2026-03-10T09h` */
export function formatHour(hour: number): string {
  return `${toIso(hour).slice(0, 13)}h`
}

/** `2026-03-10T09:15:00Z` */
export function formatTime(instant: number | undefined): string {
  return instant === undefined ? 'never' : `${toIso(instant).slice(0, 19)}Z`
}

/** `plan=gold, team=a` */
export function formatTags(tags: TagSet): string {
  if (tags === untagged) return '(untagged)'
  return tagsOf(tags)
    .map(({ key, value }) => `${key}=${value}`)
    .join(', ')
}

/** `1 unit`, `2.5 units`: of AWS's units, which the book counts in millionths. */
export function formatUnits(quantity: bigint): string {
  return quantity === microPerUnit ? '1 unit' : `${formatQuantity(quantity)} units`
}

/** `requests`, or of a customer `requests of acme`. */
export function formatUsage({
  dimension,
  customer,
}: Pick<MeteringRecord, 'dimension' | 'customer'>): string {
  return customer === '' ? dimension : `${dimension} of ${customer}`
}

/** `record 12 (requests, 2026-03-10T09h, 42 units)`; that of a customer is `requests of acme`. */
export function formatRecord(
  record: Pick<MeteringRecord, 'id' | 'dimension' | 'customer' | 'hour' | 'quantity'>,
): string {
  const { id, hour, quantity } = record
  return `record ${id} (${formatUsage(record)}, ${formatHour(hour)}, ${formatUnits(quantity)})`
}
