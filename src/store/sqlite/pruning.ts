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
  readonly #sums
  readonly #total
  readonly #records

  constructor(database: DatabaseSync) {
    this.#keys = database.prepare(
      `DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency ORDER BY id LIMIT ${chunk})
       AND created_at < ?`,
    )
    const old = `FROM record WHERE state IN ('accepted', 'moved') AND hour < ?1 AND settled_at < ?1`
    this.#sums = database.prepare(
      `SELECT key_id, divisor, SUM(quantity) AS quantity ${old} AND state = 'accepted'
       GROUP BY key_id, divisor`,
    )
    this.#sums.setReadBigInts(true)
    this.#total = database.prepare('UPDATE key SET pruned_whole = pruned_whole + ? WHERE id = ?')
    this.#records = database.prepare(`DELETE ${old}`)
  }

  /** Inside a transaction only. Returns whether there may be more. */
  prune(now: number): boolean {
    const keys = Number(this.#keys.run(now - idempotencyMs).changes)
    for (const row of this.#sums.all(now - settledMs)) {
      const { key_id: keyId = 0n, divisor = 0n, quantity = 0n } = row as Record<string, bigint>
      this.#total.run(quantity * divisor, keyId)
    }
    this.#records.run(now - settledMs)
    return keys === chunk
  }
}
