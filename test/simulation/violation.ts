export type ViolationName =
  /** The audit found usage in no place, or in two. */
  | 'imbalance'
  /** Acknowledged usage is not in the book. */
  | 'lost'
  /** More is in the book than was ever reported. */
  | 'counted-twice'
  /** AWS has a record of ours whose usage the book believes not to be billed. */
  | 'billed-twice'
  /** The book believes that AWS accepted what AWS does not have. */
  | 'never-billed'
  /** Two accepted records bear one MeteringRecordId. */
  | 'one-id-twice'
  /** Two calls for one slot were under way at once. */
  | 'overlap'
  /** A graceful stop with a healthy AWS left usage that could have been sent. */
  | 'left-behind'
  /** Usage is still unsent after hours in which nothing failed. */
  | 'stuck'
  /** Usage was taken out of a record that AWS still accepted. */
  | 'given-up'
  /** Something threw that should not. */
  | 'threw'

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly what: ViolationName

  constructor(what: ViolationName, detail: string, options?: ErrorOptions) {
    super(`${what}: ${detail}`, options)
    this.what = what
  }
}
