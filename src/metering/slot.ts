import type { AccountKey } from './account.ts'

/**
 * AWS's key of a record without its hour. AWS accepts one record for each slot and hour, so a slot and
 * hour with a record are closed, whatever the outcome of that record was.
 */
export interface Slot {
  /** The channel that sends its records. */
  readonly channel: ChannelName
  /** Whose hour AWS counts: that of the task or pod for `meter-usage`. */
  readonly holder: string
  readonly productCode: string
  readonly dimension: string
}

export type ChannelName = 'meter-usage'

/** Returns the slot that receives the usage of an account when `resource`, a task or pod, seals it. */
export function slotOf({ productCode, dimension }: AccountKey, resource: string): Slot {
  return { channel: 'meter-usage', holder: resource, productCode, dimension }
}

/** Returns a name that equal slots share. */
export function slotName({ channel, holder, productCode, dimension }: Slot): string {
  return JSON.stringify([channel, holder, productCode, dimension])
}
