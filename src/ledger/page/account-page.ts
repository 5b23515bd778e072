import type { Account } from '../../metering/account.ts'
import type { NamedSlot } from './account-slots.ts'

/** What a group of commands has done to an account so far. */
export interface AccountPage {
  readonly account: Account
  readonly slot: NamedSlot
  /** By this group. */
  reported: bigint
  fraction: bigint | undefined
  /** What came in less what went to a place, so far; anything but 0 at the end is a defect. */
  homeless: bigint
  /** The first unsealed hour from each hour on, as far as it was asked for. */
  readonly unsealed: Map<number, number>
}

/** An account that this group has not changed yet. */
export function newAccountPage(account: Account, slot: NamedSlot): AccountPage {
  return {
    account,
    slot,
    reported: 0n,
    fraction: undefined,
    homeless: 0n,
    unsealed: new Map(),
  }
}
