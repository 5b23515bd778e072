/**
 * What gives an amount its meaning, pinned when usage is reported: a later product file changes what new
 * usage means, never what old usage means. Two reports that differ in any member are in two accounts.
 */
export interface AccountKey {
  readonly productCode: string
  /** The key of the customer's registration; empty for the buyer who runs the task or pod. */
  readonly customer: string
  readonly dimension: string
  /** How many of the application's units make one of AWS's, at least 1. */
  readonly divisor: bigint
  readonly aggregate: Aggregate
  readonly scope: Scope
}

/** How what is reported in an hour becomes an amount: `sum` adds amounts, the others work on readings. */
export const aggregates = ['sum', 'max', 'last', 'unique', 'integral'] as const
export type Aggregate = (typeof aggregates)[number]

/** Whose usage one record holds: that of one task or pod. */
export type Scope = 'resource'

/** An account with a name that equal keys share. */
export interface Account {
  readonly key: AccountKey
  readonly name: string
}

/** Returns the account of a key. */
export function accountOf(key: AccountKey): Account {
  const { productCode, customer, dimension, divisor, aggregate, scope } = key
  const name = JSON.stringify([productCode, customer, dimension, String(divisor), aggregate, scope])
  return { key, name }
}
