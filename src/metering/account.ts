import type { CustomerIdentity } from './customer.ts'

/**
 * What gives an amount its meaning, pinned when usage is reported: a later product file changes what new
 * usage means, never what old usage means. Two reports that differ in any member are in two accounts.
 */
export interface AccountKey {
  readonly productCode: string
  /** The application's key of the customer; empty for the buyer who runs the task or pod. */
  readonly customer: string
  /** What AWS bills the customer by; absent for the buyer and for a customer who is not registered yet. */
  readonly identity?: CustomerIdentity | undefined
  readonly dimension: string
  /** How many of the application's units make one of AWS's, at least 1. */
  readonly divisor: bigint
  readonly aggregate: Aggregate
  readonly scope: Scope
}

/** How what is reported in an hour becomes an amount: `sum` adds amounts, the others work on readings. */
export const aggregates = ['sum', 'max', 'last', 'unique', 'integral'] as const
export type Aggregate = (typeof aggregates)[number]

/** Whose usage one record holds: that of one task or pod, or of all that share a book. */
export const scopes = ['resource', 'cluster'] as const
export type Scope = (typeof scopes)[number]

/** An account with a name that equal keys share. */
export interface Account {
  readonly key: AccountKey
  readonly name: string
}

/** Returns the account of a key. */
export function accountOf(key: AccountKey): Account {
  const { productCode, customer, dimension, divisor, aggregate, scope } = key
  const { form, value, region } = key.identity ?? {}
  const identity = form === undefined ? [] : [form, value, region]
  const parts = [productCode, customer, dimension, String(divisor), aggregate, scope, ...identity]
  return { key, name: JSON.stringify(parts) }
}

/** What gives amounts their meaning, but not who is billed: accounts that differ in their customers alone have one. */
export type Meaning = Pick<
  AccountKey,
  'productCode' | 'dimension' | 'divisor' | 'aggregate' | 'scope'
>

/** Returns a name that equal meanings share. */
export function meaningName({
  productCode,
  dimension,
  divisor,
  aggregate,
  scope,
}: Meaning): string {
  return JSON.stringify([productCode, dimension, String(divisor), aggregate, scope])
}

/** Whether the usage of all tasks or pods that share a book goes into the same records. */
export function isShared({ customer, scope }: AccountKey): boolean {
  return customer !== '' || scope === 'cluster'
}

/** Whether usage waits for the registration of its customer: AWS has no name for it yet. */
export function isUnregistered({ customer, identity }: AccountKey): boolean {
  return customer !== '' && identity === undefined
}
