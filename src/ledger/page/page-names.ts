import type { Account } from '../../metering/account.ts'

/** The note that says how much of an hour its guard does not count. */
export function unguardedName({ name }: Account, hour: number): string {
  return `unguarded|${hour}|${name}`
}

/** Equal for equal hours of equal slots. */
export function closedName(slot: string, hour: number): string {
  return `${hour}|${slot}`
}
