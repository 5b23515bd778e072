import type { AccountKey } from './account.ts'
import type { CustomerIdentity } from './customer.ts'

/**
 * AWS's key of a record without its hour. AWS accepts one record for each slot and hour, so a slot and
 * hour with a record are closed, whatever the outcome of that record was.
 */
export interface Slot {
  /** The channel that sends its records. */
  readonly channel: ChannelName
  /**
   * Whose hour AWS counts: that of the task or pod for `meter-usage`, of the customer for `batch-meter-usage`.
   * Usage of a whole cluster has one holder, whichever task or pod sends it.
   */
  readonly holder: string
  /** Empty where AWS knows the product by the customer's licence. */
  readonly productCode: string
  readonly dimension: string
}

export type ChannelName = 'meter-usage' | 'batch-meter-usage'

/** In whose name the book has what all tasks or pods share. None of them has this name. */
export const clusterHolder = 'cluster'

/** Whether AWS's key names a customer, or the book alone, so that any task or pod that shares the book can send its records. */
export function isOfAll({ channel, holder }: Slot): boolean {
  return channel === 'batch-meter-usage' || holder === clusterHolder
}

/** Returns the slot that receives the usage of an account when `resource`, a task or pod, seals it. */
export function slotOf(account: AccountKey, resource: string): Slot {
  const { productCode, dimension, customer, identity, scope } = account
  if (customer === '') {
    const holder = scope === 'cluster' ? clusterHolder : resource
    return { channel: 'meter-usage', holder, productCode, dimension }
  }
  const channel = 'batch-meter-usage'
  // Never sealed: it has no records before the customer is registered.
  if (identity === undefined) return { channel, holder: customer, productCode, dimension }
  const code = identity.form === 'license-arn' ? '' : productCode
  return { channel, holder: customerHolder(identity), productCode: code, dimension }
}

/** Returns what holds the slots of a customer. */
export function customerHolder({ form, value, region }: CustomerIdentity): string {
  return JSON.stringify([region, form, value])
}

/** Returns a name that equal slots share. */
export function slotName({ channel, holder, productCode, dimension }: Slot): string {
  return JSON.stringify([channel, holder, productCode, dimension])
}
