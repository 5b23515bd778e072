import { createHash } from 'node:crypto'

/** What names the one record that AWS takes of a task or pod, or of a customer, for a dimension and an hour. */
interface RecordName {
  readonly resource: string
  readonly customer: string
  readonly dimension: string
  readonly hour: number
}

/**
 * A UUID for the record that usage will be in, known before the hour is over: what the AWS front
 * answers as MeteringRecordId, and what `ledger show` finds the usage by. As with AWS, the same hour
 * of the same dimension has the same one.
 */
export function referenceOf({ resource, customer, dimension, hour }: RecordName): string {
  // The record of a customer is the same, whichever task or pod sends it.
  const name = JSON.stringify([customer === '' ? resource : '', customer, dimension, hour])
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16)
  // Version 8 of RFC 9562, for identifiers of one's own making.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
