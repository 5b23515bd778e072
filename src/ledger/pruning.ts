import type { DatabaseSync } from 'node:sqlite'

const dayMs = 86_400_000
/** Longer than the 24 h that are promised, so that a report near the end of an hour is covered. */
const idempotencyMs = dayMs + 3_600_000
const settledMs = 45 * dayMs
/** Bounds what one transaction deletes. */
const chunk = 5000

/** Forgets what has become old: idempotency keys, and settled records into the totals of their keys. */
export class Pruning {
  readonly #keys
  readonly #total
  readonly #records

  constructor(database: DatabaseSync) {
    this.#keys = database.prepare(
      `DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency ORDER BY id LIMIT ${chunk})
       AND created_at < ?`,
    )
    const old = `FROM record WHERE state IN ('accepted', 'moved') AND hour < ?1 AND settled_at < ?1`
    this.#total = database.prepare(
      `UPDATE key SET
         pruned_whole = pruned_whole + coalesce((SELECT SUM(quantity * divisor) ${old}
           AND state = 'accepted' AND key_id = key.id), 0)`,
    )
    this.#records = database.prepare(`DELETE ${old}`)
  }

  /** Inside a transaction only. Returns whether there may be more. */
  prune(now: number): boolean {
    const keys = Number(this.#keys.run(now - idempotencyMs).changes)
    this.#total.run(now - settledMs)
    this.#records.run(now - settledMs)
    return keys === chunk
  }
}
