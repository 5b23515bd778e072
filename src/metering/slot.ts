/**
 * AWS's key of a record without its hour. AWS accepts one record for each slot and hour, so a slot and
 * hour with a record are closed, whatever the outcome of that record was.
 */
export interface Slot {
  /** The channel that sends its records, such as `meter-usage`. */
  readonly channel: string
  /** Whose hour it is to AWS: the task or pod for `meter-usage`. */
  readonly holder: string
  readonly productCode: string
  readonly dimension: string
}
