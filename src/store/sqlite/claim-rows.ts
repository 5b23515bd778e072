import type { DatabaseSync } from 'node:sqlite'
import { keyOfToken, receiptsOfText, textOfReceipts } from '../claim-row.ts'
import type { NewClaim } from '../changes.ts'
import type { StoredClaim } from '../view.ts'
import { onlyRow } from './amount-columns.ts'

/** How many idempotency keys one transaction forgets. */
const forgottenAtOnce = 5000

/** What a key takes in the table and its indexes without its receipts, as measured. */
export const bytesOfKey = 97

/**
 * Idempotency keys in the file. Their size is counted in a row of its own: to add it up would take the
 * longer, the more there are.
 */
export class ClaimRows {
  readonly #find
  readonly #insert
  readonly #forget
  readonly #hasMore
  readonly #size
  readonly #grow

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT digest, receipts FROM idempotency WHERE key = ?')
    this.#insert = database.prepare(
      'INSERT INTO idempotency (key, digest, receipts, created_at) VALUES (?, ?, ?, ?)',
    )
    this.#forget = database.prepare(
      // Not in the order in which they came: some are kept longer, and a clock that was ahead has dated others.
      `DELETE FROM idempotency WHERE id IN (SELECT id FROM idempotency WHERE created_at < ?
       ORDER BY created_at LIMIT ${forgottenAtOnce}) RETURNING length(receipts) AS length`,
    )
    this.#hasMore = database.prepare(
      `SELECT 1 FROM idempotency WHERE created_at < ? LIMIT 1 OFFSET ${forgottenAtOnce}`,
    )
    this.#size = database.prepare('SELECT bytes FROM idempotency_size')
    this.#grow = database.prepare('UPDATE idempotency_size SET bytes = bytes + ?')
  }

  find(token: string): StoredClaim | undefined {
    const row = this.#find.get(keyOfToken(token))
    if (row === undefined) return undefined
    const receipts = receiptsOfText(String(row['receipts']))
    return { digest: row['digest'] as Uint8Array, receipts }
  }

  insert(claims: readonly NewClaim[]): void {
    if (claims.length === 0) return
    let bytes = 0
    for (const { token, digest, receipts, createdAt, keptLongerMs = 0 } of claims) {
      const text = textOfReceipts(receipts)
      this.#insert.run(keyOfToken(token), digest, text, createdAt + keptLongerMs)
      bytes += bytesOfKey + text.length
    }
    this.#grow.run(bytes)
  }

  /** Deletes keys that are older than `before`, a bounded number of them. */
  forget(before: number): void {
    const gone = this.#forget.all(before)
    const bytes = gone.reduce((sum, { length }) => sum + bytesOfKey + Number(length), 0)
    if (bytes > 0) this.#grow.run(-bytes)
  }

  /** Whether there are more keys of that age than are forgotten at once. */
  hasMore(before: number): boolean {
    return this.#hasMore.get(before) !== undefined
  }

  /** What all keys take, with those of the transaction. */
  bytes(): number {
    return Number(onlyRow(this.#size.get())['bytes'])
  }
}

/** Replaces the keys of an earlier schema by their digests. */
export function shortenKeys(database: DatabaseSync): void {
  database.function('key_of_token', { deterministic: true }, (token) => keyOfToken(String(token)))
  database.exec(`
    INSERT INTO idempotency SELECT id, key_of_token(token), digest, receipts, created_at
      FROM old_idempotency ORDER BY id;
    DROP TABLE old_idempotency;
    INSERT INTO idempotency_size VALUES (0)`)
}

/** Counts what the keys of an earlier schema take in this one. */
export function countKeys(database: DatabaseSync): void {
  database.exec(
    `UPDATE idempotency_size SET bytes =
       (SELECT coalesce(sum(${bytesOfKey} + length(receipts)), 0) FROM idempotency)`,
  )
}
