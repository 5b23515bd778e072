/**
 * Why usage is held. It is closed to new usage, blocks no other hour, and is never sent by itself: an
 * operator releases it or writes it off.
 */
export const heldReasonTable = {
  guard: 'The hour is above maxPerHour of the product file.',
  late: 'AWS no longer accepts the hour, and late usage is held.',
  adopted: 'Another task or pod left it, and late usage is held.',
  'no-divisor': 'A ledger of an earlier version does not say what it means.',
} as const satisfies Readonly<Record<string, string>>

export type HeldReason = keyof typeof heldReasonTable
export const heldReasons = Object.keys(heldReasonTable) as readonly HeldReason[]

/** The reason of this name. Throws a TypeError for any other. */
export function heldReasonOf(name: string): HeldReason {
  const reason = heldReasons.find((candidate) => candidate === name)
  if (reason === undefined) throw new TypeError(`usage cannot be held as ${name}`)
  return reason
}
