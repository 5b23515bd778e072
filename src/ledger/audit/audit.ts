import { imbalanceOf, type AccountSums } from '../../store/summary.ts'

/** An account's sums, and whether they add up. */
export interface AccountBalance extends AccountSums {
  /** reported - open - fraction - held - recorded - void; anything but zero is a defect. */
  readonly imbalance: bigint
}

/**
 * The conservation audit: for each account, what was reported must be open, in the fraction, held, in
 * records or written off. `reported` is counted on its own, so the audit can fail.
 */
export function auditBook(accounts: readonly AccountSums[]): AccountBalance[] {
  return accounts.map((sums) => ({ ...sums, imbalance: imbalanceOf(sums) }))
}

/** The accounts that do not add up. */
export function imbalancesOf(balances: readonly AccountBalance[]): AccountBalance[] {
  return balances.filter(({ imbalance }) => imbalance !== 0n)
}
