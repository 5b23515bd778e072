import type { SidecarEvents } from '../../kernel/events.ts'

type Usage = Pick<SidecarEvents['usageReported'], 'accepted' | 'duplicates' | 'late' | 'quantity'>
type Sum = { -readonly [Member in keyof Usage]: Usage[Member] } & { readonly dimension: string }

/**
 * Adds up reported usage between two readings of the metrics. Counting every report at once would cost a
 * report more than its share of the ledger's transaction.
 */
export class UsageSums {
  readonly #sums = new Map<string, Sum>()

  add(dimension: string, { accepted, duplicates, late, quantity }: Usage): void {
    const sum = this.#sums.get(dimension)
    if (sum === undefined) {
      this.#sums.set(dimension, { dimension, accepted, duplicates, late, quantity })
      return
    }
    sum.accepted += accepted
    sum.duplicates += duplicates
    sum.late += late
    sum.quantity += quantity
  }

  /** Passes what was added since the last time. */
  take(use: (sum: Readonly<Sum>) => void): void {
    for (const sum of this.#sums.values()) use(sum)
    this.#sums.clear()
  }
}
