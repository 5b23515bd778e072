import { accountsRemembered, RecentMap } from '../../kernel/recent-map.ts'
import type { Account } from '../../metering/account.ts'
import { microPerUnit } from '../../metering/amount.ts'
import { largestTotal } from '../../metering/quantity.ts'

const largestSum = largestTotal * microPerUnit

/**
 * Limits what all reports of an account add up to. It remembers between groups how much an account
 * certainly still has room for, which saves a look-up for each group, and asks the book only when that
 * is used up. Only half of the room is remembered: another process may move usage between accounts.
 */
export class HeadRoom {
  /** Micro-units by account; never more than there is room for. */
  readonly #left = new RecentMap<string, bigint>(accountsRemembered)

  /** Whether `quantity` may be added to what was `reported`. When it may, it counts as added. */
  admits({ name }: Account, quantity: bigint, reported: () => bigint): boolean {
    const left = this.#left.get(name) ?? 0n
    if (quantity <= left) {
      this.#left.set(name, left - quantity)
      return true
    }
    const room = largestSum - reported() - quantity
    if (room < 0n) return false
    this.#left.set(name, room / 2n)
    return true
  }

  /** Usage of other accounts was moved to this one. */
  forget({ name }: Account): void {
    this.#left.delete(name)
  }

  /** Forgets everything, after a rollback. */
  clear(): void {
    this.#left.clear()
  }
}
